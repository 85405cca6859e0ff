"""import: other systems' runs, taken in."""

from __future__ import annotations

import click

from assay.doors.cli import context
from assay.doors.cli.examining import watching
from assay.engines.terminal import say


@click.command("import")
@click.argument("source", metavar="FROM")
@context.format_option
def import_(source: str, format_: str) -> None:
    """Take in the runs of MLflow, ML Metadata, or OpenLineage events.

    FROM is MLflow's store, in SQLite (mlflow.db) or a folder of files (mlruns),
    read without MLflow: runs with parameters, metrics, tags and data sets, and
    the versions registered of them; ML Metadata's SQLite store (TFX, Kubeflow), with its contexts; or a
    file of OpenLineage run events, as JSON lines or a list. What
    is here already is left. Artifacts are named and not copied. They are
    then searched, and followed through lineage, as the office's own are.

    \b
    Example: assay lineage bookings --down --format openlineage > seen.json &&
      assay import seen.json
    """
    with watching("import") as progress:
        found = context.call("import", source=source, progress=progress)
    if format_ == "json":
        context.emit_json(found)
        return
    click.echo(
        f"{found['runs']:,} runs of {found['system']}: {found['new']:,} new, {found['changed']:,} changed, "
        f"{found['unchanged']:,} as they were; {found['edges']:,} edges"
        + (f", {found['contexts']:,} contexts" if found["contexts"] else "")
    )
    if found["skipped"]:
        one = found["skipped"] == 1
        said = (
            "1 value could not be read and was"
            if one
            else f"{found['skipped']:,} values could not be read and were"
        )
        say(f"{said} left out; the run's report says which:")
        for part in found["left_out"]:
            say(f"  {part['run']}: {part['what']}: {part['why']}")
