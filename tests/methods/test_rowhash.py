"""Hashes of rows: the same wherever a row lies and however wide its numbers are stored, and different otherwise."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from assay.methods.rowhash import row_hashes

CELLS = st.tuples(
    st.none() | st.integers(-(2**62), 2**62), st.none() | st.floats(allow_nan=False), st.none() | st.text(max_size=5),
    st.none() | st.booleans(), st.none() | st.dates(),
)  # fmt: skip
KINDS = [pa.int64(), pa.float64(), pa.string(), pa.bool_(), pa.date32()]


def batch(rows):
    columns = zip(*rows, strict=True) if rows else [[]] * 5
    return pa.record_batch(
        [pa.array(list(c), k) for c, k in zip(columns, KINDS, strict=True)], names=list("abcde")
    )


@given(st.lists(CELLS, min_size=1, max_size=30), st.integers(0, 30))
def test_equal_rows_and_only_they_have_equal_hashes(rows, at):
    hashes = row_hashes(batch(rows))
    apart = [*row_hashes(batch(rows[:at])), *row_hashes(batch(rows[at:]))]
    assert hashes.tolist() == [int(h) for h in apart]
    # -0.0 equals 0.0 in Python as in the hash
    for i, a in enumerate(rows):
        for j, b in enumerate(rows):
            assert (hashes[i] == hashes[j]) == (a == b)


def test_the_width_of_a_number_makes_no_difference():
    values = [1, -5, None, 127]
    wide, narrow = (pa.record_batch([pa.array(values, k)], names=["a"]) for k in (pa.int64(), pa.int8()))
    assert row_hashes(wide).tolist() == row_hashes(narrow).tolist()
    seconds = [dt.datetime(2020, 1, 2), None]
    a, b = (pa.record_batch([pa.array(seconds, pa.timestamp(u))], names=["t"]) for u in ("s", "ns"))
    assert row_hashes(a).tolist() == row_hashes(b).tolist()


def test_nothing_is_not_nought_and_columns_do_not_change_places():
    a = pa.record_batch([pa.array([0, None, 1]), pa.array([1, 1, 0])], names=["a", "b"])
    assert len(set(row_hashes(a).tolist())) == 3


def test_hashes_are_spread_evenly():
    hashes = row_hashes(pa.record_batch([pa.array(np.arange(1 << 16))], names=["a"]))
    counts = np.bincount((hashes >> np.uint64(56)).astype(int), minlength=256)
    assert len(set(hashes.tolist())) == 1 << 16 and 150 < counts.min() and counts.max() < 370
