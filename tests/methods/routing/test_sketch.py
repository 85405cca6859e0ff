"""Numbers in buckets: quantiles against numpy's, distances against scipy's, and sums over processes."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from assay.methods.routing.sketch import ACCURACY, Sketch, bucket, furthest, value_of


def of(values):
    made = Sketch()
    for value in values:
        made.add(float(value))
    return made


@given(
    st.floats(-1e15, 1e15, allow_nan=False, allow_subnormal=False).filter(lambda x: x == 0 or abs(x) > 1e-15)
)
def test_a_number_is_known_to_within_the_accuracy(value):
    assert value_of(bucket(value)) == pytest.approx(value, rel=ACCURACY * 1.0001, abs=0)


@given(st.lists(st.floats(-1e9, 1e9), min_size=2, max_size=40))
def test_buckets_order_as_numbers_do(values):
    rising = sorted(values)
    assert [bucket(v) for v in rising] == sorted(bucket(v) for v in values)


@pytest.mark.parametrize("q", [0.0, 0.5, 0.95, 0.99, 1.0])
def test_quantiles_are_those_of_numpy(q):
    values = np.random.default_rng(3).lognormal(-5, 1.3, 4_321)
    exact = float(np.quantile(values, q, method="inverted_cdf"))
    assert of(values).quantile(q) == pytest.approx(exact, rel=ACCURACY * 1.0001)


def test_what_several_counted_is_what_one_would_have_and_can_be_taken_apart_again():
    lot = np.random.default_rng(5)
    a, b = lot.normal(size=300), lot.normal(3, 1, size=200)
    whole = of(a)
    before = Sketch(dict(whole.counts))
    whole.load(of(b).counts)
    assert whole.counts == of([*a, *b]).counts and whole.n == 500
    assert whole.since(before).counts == of(b).counts


def test_the_distance_is_that_of_kolmogorov_and_smirnov():
    lot = np.random.default_rng(7)
    for a, b in (
        (lot.normal(size=400), lot.normal(0.7, 1, 300)),
        (lot.integers(0, 4, 200), lot.integers(1, 5, 90)),
    ):
        theirs = stats.ks_2samp(a, b).statistic
        assert furthest(of(a), of(b)) == pytest.approx(theirs, abs=0.02)
    assert furthest(of([]), of([1])) == 0 and math.isnan(of([]).quantile(0.5))
