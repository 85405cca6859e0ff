"""Sketches against the exact answer: within the stated errors, and exact where they say so."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from assay.methods.profile import sketch
from assay.methods.rowhash import column_hashes


def sketched(values, size: int = 10_000) -> sketch.Sketch:
    out = sketch.Sketch(np.random.default_rng(7))
    array = pa.array(values, from_pandas=True)
    for at in range(0, len(array), size):
        part = array.slice(at, size)
        out.add(part, column_hashes(part))
    return out


@pytest.mark.parametrize("distinct", [1, 100, 20_000, 300_000])
def test_distinct_values_are_within_four_standard_errors(distinct):
    values = np.random.default_rng(distinct).permutation(np.arange(300_000) % distinct)
    assert sketched(values).distinct.estimate() == pytest.approx(distinct, rel=4 * sketch.DISTINCT_ERROR)


def test_numbers_exact_moments_and_quantiles_within_their_ranks(monkeypatch):
    monkeypatch.setattr(sketch, "SAMPLE", 20_000)
    rng = np.random.default_rng(7)
    values = np.concatenate([rng.lognormal(size=200_000), [np.inf, np.nan, 0.0, -1.0]])
    found = sketched(values)
    figures, series = found.figures(), pd.Series(values[np.isfinite(values)])
    assert (figures["infinite"], figures["zeros"], figures["negatives"], found.missing) == (1, 1, 1, 1)
    assert figures["min"] == -1.0 and figures["max"] == series.max()
    assert figures["mean"] == pytest.approx(series.mean()) and figures["std"] == pytest.approx(series.std())
    assert figures["skewness"] == pytest.approx(series.skew(), rel=1e-6)
    assert figures["kurtosis"] == pytest.approx(series.kurt(), rel=1e-6)
    taken = found.sample()
    assert 20_000 <= taken.present <= 40_000
    ranks = np.searchsorted(np.sort(series), taken.values[np.isfinite(taken.values)]) / len(series)
    exact = np.cumsum(taken.counts[np.isfinite(taken.values)]) / taken.present
    assert np.abs(ranks - exact).max() < np.sqrt(np.log(2 / 0.01) / (2 * 20_000))


def test_frequent_values_fall_short_by_no_more_than_the_bound(monkeypatch):
    monkeypatch.setattr(sketch, "KEPT", 100)
    rng = np.random.default_rng(7)
    values = np.where(rng.random(100_000) < 0.2, "often", [f"v{i}" for i in rng.integers(0, 30_000, 100_000)])
    top = dict(sketched(values, 1000).top(5))
    true = int((values == "often").sum())
    assert true - 100_000 / 100 <= top["often"] <= true


def test_lengths_of_texts_are_exact():
    values = ["a", "ébc", None, "dd"] * 5000
    found = sketched(values, 777)
    assert found.lengths() == {"min": 1, "max": 3, "mean": 2.0} and found.missing == 5000


def test_nothing_at_all():
    found = sketched([None, None])
    assert found.distinct.estimate() == 0 and found.top(3) == [] and found.lengths() == {}
    assert found.sample().present == 0
