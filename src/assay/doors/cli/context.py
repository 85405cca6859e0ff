"""What every command shares: where the home is, how to print, what went wrong."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from assay.engines.terminal import say
from assay.kernel.printable import printable_json

if TYPE_CHECKING:
    from assay.kernel.verdict import Gate, Verdict
    from assay.works.home import Home
    from assay.works.settings import Settings

F = TypeVar("F", bound=Callable[..., Any])


def home() -> Home | None:
    """Return the home this command works in, or None."""
    from assay.works.home import Home

    ctx = click.get_current_context()
    if "assay.home" not in ctx.meta:
        found = Home.find(Path.cwd(), os.environ)
        ctx.meta["assay.home"] = found
        if found is not None:
            ctx.find_root().call_on_close(found.close)
    return ctx.meta["assay.home"]  # type: ignore[no-any-return]


def settings(**given: Any) -> Settings:
    """Return the settings of this command: those of the home, with the flags over them."""
    from assay.works.settings import read_settings

    where = home()
    base = where.settings if where else read_settings(None, os.environ)
    unsafe = given.get("isolation") == "none"
    flags = {k: v for k, v in given.items() if v is not None and not (unsafe and k == "isolation")}
    base = base.updated(flags, "the command line") if flags else base
    return replace(base, isolation="none") if unsafe else base


def call(action: str, **params: Any) -> Any:
    """Carry out an action of the office and return its JSON; of the past it is told what was pruned of it."""
    from assay.works.call import call as works_call

    found = works_call(action, params, home=home())
    if params.get("at") and isinstance(found, dict) and (gone := found.get("pruned")):
        rows = f"{gone:,} row{'s' * (gone != 1)}"
        say(f"note: of what was so then {rows} can no longer be told: pruned by retention")
    return found


def gate(fail_on: str, allow_incomplete: bool) -> Gate:
    """Return the gate that --fail-on and --allow-incomplete ask for."""
    from assay.kernel.severity import Severity
    from assay.kernel.verdict import Gate

    return Gate(None if fail_on == "none" else Severity.parse(fail_on), allow_incomplete)


def exit_code(verdicts: Iterable[Verdict]) -> int:
    """Return 0 when all pass, 3 when one ended in an error of ours, else 1."""
    codes = {"pass": 0, "fail": 1, "incomplete": 1, "error": 3}
    return max((0 if v.gate.at is None and v.passed else codes[v.outcome] for v in verdicts), default=0)


def emit(text: str, output: Path | None) -> None:
    """Print a document, or write it to the file after -o."""
    if output is None:
        click.echo(text.rstrip("\n"))
        return
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_text(text if text.endswith("\n") else text + "\n", encoding="utf-8")
    except OSError as error:
        from assay.kernel.errors import UsageError

        raise UsageError(
            f"{output} cannot be written: {error.strerror}", remedy="name another after -o"
        ) from None
    click.echo(f"written to {output}", err=True)


def outline(verdict: Verdict) -> None:
    """Tell a verdict in one line on stderr, where its report went into a file."""
    from assay.kernel.printable import printable

    report = verdict.report
    n = len(report.findings)
    subject = f"  {printable(report.subject.name)}" if report.subject else ""
    click.echo(
        f"{verdict.outcome.upper()}  {report.check}{subject}, {n} finding{'' if n == 1 else 's'}", err=True
    )


def emit_json(value: Mapping[str, Any]) -> None:
    """Print JSON, and nothing else."""
    click.echo(printable_json(json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False)))


def format_option(function: F) -> F:
    """Add --format text|json to a command of the office."""
    choice = click.Choice(["text", "json"])
    return click.option("--format", "format_", type=choice, default="text", help="How to print.")(function)


def at_option(function: F) -> F:
    """Add --at TIME to a command that tells what the office knows."""
    told = "As it was: on 2026-01-31, at 2026-01-31T12:00:00Z, 7d ago, after event:120."
    return click.option("--at", metavar="TIME", help=told)(function)


def interactive() -> bool:
    """Whether progress can be drawn."""
    return sys.stderr.isatty()
