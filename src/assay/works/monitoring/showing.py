"""A monitor's executions over time, as charts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from assay.kernel.asset import Asset
from assay.kernel.report import Chart, Coverage, Finding, Report
from assay.kernel.severity import Severity
from assay.kernel.verdict import Gate, Verdict
from assay.methods.monitor.empty import folded, told
from assay.methods.remedies.parts import named
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
    axis = _axis(looked)
    out = [_violations(looked, axis)]
    for name in _moved(looked)[:_DRAWN]:
        rows = [{axis.unit: axis.of(e), name: e.figures[name]} for e in looked if name in e.figures]
        alt = f"{name} was {rows[0][name]:.4g} at first and is {rows[-1][name]:.4g} in the latest window."
        out.append(_line(name, rows, name, axis, alt))
    return out


def page(monitor: Monitor, executions: Sequence[Execution]) -> str:
    """Return a page of a monitor: its charts, a table of its executions, and the violations of the latest."""
    from assay.reports.html import verdict_page
    from assay.works.registering import tool

    ended = [e for e in executions if e.ended]
    tables = [_executions(executions), _deeds(executions)]
    latest = ended[0] if ended else None
    report = Report(
        check=monitor.check,
        subject=Asset("table", f"monitor {monitor.name}", monitor.endpoint or monitor.source, ""),
        params=dict(monitor.params),
        findings=tuple(Finding.from_dict(v) for v in latest.violations) if latest else (),
        coverage=Coverage(len(ended), len(executions), unit="executions"),
        charts=(*drawn(executions), *(t for t in tables if t.data)),
        started=latest.started if latest else monitor.created_at,
    )
    return verdict_page([Verdict(report, Gate(Severity.parse(monitor.at)))], tool())


def _executions(executions: Sequence[Execution]) -> Chart:
    """Return a table of windows, those in a row in which nothing came as one line."""
    rows: list[dict[str, Any]] = []
    for one, *others in folded(executions, lambda e: (e.status, e.rows)):
        why = told(1 + len(others)) or one.why
        rows.append(
            {
                "window until": _until(one),
                "status": "Violations" if one.status == "CompletedWithViolations" else one.status,
                "rows": one.rows,
                "violations": len(one.violations),
                "why": why or ", ".join(dict.fromkeys(str(v["rule"]) for v in one.violations)),
            }
        )
    alt = f"{len(executions)} executions, the latest first."
    return Chart("Windows", "table", tuple(rows), "window until", "status", alt=alt)


def _deeds(executions: Sequence[Execution]) -> Chart:
    """Return a table of what policy did about windows, and of what was held back."""
    rows = tuple(
        {
            "window until": _until(e),
            "what": named(a["verb"], a["part"]),
            "rule": a["rule"],
            "state": "held back" if a["state"] == "held" else a["state"],
            "why": a["why"],
        }
        for e in executions
        for a in e.actions
    )
    alt = f"{len(rows)} deeds of its policy, the latest window's first."
    return Chart("What was done", "table", rows, "window until", "state", alt=alt)


def _until(execution: Execution) -> str:
    return execution.end[:16].replace("T", " ")


def _violations(looked: Sequence[Execution], axis: _Axis) -> Chart:
    rows = [{axis.unit: axis.of(e), "violations": len(e.violations)} for e in looked]
    worst = max(int(r["violations"]) for r in rows)
    alt = f"In {len(rows)} windows there were up to {worst} violations in one."
    return _line("Violations", rows, "violations", axis, alt)


def _line(title: str, rows: list[dict[str, Any]], y: str, axis: _Axis, alt: str) -> Chart:
    return Chart(title, "line", tuple(rows), axis.unit, y, x_title=axis.title, alt=alt)


@dataclass(frozen=True)
class _Axis:
    """The time of windows: so many of a unit since the first one's end. size: seconds of a unit."""

    unit: str
    size: float
    first: float

    @property
    def title(self) -> str:
        return f"{self.unit} since {times.text(self.first)[:16]}Z"

    def of(self, execution: Execution) -> float:
        return round((times.seconds(execution.end) - self.first) / self.size, 4)


def _axis(looked: Sequence[Execution]) -> _Axis:
    first, last = times.seconds(looked[0].end), times.seconds(looked[-1].end)
    units = (("seconds", 1.0, 300.0), ("minutes", 60.0, 10_800.0), ("hours", 3_600.0, 345_600.0))
    return next(
        (_Axis(unit, size, first) for unit, size, most in units if last - first <= most),
        _Axis("days", 86_400.0, first),
    )


def _moved(looked: Sequence[Execution]) -> list[str]:
    """Return the figures by how much they moved, in parts of their own size; those that never did are left out."""
    seen: dict[str, list[float]] = {}
    for execution in looked:
        for name, value in execution.figures.items():
            if name == "violations":  # drawn already
                continue
            seen.setdefault(name, []).append(value)
    size = {n: (max(v) - min(v)) / (max(map(abs, v)) or 1) for n, v in seen.items() if len(v) > 1}
    return sorted((n for n, s in size.items() if s > 0), key=lambda n: -size[n])
