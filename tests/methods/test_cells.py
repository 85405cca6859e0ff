"""Counted combinations beside pandas' groupby, and beside the rows themselves."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from assay.methods import cells


def _frame(rows=500, seed=0):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"a": rng.choice(["x", "y", None], rows), "b": rng.integers(0, 3, rows)})
    frame["c"] = np.where(rng.random(rows) < 0.2, np.nan, rng.integers(0, 2, rows) * 1.0)
    return frame


def _columns(frame):
    table = pa.Table.from_pandas(frame, preserve_index=False)
    return {n: table.column(n) for n in table.column_names}


def test_as_pandas_counts_and_weighs_them():
    frame = _frame().assign(w=lambda f: np.arange(len(f)) / 7)
    found = cells.of_rows(_columns(frame[["a", "b", "c"]]), frame.w.to_numpy())
    theirs = frame.groupby(["a", "b", "c"], dropna=False, sort=False).w
    assert found.times.tolist() == theirs.size().tolist()  # in the order in which they first come
    assert found.sums == pytest.approx(theirs.sum().to_numpy())
    assert found.squares == pytest.approx(theirs.apply(lambda w: (w**2).sum()).to_numpy())
    assert found.rows == len(frame) and found.weight(found.times > 0) == pytest.approx(frame.w.sum())
    rows = found.table.take(found.at.tolist()).to_pandas()
    pd.testing.assert_frame_equal(rows.fillna(-1), frame[["a", "b", "c"]].fillna(-1), check_dtype=False)


def test_where_each_row_is_its_own_the_rows_stand_for_themselves():
    frame = pd.DataFrame({"x": np.random.default_rng(0).normal(size=400), "g": ["a", "b"] * 200})
    found = cells.of_rows(_columns(frame))
    assert found.at is None and found.rows == 400 == len(found.times)
    mask = frame.g.to_numpy() == "a"
    assert found.of_rows(mask) is mask and found.count(mask) == 200
    assert found.repeated(frame.x.to_numpy(), mask).tolist() == frame.x[mask].tolist()


def test_more_columns_than_can_be_counted_at_once():
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({n: rng.integers(0, 40, 3000) for n in "abcdef"}).iloc[:100]
    whole = pd.concat([frame] * 30, ignore_index=True)
    found = cells.of_rows(_columns(whole))
    assert len(found.times) == 100 and set(found.times) == {30.0}
    assert found.table.to_pandas().equals(frame)


def test_counts_of_a_table_are_the_same_whatever_order_they_come_in():
    frame = _frame()
    counted = frame.groupby(["a", "b"], dropna=False).size().reset_index(name="n")
    one, other = (
        cells.of_counts(pa.Table.from_pandas(f, preserve_index=False), ["a", "b"])
        for f in (counted, counted.sample(frac=1, random_state=3))
    )
    assert one.table.equals(other.table) and one.times.tolist() == other.times.tolist()
    assert one.rows == len(frame)
    assert sorted(one.repeated(np.arange(len(one.times)), one.times > 0)) == sorted(
        np.repeat(np.arange(len(one.times)), one.times.astype(int))
    )


def test_no_rows_have_no_combinations():
    found = cells.of_rows({"a": pa.chunked_array([pa.array([], pa.string())])})
    assert found.rows == 0 and len(found.of_rows(np.zeros(0, dtype=bool))) == 0
