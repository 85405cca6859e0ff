from __future__ import annotations

import datetime as dt
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from assay.methods.masking.tally import Tally, joint
from assay.methods.rowhash import column_hashes as hashes


@given(st.lists(st.lists(st.integers(0, 30), max_size=50), min_size=1, max_size=5))
def test_counts_like_pandas(parts):
    tally = Tally()
    for part in parts:
        tally.add(hashes(pa.array(part, pa.int64())))
    counts = pd.Series([v for p in parts for v in p], dtype=int).value_counts()
    assert tally.exact and tally.distinct == len(counts)
    assert tally.smallest == (counts.min() if len(counts) else 0)
    assert tally.unique_share == ((counts == 1).sum() / counts.sum() if len(counts) else 0)


def test_beyond_the_bound_it_estimates_and_counts_what_it_keeps_exactly():
    tally = Tally(kept=2_000)
    values = np.repeat(np.arange(50_000), 3)
    np.random.default_rng(1).shuffle(values)
    for part in np.array_split(values, 30):
        tally.add(hashes(pa.array(part)))
    assert not tally.exact
    assert abs(tally.distinct / 50_000 - 1) < 0.1
    assert tally.smallest == 3 and tally.unique_share == 0


def test_equal_values_have_equal_hashes_and_others_not():
    for values in (
        ["a", "b", "", "é", None], [1, 2, -1, None], [1.5, 2.0, float("nan")], [True, False, None],
        [dt.date(2000, 1, 1), None], [Decimal("1.5"), Decimal("2.5")],
    ):  # fmt: skip
        array = pa.array(values)
        assert len(set(hashes(array).tolist())) == len(values)
        assert hashes(pa.concat_arrays([array, array])).tolist() == hashes(array).tolist() * 2
    text = pa.array(["a", "b", "a"])
    assert hashes(text.dictionary_encode()).tolist() == hashes(text).tolist()
    pairs = joint([hashes(pa.array(["a", "b"])), hashes(pa.array(["b", "a"]))])
    assert pairs[0] != pairs[1]
