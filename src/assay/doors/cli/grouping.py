"""context: what groups runs and things, such as a release, a study, a customer."""

from __future__ import annotations

import click

from assay.doors.cli import context as shared
from assay.doors.cli import show
from assay.doors.cli.groups import Group


@click.group(cls=Group)
def context() -> None:
    """Groups of runs and things: a release, a study, a customer.

    A context is KIND/NAME; without a kind it is a group. A thing may be in many.

    Example: assay context put release/2026-11 registry://bookings@1
    """


@context.command("list")
@click.option("--kind", help="Of one kind.")
@shared.format_option
def list_(kind: str | None, format_: str) -> None:
    """List the contexts.

    Example: assay context list --kind release
    """
    found = shared.call("context.list", kind=kind)
    if format_ == "json":
        return shared.emit_json(found)
    columns = (("kind", "kind"), ("name", "name"), ("members", "things"), ("by", "by"), ("at", "since"))
    return show.table(found["contexts"], columns, "no context yet; `assay context put` makes one")


@context.command("show")
@click.argument("name")
@shared.format_option
def show_(name: str, format_: str) -> None:
    """Show what is in a context.

    \b
    Example: assay context put release/2026-11 registry://bookings@1 &&
      assay context show release/2026-11
    """
    found = shared.call("context.show", name=name)
    if format_ == "json":
        return shared.emit_json(found)
    show.fields(
        [("context", found["key"]), ("by", found["by"]), ("since", found["at"]), ("about", found["about"])]
    )
    columns = (("name", "name"), ("member", "thing"), ("by", "by"), ("at", "since"))
    rows = [m | {"at": m["at"][:16] + "Z"} for m in found["members"]]
    return show.table(rows, columns, "it is empty", whole=("at",))


@context.command("put")
@click.argument("name")
@click.argument("things", metavar="THINGS", nargs=-1)
@shared.format_option
def put(name: str, things: tuple[str, ...], format_: str) -> None:
    """Put runs and things into a context, which is made where it is new.

    Each is the id of a run, registry://NAME@VERSION, the name of a data
    set, a digest, or an address.

    Example: assay context put release/2026-11 registry://bookings@1
    """
    return _told(shared.call("context.put", name=name, things=things), format_)


@context.command("take")
@click.argument("name")
@click.argument("things", metavar="THINGS", nargs=-1, required=True)
@shared.format_option
def take(name: str, things: tuple[str, ...], format_: str) -> None:
    """Take things out of a context; the log keeps that they were in it.

    \b
    Example: assay context put release/2026-11 registry://bookings@1 &&
      assay context take release/2026-11 registry://bookings@1
    """
    return _told(shared.call("context.take", name=name, things=things), format_)


def _told(found: dict[str, object], format_: str) -> None:
    if format_ == "json":
        return shared.emit_json(found)
    members = found["members"]
    count = len(members) if isinstance(members, list) else 0
    since = f" (event {found['event']})" if found["event"] is not None else ", as it was"
    return click.echo(f"{found['key']}: {count} thing{'s' * (count != 1)}{since}")
