"""Against SciPy's binomial, the placements summed over every pair, and simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from sklearn.metrics import roc_auc_score

from assay.methods import comparing


@given(one=st.integers(0, 60), other=st.integers(0, 60), both=st.integers(0, 20))
def test_mcnemar_is_the_exact_binomial(one, other, both):
    first = [True] * one + [False] * other + [True] * both
    second = [False] * one + [True] * other + [True] * both
    a, b, p = comparing.mcnemar(first, second)
    assert (a, b) == (one, other)
    expected = stats.binomtest(one, one + other, 0.5).pvalue if one + other else 1.0
    assert p == pytest.approx(expected)


def test_mcnemar_of_many_rows_is_near_the_exact_one():
    first, second = [True] * 640 + [False] * 560, [False] * 640 + [True] * 560
    assert comparing.mcnemar(first, second)[2] == pytest.approx(stats.binomtest(640, 1200).pvalue, abs=1e-3)


def _placements(truth, score):
    """DeLong's structural components, pair by pair."""
    yes, no = score[truth], score[~truth]
    kernel = (yes[:, None] > no[None, :]) + 0.5 * (yes[:, None] == no[None, :])
    return kernel.mean(axis=1), kernel.mean(axis=0)


@pytest.mark.parametrize("ties", [False, True])
def test_delong_is_the_sum_over_every_pair(ties):
    rng = np.random.default_rng(2)
    truth = rng.random(300) < 0.3
    first = truth * 0.8 + rng.normal(size=300)
    second = truth * 0.5 + 0.5 * first + rng.normal(size=300)
    if ties:
        first, second = first.round(), second.round()
    found = comparing.delong(truth, first, second)
    v10, v01 = zip(*(_placements(truth, s) for s in (first, second)), strict=True)
    variance = (
        np.var(v10[0] - v10[1], ddof=1) / truth.sum() + np.var(v01[0] - v01[1], ddof=1) / (~truth).sum()
    )
    assert found.first == pytest.approx(roc_auc_score(truth, first))
    assert found.second == pytest.approx(roc_auc_score(truth, second))
    assert found.error == pytest.approx(math.sqrt(variance))
    assert found.p == pytest.approx(2 * stats.norm.sf(abs(found.first - found.second) / found.error))


def test_delong_of_one_score_twice_and_of_one_class():
    truth, score = np.array([True, False, True, False]), np.array([0.9, 0.1, 0.4, 0.4])
    assert comparing.delong(truth, score, score).p == 1
    assert comparing.delong(np.array([True, False, False]), score[:3], score[:3]) is None


def test_p_values_of_models_that_do_not_differ_are_uniform():
    rng = np.random.default_rng(0)
    areas, rights = [], []
    for _ in range(400):
        truth = rng.random(200) < 0.4
        first, second = (truth + rng.normal(size=200) for _ in range(2))
        areas.append(comparing.delong(truth, first, second).p)
        rights.append(comparing.mcnemar((first > 0.5) == truth, (second > 0.5) == truth)[2])
    assert stats.kstest(areas, "uniform").pvalue > 0.01
    assert np.mean(np.array(rights) < 0.05) <= 0.05


def test_the_paired_bootstrap_holds_the_gap_of_means():
    rng = np.random.default_rng(1)
    x = rng.normal(size=400)
    y = x + rng.normal(0.1, 0.2, size=400)
    low, high = comparing.paired(
        lambda rows: (y[rows].mean(), x[rows].mean()), lambda r: r.integers(0, 400, 400), rng
    )
    gap = y - x
    t = stats.t.interval(0.95, 399, gap.mean(), gap.std(ddof=1) / 20)
    assert (low, high) == pytest.approx(t, abs=0.006)
    assert comparing.paired(lambda _: (math.nan, 0.0), lambda r: r.integers(0, 400, 400), rng) is None


def test_the_corrected_t_by_hand_and_its_ends():
    differences = [0.02, 0.01, 0.03, 0.00, 0.02]
    statistic, p = comparing.corrected_t(differences, 20, 80)
    assert statistic == pytest.approx(0.016 / math.sqrt(0.00013 * (1 / 5 + 20 / 80)))
    assert p == pytest.approx(2 * stats.t.sf(statistic, 4))
    assert comparing.corrected_t([0.0, 0.0], 1, 4) == (0.0, 1.0)
    assert comparing.corrected_t([0.5, 0.5], 1, 4) == (math.inf, 0.0)
    assert math.isnan(comparing.corrected_t([0.5], 1, 4)[1])
