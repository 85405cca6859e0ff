"""Keys and dependencies over every row, beside pandas."""

from __future__ import annotations

import math

import pandas as pd
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from assay.methods.integrity.verify import again, codes, repeated, undetermined

PARTS = st.none() | st.sampled_from(["a", "b", ""])


@given(st.lists(st.tuples(PARTS, PARTS), max_size=30))
def test_a_key_of_two_columns_repeats_where_pandas_says_so(rows):
    """Rows without any part of their key were each other's duplicates."""
    table = pa.table(
        {"a": pa.array([r[0] for r in rows], pa.string()), "b": pa.array([r[1] for r in rows], pa.string())}
    )
    frame = pd.DataFrame(rows, columns=["a", "b"]).dropna(how="all")
    tally = repeated(table, ["a", "b"])
    assert tally.support == len(frame)
    assert tally.numbers().tolist() == [int(i) + 1 for i in frame.index[frame.duplicated()]]


def test_lists_and_objects_can_be_a_key():
    table = pa.table({"a": [[1], [2], [1], None], "b": [{"x": 1}, {"x": 1}, {"x": 1}, None]})
    assert repeated(table, ["a", "b"]).numbers().tolist() == [3]
    assert codes(table, ["a"]).tolist() == [0, 1, 0, -1]


def test_a_negative_zero_is_no_other_zero_and_nan_no_value():
    """-0.0 was told to be a slip of 0.0 in what a column determines."""
    table = pa.table({"k": ["a", "a", "a", "a"], "v": [0.0, -0.0, 0.0, math.nan]})
    found = undetermined(table, ["k"], "v")
    assert (found.support, found.broken) == (3, 0)
    assert repeated(table, ["v"]).numbers().tolist() == [2, 3]


@given(st.lists(PARTS, max_size=30), st.integers(1, 7))
def test_a_key_held_batch_by_batch_is_held_alike(values, size):
    table = pa.table({"a": pa.array(values, pa.string())})
    twice = pd.Series(values, dtype=object).value_counts()
    found = again(
        table.to_batches(max_chunksize=size), pa.array(twice[twice > 1].index.tolist(), pa.string())
    )
    whole = repeated(table, ["a"])
    assert (found.support, found.broken) == (whole.support, whole.broken)
    assert found.numbers().tolist() == whole.numbers().tolist()
