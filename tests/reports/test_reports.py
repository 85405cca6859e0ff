from __future__ import annotations

import json
import xml.etree.ElementTree as ET

import pytest

from assay.kernel.report import Chart, Coverage, Metric, Report
from assay.kernel.verdict import Gate, Verdict
from assay.reports import FORMATS, render
from assay.reports.numbers import number
from assay.reports.svg import draw

TOOL = {"name": "assay", "version": "0"}


@pytest.mark.parametrize("format_", FORMATS)
def test_nothing_hostile_gets_through(format_, hostile):
    text = render([hostile], format_, tool=TOOL)
    assert "\x1b" not in text or format_ == "json"
    if format_ == "html":
        assert "<script" not in text
    if format_ == "junit":
        ET.fromstring(text)


def test_json_has_the_shape_of_the_contract(hostile):
    raw = json.loads(render([hostile], "json", tool=TOOL))
    assert raw["schema"] == "assay.report/1" and raw["outcome"] == "fail" and raw["tool"] == TOOL
    assert set(raw) >= {"check", "subject", "params", "coverage", "outputs", "metrics", "findings", "charts", "engine", "seed", "started", "seconds"}  # fmt: skip
    assert set(raw["findings"][0]) == {
        "rule",
        "severity",
        "message",
        "where",
        "remedy",
        "refs",
        "count",
        "fingerprint",
    }
    assert raw["metrics"][1]["value"] is None and raw["metrics"][1]["reason"] == "infinite"
    assert raw["charts"][0]["svg"].startswith("<svg") and raw["charts"][0]["title"]


def test_sarif_has_what_code_hosts_ask_for(hostile):
    raw = json.loads(render([hostile], "sarif", tool=TOOL))
    run = raw["runs"][0]
    assert raw["version"] == "2.1.0" and run["tool"]["driver"]["rules"][0]["id"] == "x.y.z"
    result = run["results"][0]
    assert result["ruleId"] == "x.y.z" and result["level"] == "error" and result["partialFingerprints"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]


def test_junit_counts(hostile):
    root = ET.fromstring(render([hostile], "junit", tool=TOOL))
    suite = root.find("testsuite")
    assert suite is not None
    assert int(suite.get("tests", "0")) == len(suite.findall("testcase")) == 2
    assert int(suite.get("failures", "0")) == len(suite.findall("testcase/failure"))


def test_an_error_and_nothing_found():
    failed = Verdict(Report(check="x.y", error="it broke"), Gate())
    for format_ in FORMATS:
        assert "it broke" in render([failed], format_, tool=TOOL)


def test_what_metrics_are_about_is_said_where_none_of_it_fits_beside_the_value():
    """A list in which every metric was about something long showed the numbers alone."""
    about = "a long condition " * 6
    found = Report.make(coverage=Coverage(1, 1), metrics=[Metric.number("answer", 1.5, of={"when": about})])
    text = render([Verdict(found, Gate())], "text", tool=TOOL)
    assert " ".join(text.split()).count("a long condition") == 6
    assert max(len(line) for line in text.splitlines()) <= 80


def test_text_fits_80_columns(hostile):
    assert max(len(line) for line in render([hostile], "text", tool=TOOL).splitlines()) <= 80


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.19451, "0.1945"), (48842, "48,842"), (1.0, "1"), (0, "0"), (None, "–"), (1e-9, "1.000e-09"), (1234.5678, "1,235"), (12.345, "12.35"), (True, "True")],
)  # fmt: skip
def test_numbers_as_people_read_them(value, text):
    assert number(value) == text


def test_a_chart_of_nothing_is_drawn():
    for kind in ("bar", "line", "heatmap", "histogram", "waterfall", "interval"):
        assert "<svg" in draw(Chart("t", kind, (), "x", "y"))
        assert "<svg" in draw(Chart("t", kind, ({"x": None, "y": None},), "x", "y"))


def test_the_page_is_whole_and_can_be_walked(page_text):
    page = page_text
    assert "http://" not in page.replace("http://www.w3.org", "") and "https://" not in page
    assert page.index('id="verdict"') < page.index('id="findings"') < page.index('id="step-1"')
    assert (
        'lang="en"' in page
        and 'class="skip"' in page
        and "prefers-color-scheme:dark" in page
        and "@media print" in page
    )
