"""token: API keys of callers, shown once."""

from __future__ import annotations

import click

from assay.doors.cli import context, show
from assay.doors.cli.groups import Group
from assay.engines.terminal import say


@click.group(cls=Group)
def token() -> None:
    """API keys of those who call endpoints, each shown once and kept as a hash.

    Example: assay token create "front desk" --endpoint '*' --expires 90d
    """


@token.command("create")
@click.argument("subject")
@click.option("--endpoint", "endpoints", multiple=True, metavar="NAME", help="It may ask; again. * for all.")
@click.option("--admin", is_flag=True, help="It may use the API under /api/v1.")
@click.option("--expires", metavar="TIME", help="When it ends: 90d, 12w, 1y or a day.")
@click.option("--rate", type=click.FloatRange(0), default=0.0, metavar="N", help="Requests a second.")
@click.option("--note", default="", help="What it is for.")
@context.format_option
def create(
    subject: str,
    endpoints: tuple[str, ...],
    admin: bool,
    expires: str | None,
    rate: float,
    note: str,
    format_: str,
) -> None:
    """Make a token for SUBJECT, a program or a person.

    It is printed this once. Who calls sends it as `Authorization: Bearer`.

    Example: assay token create "front desk" --endpoint '*' --rate 100
    """
    found = context.call(
        "token.create",
        subject=subject,
        endpoints=endpoints,
        admin=admin,
        expires=expires,
        rate=rate,
        note=note,
    )
    if format_ == "json":
        return context.emit_json(found)
    click.echo(found["token"])
    return say(f"shown this once; {found['id']} is its name from now on (event {found['event']})")


@token.command("list")
@click.option("--revoked", is_flag=True, help="Those that were revoked too.")
@context.at_option
@context.format_option
def list_(revoked: bool, at: str | None, format_: str) -> None:
    """List the tokens.

    Example: assay token list --revoked
    """
    found = context.call("token.list", revoked=revoked, at=at)
    if format_ == "json":
        return context.emit_json(found)
    rows = [
        t | {"may": [*t["endpoints"], *t["scopes"]], "expires": (t["expires"] or "")[:10]}
        for t in found["tokens"]
    ]
    columns = (("id", "token"), ("subject", "subject"), ("may", "may"), ("state", "state"),
               ("expires", "expires"), ("created_by", "by"))  # fmt: skip
    return show.table(rows, columns, "no token yet; `assay token create` makes one", whole=("id", "state"))


@token.command("revoke")
@click.argument("which", metavar="TOKEN")
@click.option("--reason", default="", help="Why; it is kept in the log.")
@context.format_option
def revoke(which: str, reason: str, format_: str) -> None:
    """End a token, named by its id or the whole of it; or all of a subject.

    \b
    Example: assay token create "front desk" --endpoint '*' &&
      assay token revoke "front desk" --reason "it was lost"
    """
    found = context.call("token.revoke", which=which, reason=reason)
    if format_ == "json":
        return context.emit_json(found)
    for one in found["tokens"]:
        click.echo(f"{one['id']} of {one['subject']} is revoked (event {one['event']})")
    return None
