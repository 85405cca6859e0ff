"""checks, treatments: what there is, and one of them in full."""

from __future__ import annotations

from typing import Any

import click

from assay.doors.cli import context
from assay.doors.cli.examining import command
from assay.works import declared
from assay.works.declared import Kind, Loaded
from assay.works.signature import signature


def _described(loaded: Loaded) -> dict[str, Any]:
    """Return one check or treatment as JSON: what it is for, and each thing it is told."""
    first, _, doc = loaded.doc.strip().partition("\n")
    takes = [
        {
            "name": p.name,
            "role": "input" if p.role == "input" else "report" if p.role == "report" else "value",
            "expected": " or ".join(p.kinds) or p.expected,
            "many": p.many,
            "required": p.needed(()),
            "unless": p.unless or None,
            "default": list(p.default) if isinstance(p.default, tuple) else p.default,
            "doc": p.doc,
        }
        for p in signature(loaded.function)
        if p.role != "work"
    ]
    return {
        "schema": f"assay.{loaded.kind}/1",
        "name": loaded.name,
        "summary": first,
        "doc": doc.strip(),
        "params": takes,
    }


def _listing(kind: Kind, name: str | None, format_: str) -> None:
    if name is not None and format_ == "json":
        return context.emit_json(_described(declared.load(kind, name)))
    if name is not None:
        made = command(declared.load(kind, name))
        verb = "check" if kind == "check" else "treat"
        with click.Context(made, info_name=f"assay {verb} {name}", max_content_width=80) as ctx:
            click.echo(made.get_help(ctx))
        return None
    items = list(declared.listing(kind))
    if format_ == "json":
        rows = [{"name": i.name, "summary": i.summary} for i in items]
        context.emit_json({"schema": f"assay.{kind}s/1", f"{kind}s": rows})
        return None
    formatter = click.HelpFormatter(width=80)
    formatter.write_dl([(i.name, i.summary) for i in items])
    click.echo(formatter.getvalue().rstrip())
    return None


@click.command()
@click.argument("name", required=False)
@context.format_option
def checks(name: str | None, format_: str) -> None:
    """List the checks, or one check's full help.

    Example: assay checks data.bias
    """
    _listing("check", name, format_)


@click.command()
@click.argument("name", required=False)
@context.format_option
def treatments(name: str | None, format_: str) -> None:
    """List the treatments, or one treatment's full help.

    Example: assay treatments data.mask
    """
    _listing("treatment", name, format_)
