"""data: the gate before a store."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from assay.doors.cli import context, show
from assay.doors.cli.groups import Group
from assay.doors.cli.mending import left_behind
from assay.doors.cli.quarantine import quarantine
from assay.kernel.printable import printable


@click.group(cls=Group)
def data() -> None:
    """The gate before a store: what breaks a rule stays outside.

    \b
    Example: assay check data.quality bookings.csv.gz --suggest --keep rules &&
      assay data load bookings.csv.gz --into sales.duckdb::bookings \\
      --rules rules/rules.yaml --mode create
    """


data.add_command(quarantine)


@data.command("load")
@click.argument("source")
@click.option(
    "--into", required=True, metavar="STORE", help="A file, FILE::TABLE, or a PostgreSQL URL::TABLE."
)
@click.option(
    "--rules",
    multiple=True,
    required=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Rules of data.quality, or those that data.integrity takes; may be given several times.",
)
@click.option("--tables", multiple=True, metavar="NAME=TABLE", help="Other tables that rules name.")
@click.option(
    "--mode",
    type=click.Choice(["append", "create"]),
    default="append",
    show_default=True,
    help="Whether it is there.",
)
@click.option("--quarantine", metavar="WHERE", help="Another table, or file, than STORE_quarantine.")
@click.option("--again", is_flag=True, help="Load what was loaded before once more.")
@click.option("--strict", is_flag=True, help="Exit 1 where any row was quarantined.")
@context.format_option
def load(
    source: str,
    into: str,
    rules: tuple[Path, ...],
    tables: tuple[str, ...],
    mode: str,
    quarantine: str | None,
    again: bool,
    strict: bool,
    format_: str,
) -> int:
    """Load rows into a store, and keep out those that break a rule.

    A row that breaks a rule, or whose values do not fit the store's types, goes
    to the quarantine beside the store, with its reasons, its number in the
    source, when and by which load. The others go in, all in one transaction. A
    rule of the whole table (row counts, sums) is held against the store as
    it would be; where that is broken, every row is quarantined. The same source
    is recognised by its digest and not loaded twice.

    Exits 1 where a rule of the whole table kept everything out.

    \b
    Example: assay check data.quality bookings.csv.gz --suggest --keep rules &&
      assay data load bookings.csv.gz --into sales.duckdb::bookings \\
      --rules rules/rules.yaml --mode create
    """
    from assay.doors.cli.examining import watching

    with watching("data.load"):
        found = context.call(
            "data.load",
            source=source,
            into=into,
            rules=rules,
            tables=tables,
            mode=mode,
            quarantine=quarantine or "",
            again=again,
        )
    if format_ == "json":
        context.emit_json(found)
    else:
        _tell(found)
        left_behind(found)
    return 1 if found["held"] or (strict and found["quarantined"]) else 0


def _tell(found: Mapping[str, Any]) -> None:
    """Print what became of the rows."""
    event = f" (event {found['event']})" if "event" in found else ""
    click.echo(
        f"{found['id']}: of {found['rows']:,} rows {found['loaded']:,} loaded, {found['quarantined']:,} quarantined{event}"
    )
    for held in found["held"]:
        show.fields([("held back", f"{held['rule']}: {held['why']}")])
    if found["quarantined"]:
        show.fields([("quarantine", show.short(found["quarantine"]))])
        click.echo()
        show.table(found["rules"], (("rows", "rows"), ("rule", "rule")), "")
        click.echo()
        rows = [{"row": r["row"], "why": printable(r["why"])} for r in found["rows_told"]]
        show.table(rows, (("row", "row"), ("why", "why")), "")
        if found["quarantined"] > len(rows):
            click.echo(f"and {found['quarantined'] - len(rows):,} more rows")
        if event:
            click.echo(f"\nassay data quarantine show {found['id']} --out wrong.csv")
