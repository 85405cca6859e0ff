"""treat … --preview, --in-place and --undo: for treatments that can change a table where it lies."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from assay.doors.cli import context
from assay.engines.terminal import say
from assay.kernel.errors import UsageError
from assay.kernel.printable import printable

if TYPE_CHECKING:
    from assay.kernel.verdict import Verdict
    from assay.works.settings import Settings
    from assay.works.work import Progress

Way = Literal["copy", "preview", "in-place", "undo"]
LATEST = "latest"
OPTIONS: tuple[click.Option, ...] = (
    click.Option(
        ["--in-place"], is_flag=True, help="Change the table where it lies; the home keeps how it was."
    ),
    click.Option(
        ["--undo"],
        is_flag=False,
        flag_value=LATEST,
        metavar="[ID]",
        help="Take a change in place back: the latest of this table, or the one named.",
    ),
)


def way(name: str, output: Path | None, in_place: bool, undo: str | None, preview: bool) -> Way:
    """Return which of the four ways was asked for; UsageError where it is none or several."""
    asked = {
        "-o OUT": output is not None,
        "--in-place": in_place,
        "--undo": undo is not None,
        "--preview": preview,
    }
    said = [k for k, v in asked.items() if v]
    if len(said) != 1:
        found = " and ".join(said) if said else "none of them"
        raise UsageError(
            f"{name} is told one of {', '.join(asked)}, and {found} was given",
            remedy="--preview shows what would be changed",
        )
    ways: dict[str, Way] = {
        "-o OUT": "copy",
        "--in-place": "in-place",
        "--undo": "undo",
        "--preview": "preview",
    }
    return ways[said[0]]


def carry_out(
    way: Way,
    name: str,
    target: str,
    given: Mapping[str, Any],
    undo: str,
    settings: Settings,
    seed: int,
    progress: Progress | None,
) -> tuple[Verdict | None, Mapping[str, Any]]:
    """Show, change or take back, and return the report, where there is one, and what was done."""
    from assay.works import checking, repairing

    home = context.home()
    if way == "undo":
        return None, repairing.take_back(home, target, "" if undo == LATEST else undo)
    if way == "in-place":
        return repairing.change(home, target, repairing.Asked(name, given, settings, seed, progress))
    verdict = checking.carry_out(
        "treatment", name, target, given, home=home, settings=settings, seed=seed, progress=progress
    )
    return verdict, {}


def tell(verdict: Verdict | None, done: Mapping[str, Any], format_: str) -> None:
    """Print the cells that differ and the statements, and what was done."""
    if format_ == "json":
        report = {"report": verdict.to_dict(_tool())} if verdict is not None else {}
        return context.emit_json({**done, **report})
    if verdict is not None:
        data = verdict.report.data
        _cells(data.get("changes") or (), int(data.get("cells", 0)))
        for statement in () if done else data.get("sql") or ():
            for line in textwrap.wrap(printable(str(statement)), 76, subsequent_indent="  "):
                click.echo(f"  {line}")
        if data.get("sql") and not done:
            click.echo()
    if done:
        _done(done, taken_back=verdict is None)
        left_behind(done)
    return None


def left_behind(done: Mapping[str, Any]) -> None:
    """Warn where other names of the file keep its old content."""
    n = done.get("left_behind")
    if n:
        names = "1 other hard link of the file keeps" if n == 1 else f"{n} other hard links of the file keep"
        say(f"warning: {names} what it held before")


def _tool() -> dict[str, str]:
    from assay.works.registering import tool

    return tool()


def _done(done: Mapping[str, Any], *, taken_back: bool) -> None:
    rows = "1 row" if done["rows"] == 1 else f"{done['rows']:,} rows"
    if taken_back:
        return click.echo(f"{done['id']} is taken back: {rows} are as they were (event {done['event']})")
    if not done.get("undo"):
        return click.echo(f"nothing had to be changed (event {done['event']})")
    click.echo(f"{done['id']}: {rows} changed in place (event {done['event']}); --undo takes it back")
    return None


def _cells(cells: Any, all_: int) -> None:
    if not cells:
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    drawn = Table(box=None, pad_edge=False, show_edge=False, header_style="dim")
    for name in ("  row", "column", "old", "", "new"):
        drawn.add_column(name, overflow="fold", justify="right" if name == "  row" else "left")
    for cell in cells:
        old, new = ("null" if cell[k] is None else printable(str(cell[k]))[:120] for k in ("old", "new"))
        drawn.add_row(f"  {cell['row']:,}", Text(printable(cell["column"])), Text(old), "→", Text(new))
    Console(highlight=False, width=80).print(drawn)
    if all_ > len(cells):
        click.echo(f"  and {all_ - len(cells):,} more cells; --shown N shows more")
    click.echo()
