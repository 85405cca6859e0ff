"""A report full of what is hostile, and its page."""

from __future__ import annotations

import pytest

from assay.kernel.asset import Asset
from assay.kernel.report import Chart, Coverage, Finding, Metric, Report, Skipped
from assay.kernel.severity import Severity
from assay.kernel.verdict import Gate, Verdict
from assay.reports.html import run_page
from assay.reports.view import RunView, StepView

EVIL = '<script>alert("x")</script>\x1b[31m\x00'
TOOL = {"name": "assay", "version": "0"}


@pytest.fixture
def hostile():
    """A verdict whose every text tries something."""
    kinds = ("bar", "grouped_bar", "line", "histogram", "heatmap", "waterfall", "interval")
    rows = tuple({"x": f"{EVIL}{i}", "y": i - 1.5, "low": i - 2, "high": i, "value": i / 3} for i in range(4))
    lines = tuple({"x": i, "y": i * i, "value": i} for i in range(4))
    charts = [
        Chart(
            EVIL,
            k,
            lines if k in ("line",) else rows,
            "x",
            "y",
            low="low" if k == "interval" else None,
            high="high" if k == "interval" else None,
        )
        for k in kinds
    ]
    report = Report.make(
        coverage=Coverage(9, 10, (Skipped(EVIL, EVIL),)),
        findings=[Finding("x.y.z", Severity.HIGH, EVIL, {"column": EVIL, "row": 3}, EVIL, ("CWE-502",), 3)],
        metrics=[
            Metric.number("m", 1 / 3, of={"facet": EVIL}, interval=(0.1, 0.5)),
            Metric.number("n", float("inf")),
        ],
        charts=charts,
        data={"log": EVIL},
    ).with_(check="x.y", subject=Asset("table", EVIL, EVIL, "sha256:0"))
    return Verdict(report, Gate())


@pytest.fixture
def page_text(hostile):
    """The page of a run that ends in it."""
    step = StepView(EVIL, "x.y", "check", "fail", False, 1.0, hostile, EVIL)
    model = {"name": "m", "version": 1, "status": "PENDING", "digest": "sha256:0"}
    mark = {"path": "p", "statement": "s", "says": "examined, not approved"}
    return run_page(
        RunView(
            "1",
            "demo",
            "fail",
            "2026-01-01T00:00:00Z",
            2.0,
            "ada",
            "not proved",
            (step,),
            model,
            mark,
            tool=TOOL,
        )
    )
