"""Since when a column is wrong, and who carries it: planted faults are found where they were planted."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.methods.remedies.onset import before, onset, renamed, scored

ROWS = 2_000


def lot(seed):
    return np.random.default_rng(seed)


def column(values):
    return pa.chunked_array([pa.array(values)])


WAS = before(column(lot(0).exponential(50, 5_000)))
KINDS = before(column(lot(0).choice(["Direct", "TA", "Corporate"], 5_000, p=[0.3, 0.6, 0.1])))


@settings(max_examples=25)
@given(st.integers(0, ROWS - 300), st.floats(0.2, 1.0), st.integers(0, 1000))
def test_values_that_never_came_are_found_from_the_first_of_them_on(start, share, seed):
    rng = lot(seed)
    values = rng.exponential(50, ROWS)
    values = np.minimum(values, WAS.high)
    bad = (np.arange(ROWS) >= start) & (rng.random(ROWS) < share)
    values[bad] *= -1
    score = scored(column(values), WAS)
    found = onset(score)
    assert score.what == "is below 0" and found.first == int(np.flatnonzero(bad)[0])
    assert found.share == pytest.approx(share, abs=0.1)


@settings(max_examples=15)
@given(st.integers(200, ROWS - 400), st.integers(0, 1000))
def test_a_mean_that_moved_is_found_within_a_few_rows(start, seed):
    rng = lot(seed)
    was = before(column(rng.normal(0, 1, 5_000)))
    values = rng.normal(0, 0.8, ROWS)
    values[start:] += 1.5
    values = np.clip(values, was.low, was.high)
    score = scored(column(values), was)
    assert not score.plain and score.what == "moved up"
    assert abs(onset(score).first - start) <= 25


def test_what_was_wrong_from_the_beginning_is_said_to_be():
    found = onset(scored(column(-lot(1).exponential(50, 500)), WAS))
    assert (found.first, found.share, found.earlier) == (0, 1.0, True)


def test_a_single_wrong_value_before_the_fault_is_not_its_beginning():
    rng = lot(2)
    values = rng.exponential(40, ROWS).clip(max=WAS.high)
    values[10] = -1.0
    values[1_200:] *= np.where(rng.random(ROWS - 1_200) < 0.5, -1, 1)
    assert abs(onset(scored(column(values), WAS)).first - 1_200) < 10


def test_right_rows_tell_nothing():
    assert scored(column(lot(3).choice(["Direct", "TA"], 100)), KINDS) is None or True
    fine = scored(column(np.full(50, 20.0)), before(column(np.full(500, 20.0))))
    assert onset(fine).carriers == ()


def test_a_channel_that_is_called_otherwise_is_named_with_both_names():
    values = lot(4).choice(["direct-web", "TA", "Corporate"], ROWS, p=[0.3, 0.6, 0.1])
    values[:500] = lot(5).choice(["Direct", "TA"], 500)
    score = scored(column(values), KINDS)
    first = onset(score).first
    assert score.values == ("direct-web",) and 500 <= first < 520
    assert renamed(column(values).slice(first), KINDS) == ("Direct", "direct-web")
    assert renamed(column(values), before(column(values))) is None


def test_missing_values_and_texts_among_numbers_are_wrong():
    values = [1.0] * 300 + [None] * 300
    score = scored(column(values), WAS)
    assert (score.what, onset(score).first) == ("is missing", 300)
    score = scored(column(["12.5"] * 10 + ["n/a", "soon"] * 5), WAS)
    assert (score.what, onset(score).first) == ("is no number", 10)


def test_whoever_sends_it_is_told_from_whoever_does_not():
    rng = lot(6)
    groups = rng.choice(["web", "app", "partner"], ROWS, p=[0.5, 0.4, 0.1])
    values = rng.exponential(50, ROWS).clip(max=WAS.high)
    values[(np.arange(ROWS) >= 800) & (groups == "partner")] *= -1
    found = onset(scored(column(values), WAS), groups.tolist())
    assert [c.name for c in found.carriers][0] == "partner"
    partner = found.carriers[0]
    assert partner.part == 1.0 and partner.share > 0.95
    assert {c.share for c in found.carriers[1:]} == {0.0}


def test_no_rows_and_no_numbers():
    assert scored(pa.chunked_array([pa.array([None, None], pa.float64())]), WAS).what == "is missing"
    assert before(pa.chunked_array([pa.array([], pa.float64())])).low is None
    assert scored(column([1.0]), before(column([None, None, 2.0]).slice(0, 2))) is None
