"""p-values beside scipy's, and how often they cry wolf."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special, stats

from assay.methods.drift import significance
from assay.methods.drift.counted import numbers, paired
from assay.methods.drift.significance import adjusted, fisher, homogeneity, ks_p


def pair(x, y):
    return paired(*(numbers(*np.unique(np.asarray(v, float), return_counts=True), len(v)) for v in (x, y)))


@given(st.integers(1, 60), st.integers(1, 60), st.integers(0, 10_000), st.floats(-1, 1))
@settings(max_examples=60, deadline=None)
def test_ks_is_exact_for_small_samples(n, m, seed, shift):
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=n), rng.normal(shift, 1, m)
    assert ks_p(pair(x, y)) == pytest.approx(stats.ks_2samp(x, y, method="exact").pvalue, rel=1e-6, abs=1e-9)


def test_ks_of_large_samples_is_the_limit():
    rng = np.random.default_rng(0)
    for n, m, shift in ((3000, 4000, 0.02), (5000, 5000, 0.05), (9000, 2000, 0.1), (20_000, 15_000, 0.03)):
        x, y = rng.normal(size=n), rng.normal(shift, 1, m)
        assert ks_p(pair(x, y)) == pytest.approx(stats.ks_2samp(x, y, method="asymp").pvalue, rel=0.03)


def test_special_functions_agree_with_scipy():
    for freedom in (1, 2, 3, 7, 50, 999):
        for factor in (0.05, 0.5, 1, 1.3, 2, 5):
            x = freedom * factor
            assert significance.chi_square_p(x, freedom) == pytest.approx(stats.chi2.sf(x, freedom), rel=1e-9)
    for x in np.linspace(0.2, 4, 40):
        assert significance.kolmogorov(x) == pytest.approx(special.kolmogorov(x), rel=1e-9)


@given(st.integers(0, 12), st.integers(1, 12), st.integers(0, 12), st.integers(1, 40))
@settings(max_examples=60, deadline=None)
def test_fisher_is_scipys(x, n, y, m):
    x, y = min(x, n), min(y, m)
    assert fisher(x, n, y, m) == pytest.approx(stats.fisher_exact([[x, n - x], [y, m - y]]).pvalue, rel=1e-7)


def test_homogeneity_is_scipys_where_nothing_is_rare():
    a, b = np.array([100, 200, 300]), np.array([30, 70, 80])
    statistic, freedom, p, v = homogeneity(a, b)
    expected = stats.chi2_contingency([a, b], correction=False)
    assert (statistic, freedom, p) == pytest.approx((expected.statistic, expected.dof, expected.pvalue))
    assert v == pytest.approx(stats.contingency.association([a, b], method="cramer"))


def test_rare_categories_are_one_and_two_rare_ones_are_exact():
    a, b = np.array([500, 480, *[1] * 20]), np.array([490, 500, *[1] * 10, *[0] * 10])
    _, freedom, p, _ = homogeneity(a, b)
    assert freedom == 2 and p == pytest.approx(
        stats.chi2_contingency([[500, 480, 20], [490, 500, 10]], correction=False).pvalue
    )
    assert homogeneity(np.array([3, 20]), np.array([0, 9]))[2] == pytest.approx(fisher(3, 23, 0, 9))
    assert homogeneity(np.array([5]), np.array([9]))[2] == 1
    assert math.isnan(homogeneity(np.array([5, 1]), np.array([0, 0]))[2])


def test_a_value_on_one_side_only():
    assert significance.all_on_one_side(2, 3, 2) == pytest.approx(3 / 10)
    assert significance.all_on_one_side(4, 3, 9) == 0


def test_adjustments_are_scipys():
    p = np.random.default_rng(1).random(30) ** 2
    assert adjusted(p.tolist(), "benjamini-hochberg") == pytest.approx(
        stats.false_discovery_control(p).tolist()
    )
    assert adjusted(p.tolist(), "bonferroni") == pytest.approx(np.minimum(1, p * 30).tolist())
    assert adjusted(p.tolist(), "none") == p.tolist()
    with_nan = adjusted([0.01, math.nan, 0.04], "bonferroni")
    assert with_nan[0] == 0.02 and math.isnan(with_nan[1]) and with_nan[2] == 0.08


def test_p_values_of_one_distribution_are_small_as_seldom_as_they_say():
    rng = np.random.default_rng(2)
    continuous, counts, ties = [], [], []
    for _ in range(400):
        continuous.append(ks_p(pair(rng.normal(size=80), rng.normal(size=120))))
        a, b = (
            np.bincount(rng.choice(6, n, p=[0.5, 0.3, 0.1, 0.06, 0.03, 0.01]), minlength=6)
            for n in (150, 250)
        )
        counts.append(homogeneity(a, b)[2])
        ties.append(ks_p(pair(rng.poisson(1, 80), rng.poisson(1, 120))))
    for values in (continuous, counts, ties):
        assert np.mean(np.array(values) < 0.05) < 0.05 + 3 * math.sqrt(0.05 * 0.95 / 400)
    assert np.mean(np.array(continuous) < 0.05) > 0.02  # nor are they asleep
