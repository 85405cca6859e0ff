"""The first cell in which two tables part, held against pandas."""

from __future__ import annotations

import math

import hypothesis.strategies as st
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings

from assay.methods.parting.first import first_parting


def found(one, other, cut=2, other_cut=3):
    a, b = (t if isinstance(t, pa.Table) else pa.table(t) for t in (one, other))
    return first_parting(
        a.to_batches(max_chunksize=cut), b.to_batches(max_chunksize=other_cut), (a.schema, b.schema)
    )


CELL = st.one_of(st.none(), st.sampled_from([0.0, -0.0, 1.5, 1.5000001, 2.0, math.nan, math.inf]))


@settings(max_examples=30)
@given(
    st.lists(st.tuples(CELL, st.sampled_from(["x", "y", None])), min_size=1, max_size=12),
    st.data(),
    st.integers(1, 5),
)
def test_it_is_the_cell_that_pandas_finds_however_the_tables_are_cut(rows, data, cut):
    others = [(data.draw(CELL), row[1]) if data.draw(st.integers(0, 4)) == 0 else row for row in rows]
    a, b = (pa.table({"n": pa.array([r[0] for r in side], pa.float64()), "t": pa.array([r[1] for r in side], pa.string())}) for side in (rows, others))  # fmt: skip
    one, other = (t.to_pandas(types_mapper=pd.ArrowDtype) for t in (a, b))
    same = {n: [repr(x + 0.0 if isinstance(x, float) else x) == repr(y + 0.0 if isinstance(y, float) else y) for x, y in zip(one[n].to_numpy(dtype=object, na_value=None), other[n].to_numpy(dtype=object, na_value=None))] for n in ("n", "t")}  # fmt: skip
    expected = [(i + 1, n) for i in range(len(rows)) for n in ("n", "t") if not same[n][i]]
    told = found(a, b, cut, 3)
    if not expected:
        assert told is None
    else:
        assert (told.row, told.column) == expected[0] and told.cells == len(expected)


def test_numbers_near_one_another_are_within_a_tolerance_and_others_never():
    near = found({"a": [1.0, 100.0]}, {"a": [1.0, 100.001]})
    assert near.gap == pytest.approx(0.001 / 100.001) and near.within(1e-4) and not near.within(1e-6)
    assert (near.row, near.before, near.after) == (2, 100.0, 100.001)
    assert not found({"a": [1.0, None]}, {"a": [1.0, 2.0]}).within(1)
    assert not found({"a": ["x"]}, {"a": ["y"]}).within(1)
    assert not found({"a": [1.0]}, {"a": [math.nan]}).within(1)
    assert found({"a": [2**60]}, {"a": [2**60 + 1]}).cells == 1  # which floats hold for the same


def test_rows_in_another_order_are_told_as_such_and_are_no_pass():
    told = found({"a": [1.0, 2.0, 3.0], "b": ["x", "y", "z"]}, {"a": [3.0, 2.0, 1.0], "b": ["z", "y", "x"]})
    assert told.reordered and told.said == "the same rows in another order" and not told.within(1)
    assert not found({"a": [1, 2]}, {"a": [2, 2]}).reordered


def test_rows_columns_types_and_their_order_are_told():
    assert found({"a": [1, 2, 3]}, {"a": [1, 2]}).said == "2 rows (recorded: 3)"
    assert found({"a": [1]}, {"b": [1]}).said == "the column `a` is gone; the column `b` is new"
    typed = found({"a": [1, 2]}, {"a": [1.0, 2.0]})
    assert typed.said == "every value is the same; `a` is double (recorded: int64)" and typed.within(0)
    moved = found({"a": [1], "b": [2]}, {"b": [2], "a": [1]})
    assert "the columns stand in another order" in moved.said and moved.within(0)
    assert found({"a": pa.array([], pa.int64())}, {"a": pa.array([], pa.int64())}) is None


def test_lists_and_times_are_held_against_one_another_by_value():
    assert found({"a": [[1], [2]]}, {"a": [[1], [3]]}).row == 2
    stamps = pa.array([0, 2**62], pa.timestamp("us"))
    assert found({"t": stamps}, {"t": stamps}) is None
