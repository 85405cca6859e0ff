"""Distances beside scipy's, hand-computed cases, and Deequ's published ones."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.spatial.distance import jensenshannon

from assay.methods.drift import distances
from assay.methods.drift.counted import as_numbers, coarse, numbers, paired, texts


def pair(x, y):
    sides = [numbers(*np.unique(np.asarray(v, float), return_counts=True), len(v)) for v in (x, y)]
    return paired(*sides)


def words(x, y):
    return paired(*(texts(*np.unique(v, return_counts=True), len(v)) for v in (x, y)))


samples = st.lists(st.floats(-1e6, 1e6) | st.integers(-3, 3).map(float), min_size=1, max_size=60)


@given(samples, samples)
@settings(max_examples=40, deadline=None)
def test_numbers_agree_with_scipy(x, y):
    both = pair(x, y)
    grid = np.array([*x, *y])
    apart = [np.mean(np.array(x) <= v) - np.mean(np.array(y) <= v) for v in grid]
    assert distances.ks(both) == pytest.approx(np.max(np.abs(apart)), abs=1e-12)
    assert distances.wasserstein(both) == pytest.approx(stats.wasserstein_distance(x, y), rel=1e-9, abs=1e-6)
    assert distances.deviation(both.values, both.a) == pytest.approx(np.std(x), rel=1e-9, abs=1e-6)


@given(
    st.lists(st.integers(0, 50), min_size=2, max_size=12),
    st.lists(st.integers(0, 50), min_size=2, max_size=12),
)
@settings(max_examples=40, deadline=None)
def test_shares_agree_with_scipy(a, b):
    a, b = (np.array([*c, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1][:12]) for c in (a, b))
    p, q = a / a.sum(), b / b.sum()
    assert distances.jensen_shannon(a, b) == pytest.approx(jensenshannon(p, q, base=2), abs=1e-7)
    assert distances.total_variation(a, b) == pytest.approx(np.abs(p - q).sum() / 2)
    assert distances.hellinger(a, b) == pytest.approx(
        np.linalg.norm(np.sqrt(p) - np.sqrt(q)) / math.sqrt(2), abs=1e-7
    )
    full_p, full_q = (np.maximum(s, 1e-4) for s in (p, q))
    assert distances.kl(a, b) == pytest.approx((full_q * np.log(full_q / full_p)).sum())


def test_psi_by_hand():
    # (0.2-0.1) ln 2 + (0.3-0.4) ln 0.75 + 0
    assert distances.psi(np.array([10, 40, 50]), np.array([20, 30, 50])) == pytest.approx(
        0.1 * math.log(2) - 0.1 * math.log(0.75)
    )
    # an empty share counts as 0.0001
    assert distances.psi(np.array([50, 50]), np.array([100, 0])) == pytest.approx(
        0.5 * math.log(2) + (0.0001 - 0.5) * math.log(0.0002)
    )
    assert distances.psi(np.array([3, 4]), np.array([30, 40])) == 0


def test_bins_hold_equal_shares_of_the_baseline():
    both = pair(np.arange(1000), np.arange(1000) + 50)
    a, b = distances.binned(both, distances.edges(both))
    assert a.tolist() == [100] * 10 and b.tolist() == [50, *[100] * 8, 150]


def test_a_value_that_is_most_of_the_baseline_has_a_bin_of_its_own():
    both = pair([0] * 92 + list(range(1, 9)), [0] * 50 + [5] * 50)
    inner = distances.edges(both)
    assert 0 in inner
    a, b = distances.binned(both, inner)
    assert a[0] == 92 and b[0] == 50


def test_a_constant_baseline_tells_below_at_and_above():
    both = pair([5] * 10, [4, 5, 5, 6, 7])
    a, b = distances.binned(both, distances.edges(both))
    assert a.tolist() == [0, 10, 0] and b.tolist() == [1, 2, 2]
    assert distances.normed(distances.wasserstein(both), 0.0) == math.inf and distances.normed(0.0, 0.0) == 0


def test_deequs_published_cases():
    # awslabs/deequ, KLLDistanceTest: numbers 1..4 against 2..5, and two maps of categories
    both = pair([1, 2, 3, 4], [2, 3, 4, 5])
    assert distances.ks(both) == 0.25
    assert distances.linf_robust(0.25, 4, 4) == 0
    a, b = np.array([10, 20, 25, 10, 5]), np.array([11, 20, 25, 10, 10])
    assert distances.linf_simple(a, b) == pytest.approx(abs(5 / 70 - 10 / 76))


def test_linf_robust_takes_off_what_chance_does():
    assert distances.linf_robust(0.3, 1000, 500) == pytest.approx(0.3 - 1.8 * math.sqrt(1500 / 500_000))
    c = math.sqrt(-math.log(0.003 / 2) / 2)
    assert distances.linf_robust(0.3, 1000, 500, 0.003) == pytest.approx(0.3 - c * math.sqrt(1500 / 500_000))


def test_chi_square_agrees_with_scipy_where_nothing_is_merged():
    a, b = np.array([100, 200, 300]), np.array([30, 70, 80])
    seen, due = distances.chi_square_merged(a, b)
    assert sorted(seen) == [30, 70, 80] and due.sum() == pytest.approx(180)
    expected = stats.chisquare(b, a / a.sum() * b.sum())
    from assay.methods.drift.significance import goodness

    assert goodness(seen, due) == pytest.approx((expected.statistic, expected.pvalue))


def test_chi_square_merges_the_smallest_into_the_second_smallest():
    # new categories are dropped; of five categories one (20 %) may expect under 5
    a, b = np.array([100, 100, 4, 3, 3, 0]), np.array([50, 45, 2, 2, 1, 7])
    seen, due = distances.chi_square_merged(a, b)
    # expects 47.6, 47.6, 1.9, 1.43, 1.43: 1.43 + 1.43 = 2.86; then four categories, none may be under 5: 1.9 + 2.86
    # = 4.76, three categories; then 4.76 + 47.6 = 52.4, and two that both expect 10
    assert due == pytest.approx([100 / 210 * 100, 110 / 210 * 100])
    assert seen.tolist() in ([50, 50], [45, 55])
    assert len(distances.chi_square_merged(np.array([5, 5]), np.array([4, 4]))[0]) == 0


def test_missing_infinite_and_unread_values_are_counted_apart():
    got = numbers(np.array([2.0, np.nan, np.inf, -0.0, 0.0, 2.0]), np.array([1, 2, 3, 4, 5, 6]), 25)
    assert (got.values.tolist(), got.counts.tolist()) == ([0.0, 2.0], [9, 7])
    assert (got.infinite, got.missing) == (3, 6)
    read = as_numbers(texts(["1", "2.5", "n/a", " "], np.array([3, 1, 2, 1]), 9))
    assert read.unread == {"n/a": 2} and read.present == 4 and read.missing == 3
    codes = as_numbers(texts(["12_34", "5"], np.array([2, 1]), 3))
    assert codes.unread == {"12_34": 2} and codes.values.tolist() == [5.0]


def test_rounding_keeps_the_order_and_four_digits():
    rng = np.random.default_rng(0)
    x = np.sort(np.concatenate([rng.normal(100, 30, 500), rng.lognormal(0, 9, 500), [100.0]]))
    y = coarse(x, 100.0)
    assert (np.diff(y) >= 0).all() and y[np.flatnonzero(x == 100)[0]] == 100
    assert (np.abs(y - x) <= 5.0001e-4 * np.abs(x - 100)).all()


def test_texts_are_paired_by_name():
    both = words(["a", "a", "b"], ["b", "c"])
    assert both.values == ("a", "b", "c") and both.a.tolist() == [2, 1, 0] and both.b.tolist() == [0, 1, 1]


def test_the_spread_of_the_smallest_numbers_is_not_zero():
    """Their squares were 0, and any shift of theirs was infinite in standard deviations."""
    values, counts = np.array([1e-200, 3e-200]), np.array([5, 5])
    assert distances.deviation(values, counts) == pytest.approx(1e-200)
    moved = pair([1e-200, 3e-200] * 5, [2e-200, 4e-200] * 5)
    assert distances.normed(distances.wasserstein(moved), 1e-200) == pytest.approx(1)
