"""A run as a person reads it: the sentence under the verdict, what is told one by one, and what is told together."""

from __future__ import annotations

import re

from assay.kernel.report import Chart, Coverage, Finding, Metric, Report, Skipped
from assay.kernel.severity import Severity
from assay.kernel.verdict import Gate, Verdict
from assay.reports.html import run_page
from assay.reports.view import RunView, StepView


def _step(name, *severities, gate=Severity.HIGH, outcome=None, skipped=()):
    findings = [Finding(f"x.y.{s.name}", s, f"{s.name} of {name}", {"column": str(i)}, "mend it") for i, s in enumerate(severities)]  # fmt: skip
    report = Report.make(coverage=Coverage(1, 1, skipped), findings=findings)
    verdict = Verdict(report, Gate(gate))
    return StepView(name, "x.y", "check", outcome or verdict.outcome, False, 1.0, verdict)


def _run(*steps, outcome="pass", id="1"):
    return RunView(id, "demo", outcome, "2026-01-01T00:00:00Z", 1.0, "ada", "", steps)


def test_a_run_that_passed_says_whose_gates_let_grave_findings_through():
    run = _run(_step("a", Severity.CRITICAL, gate=None), _step("b", Severity.HIGH, gate=None), _step("c"))
    assert (
        run.summary
        == "All 3 steps passed their gates. 2 grave findings were let through by the gates of a and b."
    )
    assert [f.through for f in run.findings] == [True, True]


def test_a_run_that_failed_names_what_did_not_pass_and_counts_what_it_stopped():
    stopped = StepView("c", "x.y", "check", "stopped", False, 0.0)
    run = _run(_step("a", Severity.HIGH), _step("b"), stopped, outcome="fail")
    assert run.summary == "a did not pass, and stopped 1 of 3 steps."
    assert [f.stops for f in run.findings] == [True]


def test_a_report_that_belongs_to_no_run_says_how_far_it_looked():
    assert _run(_step("a"), id="").summary == "Everything was examined."
    assert "Not everything" in _run(_step("a", skipped=(Skipped("x", "too large"),)), id="").summary


def test_what_stopped_the_run_comes_first_and_low_findings_of_one_rule_are_told_together():
    run = _run(
        _step("a", Severity.LOW, Severity.LOW, Severity.INFO, gate=Severity.CRITICAL),
        _step("b", Severity.HIGH, gate=None),
        _step("c", Severity.MEDIUM, gate=Severity.MEDIUM),
        outcome="fail",
    )
    assert [(f.step, f.stops) for f in run.grave] == [("c", True), ("b", False)]
    assert [(n.step, n.rule, n.count) for n in run.lesser] == [("a", "x.y.LOW", 2), ("a", "x.y.INFO", 1)]
    assert run.counts == {"high": 1, "medium": 1, "low": 2, "info": 1}


def test_a_low_finding_that_stops_the_run_is_read_one_by_one():
    run = _run(_step("a", Severity.LOW, gate=Severity.LOW), outcome="fail")
    assert [f.stops for f in run.grave] == [True] and run.lesser == []


def test_no_finding_is_left_out_of_the_page_however_many_there_are():
    # once the page showed the first 60 and said that the others stood with their steps, where they did not
    run = _run(*(_step(f"s{i}", Severity.MEDIUM, Severity.LOW) for i in range(90)))
    page = run_page(run)
    for i in range(90):
        assert f"MEDIUM of s{i}<" in page and f"LOW of s{i}<" in page


def test_code_in_a_remedy_is_code_and_nothing_in_it_is_markup():
    step = _step("a")
    finding = Finding("x.y.z", Severity.HIGH, "`<b>` is here", {}, "run `assay <i>doctor</i>`")
    verdict = Verdict(Report.make(coverage=Coverage(1, 1), findings=[finding]), Gate())
    page = run_page(_run(StepView("a", "x.y", "check", "fail", False, 1.0, verdict), step, outcome="fail"))
    assert "<code>&lt;b&gt;</code> is here" in page
    assert "run <code>assay &lt;i&gt;doctor&lt;/i&gt;</code>" in page


def test_few_groups_with_many_metrics_stand_side_by_side():
    # one group with its intervals was a row three screens wide
    names = ("CI", "DPL", "KL", "JS")
    metrics = [Metric(n, 0.25, {"facet": "sex", "group": g}, (0.1, 0.5)) for g in ("f", "m") for n in names]
    verdict = Verdict(Report.make(coverage=Coverage(1, 1), metrics=metrics), Gate())
    page = run_page(_run(StepView("a", "x.y", "check", "pass", False, 1.0, verdict)))
    head, body = page.partition("<thead>")[2].partition("</thead>")[::2]
    assert re.findall(r'class="n">([^<]+)</th>', head) == ["sex = f", "sex = m"]
    assert re.findall(r'scope="row">(\w+)</th>', body) == list(names)
    assert body.count("0.25 [0.1, 0.5]") == 8


def test_a_remark_that_a_table_says_is_not_told_twice():
    remark = Finding("model.explain.in_words", Severity.INFO, "It goes most by age.")
    other = Finding("model.explain.in_words", Severity.INFO, "Nothing else.")
    chart = Chart("In words", "table", ({"said": remark.message},), "said", "said")
    report = Report.make(findings=[remark, other], charts=[chart], coverage=Coverage(1, 1))
    verdict = Verdict(report, Gate())
    run = _run(StepView("one", "x.y", "check", "pass", False, 1.0, verdict))
    assert [f.finding.message for f in run.findings] == ["Nothing else."] and run.counts == {"info": 1}
    assert (
        run_page(run).count("<td>It goes most by age.</td>")
        == run_page(run).count("It goes most by age.")
        == 1
    )
