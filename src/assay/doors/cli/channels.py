"""channel: the ways in which people are told, listed and tried."""

from __future__ import annotations

import click

from assay.doors.cli import context, show
from assay.doors.cli.groups import Group


@click.group(cls=Group)
def channel() -> None:
    """Ways in which alerts are sent: webhooks, Slack, PagerDuty, e-mail, SNS.

    They stand in channels.yaml of the home, their secrets in the environment or
    in files.

    Example: assay channel list
    """


@channel.command("list")
@context.format_option
def list_(format_: str) -> None:
    """List the channels, and what each lacks.

    Example: assay channel list
    """
    found = context.call("channel.list")
    if format_ == "json":
        return context.emit_json(found)
    rows = [c | {"lacks": c["lacks"] or "nothing"} for c in found["channels"]]
    columns = (("name", "channel"), ("kind", "kind"), ("to", "to"), ("lacks", "lacks"))
    return show.table(
        rows, columns, "no channel yet; write channels.yaml in the home", whole=("name", "kind")
    )


@channel.command("test")
@click.argument("name", metavar="CHANNEL")
@context.format_option
def test(name: str, format_: str) -> None:
    """Send an alert over CHANNEL that says it is a test.

    A PagerDuty incident that it opens is resolved at once. That it was sent, or
    that nobody took it (exit 3), is in the log.

    Example: assay channel list && assay channel test ops
    """
    found = context.call("channel.test", name=name)
    if format_ == "json":
        return context.emit_json(found)
    said = f", and answered {found['answer']!r}" if found["answer"] else ""
    return click.echo(f"{name} took it{said} (event {found['event']})")
