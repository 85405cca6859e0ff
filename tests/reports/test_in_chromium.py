"""The page opened in Chromium: on a desk, on a phone, in the dark, on paper; by keyboard, by ear, by weak eyes."""

from __future__ import annotations

import shutil

import pytest

PATIENCE = 180_000  # milliseconds: a busy machine opens a page slowly


@pytest.fixture(scope="module")
def browser():
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("no Chromium is installed here: sudo apt install chromium")
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as started:
        opened = started.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-gpu"], timeout=PATIENCE
        )
        yield opened
        opened.close()


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (360, "dark")])
def test_it_opens_in_chromium_without_an_error(browser, tmp_path, width, scheme, page_text):
    (tmp_path / "report.html").write_text(page_text, encoding="utf-8")
    page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
    page.set_default_timeout(PATIENCE)
    said, asked = [], []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto((tmp_path / "report.html").as_uri())
    assert said == [] and len(asked) == 1
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert page.locator("h1").inner_text().startswith("demo")
    page.close()


_CONTRAST = """() => {
  const light = c => { const [r, g, b] = c.map(v => { v /= 255; return v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4 }); return .2126 * r + .7152 * g + .0722 * b };
  const parse = s => s.match(/[\\d.]+/g).map(Number);
  const ground = e => { for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor); if (c.length < 4 || c[3] > .99) return c.slice(0, 3) } return [255, 255, 255] };
  const poor = [];
  for (const e of document.querySelectorAll('body *')) {
    if (e.closest('svg') || ![...e.childNodes].some(n => n.nodeType === 3 && n.data.trim())) continue;
    const style = getComputedStyle(e); if (!e.getClientRects().length) continue;
    const [a, b] = [light(parse(style.color).slice(0, 3)), light(ground(e))].sort((x, y) => y - x);
    if ((a + .05) / (b + .05) < 4.5) poor.push(e.className + ' ' + e.textContent.trim().slice(0, 30) + ' ' + ((a + .05) / (b + .05)).toFixed(2));
  }
  return poor }"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_can_be_walked_by_keyboard_and_by_ear_and_read_by_weak_eyes(browser, tmp_path, scheme, page_text):
    (tmp_path / "report.html").write_text(page_text, encoding="utf-8")
    page = browser.new_page(viewport={"width": 1280, "height": 800}, color_scheme=scheme)
    page.set_default_timeout(PATIENCE)
    page.goto((tmp_path / "report.html").as_uri())
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    for landmark in ("main", "nav[aria-label]", "body > footer", "header"):
        assert page.locator(landmark).count() >= 1, landmark
    levels = page.evaluate("[...document.querySelectorAll('h1,h2,h3,h4')].map(h => +h.tagName[1])")
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after - before <= 1 for before, after in zip(levels, levels[1:], strict=False))
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map(e => e.id)")
    assert len(ids) == len(set(ids))
    links = page.evaluate("[...document.querySelectorAll('a')].map(a => a.getAttribute('href').slice(1))")
    assert set(links) <= set(ids)
    assert page.evaluate("[...document.querySelectorAll('[aria-labelledby]')].every(e => document.getElementById(e.getAttribute('aria-labelledby')))")  # fmt: skip
    assert page.evaluate("[...document.querySelectorAll('svg:not([aria-hidden])')].every(s => s.getAttribute('aria-label'))")  # fmt: skip
    assert page.evaluate("[...document.querySelectorAll('details')].forEach(d => d.open = true)") is None
    assert page.evaluate(_CONTRAST) == []
    page.close()


def test_on_a_phone_the_verdict_is_seen_first(browser, tmp_path, page_text):
    # the contents once filled the first screens
    (tmp_path / "report.html").write_text(page_text, encoding="utf-8")
    page = browser.new_page(viewport={"width": 360, "height": 640})
    page.set_default_timeout(PATIENCE)
    page.goto((tmp_path / "report.html").as_uri())
    assert page.evaluate("document.querySelector('h1').getBoundingClientRect().top") < 120
    page.close()


def test_on_paper_no_finding_stays_folded(browser, tmp_path):
    from assay.kernel.report import Coverage, Finding, Report
    from assay.kernel.severity import Severity
    from assay.kernel.verdict import Gate, Verdict
    from assay.reports.html import verdict_page

    found = [Finding("x.y.low", Severity.LOW, "seen on paper"), Finding("x.y.high", Severity.HIGH, "grave")]
    report = Report.make(coverage=Coverage(1, 1), findings=found).with_(check="x.y")
    (tmp_path / "report.html").write_text(verdict_page([Verdict(report, Gate())], {}), encoding="utf-8")
    page = browser.new_page()
    page.set_default_timeout(PATIENCE)
    page.goto((tmp_path / "report.html").as_uri())
    note = page.locator(".notes")
    assert not note.is_visible()
    page.emulate_media(media="print")
    assert note.is_visible()
    assert page.pdf(format="A4").startswith(b"%PDF")
    page.close()
