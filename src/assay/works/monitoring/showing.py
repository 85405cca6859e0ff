"""A monitor's executions over time, as charts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from assay.kernel.asset import Asset
from assay.kernel.report import Chart, Coverage, Finding, Report
from assay.kernel.severity import Severity
from assay.kernel.verdict import Gate, Verdict
from assay.office.monitors import Execution, Monitor
from assay.reports.svg import draw
from assay.works.monitoring import times

_DRAWN = 6  # figures


def charts(executions: Sequence[Execution]) -> list[dict[str, Any]]:
    """Return the charts as JSON: title, rows and SVG."""
    return [{"title": c.title, "data": [dict(r) for r in c.data], "svg": draw(c)} for c in drawn(executions)]


def drawn(executions: Sequence[Execution]) -> list[Chart]:
    """Return a chart of violations over time, and one of each figure that moved most. executions: the latest first."""
    looked = [e for e in reversed(executions) if e.ended and e.status != "Stopped"]
    if not looked:
        return []
    first = times.seconds(looked[0].end)
    out = [_violations(looked, first)]
    for name in _moved(looked)[:_DRAWN]:
        rows = [{"hours": _hours(e, first), name: e.figures[name]} for e in looked if name in e.figures]
        alt = f"{name} was {rows[0][name]:.4g} at first and is {rows[-1][name]:.4g} in the latest window."
        out.append(_line(name, rows, name, first, alt))
    return out


def page(monitor: Monitor, executions: Sequence[Execution]) -> str:
    """Return a page of a monitor: its charts, a table of its executions, and the violations of the latest."""
    from assay.reports.html import verdict_page
    from assay.works.registering import tool

    ended = [e for e in executions if e.ended]
    rows = tuple(
        {
            "until": e.end[:16],
            "status": e.status,
            "rows": e.rows,
            "violations": len(e.violations),
            "why": e.why,
        }
        for e in executions
    )
    table = Chart(
        "Executions", "table", rows, "until", "status", alt=f"{len(rows)} executions, the latest first."
    )
    latest = ended[0] if ended else None
    report = Report(
        check=monitor.check,
        subject=Asset("table", f"monitor {monitor.name}", monitor.endpoint or monitor.source, ""),
        params=dict(monitor.params),
        findings=tuple(Finding.from_dict(v) for v in latest.violations) if latest else (),
        coverage=Coverage(len(ended), len(executions), unit="executions"),
        charts=(*drawn(executions), *((table,) if rows else ())),
        started=latest.started if latest else monitor.created_at,
    )
    return verdict_page([Verdict(report, Gate(Severity.parse(monitor.at)))], tool())


def _violations(looked: Sequence[Execution], first: float) -> Chart:
    rows = [{"hours": _hours(e, first), "violations": len(e.violations)} for e in looked]
    worst = max(int(r["violations"]) for r in rows)
    alt = f"In {len(rows)} windows there were up to {worst} violations in one."
    return _line("Violations", rows, "violations", first, alt)


def _line(title: str, rows: list[dict[str, Any]], y: str, first: float, alt: str) -> Chart:
    return Chart(
        title, "line", tuple(rows), "hours", y, x_title=f"hours since {times.text(first)[:16]}Z", alt=alt
    )


def _hours(execution: Execution, first: float) -> float:
    return round((times.seconds(execution.end) - first) / 3600, 4)


def _moved(looked: Sequence[Execution]) -> list[str]:
    """Return the figures by how much they moved, in parts of their own size; those that never did are left out."""
    seen: dict[str, list[float]] = {}
    for execution in looked:
        for name, value in execution.figures.items():
            seen.setdefault(name, []).append(value)
    size = {n: (max(v) - min(v)) / (max(map(abs, v)) or 1) for n, v in seen.items() if len(v) > 1}
    return sorted((n for n, s in size.items() if s > 0), key=lambda n: -size[n])
