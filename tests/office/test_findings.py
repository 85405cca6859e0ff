from __future__ import annotations

import pytest

from assay.kernel.asset import Asset
from assay.kernel.errors import Missing
from assay.kernel.report import Coverage, Finding, Report
from assay.kernel.severity import Severity
from assay.office import findings, verification

SUBJECT = Asset("table", "t", "t.csv", "sha256:" + "1" * 64, "csv")


def report(*found):
    from dataclasses import replace

    made = Report.make(coverage=Coverage(1, 1), metrics=[], findings=list(found))
    return replace(made, check="data.bias", subject=SUBJECT)


def put(office, *found):
    with office.transaction() as tx:
        findings.put(tx, report(*found), "sha256:report")
        tx.record("check.data.bias", "t", actor="ada")


def test_a_finding_is_one_however_often_it_is_seen(opened):
    office = opened()
    now = iter(["2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"])
    office.clock = lambda: next(now)
    place = {"column": "sex", "row": 3}
    put(office, Finding("data.bias.DPL", Severity.MEDIUM, "The first.", place, count=1))
    put(office, Finding("data.bias.DPL", Severity.HIGH, "The second.", place | {"row": 9}, count=4))
    (found,) = findings.listing(office)
    assert (found.message, found.severity, found.count) == ("The second.", "high", 4)
    assert (found.first_seen, found.last_seen) == ("2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z")
    assert (found.asset, found.digest, found.status) == ("t", SUBJECT.digest, "open")
    assert verification.verify(office).ok


def test_the_gravest_come_first_and_others_are_left_out(opened):
    office = opened()
    put(
        office,
        *(
            Finding(f"data.bias.{s}", Severity.parse(s), "One sentence.", {"column": s})
            for s in ("low", "critical", "info", "high", "medium")
        ),
    )
    assert [f.severity for f in findings.listing(office)] == ["critical", "high", "medium", "low", "info"]
    assert [f.severity for f in findings.listing(office, severity=Severity.HIGH)] == ["critical", "high"]


def test_they_are_asked_for_by_check_and_by_the_beginning_of_their_fingerprint(opened):
    office = opened()
    put(
        office, Finding("data.bias.DPL", Severity.LOW, "One."), Finding("data.biased.x", Severity.LOW, "Two.")
    )
    (one,) = findings.listing(office, check="data.bias")
    assert one.rule == "data.bias.DPL"
    assert findings.listing(office, check="data.%") == []
    assert findings.get(office, one.fingerprint[:9]) == one
    for wrong, said in (("", "several"), ("zzz", "no finding"), ("%", "no finding")):
        with pytest.raises(Missing, match=said):
            findings.get(office, wrong)
