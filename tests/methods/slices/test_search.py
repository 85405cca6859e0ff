from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from scipy import stats

from assay.methods.slices.cut import cut
from assay.methods.slices.search import _Half, weakest


def _cuts(**columns):
    return [cut(name, pa.chunked_array([pa.array(values)])) for name, values in columns.items()]


def _planted(rows=8000, seed=0):
    rng = np.random.default_rng(seed)
    kind, age, place = (
        rng.choice(list("abc"), rows),
        rng.integers(18, 80, rows),
        rng.choice(list("xyz"), rows),
    )
    bad = (kind == "b") & (place == "z")
    loss = (rng.random(rows) < np.where(bad, 0.45, 0.1)).astype(float)
    return _cuts(kind=kind, age=age, place=place), loss, bad


def test_the_planted_crossing_is_found_and_nothing_else_that_is_not_in_it():
    cuts, loss, bad = _planted()
    found = weakest(cuts, loss, np.random.default_rng(1))
    best = max(found, key=lambda s: s.loss)
    assert best.conditions == ("kind = b", "place = z") and (best.member == bad).all()
    assert best.rows == bad.sum() and best.loss == pytest.approx(0.45, abs=0.05)
    assert all("kind = b" in s.name or "place = z" in s.name for s in found)


def test_of_chance_alone_hardly_anything_is_told():
    alarms = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        columns = {f"c{i}": rng.integers(0, 6, 1500) for i in range(8)}
        alarms += bool(weakest(_cuts(**columns), rng.random(1500) < 0.2, rng))
    assert alarms <= 6  # one in twenty is allowed


def test_each_pieces_t_is_welchs():
    rng = np.random.default_rng(3)
    codes, loss = rng.integers(-1, 4, 500), rng.exponential(size=500)
    sums = _Half.of(loss).sums(codes + 1, (4,))
    for k in range(4):
        inside, outside = loss[codes == k], loss[codes != k]
        expected = stats.ttest_ind(inside, outside, equal_var=False).statistic
        assert sums.t[k] == pytest.approx(expected, rel=0.02)
        assert sums.mean[k] == pytest.approx(inside.mean()) and sums.count[k] == len(inside)


def test_nothing_to_look_at_and_no_loss_at_all():
    cuts, loss, _ = _planted(400)
    assert weakest([], loss, np.random.default_rng(0)) == []
    assert weakest(cuts, np.zeros(400), np.random.default_rng(0)) == []
    assert weakest(cuts, np.ones(400), np.random.default_rng(0)) == []
