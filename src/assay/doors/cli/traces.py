"""traces: spans of runs and of other systems, shown, received, imported and exported."""

from __future__ import annotations

from typing import Any

import click

from assay.doors.cli import context, show
from assay.doors.cli.groups import Group


@click.group(cls=Group)
def traces() -> None:
    """Traces: where time went, in runs and in other systems.

    Each run and check keeps the spans of its steps, requests and jobs. What
    other systems send as OpenTelemetry or X-Ray lies beside them.

    Example: assay traces list
    """


@traces.command("list")
@click.option("--limit", type=click.IntRange(1, 10_000), default=20, show_default=True, help="How many.")
@context.format_option
def list_(limit: int, format_: str) -> None:
    """List the latest traces.

    Example: assay traces list --limit 5
    """
    found = context.call("traces.list", limit=limit)
    if format_ == "json":
        return context.emit_json(found)
    rows = [r | {"trace": r["trace"][:12], "started": r["started"][:19]} for r in found["traces"]]
    columns = (
        ("trace", "trace"),
        ("name", "name"),
        ("service", "service"),
        ("started", "started"),
        ("seconds", "s"),
        ("spans", "spans"),
        ("errors", "errors"),
    )
    return show.table(
        rows, columns, "no trace yet; `assay run` records one", whole=("trace", "spans", "errors")
    )


@traces.command("show")
@click.argument("trace", default="")
@click.option(
    "--rows", type=click.IntRange(1, 2_000), default=60, show_default=True, help="How many at most."
)
@context.format_option
def show_(trace: str, rows: int, format_: str) -> None:
    """Show a trace, by its id or the beginning of it, or by its run.

    What was fastest is folded away. JSON holds every span, as OTLP.

    Example: assay traces show --rows 20
    """
    return shown(context.call("traces.show", trace=trace, most=rows), format_)


def shown(found: dict[str, Any], format_: str) -> None:
    """Print a trace that was found."""
    if format_ == "json":
        return context.emit_json(found)
    from assay.kernel.timeline import Timeline, TimelineRow
    from assay.reports.timeline import lines, told

    raw = found["timeline"]
    drawn = Timeline(**raw | {"rows": tuple(TimelineRow(**r) for r in raw["rows"])})
    click.echo(f"trace {drawn.trace}, {drawn.spans} spans\n")
    for line in [*lines(drawn), "", *told(drawn), "█ was waited for; ░ its parts, or what went on meanwhile"]:
        click.echo(line)
    return None
