"""Since when and whose: stretches and callers that were planted are found."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.methods.monitor import onset, spread


def _cells(reference, window):
    return onset.number_cells(reference, slice(None), window)


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1), st.integers(200, 1800))
def test_a_shift_is_dated(seed, at):
    rng = np.random.default_rng(seed)
    window = rng.normal(size=2000)
    window[at:] += 2.5
    found = onset.stretch(_cells(rng.normal(size=4000), window))
    assert abs(found.start - at) < 25 and found.end == 2000 and found.began and not found.ended


def test_cells_keep_beyond_and_missing_apart():
    reference = np.r_[np.arange(100.0), np.nan]
    cells = _cells(reference, np.array([-5.0, 0.0, 99.0, 200.0, np.nan]))
    assert cells.window[0] == 0 and cells.window[3] == cells.size - 2 and cells.window[4] == cells.size - 1
    assert 0 < cells.window[1] < cells.window[2] < cells.window[3]
    assert (np.abs(np.bincount(cells.reference)[1:-2] - 5) <= 1).all()
    assert cells.gone().window.tolist() == [0, 0, 0, 0, 1]


def test_the_caller_is_named_and_all_are_not():
    rng = np.random.default_rng(1)
    callers = rng.integers(0, 4, 3000)
    reference, window = rng.normal(size=4000), rng.normal(size=3000)
    names = ["a", "b", "c", "d"]
    one = np.where(callers == 2, window + 3, window)
    told = onset.whose(_cells(reference, one), onset.Stretch(0, 3000, False, False), callers, names)
    assert told.callers == ("c",) and not told.all_alike
    told = onset.whose(_cells(reference, window + 3), onset.Stretch(0, 3000, False, False), callers, names)
    assert set(told.callers) == set(names) and told.all_alike and sum(told.shares) == pytest.approx(1)


def test_rare_categories_are_one_cell():
    codes = np.arange(500) % 250
    cells = onset.text_cells(codes, slice(None), np.array([-1, 0, 249]), 250)
    assert cells.size == onset.MOST_CELLS + 2 and cells.window[0] == cells.size - 1


def test_windows_of_a_reference_show_how_much_it_moves_by_itself():
    rng = np.random.default_rng(2)
    times = np.sort(rng.random(8000) * 40.0)
    hour = times.astype(int)
    steady, moving = rng.normal(size=8000), rng.normal(size=8000) + rng.normal(0, 0.7, 41)[hour]
    window = rng.normal(size=200) + 0.9
    of = spread.windows(np.array([40.0, 41.0]), times)
    assert of is not None and len(np.unique(of)) == 40 - 1 or of.max() >= 38
    slots = np.zeros(8000, np.int64)
    own, usual, many = spread.usual(_cells(steady, window), of, slots)
    assert own > usual and many >= 38
    own, usual, _ = spread.usual(_cells(moving, window), of, slots)
    assert own < usual
    assert spread.windows(np.array([0.0, 20.0]), times) is None
