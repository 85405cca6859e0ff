"""Distances from stated shares, by hand and beside scipy; those of two samples are data.drift's, and tested there."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from assay.methods.quality.spread import fit, kl

COUNTS = st.lists(st.integers(1, 500), min_size=2, max_size=8)


def test_by_hand():
    assert kl([0.5, 0.5], [1.0, 0.0]) == math.inf
    assert kl([1.0, 0.0], [0.5, 0.5]) == pytest.approx(math.log(2))
    assert fit([1, 0], [0.0, 1.0]) == 0.0
    assert fit([7], [1.0]) == 1.0


@settings(deadline=None)
@given(COUNTS, st.data())
def test_beside_scipy(counts, data):
    others = data.draw(st.lists(st.integers(1, 500), min_size=len(counts), max_size=len(counts)))
    p, q = np.array(counts) / sum(counts), np.array(others) / sum(others)
    assert kl(p, q) == pytest.approx(stats.entropy(p, q), abs=1e-12)
    expected = stats.chisquare(counts, q * sum(counts)).pvalue
    assert fit(counts, list(q)) == pytest.approx(expected, rel=1e-6, abs=1e-12)
