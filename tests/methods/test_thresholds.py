from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.methods import thresholds

ROWS = st.lists(
    st.tuples(st.booleans(), st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.75, 1.0])), min_size=1, max_size=40
)
COST = st.sampled_from([0.0, 0.5, 1.0, 7.0])


@given(rows=ROWS, alarm=COST, miss=COST)
def test_no_threshold_is_cheaper_and_the_cost_is_what_it_says(rows, alarm, miss):
    truth, score = np.array([t for t, _ in rows]), np.array([s for _, s in rows])
    found = thresholds.cheapest(truth, score, alarm, miss)
    assert thresholds.cost(truth, score > found.threshold, alarm, miss) == pytest.approx(found.cost)
    for at in np.linspace(-0.1, 1.1, 61):
        assert found.cost <= thresholds.cost(truth, score > at, alarm, miss) + 1e-12
    for at, cost in found.curve:
        assert thresholds.cost(truth, score > at, alarm, miss) == pytest.approx(cost)


@given(st.lists(st.floats(0, 1e-300) | st.floats(0.5, np.nextafter(0.5, 1)), min_size=2, max_size=9))
def test_scores_that_lie_next_to_one_another_are_parted_or_not_but_told_truly(values):
    score = np.array(values)
    truth = score >= np.median(score)
    found = thresholds.cheapest(truth, score, 1, 1)
    assert thresholds.cost(truth, score > found.threshold, 1, 1) == pytest.approx(found.cost)


def test_of_calibrated_scores_it_is_elkans():
    rng = np.random.default_rng(0)
    score = rng.random(200_000)
    truth = rng.random(200_000) < score
    assert thresholds.cheapest(truth, score, 1, 4).threshold == pytest.approx(0.2, abs=0.02)
    folds = rng.integers(0, 5, 200_000)
    fresh = thresholds.held_out(truth, score, folds, 1, 4)
    assert thresholds.cheapest(truth, score, 1, 4).cost <= fresh == pytest.approx(0.4, abs=0.01)


def test_what_is_chosen_on_the_same_rows_is_too_good():
    rng = np.random.default_rng(1)
    gains = []
    for _ in range(50):
        truth, score = rng.random(60) < 0.5, rng.random(60)
        fresh = thresholds.held_out(truth, score, np.arange(60) % 5, 1, 1)
        gains.append(fresh - thresholds.cheapest(truth, score, 1, 1).cost)
    assert np.mean(gains) > 0.05
