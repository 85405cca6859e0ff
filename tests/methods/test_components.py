"""Moments summed batch by batch, beside numpy over all rows at once."""

from __future__ import annotations

import numpy as np
import pytest

from assay.methods.components import Moments


@pytest.mark.parametrize("far", [0.0, 1e9])
def test_moments_of_batches_are_those_of_all_rows(far):
    rows = far + np.random.default_rng(3).normal(size=(900, 3))
    rows[::7, 1] = np.nan
    rows[:400, 2] = np.nan
    moments = Moments.empty(3)
    for at in range(0, len(rows), 100):
        moments.add(rows[at : at + 100])
    assert moments.count.tolist() == (~np.isnan(rows)).sum(axis=0).tolist()
    assert moments.mean == pytest.approx(np.nanmean(rows, axis=0), rel=1e-12, abs=1e-12)
    assert moments.deviation == pytest.approx(np.nanstd(rows, axis=0), rel=1e-6)


def test_a_column_that_begins_empty_keeps_its_digits():
    """It was summed about 0: of values about 1e9 no spread was left, and the column was taken for a constant."""
    rows = 1e9 + np.random.default_rng(4).normal(size=(500, 1))
    moments = Moments.empty(1)
    moments.add(np.full((50, 1), np.nan))
    moments.add(rows)
    assert moments.deviation == pytest.approx(rows.std(axis=0), rel=1e-6)
