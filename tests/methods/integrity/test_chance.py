"""What tells slips from tendencies, beside SciPy's binomial and made-up cases."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from assay.methods.integrity.chance import cliff, gathered, near, scattered, strays, tail
from assay.methods.integrity.column import Sampled
from assay.methods.integrity.figures import simplest

RNG = np.random.default_rng(4)
N = 5_000


@given(st.integers(-1, 60), st.integers(0, 50), st.floats(0.001, 0.999))
def test_the_tail_is_the_binomial_one(hits, of, share):
    assert float(tail(hits, of, share)) == pytest.approx(binom.sf(hits - 1, of, share), abs=1e-12)


def test_slips_in_groups_and_an_exception_that_is_a_group():
    total = np.full(50, 100)
    assert not gathered(RNG.binomial(total, 0.02), total)
    assert gathered(np.where(np.arange(50) == 7, 90, 0), total)


def test_what_another_column_explains_is_no_slip():
    shop = RNG.integers(0, 10, N)
    column = Sampled("shop", "integer", pa.array(shop))
    everywhere = np.ones(N, bool)
    slips = RNG.random(N) < 0.01
    habit = (shop == 3) & (RNG.random(N) < 0.1)
    assert scattered(slips, everywhere, [column])
    assert not scattered(habit, everywhere, [column])
    assert strays(slips, everywhere, [column])
    assert not strays(habit, everywhere, [column])


def test_errors_near_a_bound_are_no_slips():
    x = RNG.normal(size=N)
    noisy = (x + RNG.normal(size=N) * 0.05) > 0
    flipped = (x > 0) ^ (RNG.random(N) < 0.02)
    assert near(np.abs(x), noisy != (x > 0))
    assert not near(np.abs(x), flipped != (x > 0))


def test_a_cliff_and_a_slope():
    rule = RNG.exponential(3, N)
    rule[:40] = -RNG.exponential(3, 40)
    assert cliff(rule)
    assert not cliff(RNG.normal(2.5, 1, N))
    assert not cliff(RNG.normal(40, 1, N))


@pytest.mark.parametrize(
    ("low", "high", "number"),
    [
        (17.2, 18.9, 18),
        (2.204, 2.2051, 2.205),
        (-1, 1, 0),
        (99.97, 100.02, 100),
        (0.1899, 0.1901, 0.19),
        (-3.4, -2.9, -3),
    ],
)
def test_the_plainest_number_between_two(low, high, number):
    assert simplest(low, high) == number


@given(st.floats(-1e9, 1e9), st.floats(1e-6, 1e6))
def test_the_plainest_number_lies_between(low, width):
    assert low <= simplest(low, low + width) <= low + width
