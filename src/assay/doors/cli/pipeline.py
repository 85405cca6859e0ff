"""run, demo, init: pipelines."""

from __future__ import annotations

import os
import shutil
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from assay.doors.cli import context, show
from assay.kernel.printable import printable

if TYPE_CHECKING:
    from assay.works.done import RunResult

_ISOLATION = click.Choice(["full", "partial"])


@click.command()
@click.argument("file", default="assay.yaml", type=click.Path(path_type=Path))
@click.option("--set", "sets", multiple=True, metavar="STEP.PARAM=VALUE", help="Change one parameter.")
@click.option("--only", multiple=True, metavar="STEP", help="Only this step and what it needs.")
@click.option("--force", is_flag=True, help="Reuse nothing.")
@click.option(
    "--engine", metavar="ENGINE", help="Where tables run: duckdb, spark, local[2], spark://…, sc://…"
)
@click.option("--isolation", type=_ISOLATION, help="The least isolation that training accepts.")
@click.option(
    "--unsafe-no-isolation", is_flag=True, help="Train with no isolation. Only for your own scripts."
)
@context.format_option
def run(
    file: Path,
    sets: tuple[str, ...],
    only: tuple[str, ...],
    force: bool,
    engine: str | None,
    isolation: str | None,
    unsafe_no_isolation: bool,
    format_: str,
) -> int:
    """Run a governed pipeline: assay.yaml, or the file named.

    A step whose inputs, parameters and code are unchanged is reused. Exits 1
    when a gate failed.

    Example: assay run assay.yaml --set model.hyperparameters.max_depth=4
    """
    level = "none" if unsafe_no_isolation else isolation
    return _run(file, sets, only, force, level, format_, engine)


def _run(
    file: Path,
    sets: tuple[str, ...],
    only: tuple[str, ...],
    force: bool,
    level: str | None,
    format_: str,
    engine: str | None = None,
) -> int:
    from assay.doors.cli.following import Watcher
    from assay.works.running import run_file

    watcher = Watcher(quiet=format_ == "json")
    with watcher:
        result = run_file(
            file,
            start=Path.cwd(),
            environment=os.environ,
            sets=sets,
            only=only,
            force=force,
            isolation=level,
            engine=engine,
            observer=watcher,
        )
    if format_ == "json":
        from assay.works.page import run_dict

        context.emit_json(run_dict(result))
    else:
        summary(result)
    return result.exit_code


def summary(result: RunResult) -> None:
    """Print the verdict, what stopped it, the model and the report's path."""
    reused = sum(d.cached for d in result.steps)
    words = {"pass": "PASS", "fail": "FAIL", "error": "ERROR"}
    said = words.get(result.outcome, result.outcome.upper())
    click.echo()
    colour = {"pass": "green", "fail": "red", "error": "red"}.get(result.outcome)
    click.secho(f"{said}  {result.pipeline.name}  ", fg=colour, bold=True, nl=False)
    click.echo(
        f"{len(result.steps)} step{'s' * (len(result.steps) != 1)}, {reused} reused, {result.seconds:.1f} s"
    )
    for done in result.steps:
        if done.outcome == "stopped" or done.passed:
            continue
        stopping = done.verdict.stopping if done.verdict else ()
        for finding in stopping[:3]:
            _folded(f"  {done.step.name}: {finding.severity}: {printable(finding.message)}", "    ")
            if finding.remedy:
                _folded(f"    → {printable(finding.remedy)}", "      ")
        if not stopping:
            why = done.note or (_incomplete(done.verdict) if done.verdict else "")
            _folded(f"  {done.step.name}: {done.outcome}: {printable(why)}", "    ")
    if result.registered:
        record = result.registered.record
        click.echo(f"model     {record.name}@{record.version} {record.status}")
    if result.registered and result.registered.hallmark:
        click.echo(f"hallmark  {show.short(result.registered.hallmark)}")
    if result.page:
        click.echo(f"report    {show.short(result.page)}")


def _incomplete(verdict: Any) -> str:
    skipped = verdict.report.coverage.skipped
    return skipped[0].why if skipped else "not everything was examined"


@click.command()
@click.argument("folder", default=".", type=click.Path(path_type=Path))
@context.format_option
def init(folder: Path, format_: str) -> None:
    """Make a home (.assay/) and a commented assay.yaml.

    Example: assay init my-model
    """
    from assay.works.running import init_home

    said = init_home(folder, os.environ)
    if format_ == "json":
        places = {"home": str(folder / ".assay"), "file": str(folder / "assay.yaml")}
        return context.emit_json({"schema": "assay.home/1", **places, "said": said})
    for line in said:
        click.echo(line)
    return None


@click.command()
@click.option(
    "--to",
    default="assay-demo",
    type=click.Path(path_type=Path),
    show_default=True,
    help="Where it is laid out.",
)
@click.option("--unsafe-no-isolation", is_flag=True, help="Train with no isolation.")
@click.option("--serve", is_flag=True, help="The second act: in production, and a fault.")
@context.format_option
def demo(to: Path, unsafe_no_isolation: bool, serve: bool, format_: str) -> int:
    """The whole journey on real data: 4,999 hotel bookings.

    Lays the example out in a folder, runs its pipeline, and leaves a PENDING
    model with its hallmark and one report. With --serve two models are
    trained on the earlier bookings, approved and deployed; the later ones are
    sent, then some with a fault, which a monitor finds, names and rolls back.

    Example: assay demo --to /tmp/assay-demo
    """
    from assay.works.running import lay_out_demo

    if serve:
        return _second_act(to, format_)
    file = lay_out_demo(to, os.environ)
    code = _run(file, (), (), False, "none" if unsafe_no_isolation else None, format_)
    if format_ == "text" and code == 0:
        click.echo()
        click.echo(f"Next: open the report in a browser, then  cd {to} && {_typed(to)} model list")
        click.echo(f"Then: {_typed(Path())} demo --serve  puts models into production, and sends a fault")
    return code


def _second_act(to: Path, format_: str) -> int:
    from assay.works.demonstrating import FOLDER, available, perform

    missing = available()
    if missing:
        why, _, remedy = missing.partition("; ")
        click.echo(textwrap.fill(f"left out: {why}", 80, break_on_hyphens=False), err=True)
        click.echo(f"  {remedy}", err=True)  # a line of its own, to be typed as it stands
        if format_ == "json":
            context.emit_json({"schema": "assay.demo/1", "left_out": missing})
        return 0
    folder = to / FOLDER

    def say(what: str, said: str) -> None:
        lines = textwrap.wrap(printable(said), 66, break_on_hyphens=False)
        for number, line in enumerate(lines):
            click.echo(f"{what if not number else '':<12}  {line}", err=format_ == "json")

    told = perform(folder, os.environ, say)
    if format_ == "json":
        context.emit_json({"schema": "assay.demo/1", "folder": str(folder), **told})
        return 0
    click.echo()
    click.echo(f"Next: cd {folder} && {_typed(folder)} monitor show quality")
    return 0


def _typed(folder: Path) -> str:
    """Return how Assay is called from ``folder`` by whoever called it here: its name where the shell finds it."""
    mine = Path(sys.argv[0])
    found = shutil.which("assay")
    if mine.name != "assay" or not mine.is_file() or (found and Path(found).samefile(mine)):
        return "assay"
    try:
        return os.path.relpath(mine, folder)
    except ValueError:
        return str(mine)


def _folded(line: str, indent: str) -> None:
    click.echo(textwrap.fill(line, 80, subsequent_indent=indent, break_on_hyphens=False))
