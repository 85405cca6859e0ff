"""endpoint capture, endpoint truth: what endpoints captured, and what came true."""

from __future__ import annotations

from typing import Any

import click

from assay.doors.cli import context, show
from assay.doors.cli.groups import Group


@click.group(cls=Group)
def capture() -> None:
    """What an endpoint captured: counted, and exported as plain files.

    Captured requests lie encrypted in the home. Checks read them as
    capture://ENDPOINT?from=2026-11-28T09:00:00Z&to=2026-11-28T10:00:00Z, those of
    one variant with &variant=NAME; a shadow's only so.

    \b
    Example: assay model approve bookings@1 --reason seen &&
      assay endpoint create bookings --model bookings@1 --capture 100 &&
      assay endpoint capture show bookings
    """


@capture.command("show")
@click.argument("name", metavar="ENDPOINT")
@context.format_option
def show_(name: str, format_: str) -> None:
    """Tell how much was captured, and what was dropped or lost.

    \b
    Example: assay model approve bookings@1 --reason seen &&
      assay endpoint create bookings --model bookings@1 --capture 100 &&
      assay endpoint capture show bookings
    """
    _told(context.call("endpoint.capture.show", name=name), format_)


@capture.command("export")
@click.argument("name", metavar="ENDPOINT")
@click.option("-o", "--output", "to", required=True, metavar="DIR|URL", help="An empty folder, or a URL.")
@click.option("--format", "kind", type=click.Choice(["jsonl", "parquet"]), default="jsonl", show_default=True,
              help="As SageMaker's JSON lines, or as Parquet.")  # fmt: skip
@click.option(
    "--from", "since", default="", metavar="TIME", help="2026-01-31T12:00:00Z, 2026-01-31, or 24h ago."
)
@click.option("--to", "until", default="", metavar="TIME", help="Up to this time, itself not included.")
@click.option("--truth", is_flag=True, help="With the ground truth that is known, merged.")
def export(name: str, to: str, kind: str, since: str, until: str, truth: bool) -> None:
    """Write captured requests as plain files in SageMaker's layout.

    \b
    Example: assay model approve bookings@1 --reason seen &&
      assay endpoint create bookings --model bookings@1 --capture 100 &&
      assay endpoint capture export bookings --from 24h -o captured
    """
    done = context.call(
        "endpoint.capture.export", name=name, to=to, format=kind, since=since, until=until, truth=truth
    )
    _told(done, "text")


@click.command()
@click.argument("name", metavar="ENDPOINT")
@click.argument("source", metavar="FILE", type=click.Path(exists=True))
@context.format_option
def truth(name: str, source: str, format_: str) -> None:
    """Take in what came true: labels by inference id, or by event id.

    FILE holds SageMaker's ground-truth JSON lines, or is a table (CSV, Parquet …) with a column `id` and a column `label`, and
    `time` where labels became known at other times than now. What comes again stands instead of what came before.

    \b
    Example: assay model approve bookings@1 --reason seen &&
      assay endpoint create bookings --model bookings@1 --capture 100 &&
      assay log query "SELECT 'a1' AS id, 1 AS label" --format csv > truth.csv &&
      assay endpoint truth bookings truth.csv
    """
    _told(context.call("endpoint.truth", name=name, source=source), format_)


def _told(found: dict[str, Any], format_: str) -> None:
    if format_ == "json":
        return context.emit_json(found)
    told = {k: v for k, v in found.items() if k != "schema"}
    if "folder" in told:
        told["folder"] = show.short(told["folder"])
    return show.fields((k, f"{v:,}" if isinstance(v, int) and k != "event" else v) for k, v in told.items())
