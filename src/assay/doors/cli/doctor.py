"""doctor: what this machine can do."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

import click

from assay.doors.cli import context

_MARKS = {"ok": ("✓", "green"), "missing": ("–", "yellow"), "failed": ("✗", "red")}
_DETAIL = 28  # the column where the details begin


@click.command()
@context.format_option
def doctor(format_: str) -> int:
    """What this machine can do: isolation, engines, extras; what is missing.

    Each layer of isolation is proved by trying to break it. Exits 1 where
    something failed.

    Example: assay doctor
    """
    from assay.works.doctor import as_json, examine_machine

    answers = examine_machine(context.home())
    found = as_json(answers)
    if format_ == "json":
        context.emit_json(found)
        return 0 if found["ok"] else 1
    topic = ""
    for answer in answers:
        if answer.topic != topic:
            topic = answer.topic
            click.secho(topic, bold=True)
        mark, colour = _MARKS[answer.state]
        click.echo("  ", nl=False)
        click.secho(mark, fg=colour, nl=False)
        for line in _lines(answer.name, answer.detail, answer.remedy):
            click.echo(line)
    return 0 if found["ok"] else 1


def _lines(name: str, detail: str, remedy: str) -> Iterator[str]:
    """Give what stands after the mark, in at most 80 columns."""
    first, *more = textwrap.wrap(detail, 80 - _DETAIL) or [""]
    if len(name) > _DETAIL - 5:
        yield f" {name}"
        more = [first, *more]
    else:
        yield f" {name:<{_DETAIL - 5}} {first}".rstrip()
    yield from (" " * _DETAIL + line for line in more)
    if remedy:
        yield from textwrap.wrap(
            f"→ {remedy}", 80, initial_indent=" " * 6, subsequent_indent=" " * 8, break_on_hyphens=False
        )
