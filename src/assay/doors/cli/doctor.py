"""doctor: what this machine can do."""

from __future__ import annotations

import click

from assay.doors.cli import context

_MARKS = {"ok": ("✓", "green"), "missing": ("–", "yellow"), "failed": ("✗", "red")}


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
        click.echo(f" {answer.name:<18} {answer.detail}")
        if answer.remedy:
            click.echo(f"      → {answer.remedy}")
    return 0 if found["ok"] else 1
