"""data.reweigh: weights under which label and group are independent; missing groups, empty cells, wrong inputs."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.kernel.errors import UsageError
from assay.methods.mitigation import reweighing
from assay.treatments.data.reweigh import treat

# Kamiran & Calders 2012, table 1: ten people, sex, a degree's field left out, and the class; the weights they print
# for it (table 3): 0.75 for men hired, 1.5 for women hired, 2 for men rejected, 0.67 for women rejected.
PAPER = pd.DataFrame(
    {
        "sex": ["m", "m", "m", "m", "m", "f", "f", "f", "f", "f"],
        "hired": ["+", "+", "+", "+", "-", "-", "-", "-", "+", "+"],
    }
)


def weighed(frame, table, work, **options):
    made = treat(table(frame), work=work, **options)
    return pd.read_parquet(work.store.path(made.outputs["out"].digest)), made.report


def test_the_papers_example(table, work):
    out, report = weighed(PAPER, table, work, label="hired", positive=("+",), facet=("sex",))
    found = out.groupby(["sex", "hired"]).weight.first().round(2).to_dict()
    assert found == {("f", "+"): 1.5, ("f", "-"): 0.67, ("m", "+"): 0.75, ("m", "-"): 2.0}
    assert report.metric("DPL_before", group="f").value == pytest.approx(0.4)
    assert report.metric("DPL", group="f").value == pytest.approx(0, abs=1e-12)
    assert list(out) == ["sex", "hired", "weight"] and out.weight.sum() == pytest.approx(10)
    assert report.metric("balanced_accuracy").reason  # ten rows measure nothing


@given(
    counts=st.lists(st.lists(st.integers(1, 500), min_size=3, max_size=3), min_size=2, max_size=6),
    strength=st.floats(0, 1),
)
def test_weights_make_label_and_group_independent(counts, strength):
    held = np.array(counts, dtype=float)
    after = held * reweighing.cell_weights(held)
    assert after.sum() == pytest.approx(held.sum())
    shares = after / after.sum(axis=1, keepdims=True)
    assert np.allclose(shares, shares[0]) and np.allclose(after.sum(axis=1), held.sum(axis=1))
    some = reweighing.cell_weights(held, strength)
    assert (some > 0).all() and np.allclose(reweighing.cell_weights(held, 0.0), 1)
    assert (held * some).sum() == pytest.approx(held.sum())


def test_several_facets_with_missing_ones_a_group_and_an_empty_cell_told(table, work):
    rng = np.random.default_rng(3)
    frame = pd.DataFrame({"sex": rng.choice(["f", "m", None], 900), "old": rng.choice([True, False], 900)})
    frame["y"] = np.where((frame.sex == "f") & frame.old, 0, rng.integers(0, 2, 900))
    frame.loc[:4, "y"] = None
    out, report = weighed(frame, table, work, label="y", positive=("1",), facet=("sex", "old"), trade=False)
    rules = {f.rule.split(".")[-1]: f for f in report.findings}
    assert rules["unlabelled"].count == 5 and (out.weight[:5] == 1).all()
    assert "sex=f & old=1" in rules["empty_cell"].message and rules["missing_facet"].count > 100
    known = out[out.y.notna() & ~((out.sex == "f") & out.old)]
    shares = known.groupby([known.sex.fillna("?"), "old"]).apply(
        lambda g: (g.weight * g.y).sum() / g.weight.sum()
    )
    assert np.allclose(shares, shares.iloc[0]) and np.isfinite(out.weight).all()


def test_weights_that_are_there_are_multiplied_and_replaced(table, work):
    frame = PAPER.assign(weight=[2.0] * 5 + [1.0] * 5)
    out, _ = weighed(frame, table, work, label="hired", positive=("+",), facet=("sex",), weights="weight")
    total = out.groupby("sex").apply(lambda g: (g.weight * (g.hired == "+")).sum() / g.weight.sum())
    assert total["f"] == pytest.approx(total["m"]) and out.weight.sum() == pytest.approx(15)
    assert list(out) == ["sex", "hired", "weight"]
    with pytest.raises(UsageError, match="already"):
        weighed(frame, table, work, label="hired", positive=("+",), facet=("sex",))


def test_the_trade_is_measured_on_rows_held_out(table, work):
    rng = np.random.default_rng(1)
    n = 3000
    frame = pd.DataFrame({"sex": rng.choice(["f", "m"], n), "x": rng.normal(size=n)})
    frame["id"] = [f"p{i}" for i in range(n)]
    frame["y"] = (frame.x + 1.2 * (frame.sex == "m") + rng.normal(size=n) > 0.6).astype(int)
    out, report = weighed(frame, table, work, label="y", positive=("1",), facet=("sex",))
    points = report.data["trade"]
    assert [(p["name"], p["strength"]) for p in points][:2] == [("trees", 0.0), ("trees", 0.25)]
    gap = "demographic_parity_difference"
    for kind in ("trees", "logistic"):
        own = [p for p in points if p["name"] == kind]
        assert own[0]["untreated"] and own[-1]["values"][gap] < 0.6 * own[0]["values"][gap]
        low, high = own[0]["intervals"][gap]
        assert low < own[0]["values"][gap] < high
    assert {f.rule for f in report.findings} >= {"data.reweigh.bought", "data.reweigh.not_learnt"}
    assert report.charts[0].kind == "scatter" and len(report.charts[0].data) == 10
    assert report.metric("rows_learnt_from").value + report.metric("rows_held_out").value == n


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"label": "sex", "positive": ("m",), "facet": ("one",)}, "nobody to compare"),
        ({"label": "one", "facet": ("sex",)}, "1 values"),
        ({"label": "hired", "positive": ("yes",), "facet": ("sex",)}, "no row of hired"),
        ({"label": "hired", "positive": ("+", "-"), "facet": ("sex",)}, "every row"),
    ],
)
def test_what_cannot_be_weighed_is_said(table, work, options, said):
    with pytest.raises(UsageError, match=said):
        weighed(PAPER.assign(one="a"), table, work, **options)
