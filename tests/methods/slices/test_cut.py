from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from assay.methods.slices.cut import cut


def _column(values, kind=None):
    return pa.chunked_array([pa.array(values, kind)])


def test_fifths_are_what_pandas_says_and_the_conditions_are_true():
    rng = np.random.default_rng(0)
    values = rng.normal(size=1000)
    found = cut("x", _column(values))
    assert len(found.pieces) == 5 and np.bincount(found.codes).min() >= 199
    frame = pd.DataFrame({"x": values})
    for code, condition in enumerate(found.pieces):
        assert (frame.eval(condition).to_numpy() == (found.codes == code)).all()


def test_values_missing_and_what_is_not_looked_at():
    found = cut("k", _column(["a", "b", None, "a", ""]))
    assert found.pieces == ("k = a", "k = b", "k is missing") and found.codes.tolist() == [0, 1, 2, 0, 2]
    assert cut("n", _column([0, 1, 1, 0])).pieces == ("n = 0", "n = 1")
    assert cut("one", _column([3, 3, 3])) is None
    assert cut("id", _column([f"p{i}" for i in range(500)])) is None
    assert cut("list", _column([[1], [2]])) is None


def test_numbers_that_are_infinite_or_missing_have_a_piece_of_their_own():
    found = cut("x", _column([*range(100), float("inf"), float("nan"), None]))
    assert found.pieces[-1] == "x is missing" and (found.codes[-3:] == 5).all()


@given(st.lists(st.none() | st.floats() | st.integers(-5, 5).map(float), min_size=1, max_size=60))
def test_every_row_has_one_piece_that_is_there(values):
    found = cut("x", _column(values, pa.float64()))
    if found is not None:
        assert len(found.codes) == len(values) and found.codes.min() >= 0
        assert found.codes.max() < len(found.pieces) and len(found.pieces) > 1
