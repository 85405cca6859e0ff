"""Losses learnt: what is expected of rows comes true on rows like them, and on harder ones."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics

from assay.methods.monitor import loss


def test_measures_of_true_losses_are_scikit_learn_s():
    rng = np.random.default_rng(1)
    truth, said = rng.gamma(2, 3, 300) + 0.1, rng.gamma(2, 3, 300)
    found = {n: m.value for n, m in loss.measured(loss.losses(truth, said)).items()}
    expected = {
        "mae": metrics.mean_absolute_error(truth, said),
        "mse": metrics.mean_squared_error(truth, said),
        "rmse": metrics.root_mean_squared_error(truth, said),
        "mape": metrics.mean_absolute_percentage_error(truth, said),
        "msle": metrics.mean_squared_log_error(truth, said),
        "rmsle": metrics.root_mean_squared_log_error(truth, said),
    }
    assert found == pytest.approx(expected)


def test_a_truth_of_nothing_has_no_relative_error_and_negative_ones_no_logarithm():
    assert set(loss.losses(np.array([0.0, -1.0]), np.array([1.0, 1.0]))) == {"absolute", "squared"}


def test_the_error_of_a_root_is_what_samples_differ_by():
    rng = np.random.default_rng(2)
    found = [loss.measured({"squared": rng.chisquare(1, 500)})["rmse"] for _ in range(300)]
    assert np.mean([f.error for f in found]) == pytest.approx(np.std([f.value for f in found]), rel=0.12)


def test_losses_are_foretold_where_noise_depends_on_a_feature():
    rng = np.random.default_rng(3)
    x = rng.random((4000, 2))
    truth, said = rng.normal(0, 0.2 + 2 * x[:, 0]), np.zeros(4000)
    features = np.column_stack([x, said])
    learnt = loss.Expected(features, [False] * 3, loss.losses(truth, said), rng)
    own = loss.measured(learnt.reference)["mae"].value
    assert own == pytest.approx(np.abs(truth).mean(), rel=0.03)
    hard = rng.random((4000, 2))
    hard[:, 0] = 0.7 + 0.3 * hard[:, 0]
    true = np.abs(rng.normal(0, 0.2 + 2 * hard[:, 0])).mean()
    expected = loss.measured(learnt(np.column_stack([hard, np.zeros(4000)])))["mae"].value
    assert expected == pytest.approx(true, rel=0.06) and expected > 1.5 * own
