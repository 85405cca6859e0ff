"""monitor baseline, monitor baselines: what traffic is held against."""

from __future__ import annotations

from typing import Any

import click

from assay.doors.cli import context, show


@click.command()
@click.argument("source", metavar="TABLE")
@click.option("-o", "--output", "to", default="", metavar="DIR", help="The folder for the documents.")
@click.option("--name", default="", metavar="NAME", help="Keep it in the home, as the next version of NAME.")
@click.option("--label", default="", metavar="COLUMN", help="The truth: with it, how good the answers are.")
@click.option("--predicted", default="", metavar="COLUMN", help="The answers.  [default: prediction]")
@click.option("--score", default="", metavar="COLUMN", help="The score of yes.  [default: score]")
@click.option(
    "--problem",
    default="",
    type=click.Choice(["", "binary", "multiclass", "regression"]),
    metavar="KIND",
    help="binary, multiclass or regression; else told from the label.",
)
@click.option("--positive", multiple=True, metavar="VALUE", help="The label that is yes.")
@click.option("--facet", multiple=True, metavar="COLUMN", help="Groups: with it, how fair the answers are.")
@click.option("--facet-value", multiple=True, metavar="VALUE", help="The disadvantaged group of a facet.")
@click.option("--model", default="", metavar="MODEL", help="With it, what its answers rest on.")
@context.format_option
def baseline(source: str, to: str, name: str, format_: str, **asked: Any) -> None:
    """Make a baseline: statistics.json and constraints.json of a table.

    The constraints are a suggestion: types, completeness, no negative numbers
    where there are none, domains of few values. Edit them, and give the folder
    in place of the table to keep them as the next version of a name. What
    SageMaker Model Monitor wrote is read, and it reads what is written.

    With --label and answers, metrics of model quality; with --facet, of bias;
    with --model, its feature attributions: each a document of its own.

    Example: assay monitor baseline bookings.csv.gz -o baseline --name bookings
    """
    found = context.call(
        "monitor.baseline", source=source, to=to, name=name, **{k: v for k, v in asked.items() if v}
    )
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
