"""scan: all checks that fit a target."""

from __future__ import annotations

from pathlib import Path

import click

from assay.doors.cli import context
from assay.doors.cli.examining import show, watching
from assay.doors.cli.options import FORMATS, REGISTRY
from assay.engines.terminal import say
from assay.kernel.severity import SEVERITIES


@click.command()
@click.argument("target", nargs=-1, required=True)
@click.option("--format", "format_", type=click.Choice(FORMATS), default="text", help="How to print.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write the report to a file.")
@click.option(
    "--fail-on",
    type=click.Choice([*SEVERITIES, "none"]),
    default="high",
    show_default=True,
    help="Exit 1 at findings this grave.",
)
@click.option("--allow-incomplete", is_flag=True, help="Pass what could not be examined to the end.")
@click.option(
    "--advisories", metavar="PATH", help="A folder or zip of OSV records that images are held against."
)
def scan(
    target: tuple[str, ...],
    format_: str,
    output: Path | None,
    fail_on: str,
    allow_incomplete: bool,
    advisories: str | None,
    **login: str | None,
) -> int:
    """Run all checks that fit a target: a table, a model file, a source
    tree, a notebook, a repository with its history, an image.

    Example: assay scan bookings.csv.gz --fail-on critical
    """
    from assay.works import scanning

    with watching("scan") as progress:
        verdicts = scanning.scan(
            target,
            {"mirror": advisories} if advisories else {},
            home=context.home(),
            settings=context.settings(**login),
            gate=context.gate(fail_on, allow_incomplete),
            progress=progress,
            tell=say,
        )
    show(verdicts, format_, output)
    return context.exit_code(verdicts)


scan.params += REGISTRY
