"""A card's file, forged anywhere: it is refused in one sentence, or shown in every form; never a traceback."""

from __future__ import annotations

import copy
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.cards import examined

from assay.kernel.errors import UsageError
from assay.reports.card import FORMATS, render
from assay.works import cards

_JUNK = st.sampled_from([
    None, True, 2**80, -1, 1e308, float("nan"), float("inf"), "", "x", "\u202e", "<b>", [], {}, [[1]], {"x": [None]}, {"x": "y"},
])  # fmt: skip


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    return json.loads(examined(tmp_path_factory.mktemp("card"))[1].to_bytes())


def _nodes(value, path=()):
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from _nodes(inner, (*path, key))


@pytest.mark.slow
@settings(max_examples=100)
@given(data=st.data())
def test_a_forged_card_is_refused_in_a_sentence_or_shown_in_every_form(good, data):
    path = data.draw(st.sampled_from([p for p in _nodes(good) if p]))
    raw = copy.deepcopy(good)
    inner = raw
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = data.draw(_JUNK)
    try:
        card = cards.parse(json.dumps(raw).encode(), "it")
    except UsageError as error:
        assert len(str(error).splitlines()) == 1
        return
    for shown in FORMATS:
        assert render(card, shown).encode()


@pytest.mark.parametrize("where", [("limits", 0, "severity"), ("explanations", 0, "importance", 0, "of")])
def test_a_severity_that_is_none_and_a_part_of_no_feature_once_ended_in_a_traceback(good, where):
    raw = copy.deepcopy(good)
    inner = raw
    for key in where[:-1]:
        inner = inner[key]
    inner[where[-1]] = "grim" if where[-1] == "severity" else {}
    if where[-1] == "severity":
        with pytest.raises(UsageError, match="limits.0.severity"):
            cards.parse(json.dumps(raw).encode(), "it")
    else:
        assert "None" in render(cards.parse(json.dumps(raw).encode(), "it"), "markdown")


def test_a_guess_of_no_model_once_ended_in_a_traceback(good):
    raw = copy.deepcopy(good)
    for one in raw["evaluations"][0]["guess"]:
        one["of"] = {}
    card = cards.parse(json.dumps(raw).encode(), "it")
    assert all("constant guess" in render(card, shown) for shown in ("html", "markdown", "sagemaker"))


def test_a_card_that_says_more_than_is_known_is_read(good):
    assert cards.parse(json.dumps(good | {"later": [1]}).encode(), "it").model.name == good["model"]["name"]
