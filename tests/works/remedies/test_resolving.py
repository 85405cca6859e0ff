"""A trouble is over by a window that shows it, and not by one that could not tell."""

from __future__ import annotations

from dataclasses import replace

import pytest

from assay.kernel.severity import Severity
from assay.methods.remedies.policy import Rule, When
from assay.office.monitors import Execution, Monitor
from assay.works.remedies.resolving import quiet

AT = "2026-01-01T00:00:00.000Z"
MONITOR = Monitor("m", "shop", "traffic.performance", "@hourly", 3600, 0, "a", AT, AT, 0)
LOOK = Execution("m/x", "m", "shop", "Completed", "schedule", AT, AT, AT, AT, "h", outcome="pass", rows=50)
BAD = {"rule": "traffic.performance.auc", "severity": "high", "where": {}}


@pytest.mark.parametrize(
    ("when", "look", "over"),
    [
        ({}, {}, True),
        ({}, {"rows": 0}, False),
        ({}, {"status": "Failed"}, False),
        ({}, {"status": "CompletedWithViolations", "violations": [BAD]}, False),
        ({"rule": "traffic.quality.*"}, {"status": "CompletedWithViolations", "violations": [BAD]}, True),
        ({}, {"outcome": "incomplete", "why": "auc: no score came"}, False),
        ({"metric": "auc", "below": 0.8}, {"figures": {"auc": 0.9}}, True),
        ({"metric": "auc", "below": 0.8}, {"figures": {"auc": 0.7}}, False),
        ({"metric": "auc", "below": 0.8}, {"figures": {"rows": 50}}, False),
    ],
)
def test_what_could_not_be_measured_is_not_over(when, look, over):
    rule = Rule("r", When(severity=Severity.MEDIUM, **when), ())
    assert quiet(rule, MONITOR, replace(LOOK, **look)) is over
