"""Two tables held against one another: each way to part is told as what it is, and two samples of one thing are not told apart."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from assay.methods.parting.tables import parted

RNG = np.random.default_rng(3)
N = 2000
X = np.round(RNG.normal(5, 2, N), 3)
BASE = pd.DataFrame(
    {
        "id": np.arange(N),
        "x": X,
        "z": np.round(RNG.normal(0, 1, N), 3),
        "plan": RNG.choice(list("ABC"), N, p=[0.5, 0.3, 0.2]),
        "y": (X + RNG.normal(0, 1, N) > 5).astype(int),
    }
)


def first(changed, base=BASE, label="y"):
    found = parted(pa.Table.from_pandas(base, preserve_index=False), pa.Table.from_pandas(changed, preserve_index=False), label)  # fmt: skip
    return [(p.kind, p.column) for p in found], found


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        (lambda f: f.assign(y=0), ("constant", "y")),
        (lambda f: f.assign(y=1 - f.y), ("remapped", "y")),
        (lambda f: f.assign(y=f.y.to_numpy()[::-1]), ("shuffled", "y")),
        (lambda f: f.assign(x=np.trunc(f.x)), ("truncated", "x")),
        (lambda f: f.assign(x=(f.x - 5) / 2), ("rescaled", "x")),
        (lambda f: f.assign(plan=f.plan.map({"A": "C", "B": "B", "C": "A"})), ("remapped", "plan")),
        (lambda f: f.assign(x=f.x.where(f.id % 4 > 0)), ("missing", "x")),
        (lambda f: f[f.id % 3 > 0], ("rows", "")),
        (lambda f: f.drop(columns="z"), ("column_removed", "z")),
        (lambda f: f.assign(w=1.0), ("column_added", "w")),
        (lambda f: f.assign(w=f.y * 3 + f.id % 2), ("giveaway", "w")),
        (lambda f: f[f.y == 0], ("constant", "y")),
    ],
    ids=["zeroed", "reversed", "shuffled", "truncated", "rescaled", "recoded", "missing", "lost", "gone", "new", "leak", "filtered"],
)  # fmt: skip
def test_each_way_to_part_is_told_first_as_what_it_is(change, wanted):
    assert first(change(BASE))[0][0] == wanted


@pytest.mark.parametrize(
    ("values", "change", "kind"),
    [
        (range(12), lambda x: (x - 5.5) / 3.4, "rescaled"),  # a scaler fitted on other rows
        (range(4), lambda x: 3 - x, "remapped"),  # categories numbered from the other end
        ((0, 1), lambda x: 2 * x + 1, "remapped"),  # of two values any change is a straight line
        ((0.5, 1.5, 2.5, 3.5), np.trunc, "truncated"),
    ],
    ids=["rescaled", "turned", "two", "cut"],
)
def test_a_column_of_few_values_on_another_scale_is_not_told_as_recoded(values, change, kind):
    few = BASE.assign(few=RNG.choice(np.array(list(values), float), N))
    assert first(few.assign(few=change(few.few)), few)[0] == [(kind, "few")]


def test_a_column_that_gives_the_label_away_was_not_told_beside_another_that_does():
    status = BASE.assign(
        status=np.where(BASE.y == 1, "gone", "there")
    )  # known afterwards, and left out in training
    (kind, column), *_ = first(status.assign(rate=status.y * 0.8 + status.id % 7 / 50), status)[0]
    assert (kind, column) == ("giveaway", "rate")


def test_two_samples_of_one_population_are_alike_by_key_and_without_one():
    half = BASE.sample(N // 2, random_state=1)
    other = BASE.drop(half.index)
    assert first(half, other)[0] == []
    assert first(half.drop(columns="id"), other.drop(columns="id"))[0] == []
    assert first(BASE.sample(N, random_state=2))[0] == []  # the same rows in another order


def test_figures_of_a_parting_are_those_that_pandas_counts():
    _, (rows, *_rest) = first(BASE[BASE.id % 4 > 0])
    assert (rows.before, rows.after, rows.more["key"], rows.more["removed"]) == (N, N * 3 // 4, "id", N // 4)
    zero = first(BASE.assign(y=0))[1][0]
    assert zero.before["1"] == pytest.approx(BASE.y.mean(), abs=1e-6) and zero.after == {"0": 1.0}
    mixed = first(BASE.assign(y=BASE.y.to_numpy()[::-1]))[1][0]
    assert mixed.more["changed"] == pytest.approx((BASE.y != BASE.y.to_numpy()[::-1]).mean(), abs=1e-6)


def test_long_texts_that_begin_alike_are_not_the_same():
    """They were compared as they are shown, cut at 40 characters."""
    base = pd.DataFrame({"id": range(100), "t": ["a" * 60 + str(i) for i in range(100)]})
    assert first(base.assign(t=base.t + "!"), base, "")[0] == [("rewritten", "t")]


@pytest.mark.parametrize("frame", [BASE.head(0), BASE.head(1), BASE.assign(y=None), BASE.assign(x=np.inf)])
def test_tables_that_are_empty_or_odd_are_compared_all_the_same(frame):
    first(frame), first(BASE, frame)
