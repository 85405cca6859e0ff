"""The page of a card: self-contained, escaped whatever it is given, and in Chromium without an error on desk and paper."""

from __future__ import annotations

import re
import shutil

import pytest
from tests.cards import examined

from assay.kernel.card import Card, Field, Identity, Told
from assay.reports.card import render

EVIL = "<script>alert(1)</script> <img src=x onerror=alert(1)> \" ' & {{ 7*7 }} \x1b[31m\u202e"


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    return render(examined(tmp_path_factory.mktemp("card"))[1], "html")


def test_the_page_needs_nothing_from_outside_and_runs_nothing(page):
    assert "<script" not in page and "default-src 'none'" in page
    assert not re.search(r"(?:src|href)=\"(?!#|data:)", page)


def test_the_same_card_gives_the_same_page(page, tmp_path):
    assert render(examined(tmp_path)[1], "html") == page


def test_whatever_a_name_holds_is_text():
    told = (Told(EVIL, ""),)
    fields = (
        Field("owner", EVIL, "people", "said", (EVIL, EVIL)),
        Field("limits", EVIL, "people", "missing"),
    )
    made = render(
        Card(Identity(EVIL, EVIL, framework=EVIL), fields=fields, changes=told, personal=told), "html"
    )
    assert (
        "<script>" not in made
        and "<img" not in made
        and "49" not in re.sub(r"[#\d.]+%?;", "", made).split("</style>")[1]
    )
    assert "\x1b" not in made and "\u202e" not in made and "&lt;script&gt;" in made


@pytest.mark.slow
def test_it_opens_in_chromium_on_a_desk_a_phone_and_paper(page, tmp_path):
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("no Chromium is installed here: sudo apt install chromium")
    playwright = pytest.importorskip("playwright.sync_api")
    (tmp_path / "card.html").write_text(page, encoding="utf-8")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-gpu"], timeout=180_000
        )
        for width, scheme in ((1280, "light"), (360, "dark")):
            opened = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
            opened.set_default_timeout(180_000)
            said, asked = [], []
            opened.on("console", lambda message, said=said: said.append(message.text))
            opened.on("request", lambda request, asked=asked: asked.append(request.url))
            opened.goto((tmp_path / "card.html").as_uri())
            assert said == [] and len(asked) == 1
            assert opened.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
            assert opened.locator("h1").inner_text() == "Loans: model card"
        levels = opened.evaluate("[...document.querySelectorAll('h1,h2,h3')].map(h => +h.tagName[1])")
        assert levels[0] == 1 and levels.count(1) == 1
        assert all(after - before <= 1 for before, after in zip(levels, levels[1:], strict=False))
        ids = opened.evaluate("[...document.querySelectorAll('[id]')].map(e => e.id)")
        assert len(ids) == len(set(ids))
        links = opened.evaluate(
            "[...document.querySelectorAll('a')].map(a => a.getAttribute('href').slice(1))"
        )
        assert set(links) <= set(ids)
        opened.keyboard.press("Tab")
        assert opened.evaluate("document.activeElement.className") == "skip"
        assert opened.pdf(format="A4").startswith(b"%PDF")
        browser.close()
