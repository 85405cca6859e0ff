from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from assay.methods.masking.numbers import Noise, Rounded


def hidden(way, values, kind=None):
    return way.hide(pa.record_batch({"x": pa.array(values, kind)}), "x", 0)


@given(st.lists(st.integers(-(2**63), 2**63 - 1), max_size=20), st.integers(1, 10**6))
def test_whole_numbers_round_like_decimals(values, to):
    done = hidden(Rounded(Decimal(to)), values, pa.int64())
    for value, out, unfit in zip(values, done.array.to_pylist(), done.unfit.tolist(), strict=True):
        exact = (
            int((Decimal(value) / to).quantize(Decimal(1), ROUND_HALF_EVEN)) * to
            if abs(value) < 10**15
            else None
        )
        assert exact is None or out == exact
        assert unfit == (out is None)
        assert out is None or abs(out - value) * 2 <= to


def test_types_and_odd_values():
    done = hidden(Rounded(Decimal(100)), [149, 150, 250, -150, None], pa.int16()).array
    assert done.to_pylist() == [100, 200, 200, -200, None] and done.type == pa.int64()
    floats = [1.234, -0.001, float("nan"), float("inf"), None]
    done = hidden(Rounded(Decimal("0.01")), floats).array.to_pylist()
    assert (
        done[:2] == [1.23, 0.0]
        and str(done[1]) == "0.0"
        and done[2] != done[2]
        and done[3:] == [float("inf"), None]
    )
    assert hidden(Rounded(Decimal("0.25")), [0.3, 0.4]).array.to_pylist() == [0.25, 0.5]
    decimals = [Decimal("12.345"), Decimal("-0.125"), None]
    done = hidden(Rounded(Decimal("0.05")), decimals).array
    assert done.to_pylist() == [Decimal("12.350"), Decimal("-0.100"), None]
    assert hidden(Rounded(Decimal(1000)), [2**64 - 1], pa.uint64()).unfit.tolist() == [True]


def test_the_largest_numbers_do_not_become_infinite():
    for to in ("0.01", "0.05"):
        assert hidden(Rounded(Decimal(to)), [1.7e308, -1.2e308]).array.to_pylist() == [1.7e308, -1.2e308]


@pytest.mark.parametrize("kind", ["laplace", "gaussian"])
def test_noise_has_its_distribution(kind):
    noisy = hidden(Noise(np.random.default_rng(3), 5.0, kind), np.full(20_000, 100.0)).array.to_numpy()
    law = stats.laplace(100, 5) if kind == "laplace" else stats.norm(100, 5)
    assert stats.kstest(noisy, law.cdf).pvalue > 0.001


def test_noise_is_the_same_in_any_batches_and_keeps_types():
    values = [1, None, 3, 4, 5, 6]
    whole = hidden(Noise(np.random.default_rng(3), 5.0), values).array.to_pylist()
    noise = Noise(np.random.default_rng(3), 5.0)
    parts = hidden(noise, values[:2]).array.to_pylist() + hidden(noise, values[2:]).array.to_pylist()
    assert parts == whole and whole[1] is None and all(isinstance(v, int) for v in whole if v is not None)
    done = hidden(Noise(np.random.default_rng(3), 5.0), [Decimal("1.50"), None]).array
    assert done.type.scale == 2 and done.to_pylist()[1] is None
    done = hidden(Noise(np.random.default_rng(3), 5.0, low=0, high=9, digits=1), np.linspace(0, 9, 400)).array
    assert all(0 <= v <= 9 and round(v, 1) == v for v in done.to_pylist())


def test_what_is_no_number_gets_no_noise():
    done = hidden(Noise(np.random.default_rng(3), 5.0), [float("nan"), float("inf"), 1.0, None])
    assert done.unfit.tolist() == [True, True, False, False]
    assert done.array.null_count == 3
    done = hidden(Noise(np.random.default_rng(3), 1e300), [2**62, -(2**62)])
    assert done.unfit.tolist() == [True, True]
