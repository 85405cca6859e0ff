from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.kernel.errors import UsageError
from assay.methods.overlap import overlap

CELL = st.none() | st.floats(allow_nan=False, width=32) | st.integers(-3, 3).map(float)
ROWS = st.lists(st.tuples(CELL, st.sampled_from(["a", "B", " b", None])), min_size=1, max_size=12)


def _table(rows):
    return pa.table({"x": pa.array([r[0] for r in rows], pa.float64()), "k": [r[1] for r in rows]})


@given(seen=ROWS, new=ROWS)
def test_exact_is_membership_and_near_takes_it_in(seen, new):
    found = overlap(_table(seen), _table(new))
    if found.columns == ("x", "k"):
        key = {(None if x is None else x + 0.0, k) for x, k in seen}
        assert found.exact.tolist() == [(None if x is None else x + 0.0, k) in key for x, k in new]
    assert (found.near >= found.exact).all()


def test_near_rows_types_that_differ_and_numbers_of_rows():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {"id": range(300), "x": rng.normal(size=300), "k": rng.choice(["Paris", "Rome"], 300)}
    )
    new = frame.iloc[:60].copy()
    new["id"] += 1000
    new.loc[new.index[:20], "x"] *= 1.00001
    new.loc[new.index[20:40], "k"] = " " + new["k"].str.upper()
    new.loc[new.index[40:50], "x"] += 5
    found = overlap(
        pa.Table.from_pandas(frame, preserve_index=False), pa.Table.from_pandas(new, preserve_index=False)
    )
    assert found.aside == ("id",) and found.columns == ("x", "k")
    assert found.exact.sum() == 10 and found.exact[50:].all()
    assert found.near[20:40].all() and found.near[:20].sum() >= 18 and not found.near[40:50].any()
    ints = pa.table({"n": pa.array([1, 2, 2], pa.int16()), "flag": [True, False, False]})
    floats = pa.table({"n": [2.0, 3.0], "flag": [0, 0]})
    assert overlap(ints, floats).exact.tolist() == [True, False]


def test_so_few_values_come_back_by_chance_and_that_is_told():
    rng = np.random.default_rng(0)
    small = pa.table({"a": rng.integers(0, 2, 500), "b": rng.integers(0, 3, 500)})
    assert overlap(small, small.slice(0, 100)).repeated == 1.0
    wide = pa.table({"a": rng.normal(size=500)})
    assert overlap(wide, wide).repeated < 0.9 and overlap(wide, wide).exact.all()


def test_tables_that_share_nothing():
    with pytest.raises(UsageError, match="share no column"):
        overlap(pa.table({"a": [1]}), pa.table({"b": [1]}))
