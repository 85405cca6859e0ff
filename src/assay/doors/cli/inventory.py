"""inventory: every model in one list, for whoever answers for all of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from assay.doors.cli import context, show
from assay.doors.cli.groups import Group
from assay.doors.cli.packaged import show_model
from assay.kernel.printable import printable

_SUFFIXES = {".html": "html", ".csv": "csv", ".json": "json"}
_STATUSES = ("pending", "approved", "rejected", "expired", "archived", "retired")
STATUS = click.Choice(_STATUSES)


@click.group(cls=Group)
def inventory() -> None:
    """The inventory: each model's owner, risk, approval and questions.

    Example: assay inventory list
    """


@inventory.command("list")
@click.option("--name", help="Versions of this model.")
@click.option("--status", type=STATUS, help="Only these.")
@click.option("--stage", help="On this stage; none: on no stage.")
@click.option("--alias", help="That bear this alias.")
@click.option("--tag", metavar="KEY[=VALUE]", help="With this tag.")
@click.option("--tier", help="Of this risk tier; none: of no tier.")
@click.option("--owner", help="Of this owner; none: of nobody.")
@context.at_option
@context.format_option
def list_(format_: str, at: str | None, **filters: str | None) -> None:
    """List the versions of all models, with what is open.

    Example: assay inventory list --status approved
    """
    found = context.call("inventory.list", at=at, **filters)
    if format_ == "json":
        return context.emit_json(found)
    rows = [_row(e) for e in found["models"]]
    columns = (("model", "model"), ("status", "status"), ("stage", "stage"), ("tier", "tier"), ("owners", "owner"),
               ("expires", "expires"), ("open", "open"))  # fmt: skip
    show.table(
        rows, columns, "no such model" if any(filters.values()) else _NONE, whole=("status", "expires")
    )
    return None


_NONE = "no model is registered yet; `assay demo` registers one"


def _row(entry: dict[str, Any]) -> dict[str, Any]:
    aliases = "".join(f" @{a}" for a in entry["aliases"])
    count = len(entry["open"])
    return entry | {
        "model": f"{entry['name']}@{entry['version']}{aliases}",
        "status": entry["status"].lower(),
        "expires": entry["expires"][:10],
        "open": f"{count} question{'s' if count != 1 else ''}" if count else "",
    }


@inventory.command("show")
@click.argument("name")
@context.at_option
@context.format_option
def show_(name: str, at: str | None, format_: str) -> None:
    """Show one version with the questions asked of it.

    NAME is a model, the latest of it, or NAME@VERSION, or NAME@ALIAS.

    Example: assay inventory show bookings@1
    """
    found = context.call("model.show", name=name, at=at)
    if format_ == "json":
        return context.emit_json(found)
    show_model(found)
    click.echo("questions")
    for asked in found["questions"]:
        when = f" ({printable(asked['by'])}, {asked['at'][:10]}{', to another wording' if asked['stale'] else ''})"
        answer = printable(asked["answer"]) + when if asked["answer"] else "nobody has answered"
        show.fields([(f"  {asked['key']}", asked["ask"]), ("  ", answer)])
    return None


@inventory.command("export")
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="FILE", help="Write it to a file.")
@click.option(
    "--format",
    "format_",
    type=click.Choice(["csv", "html", "cyclonedx", "json"]),
    help="By the file's suffix, else CSV.",
)
@context.at_option
def export(output: Path | None, format_: str | None, at: str | None) -> None:
    """Write the whole inventory for those who do not work here.

    \b
    csv        a row a version, for a spreadsheet
    html       one page, for a risk committee
    cyclonedx  a CycloneDX 1.6 ML-BOM
    json       all of it

    Example: assay inventory export -o inventory.html
    """
    shown = format_ or (_SUFFIXES.get(output.suffix.lower(), "csv") if output else "csv")
    found = context.call("inventory.export", format=shown, at=at)
    if shown == "csv" and output is not None:
        _written(found["content"], output)  # its line ends are its own
        return
    context.emit(found["content"], output)


def _written(text: str, output: Path) -> None:
    from assay.kernel.errors import UsageError

    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_bytes(text.encode("utf-8-sig"))  # a spreadsheet takes it for UTF-8 by its mark
    except OSError as error:
        raise UsageError(
            f"{output} cannot be written: {error.strerror}", remedy="name another after -o"
        ) from None
    click.echo(f"written to {output}", err=True)


@inventory.command("questions")
@click.option("--tier", default="", help="Those asked of one risk tier.")
@context.format_option
def questions(tier: str, format_: str) -> None:
    """List the questions that are asked of a model.

    Ten are built in; a registry.yaml puts others in their place.

    Example: assay inventory questions
    """
    found = context.call("inventory.questions", tier=tier)
    if format_ == "json":
        return context.emit_json(found)
    return show.fields([(q["key"], q["ask"]) for q in found["questions"]])


@inventory.command("policy")
@click.option("--template", is_flag=True, help="Write a commented registry.yaml to begin with.")
@context.format_option
def policy(template: bool, format_: str) -> None:
    """Tell what is asked before a model is approved.

    It stands in the home's registry.yaml; without it one person approves, for
    good.

    Example: assay inventory policy --template > .assay/registry.yaml
    """
    found = context.call("inventory.policy", template=template)
    if format_ == "json":
        return context.emit_json(found)
    if template:
        return click.echo(found["content"], nl=False)
    show.fields(
        [
            ("all models", _rules(found["rules"])),
            *((f"tier {t}", _rules(r)) for t, r in found["by_tier"].items()),
        ]
    )
    show.fields([
        ("tiers", found["tiers"]), ("stages", found["stages"]), ("approved only", _only(found)),
        ("export", "approved models" if found["export_approved"] else "any"),
        ("questions", len(found["questions"])), ("policy", found["digest"] or "none; this is built in"),
    ])  # fmt: skip
    return None


def _rules(rules: dict[str, Any]) -> str:
    people = "1 person approves" if rules["approvals"] == 1 else f"{rules['approvals']} people approve"
    apart = f", none of whom {' or '.join(rules['apart'])} it" if rules["apart"] else ""
    holds = f"; it holds {rules['expires']} days" if rules["expires"] else "; it holds for good"
    asked = f"; asks for {', '.join(rules['require'])}" if rules["require"] else ""
    return people + apart + holds + asked


def _only(found: dict[str, Any]) -> str:
    stages = [f"the stage {s}" for s in found["approved_stages"]]
    return ", ".join([*stages, *(f"the alias {a}" for a in found["approved_aliases"])])
