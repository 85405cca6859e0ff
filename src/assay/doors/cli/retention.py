"""log retain and log hold: how long the log keeps what, and who may stop that."""

from __future__ import annotations

import click

from assay.doors.cli import context, show
from assay.doors.cli.groups import Group


@click.command("retain")
@click.option("--older-than", metavar="TIME", required=True, help="400d, 52w, or a date: what is older goes.")
@click.option("--policy", metavar="NAME", help="What the policy is called; else after the time.")
@click.option("--dry-run", is_flag=True, help="Say what would go, and prune nothing.")
@context.format_option
def retain(older_than: str, policy: str | None, dry_run: bool, format_: str) -> None:
    """Prune what is old, and keep every proof.

    Bodies of events, files of imported logs and spans go; the leaves of the tree
    stay, so that proofs and checkpoints hold. What is held stays. A log that
    does not verify is left alone.

    Example: assay log retain --older-than 400d --dry-run
    """
    found = context.call("log.retain", older_than=older_than, policy=policy, dry_run=dry_run)
    if format_ == "json":
        return context.emit_json(found)
    verb = "would be pruned" if dry_run else "were pruned"
    click.echo(f"{found['events']} bodies of events and {found['files']} files of imported logs")
    if found["documents"]:
        click.echo(f"and {found['documents']} documents of {found['spans']} spans")
    click.echo(f"({found['rows']} rows, {found['bytes'] / 1e6:.1f} MB) {verb} under {found['policy']}")
    for name, count in found["held"].items():
        click.echo(f"{count} events and rows are held by {name}")
    return None


@click.group("hold", cls=Group)
def hold() -> None:
    """Legal holds: what no retention may prune.

    Example: assay log hold list
    """


@hold.command("add")
@click.argument("name")
@click.option("--why", required=True, help="The reason; it is kept in the log.")
@click.option("--since", metavar="TIME", help="Hold nothing older.")
@click.option("--until", metavar="TIME", help="Hold only what is older.")
@click.option(
    "--source", "sources", metavar="VIEW", multiple=True, help="events, cloudtrail, …; else all of them."
)
@context.format_option
def add(
    name: str, why: str, since: str | None, until: str | None, sources: tuple[str, ...], format_: str
) -> None:
    """Hold a period against pruning.

    Example: assay log hold add case-7 --why "asked for by the court"
    """
    found = context.call("log.hold", name=name, why=why, since=since, until=until, sources=sources)
    if format_ == "json":
        return context.emit_json(found)
    return click.echo(f"held: {name} (event {found['event']})")


@hold.command("release")
@click.argument("name")
@click.option("--why", required=True, help="The reason; it is kept in the log.")
@context.format_option
def release(name: str, why: str, format_: str) -> None:
    """Release a hold.

    Example: assay log hold add c --why x && assay log hold release c --why y
    """
    found = context.call("log.release", name=name, why=why)
    if format_ == "json":
        return context.emit_json(found)
    return click.echo(f"released: {name} (event {found['event']})")


@hold.command("list")
@context.at_option
@context.format_option
def list_(at: str | None, format_: str) -> None:
    """List the holds, released ones too.

    Example: assay log hold list
    """
    found = context.call("log.holds", at=at)
    if format_ == "json":
        return context.emit_json(found)
    columns = (("name", "name"), ("state", "state"), ("since", "since"), ("until", "until"), ("why", "why"))
    return show.table(found["holds"], columns, "nothing is held")
