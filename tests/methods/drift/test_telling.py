"""The classifier two-sample test: areas and intervals beside scikit-learn and scipy, and its false alarms."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import mannwhitneyu
from sklearn.metrics import roc_auc_score

from assay.methods.drift import telling


def test_the_area_and_its_chance_are_those_of_the_rank_sum():
    rng = np.random.default_rng(0)
    old, new = np.round(rng.normal(size=300), 1), np.round(rng.normal(0.2, 1, 200), 1)
    area, spread, chance = telling.area(old, new)
    assert area == pytest.approx(roc_auc_score(np.r_[np.zeros(300), np.ones(200)], np.r_[old, new]))
    expected = mannwhitneyu(new, old, alternative="greater", method="asymptotic", use_continuity=False).pvalue
    assert telling.judged([(old, new)])[2] == pytest.approx(expected, rel=1e-9)
    draws = [telling.area(rng.choice(old, 300), rng.choice(new, 200))[0] for _ in range(400)]
    assert spread == pytest.approx(np.var(draws), rel=0.25) and chance > 0


def _matrix(rng, n, shift=0.0):
    x = rng.normal(size=(n, 4))
    x[:, 0] += shift
    x[:, 3] = rng.integers(0, 5, n)
    return x


def test_what_moved_is_named():
    rng = np.random.default_rng(1)
    found = telling.told(
        ["a", "b", "c", "d"], _matrix(rng, 600), _matrix(rng, 500, 1.0), [False] * 3 + [True], rng
    )
    assert found.auc > 0.65 and found.p < 1e-6 and found.interval[0] > 0.6
    assert next(iter(found.by)) == "a" and sum(found.by.values()) == pytest.approx(1)


def test_what_moved_together_is_seen_where_no_column_moved():
    rng = np.random.default_rng(2)
    old, new = _matrix(rng, 1500), _matrix(rng, 1500)
    new[:, 1] = 0.8 * new[:, 0] + 0.6 * new[:, 1]
    found = telling.told(["a", "b", "c", "d"], old, new, [False] * 4, rng)
    assert found.auc > 0.6 and set(list(found.by)[:2]) == {"a", "b"}


@pytest.mark.slow
def test_one_distribution_is_told_apart_in_a_twentieth_of_many_trials():
    rng = np.random.default_rng(4)
    p = [
        telling.told(["a", "b", "c", "d"], _matrix(rng, 300), _matrix(rng, 300), [False] * 3 + [True], rng).p
        for _ in range(300)
    ]
    assert np.mean(np.array(p) < 0.05) < 0.05 + 3 * np.sqrt(0.05 * 0.95 / 300)


def test_texts_are_told_apart_by_their_new_words():
    rng = np.random.default_rng(5)
    words = ["room", "price", "clean", "late", "staff", "noisy", "view", "bed"]
    old = [" ".join(rng.choice(words, 6)) for _ in range(300)]
    new = [" ".join(rng.choice([*words, "refund", "covid"], 6)) for _ in range(300)]
    found = telling.told_texts(old, new, rng)
    assert found.auc > 0.8 and set(list(found.by)[:2]) == {"refund", "covid"}
    same = telling.told_texts(old[:150], old[150:], rng)
    assert same.p > 0.001 and same.auc < 0.62


def test_rare_categories_share_a_code():
    old, new = telling.codes(["a"] * 5 + ["b", None], [f"x{i}" for i in range(300)])
    assert old[0] == 0 and np.isnan(old[-1]) and new.max() == telling.MOST_CODES - 1
