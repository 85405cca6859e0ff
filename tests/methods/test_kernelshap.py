from __future__ import annotations

import numpy as np
import pytest

from assay.methods import kernelshap, shapley

RNG = np.random.default_rng(0)
ROWS, BEHIND = RNG.normal(size=(6, 7)), RNG.normal(size=(12, 7))


def _model(x):
    return x[:, 0] * x[:, 1] + np.sin(x[:, 2]) * x[:, 3] + x[:, 4] ** 2 - 3 * x[:, 5]


def _ask(row, other, mask):
    return _model(np.where(mask, ROWS[row], BEHIND[other]))


def _marginal(permutation_count=0):
    """By the definition over orders: the mean of what each feature adds."""
    from itertools import permutations

    values = np.zeros((6, 7))
    orders = list(permutations(range(7)))[:: max(1, 5040 // 5040)]
    worth = {}
    for code in range(128):
        mask = np.array([code >> j & 1 == 1 for j in range(7)])
        worth[code] = np.array([_model(np.where(mask, r, BEHIND)).mean() for r in ROWS])
    for order in orders:
        code = 0
        for j in order:
            values[:, j] += worth[code | 1 << j] - worth[code]
            code |= 1 << j
    return values / len(orders), worth[0]


def test_every_subset_gives_the_values_of_every_order():
    values, base = kernelshap.whole(6, 7, 12, _ask)
    truth, start = _marginal()
    assert values == pytest.approx(truth)
    assert base == pytest.approx(start)


def test_drawn_coalitions_come_near_and_their_errors_say_how_near():
    truth, _ = _marginal()
    off, said = [], []
    for seed in range(12):
        values, error, base = kernelshap.sampled(6, 7, 12, _ask, np.random.default_rng(seed), each=12 * 200)
        assert values.sum(axis=1) + base == pytest.approx(_model(ROWS))
        off.append(values - truth)
        said.append(error)
    off, said = np.array(off), np.array(said)
    assert np.abs(off).mean() < 0.2
    within = (np.abs(off) <= 2 * said + 1e-9).mean()
    assert within > 0.8


def test_coalitions_that_are_all_asked_about_leave_no_error():
    truth, _ = _marginal()
    values, error, _ = kernelshap.sampled(6, 7, 12, _ask, RNG, each=12 * 130)
    assert values == pytest.approx(truth) and not error.any()


def test_permutations_errors_say_how_near_too():
    truth, _ = _marginal()
    within = []
    for seed in range(12):
        values, error, _ = shapley.sampled(6, 7, 12, _ask, np.random.default_rng(seed), pairs=24)
        within.append(np.abs(values - truth) <= 2 * error + 1e-9)
    assert 0.85 < np.mean(within) <= 1


def test_one_feature_has_the_whole_difference():
    ask = lambda row, other, mask: np.where(mask[:, 0], 5.0, 2.0)
    values, error, base = kernelshap.sampled(3, 1, 4, ask, RNG, each=50)
    assert values.tolist() == [[3.0]] * 3 and base.tolist() == [2.0] * 3 and not error.any()
