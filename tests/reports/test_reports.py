from __future__ import annotations

import json
import shutil
import xml.etree.ElementTree as ET

import pytest

from assay.kernel.asset import Asset
from assay.kernel.report import Chart, Coverage, Finding, Metric, Report, Skipped
from assay.kernel.severity import Severity
from assay.kernel.verdict import Gate, Verdict
from assay.reports import FORMATS, render
from assay.reports.html import run_page
from assay.reports.numbers import number
from assay.reports.svg import draw
from assay.reports.view import RunView, StepView

EVIL = '<script>alert("x")</script>\x1b[31m\x00'
TOOL = {"name": "assay", "version": "0"}


def _verdict(**changes):
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
    ).with_(check="x.y", subject=Asset("table", EVIL, EVIL, "sha256:0"), **changes)
    return Verdict(report, Gate())


def _page():
    verdict = _verdict()
    step = StepView(EVIL, "x.y", "check", "fail", False, 1.0, verdict, EVIL)
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


@pytest.mark.parametrize("format_", FORMATS)
def test_nothing_hostile_gets_through(format_):
    text = render([_verdict()], format_, tool=TOOL)
    assert "\x1b" not in text or format_ == "json"
    if format_ == "html":
        assert "<script" not in text
    if format_ == "junit":
        ET.fromstring(text)


def test_json_has_the_shape_of_the_contract():
    raw = json.loads(render([_verdict()], "json", tool=TOOL))
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


def test_sarif_has_what_code_hosts_ask_for():
    raw = json.loads(render([_verdict()], "sarif", tool=TOOL))
    run = raw["runs"][0]
    assert raw["version"] == "2.1.0" and run["tool"]["driver"]["rules"][0]["id"] == "x.y.z"
    result = run["results"][0]
    assert result["ruleId"] == "x.y.z" and result["level"] == "error" and result["partialFingerprints"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]


def test_junit_counts():
    root = ET.fromstring(render([_verdict()], "junit", tool=TOOL))
    suite = root.find("testsuite")
    assert suite is not None
    assert int(suite.get("tests", "0")) == len(suite.findall("testcase")) == 2
    assert int(suite.get("failures", "0")) == len(suite.findall("testcase/failure"))


def test_an_error_and_nothing_found():
    failed = Verdict(Report(check="x.y", error="it broke"), Gate())
    for format_ in FORMATS:
        assert "it broke" in render([failed], format_, tool=TOOL)


def test_text_fits_80_columns():
    assert max(len(line) for line in render([_verdict()], "text", tool=TOOL).splitlines()) <= 80


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


def test_the_page_is_whole_and_can_be_walked():
    page = _page()
    assert "http://" not in page.replace("http://www.w3.org", "") and "https://" not in page
    assert page.index('id="verdict"') < page.index('id="findings"') < page.index('id="step-1"')
    assert (
        'lang="en"' in page
        and 'class="skip"' in page
        and "prefers-color-scheme:dark" in page
        and "@media print" in page
    )


@pytest.fixture(scope="module")
def browser():
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("no Chromium is installed here: sudo apt install chromium")
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as started:
        opened = started.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        yield opened
        opened.close()


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (360, "dark")])
def test_it_opens_in_chromium_without_an_error(browser, tmp_path, width, scheme):
    (tmp_path / "report.html").write_text(_page(), encoding="utf-8")
    page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
    said, asked = [], []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto((tmp_path / "report.html").as_uri())
    assert said == [] and len(asked) == 1
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert page.locator("h1").inner_text().startswith("demo")
    page.close()
