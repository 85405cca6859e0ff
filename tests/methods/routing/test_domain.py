"""What a version answers beside the one before it: labels, ranges, what is missing, and shares."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from assay.methods.routing.domain import compared
from assay.methods.routing.tally import MOST, Tally


def of(values):
    made = Tally()
    made.values(values)
    return made


def test_values_are_counted_as_what_they_mean():
    found = of(["0", "1.0", 1, True, "yes", None, "", float("nan"), 0.5, "nan", "1e400"])
    assert found.rows == 11 and found.missing == 5
    assert found.labels == {"0": 1, "1": 2, "true": 1, "yes": 1} and found.numbers.n == 4


def test_a_tally_adds_up_and_is_taken_apart():
    whole = of(["a", "b", 1.5])
    before = whole.copy()
    whole.load(of(["b", "c", None]).dump())
    assert whole.labels == {"a": 1, "b": 2, "c": 1} and whole.rows == 6
    assert whole.since(before) == of(["b", "c", None])
    many = of([f"x{i}" for i in range(MOST + 5)])
    assert len(many.labels) == MOST and many.others == 5


def test_labels_that_were_never_given_lie_outside():
    before = of([0] * 150 + [1] * 100)
    found = compared(of([0] * 60 + [1] * 38 + [7, None]), before)
    assert (found.rows, found.outside, found.unseen) == (100, 2, 0.0)
    assert compared(of([7]), of([0] * 199)) is None and compared(of([]), before) is None


def test_a_label_seen_once_says_that_there_are_others():
    before = of(["a"] * 298 + ["b", "c"])
    assert compared(of(["d"]), before).unseen == pytest.approx(2 / 300)


def test_numbers_may_lie_once_more_on_either_side_and_not_below_zero():
    lot = np.random.default_rng(2)
    before = of(lot.uniform(10.3, 20.4, 400).tolist())
    assert compared(of([15.5, 25.5, 29.5, 31.5, 1.5, -0.5]), before).outside == 2
    assert compared(of(["refused", 15.5]), before).outside == 1


def test_what_was_missing_before_may_be_missing_now():
    before = of([0.5, 0.7, None, 0.6] * 60)
    assert compared(of([0.5, None, 0.6, 0.7]), before).outside == 0
    assert compared(of([None, None, 0.6, 0.7]), before).outside == 1


def test_the_shift_is_the_distance_less_chance():
    lot = np.random.default_rng(4)
    a, b = lot.normal(50, 5, 900), lot.normal(60, 5, 800)
    theirs = stats.ks_2samp(a, b).statistic - 1.8 * np.sqrt((900 + 800) / (900 * 800))
    assert compared(of(b.tolist()), of(a.tolist())).shift == pytest.approx(theirs, abs=0.02)
    always = compared(of([0] * 400), of([0] * 500 + [1] * 300))
    assert always.shift == pytest.approx(0.375 - 1.8 * np.sqrt(1200 / (400 * 800)))
    # Of the same law nothing is left: a quarter is never reached.
    assert (
        max(
            compared(of(lot.integers(0, 2, 80).tolist()), of(lot.integers(0, 2, 300).tolist())).shift
            for _ in range(200)
        )
        < 0.1
    )
