"""data.impact: distributions alike at level 1, nothing changed at 0, ranks kept; texts; what was learnt applied again."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ks_2samp

from assay.doors.cli import main
from assay.kernel.asset import Asset
from assay.kernel.errors import BadInput, Missing, UsageError
from assay.methods.mitigation.repairing import Numbers, Words
from assay.treatments.data.impact import treat
from assay.works.bench import FileTree
from assay.works.pipeline import load


@pytest.fixture
def frame():
    rng = np.random.default_rng(5)
    n = 3000
    sex = rng.choice(["f", "m", None], n, p=[0.5, 0.45, 0.05])
    x = rng.normal(size=n) + 1.5 * (sex == "m")
    count = rng.poisson(np.where(sex == "m", 3, 1))
    club = np.where(
        sex == "m",
        rng.choice(["rugby", "chess"], n, p=[0.7, 0.3]),
        rng.choice(["rugby", "chess"], n, p=[0.2, 0.8]),
    )
    y = (x + rng.normal(size=n) > 1).astype(int)
    out = pd.DataFrame({"sex": sex, "x": x, "count": count, "club": club, "y": y})
    out.loc[::50, "x"] = None
    return out


def repaired(frame, table, work, **options):
    made = treat(table(frame), work=work, **{"facet": ("sex",), "trade": False} | options)
    return pd.read_parquet(work.store.path(made.outputs["out"].digest)), made


def test_the_groups_distributions_are_alike_and_ranks_are_kept(frame, table, work):
    out, made = repaired(frame, table, work, columns=("x",))
    parts = [out.x[out.sex == g].dropna() for g in ("f", "m")]
    assert ks_2samp(*parts).statistic < 0.01
    for name in ("f", "m"):
        own = frame[(frame.sex == name) & frame.x.notna()].sort_values("x")
        assert (np.diff(out.x[own.index]) >= 0).all()
    assert out.x.isna().equals(frame.x.isna()) and out.drop(columns="x").equals(frame.drop(columns="x"))
    assert (
        made.report.metric("ks_before", column="x").value
        > 0.5
        > 0.05
        > made.report.metric("ks", column="x").value
    )
    rules = {f.rule for f in made.report.findings}
    assert {"data.impact.facet_kept", "data.impact.missing_facet"} <= rules


def test_level_0_changes_nothing_and_between_is_between(frame, table, work):
    none, _ = repaired(frame, table, work, level=0.0, columns=("x", "count"), categorical=("club",))
    pd.testing.assert_frame_equal(none, frame)
    whole, _ = repaired(frame, table, work, columns=("x",))
    half, _ = repaired(frame, table, work, columns=("x",), level=0.5)
    assert np.allclose(half.x, (frame.x + whole.x) / 2, equal_nan=True)


@given(
    st.lists(st.integers(-50, 50), min_size=30, max_size=120),
    st.lists(st.integers(-5, 90), min_size=30, max_size=120),
)
def test_the_median_of_two_groups_lies_half_way(one, other):
    values, groups = np.array([*one, *other], dtype=float), np.repeat([0, 1], [len(one), len(other)])
    learnt = Numbers.learnt(values, groups, 2)
    grid = np.linspace(0, 1, 257)
    assert np.allclose(learnt.target, (np.quantile(one, grid) + np.quantile(other, grid)) / 2)
    assert (learnt.repaired(values, groups, 0.0) == values).all()
    out = learnt.repaired(values, groups, 1.0)
    assert out.min() >= min(learnt.target) - 1e-9 and out.max() <= max(learnt.target) + 1e-9
    for group in (0, 1):
        order = np.argsort(values[groups == group], kind="stable")
        assert (np.diff(out[groups == group][order]) >= -1e-9).all()
    assert Numbers.from_json(json.loads(json.dumps(learnt.to_json())), 2) == learnt


def test_texts_have_the_shares_of_all_with_as_few_changes_as_will_do(frame, table, work):
    out, made = repaired(frame, table, work, columns=("x",), categorical=("club",))
    overall = (frame.club == "rugby").mean()
    known = frame.sex.notna()
    for name in ("f", "m"):
        own = frame.sex == name
        assert (out.club[own] == "rugby").mean() == pytest.approx(overall, abs=0.05)
        changed = out.club[own] != frame.club[own]
        assert changed.mean() == pytest.approx(abs((frame.club[own] == "rugby").mean() - overall), abs=0.05)
    assert (
        made.report.metric("texts_changed", column="club").value == (out.club != frame.club).sum()
        and known.any()
    )
    codes = np.array([0, 0, 1, 1] * 20)
    words = Words.learnt(codes, ("a", "b"), np.repeat([0, 1], 40), 2)  # alike already
    assert (words.repaired(codes, np.repeat([0, 1], 40), 1.0, np.random.default_rng(0)) == codes).all()


def test_what_was_learnt_is_applied_to_other_rows(frame, table, work):
    train, test = frame[:2000], frame[2000:].reset_index(drop=True)
    test.loc[3, "sex"], test.loc[4, "club"] = "x", "new"
    _, made = repaired(train, table, work, columns=("x",), categorical=("club",), level=0.8)
    path = work.store.path(made.outputs["fitted"].digest)
    tree = FileTree(Asset("file", "fitted", str(path)), path)
    out, again = repaired(test, table, work, facet=(), fitted=tree)
    rows = test[test.sex == "m"].index
    learnt = Numbers.from_json(json.loads(path.read_text())["learnt"]["numbers"]["x"], 3)
    names = json.loads(path.read_text())["learnt"]["grouping"]["names"]
    codes = test.sex.fillna("(missing)").map({n: i for i, n in enumerate(names)}).fillna(-1).to_numpy()
    assert np.allclose(out.x[rows], learnt.repaired(test.x.to_numpy(), codes, 0.8)[rows], equal_nan=True)
    assert out.x[3] == test.x[3] and out.club[4] == "new" and list(again.outputs) == ["out"]
    assert "data.impact.unknown_group" in {f.rule for f in again.report.findings}
    with pytest.raises(Missing, match="fitted on"):
        repaired(test.drop(columns="x"), table, work, facet=(), fitted=tree)
    raw = json.loads(path.read_text())
    club, forged = raw["learnt"]["words"]["club"], []
    for share in (float("nan"), -1.0, 10**400):  # which lots cannot be drawn by
        forged.append({"words": {"club": club | {"target": [share, *club["target"][1:]]}}})
    for change in ({"numbers": {}}, {"level": 3}, {"numbers": {"x": {"groups": [], "target": []}}}, *forged):
        (bad := work.scratch / "bad.json").write_text(json.dumps(raw | {"learnt": raw["learnt"] | change}))
        with pytest.raises(BadInput, match="cannot be applied"):
            repaired(test, table, work, facet=(), fitted=FileTree(Asset("file", "f", str(bad)), bad))


def test_the_trade_falls_with_the_level(frame, table, work):
    _, made = repaired(frame, table, work, label="y", positive=("1",), trade=True, keep_facet=False)
    points = [p for p in made.report.data["trade"] if p["name"] == "logistic"]
    name = "demographic_parity_difference"
    assert points[-1]["values"][name] < 0.6 * points[0]["values"][name]
    assert made.report.charts[0].kind == "scatter"
    assert "data.impact.facet_kept" not in {f.rule for f in made.report.findings}


@pytest.mark.parametrize(
    ("options", "said"),
    [({"columns": ("club",)}, "no numbers"), ({"facet": ()}, "which column tells groups"), ({"columns": ("y",), "label": "y"}, "label or a facet"),
     ({"categorical": ("x",), "columns": ("x",)}, "column of numbers"), ({"hide": ("x", "count", "y")}, "no column of numbers")],
)  # fmt: skip
def test_what_cannot_be_repaired_is_said(frame, table, work, options, said):
    with pytest.raises(UsageError, match=said):
        repaired(frame, table, work, **options)


def test_what_was_learnt_is_applied_without_saying_the_facet_again(tmp_path, monkeypatch):
    """--fitted is an input and no value: what it makes needless was asked for all the same, here and in a pipeline."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"g": ["a", "b"] * 50, "x": rng.normal(size=100)})
    frame.to_csv("t.csv", index=False)
    for words in (["--facet", "g", "-o", "one.csv"], ["--fitted", "one.fitted.json", "-o", "two.csv"]):
        with pytest.raises(SystemExit) as ended:
            main(["treat", "data.impact", "t.csv", *words])
        assert not ended.value.code
    pd.testing.assert_frame_equal(pd.read_csv("one.csv"), pd.read_csv("two.csv"))
    (tmp_path / "assay.yaml").write_text(
        "data:\n  t: {source: t.csv}\nsteps:\n"
        "  a: {treat: data.impact, of: t, facet: [g]}\n"
        "  b: {treat: data.impact, of: t, fitted: a.fitted}\n"
    )
    assert [*load(tmp_path / "assay.yaml", ()).steps] == ["a", "b"]
