"""data quarantine: what the gate kept out, and what becomes of it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from assay.doors.cli import context, show
from assay.doors.cli.groups import Group
from assay.doors.cli.mending import left_behind
from assay.kernel.errors import UsageError
from assay.kernel.printable import printable


@click.group(cls=Group)
def quarantine() -> None:
    """Rows that were kept out: seen, corrected, let in, or closed.

    \b
    Example: assay data quarantine list
    """


def _json(function: Any) -> Any:
    return click.option("--json", "format_", flag_value="json", help="The same as --format json.")(function)


@quarantine.command("list")
@click.option("--open", "open_", is_flag=True, help="Only those with rows that are open.")
@context.at_option
@context.format_option
@_json
def list_(open_: bool, at: str | None, format_: str) -> None:
    """List what loads of this home kept out, newest first.

    \b
    Example: assay data quarantine list --open
    """
    found = context.call("data.quarantine.list", all_=not open_, at=at)
    if format_ == "json":
        return context.emit_json(found)
    rows = [
        {
            **q,
            "of": f"{_short(q['source'])} → {_short(q['store'])}",
            "when": q["at"][:16].replace("T", " "),
        }
        for q in found["quarantines"]
    ]
    columns = (("id", "id"), ("when", "when"), ("rows", "rows"), ("open", "open"), ("released", "let in"),
               ("of", "source → store"))  # fmt: skip
    return show.table(rows, columns, "nothing was kept out by a load of this home", whole=("id", "when"))


@quarantine.command("show")
@click.argument("id")
@click.option("--limit", type=click.IntRange(0, 10_000), default=20, show_default=True, help="Rows shown.")
@click.option("--all", "all_", is_flag=True, help="Also rows that were let in or closed since.")
@click.option("--out", type=click.Path(path_type=Path), metavar="FILE",
              help="Write every row there, to be corrected: .csv, .parquet, .jsonl.")  # fmt: skip
@context.format_option
@_json
def show_(id: str, limit: int, all_: bool, out: Path | None, format_: str) -> None:
    """Show the rows that a load kept out, with their reasons.

    ID is the load's, or the beginning of it, or `latest`. --out writes the rows
    with all their
    values; correct them there, leave _assay_row as it is, and give the file to
    `assay data quarantine release ID --from FILE`.

    \b
    Example: assay check data.quality bookings.csv.gz --suggest --keep r &&
      assay data load bookings.csv.gz --into s.csv \\
      --rules r/rules.yaml --mode create &&
      assay data load bookings.csv.gz --into s.csv \\
      --rules r/rules.yaml --again &&
      assay data quarantine show latest --out wrong.csv
    """
    found = context.call("data.quarantine.show", id=id, limit=limit, out=out, all_=all_)
    if format_ == "json":
        return context.emit_json(found)
    show.fields(
        (
            ("id", found["id"]),
            ("source", _here(found["source"])),
            ("store", _here(found["store"])),
            ("quarantine", _here(found["quarantine"])),
            ("when", found["at"]),
            ("rows", f"{found['rows']:,}: {found['open']:,} open, {found['released']:,} let in, "
                     f"{found['rejected']:,} closed"),
        )
    )  # fmt: skip
    click.echo()
    rows = [{**r, "why": printable(r["why"])[:400]} for r in found["shown"]]
    columns = [("row", "row"), *([("state", "state")] if all_ else []), ("why", "why")]
    show.table(rows, columns, "no row of it is open" if not found["matching"] else "")
    if found["matching"] > len(rows):
        click.echo(f"and {found['matching'] - len(rows):,} more rows; --limit N shows more")
    if out is not None:
        click.echo(f"written to {out}: {found['matching']:,} rows")
    return None


@quarantine.command("release")
@click.argument("id")
@click.option(
    "--from", "corrected", metavar="FILE", help="The rows as they were corrected, by their _assay_row."
)
@click.option("--rules", multiple=True, type=click.Path(path_type=Path), metavar="FILE",
              help="Other rules than those of the load; may be given several times.")  # fmt: skip
@click.option("--tables", multiple=True, metavar="NAME=TABLE", help="Other tables that rules name.")
@click.option("--rows", metavar="ROWS", default="", help="Only these, by their _assay_row: 3,5-9.")
@click.option("--reject", metavar="WHY", help="Close the rows: they never go in, and this is why.")
@click.option("--why", metavar="TEXT", default="", help="What the log is to say of it.")
@context.format_option
@_json
def release(
    id: str, corrected: str | None, rules: tuple[Path, ...], tables: tuple[str, ...], rows: str,
    reject: str | None, why: str, format_: str,
) -> int:  # fmt: skip
    """Try rows again that were kept out, and let in those that pass.

    They are held by the rules of their load, beside what the store holds now;
    --rules names others. With --from they are tried as a file has them in which
    they were corrected. What passes goes into the store in one transaction; the
    others stay open. A row goes in once, however often this is repeated. The
    quarantine itself stays as it was found.

    Exits 1 where a row that was tried stays open.

    \b
    Example: assay check data.quality bookings.csv.gz --suggest --keep r &&
      assay data load bookings.csv.gz --into s.csv \\
      --rules r/rules.yaml --mode create &&
      assay data load bookings.csv.gz --into s.csv \\
      --rules r/rules.yaml --again &&
      assay data quarantine release latest --reject 'they are in'
    """
    from assay.doors.cli.examining import watching

    if reject is not None and not reject.strip():
        raise UsageError("why are the rows rejected?", remedy="say it: --reject 'not our customers'")
    with watching("data.quarantine.release"):
        found = context.call(
            "data.quarantine.release",
            id=id,
            corrected=corrected or "",
            rules=rules,
            tables=tables,
            rows=rows,
            reject=reject or "",
            why=why,
        )
    if format_ == "json":
        context.emit_json(found)
    else:
        _tell(found)
        left_behind(found)
    return 1 if found["tried"] > found["released"] + found["rejected"] else 0


def _tell(found: Mapping[str, Any]) -> None:
    counts = f"{found['released']:,} let in, {found['rejected']:,} closed, {found['open']:,} still open"
    click.echo(f"{found['id']}: {counts} (event {found['event']})")
    if found.get("passed"):
        click.echo(f"{found['passed']:,} rows of the file were closed before, and are left")
    for held in found["held"]:
        show.fields([("held back", f"{held['rule']}: {held['why']}")])
    if found["rows_told"]:
        click.echo()
        rows = [{"row": r["row"], "why": printable(r["why"])} for r in found["rows_told"]]
        show.table(rows, (("row", "row"), ("why", "why")), "")
        more = found["tried"] - found["released"] - len(rows)
        if more > 0:
            click.echo(f"and {more:,} more rows")


def _here(name: str) -> str:
    """Return a place as it is reached from here."""
    place, twice, table = name.partition("::")
    return name if "://" in name else f"{show.short(place)}{twice}{table}"


def _short(name: str) -> str:
    """Return the last part of a place: the file, and the table in it."""
    place, twice, table = name.partition("::")
    return f"{Path(place).name}{twice}{table}" if "://" not in name else table or place
