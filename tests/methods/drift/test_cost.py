"""Columns moved to the new distribution, weights, and losses."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from sklearn.metrics import log_loss

from assay.methods.drift import cost
from assay.methods.drift.compare import compare
from assay.methods.drift.counted import numbers, texts
from assay.methods.drift.distances import ks


def number_column(x, y):
    sides = [
        numbers(*np.unique(v[~np.isnan(v)], return_counts=True), len(v))
        for v in (np.asarray(x, float), np.asarray(y, float))
    ]
    return compare("x", *sides)


def text_column(x, y):
    def one(values):
        held = pd.Series(values).dropna().value_counts()
        return texts(list(held.index), held.to_numpy(), len(values))

    return compare("x", one(x), one(y))


def test_numbers_follow_the_new_distribution_and_keep_their_ranks():
    rng = np.random.default_rng(0)
    old, new = rng.normal(size=5000), rng.gamma(2, 3, 4000)
    moved = cost.moved(old, number_column(old, new), rng)
    assert np.corrcoef(pd.Series(old).rank(), pd.Series(moved).rank())[0, 1] > 0.9999
    assert ks(number_column(moved, new).pair) < 0.01


def test_nothing_moves_where_nothing_drifted():
    rng = np.random.default_rng(1)
    old = rng.integers(0, 40, 3000).astype(float)
    assert (cost.moved(old, number_column(old, old), rng) == old).all()
    words = rng.choice(["a", "b", "c"], 500).tolist()
    assert cost.moved(words, text_column(words, words), rng).tolist() == words


def test_categories_move_no_more_than_they_must():
    rng = np.random.default_rng(2)
    old, new = ["a"] * 6000 + ["b"] * 4000, ["a"] * 4000 + ["b"] * 4000 + ["c"] * 2000
    moved = cost.moved(old, text_column(old, new), rng)
    share = pd.Series(moved).value_counts(normalize=True)
    assert share["c"] == pytest.approx(0.2, abs=0.02) and share["a"] == pytest.approx(0.4, abs=0.02)
    changed = np.array(old) != moved
    assert changed.mean() == pytest.approx(0.2, abs=0.02)  # the total variation distance
    assert not changed[6000:].any()


def test_missing_values_come_and_go_with_their_share():
    rng = np.random.default_rng(3)
    full, half = np.arange(4000.0), np.where(np.arange(4000) % 2, np.nan, 1.0)
    assert np.isnan(cost.moved(full, number_column(full, half), rng)).mean() == pytest.approx(0.5, abs=0.03)
    back = cost.moved(half, number_column(half, np.ones(4000)), rng)
    assert not np.isnan(back).any()
    words = ["a", None] * 1000
    assert all(v == "a" for v in cost.moved(words, text_column(words, ["a"] * 2000), rng))


def test_weights_turn_the_old_shares_into_the_new_ones():
    old, new = ["a"] * 60 + ["b"] * 40, ["a"] * 20 + ["b"] * 80
    weight = cost.weights(old, text_column(old, new))
    assert weight.mean() == pytest.approx(1) and weight[:60].sum() / weight.sum() == pytest.approx(0.2)
    rng = np.random.default_rng(4)
    x, y = rng.normal(size=20_000), rng.normal(0.5, 1, 20_000)
    weight = cost.weights(x, number_column(x, y))
    assert np.average(x, weights=weight) == pytest.approx(0.5, abs=0.03)


def test_losses_are_scikit_learns():
    rng = np.random.default_rng(5)
    score, truth = rng.random(200), rng.choice(["no", "yes"], 200)
    loss, name = cost.losses(
        pa.chunked_array([truth]), pa.table({"prediction": truth, "score": score}), ("yes",)
    )
    assert name == "log loss" and loss.mean() == pytest.approx(log_loss(truth == "yes", score))
    many = rng.dirichlet([1, 1, 1], 200)
    kinds = rng.choice(["a", "b", "c"], 200)
    answers = pa.table({"prediction": kinds} | {f"score_{n}": many[:, i] for i, n in enumerate("abc")})
    loss, _ = cost.losses(pa.chunked_array([kinds]), answers)
    assert loss.mean() == pytest.approx(log_loss(kinds, many, labels=["a", "b", "c"]))
    y, said = rng.normal(size=50), rng.normal(size=50)
    loss, name = cost.losses(pa.chunked_array([y]), pa.table({"prediction": said}))
    assert name == "squared error" and loss == pytest.approx((y - said) ** 2)
    loss, name = cost.losses(pa.chunked_array([["a", None, "b"]]), pa.table({"prediction": ["a", "a", "a"]}))
    assert name == "error" and loss[[0, 2]].tolist() == [0, 1] and np.isnan(loss[1])


def test_changes_of_answers():
    before, after = (
        pa.table({"prediction": [0, 1], "score": [0.1, 0.9]}),
        pa.table({"prediction": [0, 0], "score": [0.2, 0.4]}),
    )
    assert cost.change(before, after) == pytest.approx(0.3)
    assert cost.change(before.drop(["score"]), after.drop(["score"])) == 0.5
    numbers_ = pa.table({"prediction": [1.0, 3.0]}), pa.table({"prediction": [2.0, 4.0]})
    assert cost.change(*numbers_) == 1  # one standard deviation
