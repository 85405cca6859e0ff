from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import assay
from assay.kernel.errors import UsageError
from assay.methods import splitting
from assay.treatments.data.split import treat

BOOKINGS = Path(assay.__file__).parent / "examples" / "bookings" / "bookings.csv.gz"


def split(handle, work, **options):
    made = treat(handle, work=work, **options)
    read = {n: pd.read_parquet(work.store.path(a.digest)) for n, a in made.outputs.items()}
    return read["train"], read["test"], made


def test_bookings_stratified(table, work):
    handle = table(BOOKINGS)
    train, test, made = split(handle, work, test=0.25, stratify="is_canceled", seed=7)
    assert (len(train), len(test)) == (3749, 1250)
    both = pd.concat([train, test])
    assert sorted(both.row_id) == list(range(1, 5000))
    assert train.row_id.is_monotonic_increasing
    counts = both.is_canceled.value_counts()
    for value, count in test.is_canceled.value_counts().items():
        assert abs(count - counts[value] * 0.25) < 1
    assert made.report.metric("rows_in_both").value == 0
    again = treat(handle, test=0.25, stratify="is_canceled", seed=7, work=work)
    assert again.outputs == made.outputs
    other = treat(handle, test=0.25, stratify="is_canceled", seed=8, work=work)
    assert other.outputs != made.outputs


def test_times_of_several_zones_are_ordered_by_their_moments(table, work):
    """They were ordered as text: half an hour before midnight in New York came before one o'clock in London."""
    times = [
        "2024-01-01T23:30:00-05:00",
        "2024-01-02T01:00:00+00:00",
        "2024-01-02 02:00:00Z",
        "2024-01-02T05:00:00+02:00",
    ]
    train, test, _ = split(table(pd.DataFrame({"at": times, "n": range(4)})), work, test=0.25, time="at")
    assert (list(train.n), list(test.n)) == ([1, 2, 3], [0])
    mixed = pd.DataFrame({"at": ["2024-01-01T23:30:00-05:00", "2024-01-02T01:00:00"] * 2})
    with pytest.raises(UsageError, match="names a zone in 1 of 2 times"):
        split(table(mixed), work, test=0.25, time="at")


def test_months_order_rows_too(table, work):
    data = pd.DataFrame({"at": ["2024-03", "2023-12", "2024-01", "2024-02"], "n": range(4)})
    train, test, _ = split(table(data), work, test=0.25, time="at")
    assert list(test.n) == [0] and list(train.n) == [1, 2, 3]


def test_groups_stay_whole(table, work):
    rng = np.random.default_rng(0)
    data = pd.DataFrame({"g": rng.integers(0, 80, 1000), "y": rng.integers(0, 2, 1000), "n": range(1000)})
    for options in ({}, {"stratify": "y"}):
        train, test, _ = split(table(data), work, test=0.3, group="g", **options)
        assert not set(train.g) & set(test.g)
        assert len(test) == pytest.approx(300, abs=25)


def test_time_never_runs_backwards(table, work):
    days = pd.Timestamp("2020-01-01") + pd.to_timedelta(np.random.default_rng(0).integers(0, 40, 500), "D")
    data = pd.DataFrame({"day": days, "text": days.strftime("%Y-%m-%d"), "n": range(500)})
    data.loc[3, ["day", "text"]] = None
    for column in ("day", "text"):
        train, test, made = split(table(data), work, test=0.2, time=column)
        assert train[column].dropna().max() < test[column].min()
        assert len(test) == pytest.approx(100, abs=15)
        assert [f.count for f in made.report.findings if f.rule == "data.split.no_time"] == [1]


def test_twins_across_the_parts_are_counted(table, work):
    data = pd.DataFrame({"a": [1, 1] * 50, "b": ["x", None] * 50})
    _, _, made = split(table(data), work, test=0.5)
    assert made.report.metric("rows_in_both").value == 50


@pytest.mark.parametrize(
    "options",
    [
        {"test": 0.001},
        {"time": "s"},
        {"time": "n", "group": "s"},
        {"stratify": "k"},
    ],
)
def test_mistakes(table, work, options):
    data = pd.DataFrame({"s": ["b", "a"] * 60, "n": range(120), "k": [f"k{i}" for i in range(120)]})
    with pytest.raises(UsageError):
        split(table(data), work, **options)
    with pytest.raises(UsageError):
        split(table(data.iloc[:1]), work)


@given(st.lists(st.integers(1, 400), min_size=1, max_size=12), st.floats(0.01, 0.99))
def test_shares_are_exact(counts, test):
    counts = np.array(counts)
    out = splitting.shares(counts, test)
    assert out.sum() == int(np.floor(counts.sum() * test + 0.5))
    assert (np.abs(out - counts * test) <= 1).all()
    assert ((out >= 0) & (out <= counts)).all()


@given(st.lists(st.integers(-1, 9), min_size=2, max_size=200), st.floats(0.05, 0.95), st.integers(0, 99))
@settings(max_examples=50, deadline=None)
def test_each_lot_is_a_partition(codes, test, seed):
    codes = np.array(codes)
    mask = splitting.stratified(codes, test, np.random.default_rng(seed))
    assert mask.sum() == int(np.floor(len(codes) * test + 0.5))
    group = splitting.grouped(codes, test, np.random.default_rng(seed))
    known = codes >= 0
    assert not set(codes[known & group]) & set(codes[known & ~group])
