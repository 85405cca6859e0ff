"""Seasons: which hours a reference knows, and which of its rows a window is held against."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.methods.monitor import season

MONDAY = pd.Timestamp("2026-01-05T00:00Z").timestamp()


@pytest.mark.parametrize(
    ("days", "expected"), [(1.5, "none"), (2, "day"), (13, "day"), (14, "week"), (60, "week")]
)
def test_two_periods_are_wanted(days, expected):
    times = np.linspace(MONDAY, MONDAY + days * season.DAY, 500)
    assert season.period(np.r_[times, np.nan]) == expected
    assert season.period(np.full(3, np.nan)) == "none"


def test_slots_are_those_of_the_calendar():
    stamps = pd.date_range("2025-12-28T00:30Z", periods=400, freq="h")
    times = stamps.astype("int64").to_numpy() / (1e9 if stamps.unit == "ns" else 1e6)
    assert season.slots(times, "week").tolist() == (stamps.weekday * 24 + stamps.hour).tolist()
    assert season.slots(times, "day").tolist() == list(stamps.hour)
    assert season.slots(np.array([np.nan]), "day").tolist() == [-1]


@settings(max_examples=15)
@given(st.integers(0, 2**32 - 1), st.sampled_from(["day", "week"]))
def test_matched_rows_come_once_and_in_the_window_s_proportions(seed, kind):
    rng = np.random.default_rng(seed)
    reference = MONDAY + rng.random(5000) * 14 * season.DAY
    window = MONDAY + 14 * season.DAY + rng.random(300) * season.DAY * rng.integers(1, 5) / 4
    found = season.matched(window, reference, kind, rng)
    assert len(set(found.rows.tolist())) == len(found.rows)
    w = np.bincount(season.slots(window, "day"), minlength=24) / len(window)
    r = np.bincount(season.slots(reference[found.rows], "day"), minlength=24) / len(found.rows)
    assert np.abs(w - r).max() < 0.06
    assert found.exact > 0.5


def test_an_hour_without_rows_takes_those_of_other_days():
    reference = np.concatenate([MONDAY + d * season.DAY + np.linspace(0, 3599, 100) for d in (1, 2, 8, 15)])
    window = MONDAY + 21 * season.DAY + np.linspace(0, 3599, 50)  # Monday, of which the reference has none
    found = season.matched(window, reference, "week", np.random.default_rng(1))
    assert found.exact == 0 and len(found.rows) in (0, 400)
