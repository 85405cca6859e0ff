from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from assay.methods.flip import flip_test


def by_distance(x, said, d, k=5):
    """The definition: each of d asks its k nearest of a, by SciPy's distances."""
    near = np.argsort(cdist(x[d], x[~d]), axis=1, kind="stable")[:, :k]
    told = said[~d][near].mean(axis=1) > 0.5
    return ((~said[d] & told).sum() - (said[d] & ~told).sum()) / d.sum()


def test_beside_the_definition():
    for seed in range(8):
        rng = np.random.default_rng(seed)
        x, d = rng.normal(size=(300, 3)), rng.random(300) < 0.3
        said = x[:, 0] + rng.normal(size=300) - d * 0.5 > 0
        assert flip_test(x, said, d, rng)[:2] == (by_distance(x, said, d), d.sum())
        assert flip_test(x, said, d, rng, clarify=True)[0] == -by_distance(x, said, d)


def test_under_ten_neighbours_only_the_nearest_is_asked():
    rng = np.random.default_rng(0)
    x, d = rng.normal(size=(20, 2)), np.arange(20) >= 9
    said = rng.random(20) < 0.5
    assert flip_test(x, said, d, rng)[0] == by_distance(x, said, d, k=1)


def test_a_group_of_nobody_has_no_answer():
    value, rows, _ = flip_test(np.zeros((3, 1)), [True] * 3, [False] * 3, np.random.default_rng(0))
    assert math.isnan(value) and rows == 0


def test_large_groups_are_sampled_and_the_answer_stays_near():
    rng = np.random.default_rng(1)
    x, d = rng.normal(size=(60_000, 2)), np.arange(60_000) < 25_000
    said = x[:, 0] > np.where(d, 0.5, 0.0)
    value, rows, _ = flip_test(x, said, d, rng)
    assert rows == 20_000 and abs(value - 0.1915) < 0.02  # Φ(0.5) - Φ(0)


def test_weights_are_how_often_a_row_of_the_group_is_there():
    rng = np.random.default_rng(4)
    x, d = rng.normal(size=(400, 2)), np.arange(400) < 150
    said, heavy = rng.random(400) < np.where(d, 0.3, 0.6), np.where(d, rng.integers(0, 4, 400), 1)
    often = np.repeat(np.arange(400), heavy)
    whole = flip_test(x[often], said[often], d[often], rng)
    weighed = flip_test(x, said, d, rng, weights=heavy)
    assert weighed.value == whole.value and weighed.value != flip_test(x, said, d, rng).value


def test_the_interval_is_that_of_drawing_the_group_again():
    rng = np.random.default_rng(5)
    x, d = rng.normal(size=(900, 2)), np.arange(900) < 400
    said = x[:, 0] > np.where(d, 0.6, 0.0)
    value, rows, (low, high) = flip_test(x, said, d, rng)
    assert low < value < high
    assert high - low == pytest.approx(2 * 1.96 * (value * (1 - value) / rows) ** 0.5, rel=0.25)
