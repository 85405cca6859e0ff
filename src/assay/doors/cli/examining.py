"""check, treat: commands made from signatures."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click

from assay.doors.cli import context, mending, options
from assay.doors.cli.groups import Group
from assay.doors.cli.progress import Lines
from assay.works import declared
from assay.works.declared import Kind, Loaded
from assay.works.signature import signature

_EVERYWHERE = ("seed",)  # every command has it, and passes it to the work


class Actions(Group):
    """The checks, or the treatments, as subcommands."""

    kind: Kind = "check"
    noun = "check"

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return their names."""
        return declared.names(self.kind)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Make the command of one."""
        return command(declared.load(self.kind, cmd_name))

    def elsewhere(self, name: str) -> None:
        """Say that a check is no treatment, and the other way round."""
        other: Kind = "treatment" if self.kind == "check" else "check"
        if name in declared.names(other):
            declared.load(self.kind, name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List them by their docstrings, importing none."""
        with formatter.section(self.kind.capitalize() + "s"):
            formatter.write_dl([(item.name, item.summary) for item in declared.listing(self.kind)])


class Treatments(Actions):
    """The treatments as subcommands."""

    kind: Kind = "treatment"
    noun = "treatment"


@click.group(cls=Actions, subcommand_metavar="NAME TARGET... [OPTIONS]")
def check() -> None:
    """Examine data or a model with one check.

    Works without a home and then records nothing; inside one, it is an event.

    Example: assay check data.profile bookings.csv.gz
    """


@click.group(cls=Treatments, subcommand_metavar="NAME TARGET -o OUT [OPTIONS]")
def treat() -> None:
    """Change data: repair, mask, drop, split.

    Example: assay treat data.mask bookings.csv.gz --columns email -o masked.csv
    """


def command(loaded: Loaded) -> click.Command:
    """Return a click command made from a check's or treatment's signature."""
    spec = signature(loaded.function)
    subject = next(p for p in spec if p.role == "input")
    many = loaded.kind == "check"
    metavar = "TARGET..." if many else "TARGET"
    params: list[click.Parameter] = [
        click.Argument(["target"], nargs=-1 if many else 1, required=True, metavar=metavar)
    ]
    params += [
        options.option(p) for p in spec if p.role != "work" and p is not subject and p.name not in _EVERYWHERE
    ]
    in_place = bool(getattr(loaded.module, "IN_PLACE", False))
    params += options.common(loaded.kind, in_place, bool(getattr(loaded.module, "OUTPUT_FOLDER", False)))
    params += options.REGISTRY if subject.kinds == ("image",) else []
    runner = _check if many else _treat_in_place if in_place else _treat
    return click.Command(
        loaded.name,
        params=params,
        callback=lambda **given: runner(loaded, **given),
        help=options.help_of(loaded.doc),
        short_help=loaded.doc.strip().splitlines()[0] if loaded.doc.strip() else "",
    )


def _given(given: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in given.items() if v is not None and v != ()}


def _isolation(isolation: str | None, unsafe: bool) -> str | None:
    return "none" if unsafe else isolation


def _check(
    loaded: Loaded,
    *,
    target: tuple[str, ...],
    output: Path | None,
    keep: Path | None,
    fail_on: str,
    allow_incomplete: bool,
    format_: str,
    seed: int,
    engine: str | None,
    isolation: str | None,
    unsafe_no_isolation: bool,
    **given: Any,
) -> int:
    from assay.works.checking import carry_out

    login = {name: given.pop(name, None) for name in options.LOGIN}
    settings = context.settings(isolation=_isolation(isolation, unsafe_no_isolation), engine=engine, **login)
    gate = context.gate(fail_on, allow_incomplete)
    if getattr(loaded.module, "OUTPUT_FOLDER", False):
        keep, output = output or keep, None
    verdicts = []
    with watching(loaded.name) as progress:
        for one in target:
            verdict = carry_out(
                "check",
                loaded.name,
                one,
                _given(given),
                home=context.home(),
                gate=gate,
                settings=settings,
                keep=keep,
                seed=seed,
                progress=progress,
            )
            verdicts.append(verdict)
    show(verdicts, format_, output)
    return context.exit_code(verdicts)


def show(verdicts: list[Any], format_: str, output: Path | None) -> None:
    """Print reports in a format, or write them to a file."""
    from assay.reports import render
    from assay.works.registering import tool

    if format_ == "text" and output is None:
        from rich.console import Console

        from assay.reports.terminal import print_verdict

        for verdict in verdicts:
            print_verdict(Console(highlight=False, soft_wrap=False), verdict)
        return
    context.emit(render(verdicts, format_, tool=tool()), output)
    for verdict in verdicts if output is not None else ():  # an exit code alone says little
        context.outline(verdict)


def _treat(
    loaded: Loaded,
    *,
    target: str,
    output: Path,
    format_: str,
    seed: int,
    engine: str | None,
    isolation: str | None,
    unsafe_no_isolation: bool,
    **given: Any,
) -> int:
    from assay.works.checking import treat_to

    settings = context.settings(isolation=_isolation(isolation, unsafe_no_isolation), engine=engine)
    with watching(loaded.name) as progress:
        verdict, paths = treat_to(
            loaded.name,
            target,
            _given(given),
            output,
            home=context.home(),
            settings=settings,
            seed=seed,
            progress=progress,
        )
    show([verdict], format_, None)
    for path in paths if format_ != "text" else ():  # the text names them itself
        click.echo(f"written to {path}", err=True)
    return context.exit_code([verdict])


def _treat_in_place(loaded: Loaded, *, in_place: bool, undo: str | None, **given: Any) -> int:
    """Carry out a treatment that can also show what it would change, change a table where it lies, and undo that."""
    way = mending.way(loaded.name, given["output"], in_place, undo, bool(given.get("preview")))
    if way == "copy":
        return _treat(loaded, **given)
    shown = {k: given.pop(k) for k in ("format_", "seed", "engine", "isolation", "unsafe_no_isolation")}
    settings = context.settings(
        isolation=_isolation(shown["isolation"], shown["unsafe_no_isolation"]), engine=shown["engine"]
    )
    target = given.pop("target")
    del given["output"]
    with watching(loaded.name) as progress:
        verdict, done = mending.carry_out(
            way, loaded.name, target, _given(given), undo or "", settings, shown["seed"], progress
        )
    format_ = shown["format_"]
    if verdict is not None and not (done and format_ in ("text", "json")):
        show([verdict], format_, None)
    if format_ == "text" or (format_ == "json" and done):
        mending.tell(verdict, done, format_)
    return 0 if verdict is None else context.exit_code([verdict])


@contextlib.contextmanager
def watching(what: str) -> Iterator[Callable[[int, int, str], None] | None]:
    """Draw a bar on stderr while something long goes on; where that is no terminal, say a line every few seconds."""
    if not context.interactive():
        yield Lines(what)
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, of, said: bar.update(
            task, completed=done, total=of or None, description=f"{what} {said}".strip()
        )
