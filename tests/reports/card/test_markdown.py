"""A card as Markdown, and as a README.md of the hub: nothing that a name holds is read as markup or as YAML."""

from __future__ import annotations

import html
import re

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from tests.cards import examined

from assay.kernel.card import Card, Field, Identity, Told
from assay.reports.card import render
from assay.reports.card.huggingface import metadata
from assay.reports.card.markdown import escaped


@pytest.fixture(scope="module")
def card(tmp_path_factory):
    return examined(tmp_path_factory.mktemp("card"))[1]


def _read(markdown):
    """Return HTML as an independent reader of CommonMark makes it, tables included."""
    reader = pytest.importorskip("markdown_it")
    return reader.MarkdownIt("commonmark", {"html": True, "linkify": False}).enable("table").render(markdown)


def test_an_independent_reader_finds_the_sections_and_the_tables(card):
    made = _read(render(card, "markdown"))
    heads = re.findall(r"<h2>(.*?)</h2>", made)
    assert (
        heads[:3] == ["In short", "What its owner says", "What it is"] and heads[-1] == "Reports it stands on"
    )
    assert "<h1>Model card: Loans</h1>" in made and made.count("<table>") >= 6
    assert "<td>age</td>" in made and "<strong>Owner</strong>: lending" in made


EVIL = [
    "<script>alert(1)</script>", "[click](javascript:alert(1))", "![x](http://evil.example/x.png)", "a | b | c", "`code`", "**bold**",
    "# head", "1. one", "- item", "> quote", "--- ", "***", "&lt;b&gt;", "http://evil.example", "<http://evil.example>",
    "line\n\n# injected\n\n<b>", "\\", "~~x~~", "$x$", "|---|---|",
]  # fmt: skip


@pytest.mark.parametrize("name", EVIL)
def test_what_a_name_holds_is_shown_and_never_markup(name):
    fields = (
        Field("owner", "Owner", "people", "said", (name,)),
        Field("users", "U", "people", "said", (name, name)),
    )
    card = Card(Identity(name, "", classes=(name,)), fields=fields, changes=(Told(name),), gaps=(Told(name),))
    made = _read(render(card, "markdown"))
    for tag in ("<script", "<img", "<a ", "<code", "<del", "<blockquote", "<ol", "<h1>injected", "<b>"):
        assert tag not in made, (name, tag)
    assert html.escape(" ".join(name.split()), quote=False) in made.replace("&quot;", '"')


@given(st.text(max_size=40))
def test_any_text_in_a_cell_stays_in_its_cell_and_is_what_it_was(text):
    reader = pytest.importorskip("markdown_it")
    made = (
        reader.MarkdownIt("commonmark", {"html": True})
        .enable("table")
        .render(f"| x | {escaped(text)} |\n| - | - |\n")
    )
    cells = re.findall(r"<th>(.*?)</th>", made, re.S)
    shown = "".join(c if c.isprintable() else "·" for c in " ".join(text.split()))
    assert [html.unescape(c) for c in cells] == ["x", shown]


def test_the_front_matter_is_yaml_of_what_was_measured(card):
    front = render(card, "huggingface").split("---\n")[1]
    read = yaml.safe_load(front)
    assert read["license"] == "apache-2.0" and read["pipeline_tag"] == "tabular-classification"
    assert read["library_name"] == "xgboost" and read["metrics"] == ["f1"]
    (result,) = read["model-index"][0]["results"]
    assert result["metrics"][0] == {
        "type": "f1", "value": 0.9, "name": "f1", "args": {"confidence": 0.95, "low": 0.85, "high": 0.95},
    }  # fmt: skip
    assert result["dataset"]["split"] == "test" and result["task"]["type"] == "tabular-classification"


@given(st.text(max_size=60))
def test_no_text_breaks_out_of_the_front_matter(text):
    fields = (
        Field("license", "L", "people", "said", (text,)),
        Field("tags", "T", "people", "said", (text, text)),
    )
    card = Card(Identity(text, "", framework=text or "x"), fields=fields)
    made = render(card, "huggingface")
    lines = made.split("\n")
    assert lines[0] == "---"
    front = "\n".join(lines[1 : lines.index("---", 1)])
    assert yaml.safe_load(front) == metadata(card)


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ("Apache-2.0", {"license": "apache-2.0"}),
        ("GPL-3.0-or-later", {"license": "gpl-3.0"}),
        ("internal only: ask us", {"license": "other", "license_name": "internal-only-ask-us"}),
    ],
)
def test_a_licence_that_the_hub_does_not_know_goes_by_its_name(said, wanted):
    card = Card(Identity("m", ""), fields=(Field("license", "L", "people", "said", (said,)),))
    assert {k: v for k, v in metadata(card).items() if k.startswith("license")} == wanted
