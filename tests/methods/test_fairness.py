"""Against cases computed by hand, published examples, and properties that hold of any counts."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.methods import fairness
from assay.methods.bias import Counts
from assay.methods.resample import Tally, intervals

A, D = Counts(40, 10, 5, 45), Counts(10, 5, 15, 20)
counts = st.builds(Counts, *[st.integers(0, 60)] * 4)


def test_parities_by_hand():
    # told yes: 50 of 100 and 15 of 50; found 40/45 and 10/25; alarmed 10/55 and 5/25; precise 40/50 and 10/15
    found = fairness.between(A, D)
    assert found == {
        "demographic_parity_difference": pytest.approx(0.5 - 0.3),
        "demographic_parity_ratio": pytest.approx(0.3 / 0.5),
        "equalized_odds_difference": pytest.approx(40 / 45 - 10 / 25),
        "equalized_odds_ratio": pytest.approx((10 / 25) / (40 / 45)),
        "equal_opportunity_difference": pytest.approx(40 / 45 - 10 / 25),
        "equal_opportunity_ratio": pytest.approx((10 / 25) / (40 / 45)),
        "predictive_parity_difference": pytest.approx(0.8 - 10 / 15),
        "predictive_parity_ratio": pytest.approx((10 / 15) / 0.8),
    }
    assert fairness.pair(A, D)["average_odds_difference"] == pytest.approx(
        ((10 / 25 - 40 / 45) + (5 / 25 - 10 / 55)) / 2
    )
    assert set(fairness.pair(A, D)) == set(fairness.PAIR) and set(found) == set(fairness.BETWEEN)


def test_of_three_groups_the_furthest_two_say_it():
    middle = Counts(20, 8, 10, 22)
    found = fairness.between(A, middle, D)
    for name in fairness.BETWEEN:
        assert found[name] == fairness.between(A, D)[name], name


def test_a_rate_of_nothing_is_undefined():
    nobody = Counts(0, 0, 5, 5)  # nobody is told yes: no precision
    found = fairness.between(A, nobody)
    assert math.isnan(found["predictive_parity_difference"])
    assert found["demographic_parity_ratio"] == 0
    assert math.isnan(fairness.between(nobody, nobody)["demographic_parity_ratio"])


def test_the_guidelines_own_example():
    """Question 12 of the agencies' Q&A: 48 of 80 whites and 12 of 40 blacks are hired, 60 % and 30 %: half, so adverse."""
    white, black = fairness.four_fifths([48, 12], [80, 40])
    assert (white.ratio, black.ratio) == (1.0, pytest.approx(0.5)) and math.isnan(white.p)
    # z by hand: pooled 0.5, standard error sqrt(0.25 (1/80 + 1/40)) = 0.096825, z = 3.0984
    assert black.test == "z" and black.p == pytest.approx(0.001946, abs=1e-6)
    assert black.adverse and not white.adverse


def test_few_people_are_tested_exactly():
    # Fisher's tea: 3 of 4 against 1 of 4 is 34/70 two-sided
    p, test = fairness.two_proportions(3, 4, 1, 4)
    assert test == "Fisher" and p == pytest.approx(34 / 70)
    found = fairness.four_fifths([3, 1], [4, 4])[1]
    assert found.ratio == pytest.approx(1 / 3) and not found.adverse  # chance explains it


def test_two_groups_alike_differ_by_chance():
    assert fairness.two_proportions(500, 1000, 500, 1000) == (1.0, "z")
    assert fairness.two_proportions(0, 1000, 0, 1000)[0] == 1.0
    assert math.isnan(fairness.two_proportions(0, 0, 5, 9)[0])


@given(st.integers(1, 300), st.integers(1, 300), st.data())
def test_as_scipy_tests_it(n, m, data):
    from scipy.stats import chi2_contingency, fisher_exact

    x, y = data.draw(st.integers(0, n)), data.draw(st.integers(0, m))
    p, test = fairness.two_proportions(x, n, y, m)
    rows = [[x, n - x], [y, m - y]]
    if test == "Fisher":
        assert p == pytest.approx(fisher_exact(rows).pvalue)
    else:  # the square of z is chi-squared without a correction
        assert p == pytest.approx(chi2_contingency(rows, correction=False).pvalue, abs=1e-12)


@given(counts, counts)
def test_exchanging_the_groups_changes_no_parity_and_turns_the_average_odds(a, d):
    one, other = fairness.between(a, d), fairness.between(d, a)
    assert one == pytest.approx(other, nan_ok=True)
    assert fairness.pair(a, d)["average_odds_difference"] == pytest.approx(
        -fairness.pair(d, a)["average_odds_difference"], nan_ok=True
    )


@given(st.integers(1, 50), st.integers(1, 50), st.integers(1, 50), st.integers(1, 50))
def test_a_perfect_predictor_has_equal_odds(yes, no, d_yes, d_no):
    found = fairness.between(Counts(yes, 0, 0, no), Counts(d_yes, 0, 0, d_no))
    assert found["equalized_odds_difference"] == 0 == found["predictive_parity_difference"]
    assert found["equal_opportunity_ratio"] == 1 == found["predictive_parity_ratio"]


def test_draws_are_told_all_at_once_as_one_by_one():
    rng = np.random.default_rng(0)
    draws = [Counts(*rng.integers(0, 9, (4, 50)).astype(float)) for _ in range(3)]
    found = fairness.between(*draws)
    for i in range(50):
        alone = fairness.between(*(Counts(g.tp[i], g.fp[i], g.fn[i], g.tn[i]) for g in draws))
        assert {n: v[i] for n, v in found.items()} == pytest.approx(alone, nan_ok=True)


def test_weights_widen_the_interval_as_resampling_rows_does():
    rng = np.random.default_rng(3)
    n = 600
    observed, said, weights = rng.random(n) < 0.5, rng.random(n) < 0.4, rng.exponential(size=n) ** 2
    from assay.methods.cells import Cells
    from assay.methods.resample import tally

    cells = Cells(None, np.ones(n), weights, weights**2)
    one = tally(observed, said, np.ones(n, dtype=bool), cells)
    assert one.counts.predicted == pytest.approx(weights[said].sum() / weights.sum())
    low, high = intervals([one], lambda g: {"rate": g.predicted}, np.random.default_rng(1), 2000)["rate"]
    rows = rng.integers(0, n, (2000, n))
    rates = (weights * said)[rows].sum(axis=1) / weights[rows].sum(axis=1)
    truth = np.percentile(rates, [2.5, 97.5])
    assert (low, high) == (pytest.approx(truth[0], abs=0.015), pytest.approx(truth[1], abs=0.015))
    bare = Tally(one.rows, one.rows, one.rows)
    narrow = intervals([bare], lambda g: {"rate": g.predicted}, np.random.default_rng(1), 2000)["rate"]
    assert high - low > 1.5 * (narrow[1] - narrow[0]) and one.effective < n / 2
