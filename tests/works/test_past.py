"""What only tells is asked of the past: runs with their steps, findings, lineage, holds; and nothing else is."""

from __future__ import annotations

import pytest

from assay.kernel.asset import Asset
from assay.kernel.errors import Missing
from assay.kernel.report import Coverage, Finding, Report
from assay.kernel.severity import Severity
from assay.office import findings, runs
from assay.works.call import call
from assay.works.home import Home


@pytest.fixture
def home(tmp_path):
    """A run that began on the 1st (event 0), had a step on the 2nd (1) with a finding, and ended on the 3rd (2)."""
    opened = Home.create(tmp_path, {"ASSAY_ACTOR": "ada"})
    table = Asset("table", "people", "people.csv", "sha256:" + "1" * 64, "csv")
    made = Asset("table", "clean", "clean.csv", "sha256:" + "2" * 64, "csv")
    finding = Finding("data.pii.email", Severity.HIGH, "12 addresses", {"column": "mail"})
    report = Report(check="data.pii", subject=table, findings=(finding,), coverage=Coverage(1, 1))
    office = opened.office
    office.clock = lambda: "2026-01-01T09:00:00.000Z"
    with office.transaction() as tx:
        runs.begin(tx, "r1", "small", "ada", {"steps": ["clean"]})
    office.clock = lambda: "2026-01-02T09:00:00.000Z"
    with office.transaction() as tx:
        findings.put(tx, report, "sha256:report")
        step = runs.StepRecord(
            "r1", "clean", "data.repair", "pass", False, "", {"of": table}, {"out": made}, None, 1.0
        )
        runs.step(tx, step, actor="ada")
    office.clock = lambda: "2026-01-03T09:00:00.000Z"
    with office.transaction() as tx:
        runs.end(tx, "r1", "pass", None, None)
    call("log.hold", {"name": "case-7", "why": "asked for"}, home=opened)
    yield opened
    opened.close()


def test_a_run_is_seen_under_way_and_ended(home):
    for at, outcome, steps in (
        ("2026-01-01", "running", 0),
        ("2026-01-02", "running", 1),
        ("2026-01-03", "pass", 1),
    ):
        assert [r["outcome"] for r in call("runs.list", {"at": at}, home=home)["runs"]] == [outcome]
        shown = call("runs.show", {"run": "r1", "at": at}, home=home)
        assert (shown["outcome"], len(shown.get("steps", []))) == (outcome, steps)
    assert call("runs.list", {"at": "2025-12-31"}, home=home)["runs"] == []
    with pytest.raises(Missing, match="no run begins with 'r1'"):
        call("runs.show", {"run": "r1", "at": "2025-12-31"}, home=home)


@pytest.mark.slow
def test_findings_lineage_and_holds_are_those_of_then(home):
    for at, count in (
        ("2026-01-01T23:59:59Z", 0),
        ("event:0", 0),
        ("2026-01-02T09:00:00Z", 1),
        ("2026-01", 1),
    ):
        assert len(call("findings.list", {"at": at}, home=home)["findings"]) == count, at
        asked = {"urn": "sha256:" + "2" * 64, "at": at}
        if count:
            assert len(call("lineage", asked, home=home)["edges"]) == count, at
        else:
            with pytest.raises(Missing, match="nothing is known of"):
                call("lineage", asked, home=home)
    assert call("log.holds", {"at": "2026-01-02"}, home=home)["holds"] == []
    assert [h["name"] for h in call("log.holds", {"at": "2026-01-03"}, home=home)["holds"]] == ["case-7"]


def test_the_moment_that_was_asked_for_is_told(home):
    assert call("runs.list", {"at": "2026-01-02"}, home=home)["at"] == "2026-01-02T23:59:59.999Z"
    assert call("runs.list", {"at": "event:1"}, home=home)["at"] == "2026-01-02T09:00:00.000Z"
    assert "at" not in call("runs.list", {"at": None}, home=home)


def test_what_acts_is_not_asked_of_the_past(home):
    with pytest.raises(TypeError, match="at"):
        call("model.approve", {"name": "m", "reason": "x", "at": "2026-01-01"}, home=home)


def test_what_retention_has_pruned_was_told_as_if_it_had_never_been(home):
    assert call("runs.list", {"at": "event:0"}, home=home)["pruned"] == 0
    home.office.clock = lambda: "2027-01-03T09:00:00.000Z"
    call("log.release", {"name": "case-7", "why": "over"}, home=home)
    call("log.retain", {"older_than": "30d", "policy": "short"}, home=home)
    found = call("runs.list", {"at": "event:0"}, home=home)
    assert (found["pruned"], found["runs"]) == (1, [])
    with pytest.raises(Missing, match="of what was so then 1 row was pruned"):
        call("runs.show", {"run": "r1", "at": "event:0"}, home=home)
    now = call("runs.list", {"at": "2027-01-03"}, home=home)
    assert (now["pruned"], len(now["runs"])) == (0, 1)
