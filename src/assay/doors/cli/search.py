"""search: what the office knows, asked in one language."""

from __future__ import annotations

import re
import sys
import textwrap
from collections.abc import Iterator

import click

from assay.doors.cli import context
from assay.doors.cli.examining import watching
from assay.engines.terminal import say
from assay.kernel.printable import printable

_KEPT = (
    "kind",
    "key",
    "at",
    "name",
    "urn",
    "id",
    "digest",
    "report",
    "pipeline",
    "rule",
    "first_seen",
    "last_seen",
)

_CONDITION = re.compile(
    r"[=<>~()]|^(?:not|from|into|containing|where|limit|order by)\s|\sexists$"
    r"|\sbetween\s.+\sand\s|^(?:at|started|ended|registered|decided|first_seen|last_seen|expires)\son\s",
    re.IGNORECASE,
)


@click.command()
@click.argument("query", nargs=-1)
@click.option("--limit", type=click.IntRange(1, 10_000), default=20, show_default=True, help="How many.")
@click.option(
    "--sagemaker", is_flag=True, help="QUERY is a request of SageMaker's Search, as JSON; - reads it."
)
@context.format_option
def search(query: tuple[str, ...], limit: int, sagemaker: bool, format_: str) -> None:
    """Search runs, models, datasets, findings, reports, quarantines, contexts.

    A kind may stand first (none: any), then conditions that all hold:

    \b
      models metrics.f1 > 0.8 params.max_depth = 6
      runs outcome != pass started > 7d
      findings severity >= high status = open order by last_seen desc
      models status in (PENDING, APPROVED) from (datasets hotel)
      models from (datasets containing (quarantines at on tuesday))
      "room type" or book*          words, wherever they stand

    Fields are held by = != < <= > >=, ~ (a part of the text), in (a, b),
    between a and b, exists, on (a day: 2026-11-24, tuesday, yesterday);
    and, or, not and brackets join them. `from` finds what was made from
    something, `into` what it was made from, `containing` tables that hold
    rows which a load kept out. Metrics of a group: metrics.DPL.sex.Female.

    Example: assay search models metrics.f1 '>' 0.5
    """
    text = " ".join(query if sagemaker else _held(query))
    if text == "-" and sagemaker:
        text = sys.stdin.read(1 << 20)
    with watching("search") as progress:
        found = context.call("search", query=text, limit=limit, sagemaker=sagemaker, progress=progress)
    if format_ == "json":
        context.emit_json(found)
        return
    for record in found["results"]:
        own = record.get("urn") or record.get("id") or ""
        name = "" if str(own).startswith(f"registry://{record.get('name')}@") else str(record.get("name", ""))
        shown = printable("  ".join(str(part) for part in (own, name) if part))
        click.echo(f"{record['kind']:<10}  {shown}  {record['at'][:16].replace('T', ' ')}")
        told = "; ".join(
            f"{k.replace('_', ' ')} {_said(v)}" for k, v in record.items() if k not in _KEPT and v
        )
        lines = textwrap.wrap(printable(told), 68, break_on_hyphens=False)
        click.echo("\n".join(" " * 12 + line for line in lines[:6]))
    if not found["results"]:
        click.echo("nothing was found")
    if found["more"]:
        click.echo(f"and more; --limit {limit * 2} shows them", err=True)
    for note in found["notes"]:
        say(f"note: {note}")


def _held(query: tuple[str, ...]) -> Iterator[str]:
    """Give the arguments; what the shell held together stays together, unless it is a condition of its own."""
    before = ""
    for said in query:
        value = before.rstrip().endswith(("=", "<", ">", "~"))
        phrase = len(query) > 1 and " " in said and '"' not in said
        yield f'"{said}"' if phrase and (value or not _CONDITION.search(said)) else said
        before = said


def _said(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{k} = {v}" for k, v in value.items())
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return f"{value:.4g}" if isinstance(value, float) else str(value)
