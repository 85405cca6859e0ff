"""model: the registry."""

from __future__ import annotations

from pathlib import Path

import click

from assay.doors.cli import context, show
from assay.doors.cli.groups import Group
from assay.doors.cli.inventory import STATUS
from assay.doors.cli.packaged import listed, show_model, until
from assay.doors.cli.stewarding import COMMANDS
from assay.engines.terminal import say
from assay.kernel.printable import printable

_COLUMNS = (
    ("name", "name"),
    ("version", "version"),
    ("status", "status"),
    ("digest", "digest"),
    ("registered_at", "registered"),
    ("registered_by", "by"),
)


_OWN_KEYS = "under the keys that came with it: compare them with those of whoever you trust"


@click.group(cls=Group)
def model() -> None:
    """The registry: packages, their approval and their hallmarks.

    Example: assay model verify bookings@1
    """


@model.command("list")
@click.option("--status", type=STATUS, help="Only these.")
@context.at_option
@context.format_option
def list_(status: str | None, at: str | None, format_: str) -> None:
    """List the packages.

    Example: assay model list --status pending
    """
    found = context.call("model.list", status=status, at=at)
    if format_ == "json":
        return context.emit_json(found)
    return show.table(found["models"], _COLUMNS, "no model is registered yet; `assay demo` registers one")


@model.command("show")
@click.argument("name")
@context.at_option
@context.format_option
def show_(name: str, at: str | None, format_: str) -> None:
    """Show one package: NAME, the latest, NAME@VERSION or NAME@ALIAS.

    Example: assay model show bookings@1
    """
    found = context.call("model.show", name=name, at=at)
    if format_ == "json":
        return context.emit_json(found)
    show_model(found)
    click.echo("files")
    for path, digest in found.get("files", {}).items():
        click.echo(f"  {str(digest).removeprefix('sha256:')[:12]}  {printable(path)}")
    return None


@model.command("register")
@click.argument("file", type=click.Path(exists=True))
@click.option("--as", "name", required=True, metavar="NAME", help="The name it is registered under.")
@click.option("--owner", default="", help="Who answers for it.")
@click.option("--purpose", default="", help="What it is for.")
@context.format_option
def register(file: str, name: str, owner: str, purpose: str, format_: str) -> None:
    """Scan a model file and register it as PENDING.

    \b
    Example: assay model export bookings@1 --to bookings-1 &&
      assay model register bookings-1/package/model.tar.gz --as candidate
    """
    found = context.call("model.register", file=file, name=name, owner=owner, purpose=purpose)
    return context.emit_json(found) if format_ == "json" else show_model(found)


@model.command("approve")
@click.argument("name")
@click.option("--reason", required=True, help="Why; it is kept in the log.")
@click.option("--expires", default=None, metavar="TIME", help="When it runs out: 90d, 12w, 1y or 2027-06-30.")
@context.format_option
def approve(name: str, reason: str, expires: str | None, format_: str) -> None:
    """Approve a package.

    Where the policy asks for several people, each approves it once.

    Example: assay model approve bookings@1 --reason "reviewed by the committee"
    """
    found = context.call("model.approve", name=name, reason=reason, expires=expires)
    return context.emit_json(found) if format_ == "json" else show_model(found)


@model.command("reject")
@click.argument("name")
@click.option("--reason", required=True, help="Why; it is kept in the log.")
@context.format_option
def reject(name: str, reason: str, format_: str) -> None:
    """Reject a package.

    Example: assay model reject bookings@1 --reason "too few groups examined"
    """
    found = context.call("model.reject", name=name, reason=reason)
    return context.emit_json(found) if format_ == "json" else show_model(found)


