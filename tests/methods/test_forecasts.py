from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from assay.methods import forecasts


def test_the_naive_forecast_stays_within_its_series():
    truth, series = np.arange(8.0), np.array([0, 0, 0, 0, 1, 1, 1, 1])
    before = forecasts.naive(truth, series, 2)
    assert np.isnan(before[[0, 1, 4, 5]]).all() and before[[2, 3, 6, 7]].tolist() == [0, 1, 4, 5]
    assert np.isnan(forecasts.naive(truth, series, 20)).all()


def test_scores_by_hand():
    truth, said = np.array([10.0, 12, 11, 15]), np.array([10.0, 11, 13, 14])
    before = forecasts.naive(truth, np.zeros(4), 1)
    found = forecasts.scores(truth, said, before)
    assert found["mase"] == pytest.approx((1 + 2 + 1) / (2 + 1 + 4))
    assert found["wape"] == pytest.approx(4 / 48)
    assert found["mean_error"] == pytest.approx(0.0) and found["mae"] == 1.0
    assert np.isnan(forecasts.scores(np.ones(3), np.ones(3), np.ones(3))["mase"])


def test_the_naive_forecast_has_a_mase_of_1():
    truth = np.random.default_rng(0).normal(size=50).cumsum()
    before = forecasts.naive(truth, np.zeros(50), 1)
    assert forecasts.scores(truth, np.nan_to_num(before), before)["mase"] == pytest.approx(1.0)


def test_errors_that_follow_one_another_are_told_and_others_not():
    rng = np.random.default_rng(0)
    noise = rng.normal(size=3000)
    walk = np.empty(3000)
    walk[0] = 0
    for i in range(1, 3000):
        walk[i] = 0.5 * walk[i - 1] + noise[i]
    assert forecasts.following(walk, np.zeros(3000))[0] == pytest.approx(0.5, abs=0.05)
    p = [forecasts.following(rng.normal(size=200), np.zeros(200))[1] for _ in range(300)]
    assert stats.kstest(p, "uniform").pvalue > 0.01
    assert np.isnan(forecasts.following(np.ones(10), np.zeros(10))[0])


def test_blocks_are_runs_of_neighbours():
    drawn = forecasts.blocks(1000, np.random.default_rng(0))
    assert len(drawn) == 1000 and drawn.max() < 1000
    assert (np.diff(drawn) == 1).mean() == pytest.approx(0.9, abs=0.02)
    assert forecasts.blocks(1, np.random.default_rng(0)).tolist() == [0]
