"""diff, diagnose: two runs held against one another, and a run that went wrong explained."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from assay.doors.cli import context

_FORMAT = click.option(
    "--format", "format_", type=click.Choice(["text", "json", "html"]), default="text", help="How to print."
)
_OUT = click.option("-o", "output", type=click.Path(path_type=Path), help="Write it to this file.")
_ISOLATION = click.option(
    "--isolation",
    type=click.Choice(["full", "partial"]),
    help="The least isolation, instead of the run's own.",
)
_UNSAFE = click.option(
    "--unsafe-no-isolation", is_flag=True, help="No isolation. Only for your own scripts and models."
)


@click.command()
@click.argument("a")
@click.argument("b")
@_FORMAT
@_OUT
@_ISOLATION
@_UNSAFE
def diff(
    a: str, b: str, format_: str, output: Path | None, isolation: str | None, unsafe_no_isolation: bool
) -> None:
    """What differs between two runs: data, code, pipeline, packages, metrics.

    A and B are runs (an id or its beginning, last, last~1) or models of the
    registry (registry://NAME@VERSION). What came of them stands first, then the
    changes, those first that explain it best.

    Example: assay diff last last
    """
    level = "none" if unsafe_no_isolation else isolation
    found = context.call("runs.diff", a=a, b=b, isolation=level)
    if format_ == "json":
        return _json(found, output)
    from assay.reports.comparison import diff_sections

    sections = diff_sections(found)
    title = f"{found['a']['run']} and {found['b']['run']}"
    empty = "The two runs are the same: nothing that a run records differs."
    return _shown(title, sections, format_, output, empty)


@click.command()
@click.argument("run")
@click.option(
    "--against", metavar="RUN", help="A good run; else the last that passed and came out otherwise."
)
@_FORMAT
@_OUT
@_ISOLATION
@_UNSAFE
def diagnose(
    run: str,
    against: str | None,
    format_: str,
    output: Path | None,
    isolation: str | None,
    unsafe_no_isolation: bool,
) -> None:
    """Why a run went wrong, and the proof.

    Compares the run with a good one, table by table, lists what changed, and
    carries the run out again with each change taken back, in scratch, until it
    comes out as the good one did. Says so where nothing explains it.

    Example: assay diagnose last --against last
    """
    level = "none" if unsafe_no_isolation else isolation

    def say(text: str) -> None:
        click.echo(f"… {text}", err=True)

    quiet = format_ == "json" or output is not None
    found = context.call(
        "runs.diagnose", run=run, against=against, isolation=level, **({} if quiet else {"say": say})
    )
    if format_ == "json":
        return _json(found, output)
    from assay.reports.comparison import diagnosis_sections

    title = f"Run {found['run']} against {found['against']}"
    return _shown(title, diagnosis_sections(found), format_, output, "")


def _json(found: Any, output: Path | None) -> None:
    if output is None:
        return context.emit_json(found)
    import json

    return context.emit(json.dumps(found, indent=1, ensure_ascii=False, allow_nan=False), output)


def _shown(title: str, sections: list[Any], format_: str, output: Path | None, empty: str) -> None:
    from assay.reports.comparison import page, text

    if format_ == "html":
        from assay.works.registering import tool

        return context.emit(page(title, sections, tool()), output)
    body = text(sections)
    return context.emit(f"{title}\n\n{body if body.strip() else empty}", output)
