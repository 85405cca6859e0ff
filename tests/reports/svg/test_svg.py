"""Charts: nothing is drawn outside its frame, what is cut is told in full, and each kind says what it should."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.kernel.report import Chart
from assay.reports.svg import draw
from assay.reports.svg._canvas import CHARACTER, ticks

NS = "{http://www.w3.org/2000/svg}"
LONG = "a_name_that_is_much_longer_than_any_margin_could_ever_hold"


def _texts(svg):
    return ["".join(t.itertext()) if t.find(f"{NS}title") is None else t.text for t in ET.fromstring(svg).iter(f"{NS}text")]  # fmt: skip


def _rows(n, name="x"):
    return tuple({"x": f"{name}{i}", "y": (i - 2) / 3, "low": (i - 3) / 3, "high": (i - 1) / 3, "value": i} for i in range(n))  # fmt: skip


@pytest.mark.parametrize("kind", ["bar", "interval", "waterfall"])
@pytest.mark.parametrize("width", [240, 420, 640])
def test_no_label_begins_left_of_the_frame(kind, width):
    # long names were cut by a fixed number of letters, and lost their beginning instead of their end
    root = ET.fromstring(draw(Chart("t", kind, _rows(6, LONG), "x", "y", low="low", high="high"), width))
    ends = [t for t in root.iter(f"{NS}text") if t.get("text-anchor") == "end"]
    assert ends
    for label in ends:
        assert float(label.get("x", 0)) - CHARACTER * len(label.text or "") >= 0


def test_what_was_cut_is_told_in_full():
    svg = draw(Chart("t", "bar", ({"x": LONG, "y": 1},), "x", "y"))
    assert f"<title>{LONG}</title>" in svg and "…" in svg


def test_a_group_without_an_interval_is_a_hollow_dot_among_dots():
    # it was drawn as a bar, as if it were another kind of thing
    rows = ({"x": "a", "y": 0.2, "low": 0.1, "high": 0.3}, {"x": "b", "y": 0.4, "low": None, "high": None})
    root = ET.fromstring(draw(Chart("t", "interval", rows, "x", "y", low="low", high="high")))
    dots = list(root.iter(f"{NS}circle"))
    assert len(dots) == 2 and not list(root.iter(f"{NS}rect"))
    assert "fill:none" in dots[1].get("style", "")


def test_whole_numbers_are_named_under_their_columns_and_years_are_not_set_apart():
    # two years were drawn from «2,015» to «2,017»
    bins = tuple({"low": y, "high": y + 1, "count": 5} for y in (2015, 2016))
    said = _texts(draw(Chart("year", "histogram", bins, "low", "count", low="low", high="high")))
    assert "2015" in said and "2016" in said and "2017" not in said


def test_edges_of_wider_bins_are_named_at_both_ends():
    bins = tuple({"low": i * 20_000.0, "high": (i + 1) * 20_000.0, "count": i} for i in range(3))
    said = _texts(draw(Chart("pay", "histogram", bins, "low", "count", low="low", high="high")))
    assert "0" in said and "60,000" in said


def test_series_of_one_name_stand_under_its_heading():
    rows = tuple({"rule": LONG, "when": w, "rows": n} for w, n in (("before", 137), ("after", 0)))
    said = _texts(draw(Chart("t", "grouped_bar", rows, "rule", "rows", series="when")))
    assert said.count("before") == 2 and said.count("after") == 2  # once as a label, once in the legend


def test_a_guide_to_the_eye_is_dashed_in_the_chart_and_in_its_legend():
    rows = tuple({"x": i, "y": i, "s": s} for s in ("model", "chance") for i in (0, 1))
    svg = draw(Chart("ROC", "line", rows, "x", "y", series="s", x_title="false", y_title="true"))
    assert svg.count("stroke-dasharray") == 2
    assert "true" in _texts(svg) and "false" in _texts(svg)


def test_numbers_in_a_matrix_can_be_read_on_strong_and_on_faint_cells():
    rows = tuple({"p": p, "a": a, "value": v} for p, a, v in (("yes", "yes", 90), ("yes", "no", 5), ("no", "yes", 3), ("no", "no", 80)))  # fmt: skip
    root = ET.fromstring(
        draw(Chart("t", "heatmap", rows, "p", "a", "value", x_title="predicted", y_title="actual"))
    )
    on = {t.text: t.get("style", "") for t in root.iter(f"{NS}text")}
    assert "var(--bg" in on["90"] and "var(--bg" not in on["5"]
    assert "predicted →" in on and "actual ↓" in on


@given(st.floats(-1e9, 1e9), st.floats(1e-6, 1e9))
def test_ticks_are_few_round_and_inside(low, size):
    found = ticks(low, low + size)
    assert len(found) <= 6
    assert all(low - size * 1e-6 <= t <= low + size * (1 + 1e-6) for t in found)


@pytest.mark.parametrize(
    "kind", ["bar", "grouped_bar", "interval", "waterfall", "histogram", "line", "heatmap"]
)
def test_each_kind_is_one_image_with_its_description(kind):
    root = ET.fromstring(
        draw(Chart("A title", kind, _rows(4), "x", "y", low="low", high="high", alt="What it says."))
    )
    assert root.get("role") == "img" and root.get("aria-label") == "What it says."
    assert re.fullmatch(r"0 0 420 \d+", root.get("viewBox", ""))


def test_two_distributions_stand_one_over_the_other():
    bins = tuple({"low": i, "high": i + 2, "n": i + 1, "s": s} for s in ("then", "now") for i in range(3))
    root = ET.fromstring(draw(Chart("t", "histogram", bins, "low", "n", series="s", low="low", high="high")))
    seen = [r for r in root.iter(f"{NS}rect") if r.get("fill-opacity") == "0.55"]
    assert len(seen) == 6 and seen[0].get("x") == seen[3].get("x")
    assert {"then", "now"} <= {t.text for t in root.iter(f"{NS}text")}


def test_a_trade_has_a_dot_a_point_whiskers_and_pale_ones_for_what_is_dominated():
    rows = tuple(
        {"who": name, "gap": 0.1 * i, "y": 0.7 + 0.02 * i, "low": 0.6, "high": 0.9, "x_low": 0.0, "x_high": 0.5,
         "label": f"{i}", "dim": i == 1, "mark": i == 0}
        for name in ("trees", LONG) for i in range(3)
    )  # fmt: skip
    svg = draw(Chart("t", "scatter", rows, "gap", "y", series="who", low="low", high="high"))
    root = ET.fromstring(svg)
    dots = list(root.iter(f"{NS}circle"))
    assert len(dots) == 6 and [d.get("opacity") for d in dots] == ["1", "0.35", "1"] * 2
    assert ["fill:none" in d.get("style") for d in dots] == [True, False, False] * 2
    for dot in dots:
        assert 0 <= float(dot.get("cx")) <= 420 and 0 <= float(dot.get("cy")) <= 290
    assert draw(Chart("t", "scatter", ({"gap": None, "y": 1},), "gap", "y")).count("<circle") == 0
    assert draw(Chart("t", "scatter", ({"gap": 0.1, "y": 0.8},), "gap", "y")).count("<circle") == 1


def test_a_table_of_words_is_drawn_with_every_word_of_it():
    # it was drawn as bars: sentences were cut, and a table without numbers had "no value to draw"
    words = (
        "Row 3 would be answered yes with capital_gain: 0 to 7446; and an-exceedingly-long-word-" + "x" * 90
    )
    alone = draw(Chart("In words", "table", ({"said": words}, {"said": "short"}), "said", "said"), 420)
    shown = _texts(alone)
    assert "".join("".join(shown).split()) == "".join(f"{words}short".split())
    assert "no value" not in alone
    rows = ({"when": words, "answer": 0.5, "share": 0.25}, {"when": "else", "answer": None, "share": 0.75})
    both = _texts(draw(Chart("tree", "table", rows, "when", "answer"), 300))
    assert {"when", "answer", "share", "0.5", "0.25", "0.75", "–"} <= set(both)
    assert all(len(t) * CHARACTER < 300 for t in both)
