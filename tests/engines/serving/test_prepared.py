"""Columns that a preparation looks at, as a replica makes them of what was sent: the short way gives what Arrow's casts do."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from assay.engines.serving.inside.prepared import QuickPrepared

NUMBERS = st.one_of(
    st.none(),
    st.integers(-(2**60), 2**60),
    st.floats(),
    st.integers(-5, 5),
    st.sampled_from([2.0, -0.0, 2.0**53]),
)


def typed(kind, values):
    made = QuickPrepared.__new__(QuickPrepared)
    made.kinds, made.before = {"a": kind}, SimpleNamespace()
    return made._typed("a", values, len(values))


def cast(values):
    column = pa.array(np.array([np.nan if v is None else v for v in values], float), from_pandas=True)
    try:
        return column.cast(pa.int64())
    except pa.ArrowInvalid:
        return column


@given(st.lists(NUMBERS, min_size=1, max_size=4))
def test_whole_numbers_are_those_of_a_cast(values):
    assert typed("integer", values).equals(cast(values))
