"""monitor baseline, monitor baselines: what traffic is held against."""

from __future__ import annotations

from typing import Any

import click

from assay.doors.cli import context, show


@click.command()
@click.argument("source", metavar="TABLE")
@click.option("-o", "--output", "to", default="", metavar="DIR", help="The folder for the documents.")
@click.option("--name", default="", metavar="NAME", help="Keep it in the home, as the next version of NAME.")
@context.format_option
def baseline(source: str, to: str, name: str, format_: str) -> None:
    """Make a baseline: statistics.json and constraints.json of a table.

    The constraints are a suggestion: types, completeness, no negative numbers
    where there are none, domains of few values. Edit them, and give the folder
    in place of the table to keep them as the next version of a name. What
    SageMaker Model Monitor wrote is read, and it reads what is written.

    Example: assay monitor baseline bookings.csv.gz -o baseline --name bookings
    """
    found = context.call("monitor.baseline", source=source, to=to, name=name)
    if format_ == "json":
        return context.emit_json(found)
    return show.fields(_pairs(found))


def _pairs(found: dict[str, Any]) -> list[tuple[str, Any]]:
    rows = f"{found['rows']:,}" if found["rows"] else None
    kept = f"{found['name']}@{found['version']}" if "name" in found else None
    return [("kept as", kept), ("folder", found.get("folder")), ("rows", rows), ("files", found["files"]),
            ("digest", found.get("digest")), ("event", found.get("event"))]  # fmt: skip


@click.command()
@click.argument("name", required=False, default="")
@context.format_option
def baselines(name: str, format_: str) -> None:
    """List the baselines that the home keeps, in all their versions.

    Example: assay monitor baselines
    """
    found = context.call("monitor.baselines", name=name)
    if format_ == "json":
        return context.emit_json(found)
    rows = [
        r | {"baseline": f"{r['name']}@{r['version']}", "made": r["made_at"][:16]} for r in found["baselines"]
    ]
    columns = (
        ("baseline", "baseline"),
        ("rows", "rows"),
        ("made_by", "by"),
        ("made", "made"),
        ("digest", "digest"),
    )
    return show.table(rows, columns, "no baseline yet; `assay monitor baseline TABLE --name NAME` keeps one")
