from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ks_2samp

from assay.methods.monitor.distances import categorical, chi_squared, numerical
from assay.methods.monitor.kll import Kll

SHAPES = {
    "normal": lambda r, n: r.normal(size=n),
    "few values": lambda r, n: r.integers(0, 5, n).astype(float),
    "sorted": lambda r, n: np.arange(n, dtype=float),
    "backwards": lambda r, n: np.arange(n, 0, -1, dtype=float),
    "heavy": lambda r, n: r.pareto(1, n),
}


def exact(values, points):
    return np.searchsorted(np.sort(values), points, side="right")


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("together", [1, 7, 1_000_000])
def test_ranks_are_within_the_error_that_is_stated(shape, together):
    n = 3_000 if together == 1 else 100_000
    values = SHAPES[shape](np.random.default_rng(3), n)
    sketch = Kll(200 if together != 1 else 64)
    for part in np.array_split(values, max(1, n // together)) if together != 1 else values.reshape(-1, 1):
        sketch.update(part)
    points = np.quantile(values, np.linspace(0, 1, 50))
    assert sketch.n == n
    assert np.max(np.abs(sketch.ranks(points) - exact(values, points))) / n <= sketch.error
    held = sum(map(len, sketch.levels))
    assert held < 3.5 * sketch.size and all(
        len(x) <= sketch._capacity(i) for i, x in enumerate(sketch.levels)
    )


@given(st.lists(st.floats(allow_nan=True, width=32), max_size=300), st.integers(1, 50))
def test_below_its_size_it_is_exact_and_no_weight_is_ever_lost(values, size):
    finite = np.array([v for v in values if math.isfinite(v)], float)
    whole = Kll().update(values)
    assert whole.n == len(finite)
    if len(finite):
        assert (whole.ranks(finite) == exact(finite, finite)).all()
        assert whole.quantile(0.5) == np.sort(finite)[(len(finite) - 1) // 2]
    small = Kll(8)
    for start in range(0, len(values), size):
        small.update(values[start : start + size])
    assert small.n == len(finite)


def test_merged_sketches_answer_as_one_of_all():
    random = np.random.default_rng(5)
    parts = [random.normal(i, 1, 40_000) for i in range(4)]
    merged = Kll(256)
    for part in parts:
        merged.merge(Kll(256).update(part))
    values = np.concatenate(parts)
    points = np.linspace(-3, 6, 40)
    assert merged.n == len(values)
    assert np.max(np.abs(merged.ranks(points) - exact(values, points))) / len(values) <= merged.error


def test_it_is_written_and_read_as_model_monitor_keeps_it():
    sketch = Kll().update([3.0, 1.0, 2.0])
    assert sketch.to_dict() == {"parameters": {"c": 0.64, "k": 2048.0}, "data": [[3.0, 1.0, 2.0]]}
    again = Kll.from_dict({"parameters": [0.64, 2048], "data": [[3.0, 1.0], [2.0]]})  # Deequ's own order
    assert again.size == 2048 and again.n == 4 and list(again.ranks([1, 2, 3])) == [1, 3, 4]
    for bad in (
        {},
        {"data": [["x"]]},
        {"data": [[float("nan")]]},
        {"data": 5},
        {"parameters": "k", "data": []},
    ):
        with pytest.raises(ValueError, match="no KLL sketch"):
            Kll.from_dict(bad)


@given(
    st.lists(st.integers(-5, 5), min_size=1, max_size=60),
    st.lists(st.integers(-5, 5), min_size=1, max_size=60),
)
def test_the_distance_of_numbers_is_kolmogorov_and_smirnovs(old, new):
    d = numerical(Kll().update(old), Kll().update(new), robust=False)
    points = np.unique([*old, *new])
    assert d == pytest.approx(np.abs(exact(old, points) / len(old) - exact(new, points) / len(new)).max())
    n, m = len(old), len(new)
    robust = numerical(Kll().update(old), Kll().update(new), robust=True)
    assert robust == pytest.approx(max(0.0, d - 1.8 * math.sqrt((n + m) / (n * m))))


def test_the_distance_of_texts_is_of_shares_over_the_union():
    old, new = {"a": 6, "b": 4}, {"a": 3, "c": 7}
    assert categorical(old, new, robust=False) == pytest.approx(0.7)
    assert categorical(old, new, robust=True) == 0.0
    large = {k: 1000 * v for k, v in old.items()}, {k: 1000 * v for k, v in new.items()}
    assert categorical(*large, robust=True) == pytest.approx(0.7 - 1.8 * math.sqrt(20_000 / 1e8))
    assert math.isnan(categorical({}, new, robust=False))


def test_chi_square_merges_small_categories_and_drops_new_ones():
    from scipy.stats import chisquare

    statistic, p = chi_squared({"a": 50, "b": 50}, {"a": 30, "b": 70, "new": 500})
    assert (statistic, p) == pytest.approx(tuple(chisquare([30, 70], [50, 50])))
    # Six categories: one below 5 is a fifth of them, rounded down, and stays; two are one too many, and are merged.
    old = {"a": 40, "b": 30, "c": 20, "d": 10, "e": 6, "f": 2}
    assert chi_squared(old, old) == pytest.approx((0.0, 1.0))
    old = {"a": 60, "b": 30, "c": 20, "d": 10, "e": 3, "f": 2}
    new = {"a": 60, "b": 30, "c": 20, "d": 10, "e": 0, "f": 5}
    assert chi_squared(old, new)[0] == pytest.approx(0.0)  # e and f together are as they were
    assert math.isnan(
        chi_squared({"a": 12, "b": 8}, {"a": 12, "b": 8})[0]
    )  # of two, both must be expected 10 times
    assert math.isnan(chi_squared({"a": 5}, {"a": 5})[0]) and math.isnan(chi_squared({"a": 5}, {"b": 5})[1])


def test_the_distance_of_large_samples_is_scipys():
    random = np.random.default_rng(8)
    old, new = random.normal(size=50_000), random.normal(0.1, 1.1, 30_000)
    d = numerical(Kll().update(old), Kll().update(new), robust=False)
    assert d == pytest.approx(ks_2samp(old, new).statistic, abs=2 * Kll().error)


def test_a_value_that_the_baseline_counts_as_zero_ended_chi_square():
    old = {"a": 100, "b": 100, "c": 100, "d": 100, "never": 0}
    new = {"a": 30, "b": 20, "c": 25, "d": 25, "never": 9}
    assert chi_squared(old, new) == chi_squared({k: v for k, v in old.items() if v}, new)
