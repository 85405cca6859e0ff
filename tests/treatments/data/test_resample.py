"""data.resample: cells as large as they should be, rows that are there or lie between neighbours, the trade, wrong inputs."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from assay.kernel.errors import UsageError
from assay.methods.mitigation import resampling
from assay.treatments.data.resample import treat


@pytest.fixture
def frame():
    rng = np.random.default_rng(3)
    n = 1200
    sex = rng.choice(["f", "m", None], n, p=[0.3, 0.65, 0.05])
    y = (rng.random(n) < np.where(sex == "m", 0.5, 0.15)).astype(int)
    x = rng.normal(size=n) + y
    return pd.DataFrame(
        {
            "sex": sex,
            "x": x,
            "k": rng.integers(0, 9, n),
            "club": rng.choice(["a", "b"], n),
            "y": y,
            "id": range(n),
        }
    )


def even(frame, table, work, **options):
    asked = {"label": "y", "positive": ("1",), "facet": ("sex",), "trade": False} | options
    made = treat(table(frame), work=work, **asked)
    return pd.read_parquet(work.store.path(made.outputs["out"].digest)), made.report


@pytest.mark.parametrize("how", ["both", "over", "under", "smote"])
def test_label_and_group_are_independent_after_it(frame, table, work, how):
    out, report = even(frame, table, work, how=how)
    shares = out.y.groupby(out.sex.fillna("?")).mean()
    assert np.ptp(shares) < 0.03 and len(out) == report.metric("rows").value
    before, after = (f.groupby([f.sex.fillna("?"), "y"]).size() for f in (frame, out))
    if how == "both":
        assert abs(len(out) - len(frame)) < 6
    assert how == "both" or ((after >= before).all() if how != "under" else (after <= before).all())
    if how != "smote":
        assert out.drop_duplicates().merge(frame).shape[0] == len(out.drop_duplicates())


@pytest.mark.parametrize("how", ["over", "under", "smote"])
def test_classes_are_even(frame, table, work, how):
    out, _ = even(frame, table, work, by="label", how=how)
    sizes = out.y.value_counts()
    assert abs(sizes[0] - sizes[1]) <= 3


def test_new_rows_lie_between_neighbours():
    imblearn = pytest.importorskip("imblearn.over_sampling")
    rng = np.random.default_rng(0)
    x = rng.normal(size=(40, 2))
    x = (x - x.mean(axis=0)) / x.std(axis=0)
    made, words = resampling.between(x, np.zeros((40, 0), dtype=np.int64), np.arange(40), 5, rng)
    smote, _ = imblearn.SMOTE(random_state=0).fit_resample(
        np.vstack([x, x + 50, x + 51]), np.repeat([0, 1, 1], 40)
    )
    near = [np.argsort(((x - p) ** 2).sum(axis=1))[:6] for p in x]
    for rows in (made, smote[120:]):
        for row in rows:
            held = False
            for i in range(40):
                for j in near[i]:
                    step = x[j] - x[i]
                    u = float((row - x[i]) @ step / max(step @ step, 1e-12))
                    held |= -1e-9 <= u <= 1 + 1e-9 and np.allclose(x[i] + u * step, row, atol=1e-9)
            assert held
    assert words.shape == (40, 0)


def test_types_stay_and_what_is_told(frame, table, work):
    frame.loc[::9, "x"] = None
    out, report = even(frame[frame.sex != "m"][:200], table, work, how="smote", by="label")
    assert out.dtypes.k == "int64" and set(out.club) <= {"a", "b"} and out.k.between(0, 8).all()
    rules = {f.rule.removeprefix("data.resample.") for f in report.findings}
    assert "resampled" in rules
    odd = pd.DataFrame({"sex": ["f"] * 50 + ["m"] * 50, "y": [0] * 50 + [0, 1] * 25, "x": range(100)})
    _, report = even(odd, table, work)
    assert "data.resample.empty_cell" in {f.rule for f in report.findings}


def test_the_trade_is_measured(frame, table, work):
    _, report = even(frame, table, work, trade=True, hide=("id",))
    assert len(report.data["trade"]) == 10 and report.charts[0].kind == "scatter"


def test_one_class_is_refused(frame, table, work):
    with pytest.raises(UsageError, match="no row of y"):
        even(frame, table, work, positive=("7",))


def test_new_rows_have_the_identifier_of_a_row_that_is_there(frame, table, work):
    """Whole numbers that no float holds were put between others too, and one at the end of its type ended the treatment."""
    frame["id"] = np.iinfo(np.int64).max - np.arange(len(frame))
    out, _ = even(frame, table, work, how="smote")
    assert out.id.dtype == np.int64 and set(out.id) <= set(frame.id) and len(out) > len(frame)
