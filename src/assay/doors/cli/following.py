"""What a person sees while a pipeline runs: a line a step, and a bar for the one under way."""

from __future__ import annotations

import sys
import textwrap
from types import TracebackType
from typing import TYPE_CHECKING, Any

from assay.kernel.printable import printable

if TYPE_CHECKING:
    from assay.works.done import Done
    from assay.works.step import Step

_ROOM = 38  # what fits behind a step's name and time
_MARKS = {
    "pass": "[green]✓[/]",
    "fail": "[red]✗[/]",
    "error": "[red]✗[/]",
    "incomplete": "[yellow]?[/]",
    "stopped": "[dim]–[/]",
}


class Watcher:
    """Prints each step to stderr as it ends; draws bars where stderr is a terminal."""

    def __init__(self, quiet: bool = False) -> None:
        from rich.console import Console

        self.quiet = quiet
        self.console = Console(stderr=True, highlight=False)
        self._bar: Any = None
        self._task: Any = None

    def __enter__(self) -> Watcher:
        if sys.stderr.isatty() and not self.quiet:
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

            columns = (
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
            )
            self._bar = Progress(*columns, console=self.console, transient=True)
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def begun(self, step: Step, index: int, of: int) -> None:
        """Show which step is under way."""
        if self._bar is None:
            return
        if self._task is None:
            self._task = self._bar.add_task("", total=of)
        self._bar.update(self._task, completed=index, description=_plain(f"{step.name} ({step.uses})"))

    def progress(self, done: int, of: int, what: str) -> None:
        """Show how far the step is."""
        if self._bar is not None and self._task is not None and what:
            self._bar.update(self._task, description=_plain(what))

    def ended(self, done: Done) -> None:
        """Print one line for the step."""
        if self.quiet:
            return
        mark = _MARKS.get(done.outcome, " ")
        if done.outcome == "fail" and done.passed:
            mark = "[yellow]![/]"  # found something; its gate lets it through
        took = "reused" if done.cached else f"{done.seconds:.1f} s"
        said = done.note if done.outcome in ("stopped", "error") or done.step.verb == "do" else _found(done)
        line = f"{mark} {_plain(done.step.name):<12} {_plain(done.step.uses):<16} {took:>7}"
        if done.cached or len(said) <= _ROOM:
            self.console.print(f"{line}  {_plain(said)}".rstrip(), overflow="ellipsis", no_wrap=True)
            return
        self.console.print(line)
        for part in textwrap.wrap(said, 76, max_lines=3, placeholder=" …"):
            self.console.print(f"    [dim]{_plain(part)}[/]", no_wrap=True, overflow="ignore", crop=False)


def _plain(text: str) -> str:
    """Foreign text is neither markup nor a command to the terminal."""
    from rich.markup import escape

    return escape(printable(text))


def _found(done: Done) -> str:
    if done.verdict is None:
        return ""
    findings = done.verdict.report.findings
    grave = [f for f in findings if f.severity >= 2]
    if not grave:
        return ""
    return grave[0].message if len(grave) == 1 else f"{grave[0].message} (and {len(grave) - 1} more)"
