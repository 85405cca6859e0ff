"""Distances of distributions, by hand and beside scipy."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from assay.methods.quality.spread import FLOOR, fit, homogeneity, kl, psi, total_variation

COUNTS = st.lists(st.integers(1, 500), min_size=2, max_size=8)


def test_by_hand():
    assert psi([0.5, 0.5], [0.25, 0.75]) == pytest.approx(0.25 * math.log(2) - 0.25 * math.log(2 / 3))
    assert psi([1.0, 0.0], [0.5, 0.5]) == pytest.approx(
        0.5 * math.log(2) + (FLOOR - 0.5) * math.log(FLOOR / 0.5)
    )
    assert total_variation([1.0, 0.0], [0.0, 1.0]) == 1
    assert kl([0.5, 0.5], [1.0, 0.0]) == math.inf
    assert fit([1, 0], [0.0, 1.0]) == 0.0
    assert fit([7], [1.0]) == homogeneity([3], [9]) == 1.0


@settings(deadline=None)
@given(COUNTS, st.data())
def test_beside_scipy(counts, data):
    others = data.draw(st.lists(st.integers(1, 500), min_size=len(counts), max_size=len(counts)))
    p, q = np.array(counts) / sum(counts), np.array(others) / sum(others)
    assert kl(p, q) == pytest.approx(stats.entropy(p, q), abs=1e-12)
    expected = stats.chisquare(counts, q * sum(counts)).pvalue
    assert fit(counts, q) == pytest.approx(expected, rel=1e-6, abs=1e-300)
    assert homogeneity(counts, others) == pytest.approx(
        stats.chi2_contingency([counts, others], correction=False).pvalue, rel=1e-6, abs=1e-300
    )
    assert psi(p, q) >= 0 and 0 <= total_variation(p, q) <= 1
    assert psi(p, p) == total_variation(p, p) == 0
