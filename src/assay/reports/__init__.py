"""How a report is shown: terminal, HTML, JSON, SARIF, JUnit, Markdown. One file a way."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from assay.kernel.report import Chart
from assay.kernel.verdict import Verdict

FORMATS = ("text", "json", "html", "sarif", "junit", "markdown")


def render(verdicts: Sequence[Verdict], format: str, *, tool: Mapping[str, str]) -> str:
    """Return reports as text in one of FORMATS; ValueError for another."""
    return _RENDERERS[format](verdicts, tool)


def as_json(verdicts: Sequence[Verdict], tool: Mapping[str, str]) -> dict[str, Any]:
    """Return assay.report/1, or assay.reports/1 of several; each chart drawn beside its data."""
    from assay.reports.svg import draw

    reports = []
    for verdict in verdicts:
        raw = verdict.to_dict(tool)
        raw["charts"] = [{**c, "svg": draw(Chart.from_dict(c))} for c in raw["charts"]]
        reports.append(raw)
    if len(reports) == 1:
        return reports[0]
    return {"schema": "assay.reports/1", "reports": reports}


def _json(verdicts: Sequence[Verdict], tool: Mapping[str, str]) -> str:
    return json.dumps(as_json(verdicts, tool), indent=1, ensure_ascii=False, allow_nan=False)


def _text(verdicts: Sequence[Verdict], tool: Mapping[str, str]) -> str:
    from assay.reports.terminal import text

    return text(verdicts)


def _html(verdicts: Sequence[Verdict], tool: Mapping[str, str]) -> str:
    from assay.reports.html import verdict_page

    return verdict_page(verdicts, tool)


def _sarif(verdicts: Sequence[Verdict], tool: Mapping[str, str]) -> str:
    from assay.reports.sarif import sarif

    return json.dumps(sarif(verdicts, tool), indent=1, ensure_ascii=False, allow_nan=False)


def _junit(verdicts: Sequence[Verdict], tool: Mapping[str, str]) -> str:
    from assay.reports.junit import junit

    return junit(verdicts)


def _markdown(verdicts: Sequence[Verdict], tool: Mapping[str, str]) -> str:
    from assay.reports.markdown import markdown

    return markdown(verdicts)


_RENDERERS: dict[str, Callable[[Sequence[Verdict], Mapping[str, str]], str]] = {
    "text": _text,
    "json": _json,
    "html": _html,
    "sarif": _sarif,
    "junit": _junit,
    "markdown": _markdown,
}
