"""traces: spans of runs and of other systems, shown, received, imported and exported."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

import click

from assay.doors.cli import context, show
from assay.doors.cli.examining import watching
from assay.doors.cli.groups import Group
from assay.engines.terminal import say
from assay.kernel.printable import printable


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
    from assay.kernel.timeline import spent

    rows = [
        r
        | {
            "trace": r["trace"][:12],
            "started": r["started"][:16].replace("T", " "),
            "took": spent(r["seconds"]),
        }
        for r in found["traces"]
    ]
    columns = (
        ("trace", "trace"),
        ("name", "name"),
        ("service", "service"),
        ("started", "started"),
        ("took", "took"),
        ("spans", "spans"),
        ("errors", "failed"),
    )
    empty = "no trace yet; `assay run` records one"
    return show.table(rows, columns, empty, whole=("trace", "started", "took", "spans", "errors"))


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


_OTLP = click.option("--otlp", "otlp", metavar="FILE|URL", help="Write OTLP, or send it to a collector.")
_XRAY = click.option(
    "--xray", "xray", metavar="FILE|xray://REGION", help="Write X-Ray's segment documents, or send them."
)
_ENCODING = click.option(
    "--encoding", type=click.Choice(["json", "protobuf"]), help="Else JSON in a file, and protobuf to a URL."
)
_CA = click.option("--ca", metavar="FILE", help="Certificates (PEM) that a collector's is signed by.")


@traces.command("export")
@click.argument("trace", default="")
@_OTLP
@_XRAY
@_ENCODING
@_CA
@context.format_option
def export(
    trace: str, otlp: str | None, xray: str | None, encoding: str | None, ca: str | None, format_: str
) -> int:
    """Write a trace to a file, or send it to a collector (OTLP over HTTP).

    TRACE is an id, the beginning of one, or a run; the latest if none is
    named. A URL without a path gets /v1/traces. What is busy is asked again
    for two minutes at most. OTEL_EXPORTER_OTLP_HEADERS holds what is sent
    besides, such as a token. --xray xray://eu-west-1 sends to an AWS account.
    Exits 1 where spans were rejected.

    Example: assay traces export --otlp trace.json
    """
    return _export(otlp, xray, encoding, ca, format_, trace=trace)


@click.command("export")
@click.argument("run", default="")
@_OTLP
@_XRAY
@_ENCODING
@_CA
@context.format_option
def export_run(
    run: str, otlp: str | None, xray: str | None, encoding: str | None, ca: str | None, format_: str
) -> int:
    """Write a run's trace to a file, or send it to a collector.

    As `assay traces export` does with any trace; the latest run if none is
    named.

    Example: assay runs export --xray segments.jsonl
    """
    return _export(otlp, xray, encoding, ca, format_, run=run)


def _export(
    otlp: str | None, xray: str | None, encoding: str | None, ca: str | None, format_: str, **which: str
) -> int:
    if (otlp is None) == (xray is None):
        raise click.UsageError("say --otlp FILE, --otlp URL or --xray FILE")
    headers = _headers(os.environ) if otlp and "://" in otlp else {}
    form = "otlp" if otlp is not None else "xray"
    found = context.call(
        "traces.export", to=otlp or xray, format=form, encoding=encoding, headers=headers, ca=ca, **which
    )
    rejected = found.get("rejected", 0)
    if format_ == "json":
        context.emit_json(found)
        return int(rejected > 0)
    click.echo(f"{found['spans']} spans of the trace {found['trace']} to {show.short(found['to'])}")
    if rejected:
        click.secho(
            f"{rejected} of them were rejected: {found['said'] or 'it does not say why'}", fg="yellow"
        )
    return int(rejected > 0)


def _headers(environment: Mapping[str, str]) -> dict[str, str]:
    """Read OpenTelemetry's own variable: ``name=value,name=value``, values escaped as in a URL."""
    said = environment.get("OTEL_EXPORTER_OTLP_TRACES_HEADERS") or environment.get(
        "OTEL_EXPORTER_OTLP_HEADERS", ""
    )
    out = {}
    for part in filter(None, (p.strip() for p in said.split(","))):
        name, equals, value = part.partition("=")
        value = unquote(value.strip())
        if not equals or not name.strip().replace("-", "").isalnum() or not value.isprintable():
            raise click.UsageError("OTEL_EXPORTER_OTLP_HEADERS holds what is no name=value")
        out[name.strip()] = value
    return out


