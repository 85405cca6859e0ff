from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.engines.sampling import evenly, sampled

FRAME = pd.DataFrame({"n": np.arange(150_000) * 3, "t": np.arange(150_000).astype(str)})


@given(st.integers(0, 5000), st.integers(1, 300))
def test_rows_are_spread_from_the_first_to_the_last(rows, most):
    chosen = evenly(rows, most)
    assert len(chosen) == min(rows, most) and (np.diff(chosen) > 0).all()
    if rows:
        assert chosen[0] == 0 and (most == 1 or chosen[-1] == rows - 1)
    if len(chosen) > 2:
        assert np.diff(chosen).max() - np.diff(chosen).min() <= 1


@pytest.mark.parametrize(
    "chosen", [[0], [149_999], [0, 65_535, 65_536, 149_999], list(range(70_000, 140_000, 7)), []]
)
def test_the_rows_are_those_asked_for(table, work, chosen):
    opened = table(FRAME)
    found = sampled(opened, work, opened.columns, np.array(chosen, dtype=int))
    assert [c.name for c in found] == ["n", "t"]
    assert found[0].array.to_pylist() == FRAME.n.iloc[chosen].tolist()
    assert found[1].array.to_pylist() == FRAME.t.iloc[chosen].tolist()


def test_all_rows_and_no_column(table, work):
    opened = table(FRAME)
    (whole,) = sampled(opened, work, opened.columns[1:], evenly(opened.rows, 10**9))
    assert whole.array.to_pylist() == FRAME.t.tolist()
    assert sampled(opened, work, [], np.array([0])) == []
