"""log import, query, queries: the logs of other systems, and SQL over all of them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from assay.doors.cli import context, show
from assay.reports.numbers import counted


@click.command("import")
@click.argument("places", metavar="FROM", nargs=-1, required=True)
@click.option(
    "--as",
    "kind",
    metavar="FORMAT",
    help="cloudtrail, cloudwatch, jsonl, clf, kubernetes or otlp; else found by content.",
)
@click.option("--time", metavar="FIELD", help="The field of JSON lines that holds the time.")
@context.format_option
def import_(places: tuple[str, ...], kind: str | None, time: str | None, format_: str) -> int:
    """Take in logs of other systems: files, or folders of them.

    They are kept as Parquet by source and day, and asked with `assay log
    query`. What was imported before is passed over. What cannot be read is
    counted and kept aside with its reason; then it exits 1.

    Example: assay log export other.jsonl && assay log import other.jsonl
    """
    found = context.call("log.import", places=places, kind=kind, time=time, progress=_progress())
    bad = sum(i["bad"] for i in found["imports"])
    if format_ == "json":
        context.emit_json(found)
        return int(bad > 0)
    for one in found["imports"]:
        _tell(one)
    return int(bad > 0)


def _tell(one: dict[str, Any]) -> None:
    if one["source"] == "unknown":
        click.secho(f"{counted(one['files'], 'files')} of no format that is known, left out:", fg="yellow")
        for path in one["aside"]:
            click.echo(f"  {show.short(path)}")
        return
    days = f", {one['first_day']} to {one['last_day']}" if one["first_day"] else ""
    click.secho(one["source"], bold=True, nl=False)
    rows, files = counted(one["rows"], "rows"), counted(one["files"], "files")
    click.echo(f"  {rows} from {files} ({one['content'] / 1e6:.1f} MB){days}")
    if one["skipped"]:
        click.echo(f"  taken before: {counted(one['skipped'], 'files')}")
    if one["duplicates"]:
        click.echo(f"  there already: {counted(one['duplicates'], 'records')}")
    if one["bad"]:
        click.secho(
            f"  not to be read: {counted(one['bad'], 'records')}, kept with the reason in", fg="yellow"
        )
        for path in one["aside"]:
            click.echo(f"    {show.short(path)}")


def _progress() -> Any:
    if not context.interactive():
        return lambda done, of: None

    def tell(done: int, of: int) -> None:
        sys.stderr.write(f"\r{done * 100 // max(of, 1)} %" + ("\n" if done >= of else ""))
        sys.stderr.flush()

    return tell


@click.command("query")
@click.argument("sql", metavar="SQL", required=False)
@click.option("--saved", metavar="NAME", help="A query that was kept; see `assay log queries`.")
@click.option("--save", metavar="NAME", help="Keep the query under this name.")
@click.option(
    "--since", metavar="TIME", help="Read nothing older: 2026-01-31, or 7d for the last seven days."
)
@click.option("--until", metavar="TIME", help="Read only what is older.")
@click.option(
    "--rows", type=click.IntRange(1, 1_000_000), default=1000, show_default=True, help="How many at most."
)
@click.option(
    "--seconds",
    type=click.FloatRange(0, 3600, min_open=True),
    default=60,
    show_default=True,
    help="How long at most.",
)
@click.option("-o", "output", type=click.Path(path_type=Path), help="Write the rows to a file.")
@click.option(
    "--format", "format_", type=click.Choice(["text", "json", "csv"]), default="text", help="How to print."
)
def query(
    sql: str | None, saved: str | None, save: str | None, since: str | None, until: str | None, rows: int,
    seconds: float, output: Path | None, format_: str,
) -> None:  # fmt: skip
    """Ask all logs in SQL (DuckDB's).

    The views: events (the ledger), runs, findings, spans, cloudtrail,
    cloudwatch, access, kubernetes, otel, jsonl, and logs, which is all logs
    as one.
    `DESCRIBE cloudtrail` shows the columns of one. It reads and nothing else,
    and each query is itself an event.

    Example: assay log query "SELECT actor, count(*) FROM events GROUP BY 1"
    """
    asked = {
        "sql": sql,
        "saved": saved,
        "save": save,
        "rows": rows,
        "seconds": seconds,
        "since": since,
        "until": until,
    }
    found = context.call("log.query", **asked)
    if format_ == "json":
        import json

        return context.emit(json.dumps(found, indent=1, ensure_ascii=False), output)
    if format_ == "csv" or output is not None:
        context.emit(_csv(found), output)
    else:
        keyed = [dict(enumerate(row)) for row in found["rows"]]
        shown = [{str(k): v for k, v in row.items()} for row in keyed]
        columns = [(str(n), c) for n, c in enumerate(found["columns"])]
        (show.table if show.fits(shown, columns) else show.apart)(shown, columns, "no rows")
    if found["truncated"]:
        click.echo(f"there are more: these are {found['truncated']}", err=True)
    return None


def _csv(found: dict[str, Any]) -> str:
    from assay.reports.csvs import table

    return table(found["columns"], found["rows"])


@click.command("queries")
@context.format_option
def queries(format_: str) -> None:
    """List the queries that were kept, and those that come with Assay.

    Example: assay log queries
    """
    found = context.call("log.queries")
    if format_ == "json":
        return context.emit_json(found)
    columns = (("name", "name"), ("tells", "tells"), ("actor", "by"))
    return show.table(found["queries"], columns, "there are none", whole=("name",))
