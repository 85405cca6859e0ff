from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.kernel.asset import Asset
from assay.kernel.errors import UsageError
from assay.kernel.report import Coverage, Finding, Metric, Report, Skipped
from assay.kernel.severity import Severity
from assay.kernel.verdict import Gate, Verdict


def _report(*severities, coverage=None):
    findings = [Finding(f"x.y.{s}", s, "found.") for s in severities]
    return Report.make(coverage=coverage or Coverage(1, 1), findings=findings).with_(check="x.y")


@given(st.floats(allow_nan=True, allow_infinity=True))
def test_a_metric_is_a_finite_number_or_a_reason(value):
    metric = Metric.number("m", value)
    if math.isfinite(value):
        assert metric.value == value and metric.reason is None
    else:
        assert metric.value is None and metric.reason in ("undefined", "infinite", "-infinite")


def test_a_metric_without_value_and_reason_is_refused():
    with pytest.raises(ValueError, match="reason"):
        Metric("m", None)
    with pytest.raises(ValueError):
        Metric("m", math.nan)


def test_a_fingerprint_knows_no_row_and_no_value():
    one = Finding("r", Severity.LOW, "5 cells", {"column": "a", "row": 5})
    two = Finding("r", Severity.HIGH, "9 cells", {"column": "a", "row": 9})
    other = Finding("r", Severity.LOW, "5 cells", {"column": "b", "row": 5})
    assert one.fingerprint("t") == two.fingerprint("t")
    assert one.fingerprint("t") != other.fingerprint("t")
    assert one.fingerprint("t") != one.fingerprint("u")


@pytest.mark.parametrize(
    ("severities", "gate", "outcome", "passed"),
    [
        ((), Gate(), "pass", True),
        ((Severity.MEDIUM,), Gate(), "pass", True),
        ((Severity.HIGH,), Gate(), "fail", False),
        ((Severity.HIGH,), Gate(None), "pass", True),
        ((Severity.HIGH,), Gate(Severity.CRITICAL), "pass", True),
        ((Severity.LOW,), Gate(Severity.LOW), "fail", False),
    ],
)
def test_a_gate_stops_at_its_severity(severities, gate, outcome, passed):
    verdict = Verdict(_report(*severities), gate)
    assert (verdict.outcome, verdict.passed) == (outcome, passed)


def test_incomplete_fails_every_gate_that_does_not_allow_it():
    report = _report(coverage=Coverage(3, 5, (Skipped("2 files", "cut short"),)))
    assert Verdict(report, Gate()).outcome == "incomplete"
    assert not Verdict(report, Gate(Severity.CRITICAL)).passed
    assert Verdict(report, Gate(Severity.HIGH, allow_incomplete=True)).passed


def test_an_error_passes_no_gate_but_none_says_error():
    report = Report(check="x.y", error="it broke")
    assert Verdict(report, Gate(None)).outcome == "error"
    assert not Verdict(report, Gate(None)).passed


def test_a_report_survives_its_json():
    asset = Asset("table", "t", "t.csv", "sha256:00", "csv")
    report = _report(Severity.HIGH, Severity.LOW).with_(
        subject=asset,
        inputs={"table": asset},
        metrics=(Metric("m", 0.5, {"facet": "sex"}, (0.4, 0.6)), Metric.number("n", math.inf)),
        outputs=(asset,),
    )
    assert Report.from_dict(report.to_dict()).to_dict() == report.to_dict()
    assert report.findings[0].severity is Severity.HIGH


def test_a_report_of_another_check_is_refused():
    """Masking by a profile's report hid every column, or none, and said nothing."""
    report = Report(check="data.profile")
    assert report.of("data.profile") is report and Report().of("data.pii")
    with pytest.raises(UsageError, match="the report given is of data.profile; give a report of data.pii"):
        report.of("data.pii")
