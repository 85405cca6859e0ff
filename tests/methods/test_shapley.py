"""Sampled Shapley values beside the definition: every subset of the features, every background row."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest

from assay.methods.shapley import sampled

FEATURES = 4
RNG = np.random.default_rng(3)
ROWS, BEHIND = RNG.normal(size=(5, FEATURES)), RNG.normal(size=(6, FEATURES))


def model(x):
    return x[:, 0] * x[:, 1] + np.maximum(x[:, 2], 0) ** 2 - 3 * x[:, 3] * (x[:, 0] > 0)


def evaluate(row, other, mask):
    return model(np.where(mask, ROWS[row], BEHIND[other]))


def worth(row, known):
    """The mean answer where only ``known`` features are the row's own."""
    mixed = BEHIND.copy()
    mixed[:, list(known)] = ROWS[row, list(known)]
    return model(mixed).mean()


def by_definition():
    out = np.zeros(ROWS.shape)
    for row in range(len(ROWS)):
        for feature in range(FEATURES):
            others = [i for i in range(FEATURES) if i != feature]
            for size in range(FEATURES):
                share = math.factorial(size) * math.factorial(FEATURES - size - 1) / math.factorial(FEATURES)
                for known in combinations(others, size):
                    out[row, feature] += share * (worth(row, {*known, feature}) - worth(row, known))
    return out


@pytest.mark.slow
def test_with_many_pairs_it_comes_to_the_definition():
    values, error, base = sampled(len(ROWS), FEATURES, len(BEHIND), evaluate, np.random.default_rng(0), 4000)
    exact = by_definition()
    assert np.abs(values - exact).max() < 0.15
    assert (np.abs(values - exact) < 5 * error + 1e-9).all()  # the stated error is an honest one
    assert base == pytest.approx(np.full(len(ROWS), model(BEHIND).mean()), abs=0.15)


def test_a_linear_model_without_spread_behind_is_exact_at_once():
    weights, behind = np.array([2.0, -1.0, 0.0, 0.5]), np.tile(BEHIND[:1], (3, 1))
    values, error, _ = sampled(
        len(ROWS),
        FEATURES,
        3,
        lambda r, o, m: np.where(m, ROWS[r], behind[o]) @ weights,
        np.random.default_rng(1),
        2,
    )
    assert values == pytest.approx((ROWS - behind[0]) * weights, abs=1e-12)
    assert error == pytest.approx(np.zeros(values.shape), abs=1e-7)


def test_what_the_model_does_not_look_at_is_worth_nothing():
    values, error, _ = sampled(
        len(ROWS), FEATURES, len(BEHIND), lambda r, o, m: np.where(m, ROWS[r], BEHIND[o])[:, 0], RNG, 3
    )
    assert not values[:, 1:].any() and not error[:, 1:].any()


def test_the_same_lot_gives_the_same_values():
    one, two = (sampled(5, FEATURES, 6, evaluate, np.random.default_rng(9), 3)[0] for _ in range(2))
    assert (one == two).all()
