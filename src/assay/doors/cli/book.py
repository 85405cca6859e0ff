"""runs, lineage, findings: what the office remembers."""

from __future__ import annotations

import click

from assay.doors.cli import context, show, traces
from assay.doors.cli.groups import Group
from assay.kernel.association import ASSOCIATIONS
from assay.kernel.severity import SEVERITIES


@click.group(cls=Group, invoke_without_command=True)
@context.format_option
@click.pass_context
def runs(ctx: click.Context, format_: str) -> None:
    """List the runs, or show one.

    Example: assay runs list
    """
    if ctx.invoked_subcommand is None:
        ctx.invoke(list_, limit=20, at=None, format_=format_)


@runs.command("list")
@click.option("--limit", type=click.IntRange(1, 10_000), default=20, show_default=True, help="How many.")
@context.at_option
@context.format_option
def list_(limit: int, at: str | None, format_: str) -> None:
    """List the latest runs.

    Example: assay runs list --limit 5
    """
    found = context.call("runs.list", limit=limit, at=at)
    if format_ == "json":
        return context.emit_json(found)
    columns = (
        ("id", "run"),
        ("pipeline", "pipeline"),
        ("outcome", "outcome"),
        ("started", "started"),
        ("actor", "by"),
    )
    return show.table(found["runs"], columns, "no run yet; `assay run` makes one")


@runs.command("show")
@click.argument("run", default="")
@click.option("--trace", is_flag=True, help="Show where its time went, span by span.")
@context.at_option
@context.format_option
def show_(run: str, trace: bool, at: str | None, format_: str) -> None:
    """Show one run, by its id or the beginning of it; the latest if none is named.

    With --trace: its spans drawn to scale, and where the slowest path spent
    its time.

    Example: assay runs show --trace
    """
    if trace:
        return traces.shown(context.call("runs.trace", run=run), format_)
    found = context.call("runs.show", run=run, at=at)
    if format_ == "json":
        return context.emit_json(found)
    model = found.get("model") or {}
    show.fields(
        [
            ("run", found["id"]),
            ("pipeline", found["pipeline"]),
            ("outcome", found["outcome"]),
            ("model", f"{model['name']}@{model['version']}" if isinstance(model, dict) and model else model),
            ("report", show.short(found["report"]) if found.get("report") else None),
        ]
    )
    columns = (
        ("name", "step"),
        ("uses", "uses"),
        ("outcome", "outcome"),
        ("cached", "reused"),
        ("seconds", "s"),
    )
    return show.table(found.get("steps", []), columns, "no step was recorded")


@click.command()
@click.argument("urn")
@click.option("--up/--down", default=True, help="What it was made from, or what was made from it.")
@click.option(
    "--format",
    "format_",
    type=click.Choice(["text", "json", "dot", "mermaid", "openlineage", "prov"]),
    default="text",
    help="How to print.",
)
@context.at_option
def lineage(urn: str, up: bool, format_: str, at: str | None) -> None:
    """What a thing was made from (--up), or what was made from it (--down).

    URN is registry://NAME@VERSION, a digest, or the name of a data set.

    Example: assay lineage registry://bookings@1 --up
    """
    found = context.call("lineage", urn=urn, up=up, format="json" if format_ == "text" else format_, at=at)
    if format_ in ("dot", "mermaid"):
        return click.echo(found, nl=False)
    if format_ != "text":
        return context.emit_json(found)
    columns = (("from_name", "from"), ("step", "step"), ("to_name", "to"), ("run", "run"))
    rows = [e | {"step": e["kind"] or e["step"], "run": e["run"] or e["by"]} for e in found["edges"]]
    return show.table(rows, columns, f"nothing is known of {urn}")


@click.command()
@click.argument("source", metavar="FROM")
@click.argument("target", metavar="TO")
@click.option(
    "--as", "kind", type=click.Choice(ASSOCIATIONS), required=True, help="How they belong together."
)
@click.option("--withdraw", is_flag=True, help="Take back what was said; the log keeps that it was.")
@context.format_option
def associate(source: str, target: str, kind: str, withdraw: bool, format_: str) -> None:
    """Say that FROM contributed to TO, produced it, is the same, and the like.

    Each is registry://NAME@VERSION, a digest, the name of a data set, the id
    of a run, or an address of anything else, such as https://wiki/page.

    Example: assay associate ticket:7 registry://bookings@1 --as SameAs
    """
    found = context.call("associate", source=source, target=target, kind=kind, withdraw=withdraw)
    if format_ == "json":
        return context.emit_json(found)
    said = "no longer " if withdraw else ""
    return click.echo(f"{found['from_name']} {said}{kind} {found['to_name']} (event {found['event']})")


@click.group(cls=Group)
def findings() -> None:
    """What was found.

    Example: assay findings list --severity high
    """


@findings.command("list")
@click.option("--severity", type=click.Choice(SEVERITIES), default="info", help="This grave, or graver.")
@click.option("--check", "check", help="Of one check.")
@context.at_option
@context.format_option
def findings_list(severity: str, check: str | None, at: str | None, format_: str) -> None:
    """List what was found, gravest first.

    Example: assay findings list --severity medium --check data.pii
    """
    found = context.call("findings.list", severity=severity, check=check, at=at)
    if format_ == "json":
        return context.emit_json(found)
    return show.findings(found["findings"], "nothing was found so far")


@findings.command("show")
@click.argument("fingerprint")
@context.at_option
@context.format_option
def findings_show(fingerprint: str, at: str | None, format_: str) -> None:
    """Show one finding, by its fingerprint or the beginning of it.

    Example: assay findings show 9a129d30
    """
    found = context.call("findings.show", fingerprint=fingerprint, at=at)
    if format_ == "json":
        return context.emit_json(found)
    return show.fields([(k.replace("_", " "), v) for k, v in found.items() if k != "schema"])
