"""One self-contained page: no network, no script; readable on a phone, in print, by keyboard and by ear."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from assay.kernel.printable import printable_page
from assay.kernel.report import Chart, Metric
from assay.kernel.verdict import Verdict
from assay.reports.grid import Grid, arranged, upright
from assay.reports.numbers import about, counted, interval, metric, moment, number, remark, seconds
from assay.reports.svg import WIDTH, draw, graph
from assay.reports.svg._canvas import value
from assay.reports.timeline import svg as waterfall
from assay.reports.view import RunView, StepView

if TYPE_CHECKING:
    from jinja2 import Template
    from markupsafe import Markup

_SMALL, _LARGE = 300, 560  # pixels that a distribution among many, and a large matrix, are drawn in
_MANY = 6  # from so many charts on, distributions are small
_ACROSS = 6  # columns of a matrix beyond which it is large
_SENTENCE = 40  # letters of a cell beyond which a table is
_TOGETHER = 60  # characters of the longest cells of a row, likewise
_BARE = 3  # columns of words that need no heading
_CODE = re.compile(r"`([^`]+)`")


@cache
def template(name: str) -> Template:
    """Return a page's template, which escapes all that it is given."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("assay.reports", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        number=number, metric=metric, seconds=seconds, about=about, moment=moment, said=_said
    )
    environment.globals.update(
        graph=graph, counted=counted, drawn=_drawn, tables=_tables, waterfall=waterfall
    )
    return environment.get_template(name)


def run_page(run: RunView) -> str:
    """Return the page of a run."""
    return printable_page(template("page.html.j2").render(run=run, title=f"{run.pipeline}: {run.outcome}"))


def verdict_page(verdicts: Sequence[Verdict], tool: Mapping[str, str]) -> str:
    """Return the page of one report or of several."""
    return run_page(_alone(verdicts, tool))


def framed(verdicts: Sequence[Verdict], tool: Mapping[str, str], height: int = 640) -> str:
    """Return the page in a frame of its own, for a notebook: its style and its anchors touch nothing outside."""
    from html import escape

    page = escape(verdict_page(verdicts, tool), quote=True)
    title = escape("; ".join(f"{v.report.check}: {v.outcome}" for v in verdicts), quote=True)
    style = f"width:100%;height:{height}px;border:1px solid #8884;border-radius:6px"
    return f'<iframe title="{title}" sandbox="allow-popups" style="{style}" srcdoc="{page}"></iframe>'


def _alone(verdicts: Sequence[Verdict], tool: Mapping[str, str]) -> RunView:
    steps = tuple(
        StepView(v.report.check, v.report.check, "check", v.outcome, False, v.report.seconds, v)
        for v in verdicts
    )
    worst = next(
        (o for o in ("error", "fail", "incomplete") if any(v.outcome == o for v in verdicts)), "pass"
    )
    first = verdicts[0].report
    return RunView(
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


def _said(text: str) -> Markup:
    """Return a sentence with what stands between backticks as code."""
    from markupsafe import Markup, escape

    parts = _CODE.split(text)
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if index % 2 else escape(part)
        for index, part in enumerate(parts)
    )


def _drawn(charts: Sequence[Chart]) -> list[dict[str, Any]]:
    """Return each chart with its drawing and how wide it stands: small, plain or large."""
    many = len(charts) > _MANY
    out = []
    for chart in charts:
        size = "large" if _wide(chart) else "small" if many else "plain"
        width = {"large": _LARGE, "small": _SMALL, "plain": WIDTH}[size]
        worded = chart.kind == "table"  # which is text, to be read out, searched and copied
        svg = "" if worded else draw(chart, width)
        out.append({"chart": chart, "svg": svg, "table": _worded(chart) if worded else None, "size": size})
    return out


def _worded(chart: Chart) -> dict[str, Any]:
    """Return a chart of words as a table: its fields, which of them are numbers, and every row's cells."""
    fields = list(dict.fromkeys(f for r in chart.data for f in r))
    numbers = [any(value(r, f) is not None for r in chart.data) for f in fields]
    cells = [[number(r.get(f)) for f in fields] for r in chart.data]
    return {
        "fields": fields if any(numbers) or len(fields) > _BARE else [],
        "numbers": numbers,
        "rows": cells,
    }


def _wide(chart: Chart) -> bool:
    """Whether a chart needs the width of the page: a large matrix, or rows of sentences."""
    if chart.kind == "table":
        longest: dict[str, int] = {}
        for row in chart.data:
            for field, cell in row.items():
                longest[field] = max(longest.get(field, len(field)), len(str(cell)))
        return max(longest.values(), default=0) > _SENTENCE or sum(longest.values()) > _TOGETHER
    return chart.kind == "heatmap" and len({str(r.get(chart.x)) for r in chart.data}) > _ACROSS


def _tables(metrics: Sequence[Metric]) -> list[dict[str, Any]]:
    """Return metrics as tables: one row for each thing they are about, or one for each metric."""

    def say(found: Metric) -> str:
        return "–" if found.value is None else interval(found) if remark(found) else metric(found)

    out: list[dict[str, Any]] = []
    for block in arranged(metrics, say):
        if isinstance(block, Grid):
            out.append({"grid": upright(block), "notes": block.notes})
        else:
            out.append({"list": block, "of": any(m.of for m in block), "notes": ()})
    return out
