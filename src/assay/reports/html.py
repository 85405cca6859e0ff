"""One self-contained page: no network, no script; readable on a phone, in print, by keyboard and by ear."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING

from assay.kernel.verdict import Verdict
from assay.reports.numbers import about, clean, metric, number, seconds
from assay.reports.svg import draw
from assay.reports.view import RunView, StepView

if TYPE_CHECKING:
    from jinja2 import Template


@cache
def _template() -> Template:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("assay.reports", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(number=number, metric=metric, seconds=seconds, about=about, draw=draw)
    return environment.get_template("page.html.j2")


def run_page(run: RunView) -> str:
    """Return the page of a run."""
    return clean(_template().render(run=run, title=f"{run.pipeline}: {run.outcome}"))


def verdict_page(verdicts: Sequence[Verdict], tool: Mapping[str, str]) -> str:
    """Return the page of one report or of several."""
    steps = tuple(
        StepView(v.report.check, v.report.check, "check", v.outcome, False, v.report.seconds, v)
        for v in verdicts
    )
    worst = next(
        (o for o in ("error", "fail", "incomplete") if any(v.outcome == o for v in verdicts)), "pass"
    )
    first = verdicts[0].report
    run = RunView(
        id="",
        pipeline=first.subject.name if first.subject else first.check,
        outcome=worst,
        started=first.started,
        seconds=sum(v.report.seconds for v in verdicts),
        actor="",
        actor_note="",
        steps=steps,
        tool=tool,
    )
    return run_page(run)