@model.command("export")
@click.argument("name")
@click.option("--to", metavar="DIR", help="A folder that is made.")
@click.option("--archive", metavar="FILE", help="One file, with the run that made it.")
@click.option("--without-data", is_flag=True, help="Of data their digests alone.")
@context.format_option
def export(name: str, to: str | None, archive: str | None, without_data: bool, format_: str) -> None:
    """Copy a package out of the house, for others to verify.

    --to DIR copies it with its marks, the public keys and the checkpoint.
    --archive FILE packs the run that made it too: a stranger verifies it without
    Assay, and rebuilds the model offline with `assay reproduce FILE`.

    Example: assay model export bookings@1 --archive bookings-1.zip
    """
    if without_data and not archive:
        raise click.UsageError("--without-data goes with --archive")
    found = context.call(
        "model.export", name=name, to=to or "", archive=archive or "", with_data=not without_data
    )
    if format_ == "json":
        return context.emit_json(found)
    if archive:
        left = f"; {found['left_out']} left out, see its README" if found["left_out"] else ""
        click.echo(f"packed into {archive}{left}; a stranger checks it:")
        click.echo(f"  assay model verify {archive} --key hallmark.pub --log-key ledger.pub")
        click.echo(f"  assay reproduce {archive}")
        return None
    click.echo(f"exported to {to}; anyone may check it:")
    click.echo(f"  model_signing verify key {to}/package \\")
    click.echo(f"    --signature {to}/model.sig --public_key {to}/hallmark.pub")
    return None


_SUFFIXES = {".html": "html", ".md": "markdown", ".json": "json"}


@model.command("card")
@click.argument("name", required=False)
@click.option(
    "--format",
    "format_",
    type=click.Choice(["html", "markdown", "huggingface", "sagemaker", "cyclonedx", "spdx", "json"]),
    help="How to show it; by the file's suffix, else Markdown.",
)
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="FILE", help="Write it to a file.")
@click.option(
    "--facts", type=click.Path(), metavar="FILE", help="Write it anew with this card.yaml from its reports."
)
@click.option("--template", is_flag=True, help="Write a commented card.yaml to fill in.")
def card(
    name: str | None, format_: str | None, output: Path | None, facts: str | None, template: bool
) -> None:
    """Show a model card: of NAME@VERSION in the registry, or of a card.json.

    \b
    html         one page, for reading and printing
    markdown     the same, for a wiki
    huggingface  README.md with the hub's metadata
    sagemaker    the request of CreateModelCard
    cyclonedx    a CycloneDX 1.6 ML-BOM
    spdx         SPDX 3.0.1, the AI and dataset profiles
    json         the card itself (assay.card/1)

    Example: assay model card bookings@1 --format html -o card.html
    """
    if bool(name) == template:
        raise click.UsageError("name a model or a card.json, or ask for the --template")
    shown = format_ or (_SUFFIXES.get(output.suffix.lower(), "markdown") if output else "markdown")
    found = context.call("model.card", name=name or "", format=shown, facts=facts)
    if template and output is not None and output.exists():
        raise click.UsageError(f"{output} is already there; name another file after -o")
    context.emit(found["content"], output)
    if found.get("missing"):
        lacks = f"the card lacks {', '.join(found['missing'])}"
        say(lacks)


@model.command("verify")
@click.argument("name", metavar="NAME|ARCHIVE")
@click.option("--key", type=click.Path(exists=True), help="The hallmark's public key, for an archive.")
@click.option("--log-key", type=click.Path(exists=True), help="The log's public key, for an archive.")
@context.format_option
def verify(name: str, key: str | None, log_key: str | None, format_: str) -> int:
    """Verify every file, mark, report and the log behind a package.

    An archive that `assay model export --archive` made needs no home. Exits 1 on
    any change of one byte.

    Example: assay model verify bookings@1
    """
    found = context.call("model.verify", name=name, key=key, log_key=log_key)
    if format_ == "json":
        context.emit_json(found)
    else:
        word = "VERIFIED" if found["ok"] else "FORGED OR DAMAGED"
        click.secho(f"{word}  {found['model']}", fg="green" if found["ok"] else "red", bold=True)
        show.problems(found["problems"])
        mark = "examined: every gate passed; it does not say approved" if found["hallmark"] else "none"
        show.fields(
            [
                ("hallmark", mark),
                (
                    "status",
                    f"{found['status']}" + (f" by {_approvers(found)}" if found["decided_by"] else ""),
                ),
                ("reason", found["reason"]),
                ("expires", until(found["expires"]) if found.get("expires") else ""),
                ("image", found.get("image")),
                ("files", found["files"]),
                ("ledger", f"{found['ledger']['size']} events"),
                ("run", found.get("run")),
                ("note", _OWN_KEYS if found.get("own_keys") else ""),
            ]
        )
    return 0 if found["ok"] else 1


def _approvers(found: dict[str, object]) -> str:
    return " and ".join(map(str, listed(found.get("approved_by")))) or str(found["decided_by"])


for _command in COMMANDS:
    model.add_command(_command)
