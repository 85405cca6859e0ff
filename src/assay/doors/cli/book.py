"""runs, lineage, findings: what the office remembers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from assay.doors.cli import context, show, traces
from assay.doors.cli.compared import compare, experiments
from assay.doors.cli.groups import Group
from assay.kernel.association import ASSOCIATIONS
from assay.kernel.severity import SEVERITIES


@click.group(cls=Group, invoke_without_command=True)
@context.format_option
@click.pass_context
def runs(ctx: click.Context, format_: str) -> None:
    """List the runs, show one, or compare some.

    Example: assay runs list
    """
    if ctx.invoked_subcommand is None:
        ctx.invoke(list_, limit=20, at=None, format_=format_)


runs.add_command(compare)
runs.add_command(experiments)


@runs.command("list")
@click.option("--limit", type=click.IntRange(1, 10_000), default=20, show_default=True, help="How many.")
@click.option("--experiment", metavar="NAME", help="Of one experiment.")
@click.option("--parts-of", metavar="RUN", help="The parts of a run: trials of a sweep, what ran inside it.")
@click.option("--all", "every", is_flag=True, help="Parts of other runs too.")
@context.at_option
@context.format_option
def list_(
    limit: int,
    at: str | None,
    format_: str,
    experiment: str | None = None,
    parts_of: str | None = None,
    every: bool = False,
) -> None:
    """List the latest runs.

    Example: assay runs list --limit 5
    """
    found = context.call(
        "runs.list", limit=limit, experiment=experiment, parts_of=parts_of, every=every, at=at
    )
    if format_ == "json":
        return context.emit_json(found)
    columns = (
        ("id", "run"),
        ("pipeline", "pipeline"),
        ("outcome", "outcome"),
        ("started", "started"),
        ("actor", "by"),
    )
    ids = show.beginnings([r["id"] for r in found["runs"]])
    rows = [
        r | {"id": i, "started": r["started"][:16] + "Z"} for i, r in zip(ids, found["runs"], strict=True)
    ]
    return show.table(rows, columns, "no run yet; `assay run` makes one", whole=("id", "started"))


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
            *recorded(found),
        ]
    )
    show.datasets(found.get("datasets", []))
    columns = (
        ("name", "step"),
        ("uses", "uses"),
        ("outcome", "outcome"),
        ("cached", "reused"),
        ("seconds", "s"),
    )
    return show.table(found.get("steps", []), columns, "no step was recorded")


runs.add_command(traces.export_run)


def recorded(found: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Return what a run recorded of itself, as names and values."""
    out: list[tuple[str, Any]] = []
    if found.get("experiment") != found["pipeline"]:
        out.append(("experiment", found.get("experiment")))
    out += [("part of", found.get("parent")), ("parts", found.get("parts") or None)]
    out += [("contexts", found.get("contexts")), ("error", found.get("error"))]
    out += [(k, found.get(k)) for k in ("params", "tags")]
    out.append(("metrics", {m["name"]: m["value"] for m in found.get("metrics") or []}))
    told = found.get("provenance")
    if not told:
        return out
    git, machine = told.get("git") or {}, told["environment"]
    dirty = "" if git.get("dirty") is False else ", with changes" if git.get("dirty") else ", changes unknown"
    seeds = told.get("seeds") or {}
    named = {"run": told.get("seed")} | {n: s for n, s in seeds.items() if n != "seed"}
    shown = {n: s for n, s in named.items() if isinstance(s, int)}
    gpus = f", {', '.join(machine['gpus'])}" if machine.get("gpus") else ""
    memory = f", {machine['memory'] / 2**30:.0f} GB" if machine.get("memory") else ""
    return [
        *out,
        ("commit", f"{git['commit'][:12]} {git.get('branch') or ''}{dirty}" if git.get("commit") else None),
        ("file", _file(told.get("file") or {})),
        ("code", {n: c["digest"][7:19] for n, c in told["code"].items() if c.get("digest")}),
        ("seeds", shown),
        (
            "machine",
            f"{machine.get('processor') or machine.get('machine')}, {machine.get('cpus')} cores{memory}{gpus}",
        ),
        ("system", f"{machine.get('system')} {machine.get('release')}, Python {machine.get('python')}"),
        ("packages", f"{len(told['packages'])} (--format json)"),
        ("image", machine.get("image")),
    ]


def _file(told: Mapping[str, Any]) -> str | None:
    return f"{told['name']} {told['digest'][:19]}…" if told.get("digest") else None


@click.command()
@click.argument("urn")
@click.option("--up/--down", default=True, help="What it was made from, or what was made from it.")
@click.option(
    "--format",
    "format_",
    type=click.Choice(["text", "json", "svg", "dot", "mermaid", "openlineage", "prov"]),
    default="text",
    help="How to print.",
)
@context.at_option
def lineage(urn: str, up: bool, format_: str, at: str | None) -> None:
    """What a thing was made from (--up), or what was made from it (--down).

    URN is registry://NAME@VERSION, a digest, the name of a data set, or a run,
    which stands for all that it made.

    Example: assay lineage registry://bookings@1 --up
    """
    found = context.call("lineage", urn=urn, up=up, format="json" if format_ == "text" else format_, at=at)
    if format_ in ("svg", "dot", "mermaid"):
        return click.echo(found, nl=False)
    if format_ != "text":
        return context.emit_json(found)
    columns = (("from_name", "from"), ("step", "step"), ("to_name", "to"), ("run", "run"))
    rows = [e | {"step": e["kind"] or e["step"], "run": e["run"] or e["by"]} for e in found["edges"]]
    empty = f"nothing is known that {urn} was made from" if up else f"nothing was made from {urn}"
    return show.table(rows, columns, empty)


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

    The kinds are SageMaker's, and go from FROM to TO: with DerivedFrom it is
    TO that is a modification of FROM; SameAs holds both ways.

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