@traces.command("import")
@click.argument("places", metavar="FILES", nargs=-1, required=True)
@click.option("--xray/--otlp", "xray", default=None, help="What they hold; else found by content.")
@click.option("--since", metavar="TIME", help="Of xray://REGION: 3h, or a time; else the last hour.")
@click.option("--until", metavar="TIME", help="Of xray://REGION: until then.")
@context.format_option
def import_(
    places: tuple[str, ...], xray: bool | None, since: str | None, until: str | None, format_: str
) -> int:
    """Take in files of spans, or folders of them.

    OTLP as JSON (one document, or one a line) or protobuf, and X-Ray's
    segment documents: one, a list, a line each, or what BatchGetTraces
    answers. Any of them as gzip. xray://eu-west-1 fetches the traces of an
    AWS account. A span that was imported before is counted once.
    Exits 1 where spans could not be read.

    Example: assay traces export --otlp t.json && assay traces import t.json
    """
    with watching("import") as progress:
        found = context.call(
            "traces.import", places=places, xray=xray, since=since, until=until, progress=progress
        )
    if format_ == "json":
        context.emit_json(found)
    else:
        _tell(found)
    return int(found["rejected"] > 0)


def _tell(found: dict[str, Any]) -> None:
    click.echo(
        f"{found['spans']} spans of {found['traces']} traces"
        + f", {found['known']} were here" * bool(found["known"])
    )
    if found["rejected"]:
        click.secho(f"{found['rejected']} were rejected: {printable(found['why'])}", fg="yellow")


@traces.command("receive")
@click.option(
    "--host", default="127.0.0.1", show_default=True, help="Where to listen; elsewhere a token is needed."
)
@click.option(
    "--port", type=click.IntRange(0, 65_535), default=4318, show_default=True, help="0 takes a free one."
)
@click.option("--tls-cert", metavar="FILE", default="", help="Speak TLS: the certificate chain, as PEM.")
@click.option("--tls-key", metavar="FILE", default="", help="Its key, where the chain's file has none.")
@click.option("--most", metavar="SIZE", default="10GB", show_default=True, help="Keep no more than this.")
@click.option("--seconds", type=click.FloatRange(0.1), help="End after so long.")
@click.option("--requests", type=click.IntRange(1), help="End after so many requests.")
@context.format_option
def receive(
    host: str, port: int, tls_cert: str, tls_key: str, most: str, seconds: float | None, requests: int | None,
    format_: str,
) -> None:  # fmt: skip
    """Take the spans that programs send (OTLP over HTTP), until interrupted.

    Point OTEL_EXPORTER_OTLP_ENDPOINT of any program at it: protobuf or JSON,
    gzip or plain. A sender is answered when its spans are kept. Sizes, depth,
    counts and times are bounded. ASSAY_TRACES_TOKEN, where it is set, must
    come with each request as a bearer's.

    Example: assay traces receive --port 0 --seconds 1
    """
    from assay.engines.isolation.limits import read_size

    found = context.call(
        "traces.receive",
        host=host,
        port=port,
        token=os.environ.get("ASSAY_TRACES_TOKEN", ""),
        cert=tls_cert,
        key=tls_key,
        most=read_size(most),
        seconds=seconds,
        requests=requests,
        ready=lambda url: say(f"listening on {url}; Ctrl-C ends it"),
    )
    if format_ == "json":
        return context.emit_json(found)
    return _tell(found)
