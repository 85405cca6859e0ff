from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.methods.masking.shift import Shift

KEY = bytes(32)
D = dt.date


def batch(ids, dates, kind=None):
    return pa.record_batch({"id": pa.array(ids), "d": pa.array(dates, kind)})


def shifted(ids, dates, kind=None, **options):
    return Shift(KEY, "id", **options).hide(batch(ids, dates, kind), "d", 0)


def test_one_subject_one_offset_never_zero_and_within_the_days():
    shift = Shift(KEY, "id", 10)
    offsets = np.array([shift.offset(str(k)) for k in range(4_000)])
    assert set(offsets) == {*range(-10, 0), *range(1, 11)}
    counts = np.unique(offsets, return_counts=True)[1]
    assert counts.min() > 120 and counts.max() < 280  # 200 each, if they are even
    weeks = Shift(KEY, "id", 30, weeks=True)
    assert {weeks.offset(str(k)) for k in range(500)} == {-28, -21, -14, -7, 7, 14, 21, 28}


@given(
    st.lists(st.tuples(st.integers(0, 5), st.dates(D(1000, 1, 1), D(9000, 1, 1))), min_size=1, max_size=20),
    st.integers(7, 400),
)
def test_intervals_stay_and_the_key_turns_back(rows, days):
    ids, dates = [r[0] for r in rows], [r[1] for r in rows]
    done = shifted(ids, dates, days=days)
    assert not done.unfit.any()
    moved = done.array.to_pylist()
    for subject in set(ids):
        own = [(a, b) for i, a, b in zip(ids, dates, moved, strict=True) if i == subject]
        assert len({b - a for a, b in own}) == 1
        assert 0 < abs((own[0][1] - own[0][0]).days) <= days
    back = Shift(KEY, "id", days, back=True).hide(batch(ids, moved), "d", 0)
    assert back.array.to_pylist() == dates and not back.unfit.any()


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("zone", [None, "UTC"])
def test_times_keep_their_time_of_day(unit, zone):
    times = pd.to_datetime(["2001-02-03 04:05:06", "1969-12-31 23:59:59"])
    kind = pa.timestamp(unit, zone)
    done = shifted([1, 2], times, kind)
    assert done.array.type == kind
    for before, after in zip(times, done.array.cast(pa.timestamp("us")).to_pylist(), strict=True):
        assert after.time() == before.time() and after.date() != before.date()
    back = Shift(KEY, "id", back=True).hide(batch([1, 2], done.array), "d", 0)
    assert back.array.equals(pa.array(times, kind))


def test_texts_in_iso_form_are_dates_and_others_unfit():
    texts = [
        "2001-02-03",
        "2001-02-03T04:05:06Z",
        "2001-02-30",
        "03.02.2001",
        "2001-02-03x",
        "",
        "😀",
        None,
        "２００1-02-03",
    ]
    done = shifted([1] * len(texts), texts)
    out = done.array.to_pylist()
    assert done.unfit.tolist() == [False, False, True, True, True, True, True, False, True]
    assert out[1].endswith("T04:05:06Z") and out[1][:10] == out[0] != texts[0]
    assert out[2:] == [None] * 7


def test_the_ends_of_the_calendar_and_a_missing_subject_are_unfit():
    dates = [D(9999, 12, 31), D(1, 1, 1), D(9998, 1, 1), D(2000, 1, 1), None]
    done = shifted([1, 1, 1, None, None], dates)
    assert done.unfit.tolist() == [True, True, False, True, False]
    done = shifted([1, 1], np.array(["2262-04-11", "1677-09-22"], "datetime64[ns]"))
    assert done.unfit.tolist() == [True, True]


def test_ids_of_any_type_are_the_same_subject():
    date = [D(2000, 1, 1)]
    texts = shifted(["42"], date).array
    for ids in ([42], pa.array([42], pa.int8()), [42.0], pa.array(["42"]).dictionary_encode()):
        assert shifted(ids, date).array.equals(texts)
    assert not Shift(b"1" * 32, "id").hide(batch(["42"], date), "d", 0).array.equals(texts)
