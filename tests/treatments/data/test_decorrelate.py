"""data.decorrelate beside fairlearn's CorrelationRemover; missing values and facets; what was learnt applied again."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from assay.kernel.asset import Asset
from assay.kernel.errors import BadInput, Missing, UsageError
from assay.treatments.data.decorrelate import treat
from assay.works.bench import FileTree


@pytest.fixture
def frame():
    rng = np.random.default_rng(8)
    n = 1500
    race = rng.choice(["a", "b", "c"], n)
    age = rng.integers(18, 80, n)
    x = rng.normal(size=n) + (race == "b") - 0.5 * (race == "c") + age / 40
    z = rng.normal(size=n) * (1 + (race == "b"))
    return pd.DataFrame(
        {"race": race, "age": age, "x": x, "z": z, "y": (x + rng.normal(size=n) > 1.2).astype(int)}
    )


def apart(frame, table, work, **options):
    made = treat(
        table(frame), work=work, **{"facet": ("race",), "columns": ("x", "z"), "trade": False} | options
    )
    return pd.read_parquet(work.store.path(made.outputs["out"].digest)), made


def theirs(frame, alpha, facets):
    preprocessing = pytest.importorskip("fairlearn.preprocessing")
    given = frame[["x", "z"]].assign(**facets)
    out = preprocessing.CorrelationRemover(sensitive_feature_ids=list(facets), alpha=alpha).fit(given)
    return out, out.transform(given)


@pytest.mark.parametrize("alpha", [0.0, 0.4, 1.0])
def test_as_fairlearn_does_it(frame, table, work, alpha):
    facets = {"b": (frame.race == "b").astype(float), "c": (frame.race == "c").astype(float)}
    out, made = apart(frame, table, work, alpha=alpha)
    assert np.allclose(out[["x", "z"]], np.asarray(theirs(frame, alpha, facets)[1]))
    assert out.drop(columns=["x", "z"]).equals(frame.drop(columns=["x", "z"]))
    report = made.report
    assert report.metric("correlation_before", column="x").value > 0.2
    if alpha == 1:
        assert report.metric("correlation", column="x").value == 0
        for name in facets:
            assert abs(np.corrcoef(out.x, facets[name])[0, 1]) < 1e-9
        assert out.x.mean() == pytest.approx(frame.x.mean())
        # its spread still tells b, which a straight line does not see
        assert "data.decorrelate.told" in {f.rule for f in report.findings}


def test_a_facet_of_numbers_is_taken_as_it_is_and_missing_ones_are_told(frame, table, work):
    out, _ = apart(frame, table, work, facet=("age", "race"))
    facets = {"age": frame.age.astype(float), "b": (frame.race == "b") * 1.0, "c": (frame.race == "c") * 1.0}
    assert np.allclose(out[["x", "z"]], np.asarray(theirs(frame, 1.0, facets)[1]))
    frame.loc[:49, "race"], frame.loc[100:149, "x"] = None, None
    out, made = apart(frame, table, work, keep_facet=False)
    assert out.x.isna().equals(frame.x.isna()) and "race" not in out
    known = frame.x.notna()
    for value in ("a", "b", "c"):
        assert abs(np.corrcoef(out.x[known], frame.race[known] == value)[0, 1]) < 1e-9
    assert "data.decorrelate.missing_facet" in {f.rule for f in made.report.findings}


def test_what_was_learnt_is_applied_to_other_rows(frame, table, work):
    train, test = frame[:1000], frame[1000:].reset_index(drop=True)
    _, made = apart(train, table, work, alpha=0.7)
    path = work.store.path(made.outputs["fitted"].digest)
    tree = FileTree(Asset("file", "fitted", str(path)), path)
    out, again = apart(test, table, work, facet=(), columns=(), fitted=tree)
    facets = [{n: (f.race == n) * 1.0 for n in ("b", "c")} for f in (train, test)]
    remover, _ = theirs(train, 0.7, facets[0])
    assert np.allclose(out[["x", "z"]], np.asarray(remover.transform(test[["x", "z"]].assign(**facets[1]))))
    assert list(again.outputs) == ["out"]
    _, strange = apart(
        test.assign(race=["q", *test.race[1:]]), table, work, facet=(), columns=(), fitted=tree
    )
    assert next(f for f in strange.report.findings if f.rule == "data.decorrelate.unknown_value").count == 1
    with pytest.raises(Missing, match="fitted on"):
        apart(test.drop(columns="z"), table, work, facet=(), columns=(), fitted=tree)
    raw = json.loads(path.read_text())
    for change in ({"mean": [1]}, {"facets": []}, {"alpha": 2}, {"slopes": "x"}, {"alpha": 10**400}):
        (bad := work.scratch / "bad.json").write_text(json.dumps(raw | {"learnt": raw["learnt"] | change}))
        with pytest.raises(BadInput, match="cannot be applied"):
            apart(test, table, work, facet=(), columns=(), fitted=FileTree(Asset("file", "f", str(bad)), bad))


def test_what_a_missing_number_is_taken_for_was_learnt_and_is_not_of_the_rows_beside_it(frame, table, work):
    """A row by itself, as it is decided of, is changed as it is among others."""
    frame["age"] = frame.age.astype(float)
    frame.loc[:19, "age"] = np.nan
    frame.loc[20, "age"] = np.inf
    _, made = apart(frame, table, work, facet=("age",))
    path = work.store.path(made.outputs["fitted"].digest)
    tree = FileTree(Asset("file", "fitted", str(path)), path)
    whole, _ = apart(frame, table, work, facet=(), columns=(), fitted=tree)
    assert np.isfinite(whole[["x", "z"]].to_numpy()).all()
    for rows in ([0], [20], [5, 700]):
        alone, _ = apart(
            frame.iloc[rows].reset_index(drop=True), table, work, facet=(), columns=(), fitted=tree
        )
        assert np.allclose(alone[["x", "z"]], whole.loc[rows, ["x", "z"]])


def test_the_trade_is_drawn_with_a_label(frame, table, work):
    _, made = apart(frame, table, work, label="y", positive=("1",), trade=True)
    own = [
        p["values"]["demographic_parity_difference"]
        for p in made.report.data["trade"]
        if p["name"] == "logistic"
    ]
    assert own[-1] < own[0] and len(own) == 5


@pytest.mark.parametrize(
    ("options", "said"),
    [({"columns": ("race",), "facet": ("age",)}, "no numbers"), ({"columns": ("age",), "facet": ("age",)}, "a facet"),
     ({"facet": ("one",)}, "nobody to compare")],
)  # fmt: skip
def test_what_cannot_be_changed_is_said(frame, table, work, options, said):
    with pytest.raises(UsageError, match=said):
        apart(frame.assign(one=1), table, work, **options)


def test_what_was_learnt_is_applied_to_rows_of_one_group_and_of_no_group_is_grave(frame, table, work):
    """A single person is decided of, too: that everybody is of one group was refused."""
    _, made = apart(frame, table, work)
    path = work.store.path(made.outputs["fitted"].digest)
    asked = {"facet": (), "columns": (), "fitted": FileTree(Asset("file", "fitted", str(path)), path)}
    whole, _ = apart(frame, table, work, **asked)
    one, again = apart(frame[:1], table, work, **asked)
    assert one.x[0] == whole.x[0] and "one group" in again.report.metric("told_right").reason
    for race in (None, "elsewhere"):
        _, again = apart(frame.assign(race=race), table, work, **asked)
        found = {f.rule: str(f.severity) for f in again.report.findings}
        assert found["data.decorrelate.no_group"] == "high"
    with pytest.raises(UsageError, match="--facet names age"):
        apart(frame, table, work, **asked | {"facet": ("age",)})
    with pytest.raises(UsageError, match="--alpha, --label have no part"):
        apart(frame, table, work, **asked, alpha=0.5, label="y")
