"""reproduce: a run or a model rebuilt from what was recorded, and held against it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from assay.doors.cli import context

WORDS = {
    "reproduced": ("REPRODUCED", "green"),
    "within_tolerance": ("REPRODUCED WITHIN TOLERANCE", "green"),
    "not_reproduced": ("NOT REPRODUCED", "red"),
    "incomplete": ("INCOMPLETE", "yellow"),
}


@click.command()
@click.argument("of", metavar="RUN|MODEL|ARCHIVE")
@click.option(
    "--tolerance", type=click.FloatRange(0, 1), metavar="X", help="Numbers this near are the same; 1e-6."
)
@click.option(
    "--data", multiple=True, metavar="NAME=FILE", help="A file that stands for a data set of the run."
)
@click.option("--python", type=click.Path(exists=True), help="Run scripts with this Python, or environment.")
@click.option(
    "--wheels", type=click.Path(exists=True, file_okay=False), metavar="DIR",
    help="Build the recorded versions from these wheels.",
)  # fmt: skip
@click.option("--build", is_flag=True, help="Build the recorded versions from pip's index.")
@click.option("--key", type=click.Path(exists=True), help="The hallmark's public key, for an archive.")
@click.option("--log-key", type=click.Path(exists=True), help="The log's public key, for an archive.")
@click.option("--no-probes", is_flag=True, help="Do not run again what differs, to find why.")
@click.option(
    "--isolation", type=click.Choice(["full", "partial"]), help="The least isolation, instead of the run's."
)
@click.option("--unsafe-no-isolation", is_flag=True, help="No isolation. Only for your own scripts.")
@click.option(
    "--format", "format_", type=click.Choice(["text", "json", "html"]), default="text", help="How to print."
)
@click.option("-o", "output", type=click.Path(path_type=Path), help="Write it to this file.")
def reproduce(
    of: str,
    data: tuple[str, ...],
    no_probes: bool,
    isolation: str | None,
    unsafe_no_isolation: bool,
    format_: str,
    output: Path | None,
    **given: Any,
) -> int:
    """Rebuild a run or a model from what was recorded, and compare.

    Every step is carried out again in scratch, in the sandbox, on the bytes that
    it read then; nothing that was made then is reused. What it makes is held
    against what was made: bit for bit, then tables cell by cell, models by their
    answers, metrics within the tolerance; with the first place where they part,
    and why.

    An archive that `assay model export --archive` made needs no home; its
    scripts run under full isolation, unless --isolation says otherwise.

    Exits 0 where it is reproduced, 1 where it is not or cannot be told.

    Example: assay reproduce last
    """
    params = given | {
        "of": of,
        "data": _named(data),
        "probes": not no_probes,
        "isolation": "none" if unsafe_no_isolation else isolation,
    }

    def say(text: str) -> None:
        click.echo(f"… {text}", err=True)

    if format_ != "json" and output is None:
        params["say"] = say
    found = context.call("runs.reproduce", **params)
    _shown(found, format_, output)
    return 0 if found["verdict"] in ("reproduced", "within_tolerance") else 1


def _named(given: tuple[str, ...]) -> dict[str, str]:
    out = {}
    for text in given:
        name, equals, path = text.partition("=")
        if not (name and equals and path):
            raise click.UsageError(f"--data takes NAME=FILE, and {text[:60]!r} is not that")
        out[name] = path
    return out


def _shown(found: Any, format_: str, output: Path | None) -> None:
    if format_ == "json":
        if output is None:
            return context.emit_json(found)
        import json

        return context.emit(json.dumps(found, indent=1, ensure_ascii=False, allow_nan=False), output)
    from assay.reports.comparison import page, text
    from assay.reports.reproduction import sections

    word, colour = WORDS[found["verdict"]]
    title = f"{word}  {found['model'] or 'run ' + found['run']}"
    if format_ == "html":
        from assay.works.registering import tool

        return context.emit(page(title, sections(found), tool()), output)
    body = text(sections(found))
    if output is not None:
        return context.emit(f"{title}\n\n{body}", output)
    click.secho(title, fg=colour, bold=True)
    click.echo(f"\n{body}".rstrip("\n"))
    if found["trace"]:
        click.echo(f"\nwhere the time went: assay traces show {found['trace'][:8]}")
    return None
