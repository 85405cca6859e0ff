"""Columns that say the same, held against pandas on the whole column."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.methods.profile.codes import encode
from assay.methods.profile.likeness import Alike, alike, missing_bits, missing_together, probe


def found(frame: pd.DataFrame) -> list[Alike]:
    held = {n: encode(pa.chunked_array([pa.array(frame[n], from_pandas=True)])) for n in frame}
    return alike({n: probe(c) for n, c in held.items()}, held)


@pytest.fixture
def frame() -> pd.DataFrame:
    rng = np.random.default_rng(7)
    n = 5000
    level = rng.integers(1, 17, n)
    words = np.array([f"level {i}" for i in range(17)], object)
    odd = level.copy()
    odd[::100] = 99
    return pd.DataFrame(
        {
            "level": level,
            "words": words[level],
            "again": level,
            "nearly": odd,
            "other": rng.permutation(level),
        }
    )


def test_equal_nearly_equal_and_recoded_columns_are_told_and_no_other(frame):
    said = {(a.a, a.b): (a.how, a.share, a.exact) for a in found(frame)}
    assert said == {
        ("level", "words"): ("recoded", 1.0, True),
        ("level", "again"): ("equal", 1.0, True),
        ("level", "nearly"): ("equal", 0.99, True),
        ("words", "again"): ("recoded", 1.0, True),
        ("again", "nearly"): ("equal", 0.99, True),
    }


def test_one_row_that_differs_is_no_recoding(frame):
    frame.loc[1, "words"] = "level 3" if frame.loc[1, "words"] != "level 3" else "level 4"
    assert ("level", "words") not in {(a.a, a.b) for a in found(frame)}


def test_columns_not_held_are_compared_by_their_probes():
    column = encode(pa.chunked_array([pa.array([f"k{i}" for i in range(3000)])]))
    (one,) = alike({"a": probe(column), "b": probe(column)}, {})
    assert (one.how, one.share, one.exact) == ("equal", 1.0, False)


def test_constant_columns_say_nothing():
    assert found(pd.DataFrame({"a": [1] * 50, "b": [1] * 50})) == []


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.booleans(), st.booleans()), min_size=3, max_size=70))
def test_missing_together_is_pearsons_r_of_being_missing(rows):
    frame = pd.DataFrame(rows, columns=list("abc"))
    columns = [
        (n, encode(pa.chunked_array([pa.array(np.where(frame[n], None, 1.0), pa.float64())]))) for n in frame
    ]
    said = {(a, b): v for a, b, v in missing_together([(n, missing_bits(c)) for n, c in columns], len(frame))}
    expected = frame.astype(float).corr()
    for (a, b), value in said.items():
        assert value == pytest.approx(expected.loc[a, b], abs=1e-12)
    for a, b in [("a", "b"), ("a", "c"), ("b", "c")]:
        assert ((a, b) in said) == bool(np.isfinite(expected.loc[a, b]))
