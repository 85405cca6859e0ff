"""The inventory as a page: what asks for a person stands first, no word of a model is markup, nothing is fetched."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from tests.inventories import EVIL, hostile, inventory

from assay.kernel.inventory import Inventory
from assay.reports.inventory import render
from assay.reports.inventory.html import decided, wishes


class Page(HTMLParser):
    """The tags, ids and text of a page."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.ids, self.said, self.links, self.open = [], [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.ids += [v for k, v in attrs if k == "id"]
        self.links += [v for k, v in attrs if k in ("href", "src")]
        if tag not in ("meta", "link", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.said.append(data)


def test_what_asks_for_a_person_is_told_gravest_first():
    found = [(w["said"], [e.version for e in w["entries"]]) for w in wishes(inventory())]
    assert found == [
        ("in use, by a stage or an alias, without an approval that holds", [3]),
        ("with an approval that has run out", [3]),
        ("with an approval that runs out within 30 days", [4]),
        ("awaiting a decision", [5]),
        ("without an owner", [2, 3, 5]),
        ("without a risk tier", [2, 5]),
        ("with questions that nobody has answered", [5]),
    ]


def test_the_page_tells_each_version_and_its_links_lead_somewhere():
    page = Page(render(inventory(), "html"))
    assert page.open == [] and len(page.ids) == len(set(page.ids))
    assert {link[1:] for link in page.links if link.startswith("#")} <= set(page.ids)
    assert all(link.startswith(("#", "data:,")) for link in page.links)
    text = " ".join(" ".join(page.said).split())
    assert "Approved by bob, cleo, 2026-05-01 00:00 UTC: seen. Runs out 2026-06-20 00:00 UTC." in text
    assert "Retired by ada, 2026-05-02 00:00 UTC: out of date. Use loans@4 in its place." in text
    assert (
        "Awaits 1 approval; approved by bob." in text
        and "It cannot be approved yet: it has no owner." in text
    )
    assert "Nobody has answered." in text and "to another wording" in text


def test_no_word_of_a_model_is_markup():
    text = render(inventory(hostile()), "html")
    assert "<script" not in text and "\u202e" not in text and "&lt;script&gt;" in text
    assert Page(text).tags.count("article") == 6


def test_an_empty_inventory_is_a_page():
    page = Page(render(Inventory((), "2026-01-01T00:00:00.000Z"), "html"))
    assert "No model is registered." in " ".join(page.said) and "Nothing." in page.said


@pytest.mark.parametrize("format", ["csv", "html", "cyclonedx", "json"])
def test_the_same_inventory_gives_the_same_bytes(format):
    assert render(inventory(hostile()), format) == render(inventory(hostile()), format)


def test_an_unknown_format_is_no_format():
    with pytest.raises(ValueError, match="pdf"):
        render(inventory(), "pdf")


def test_what_was_decided_is_one_sentence_for_each_state():
    for entry in inventory(hostile()).entries:
        assert re.search(r"\S", decided(entry))
    assert EVIL in decided(hostile())
