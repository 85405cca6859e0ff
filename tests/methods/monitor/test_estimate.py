"""What is expected of answers: by hand, against scikit-learn where p is the truth, and calibrated on held-out rows."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from assay.methods.monitor import estimate


def test_two_rows_by_hand():
    found = estimate.binary(np.array([0.9, 0.2]), np.array([True, False]), np.array([0.8, 0.3]))
    tp, fp, fn, tn = 0.9, 0.1, 0.2, 0.8
    assert found["accuracy"].value == pytest.approx((tp + tn) / 2)
    assert found["precision"].value == pytest.approx(tp)
    assert found["recall"].value == pytest.approx(tp / (tp + fn))
    assert found["f1"].value == pytest.approx(2 * tp / (2 * tp + fp + fn))
    assert found["specificity"].value == pytest.approx(tn / (tn + fp))
    # pairs: (1 yes, 2 no) 0.9 x 0.8 right, (2 yes, 1 no) 0.2 x 0.1 wrong, each with itself a tie
    ties = (0.9 * 0.1 + 0.2 * 0.8) / 2
    assert found["roc_auc"].value == pytest.approx((0.9 * 0.8 + ties) / (1.1 * 0.9))


@settings(max_examples=8)
@given(st.integers(0, 2**32 - 1))
def test_with_the_truth_as_chance_it_is_what_scikit_learn_measures(seed):
    rng = np.random.default_rng(seed)
    truth = (rng.random(300) < 0.4).astype(float)
    score = np.round(np.clip(0.3 * truth + rng.random(300) * 0.7, 0, 1), 2)
    said = score > 0.5
    found = estimate.binary(truth, said, score)
    expected = {
        "accuracy": metrics.accuracy_score(truth, said),
        "precision": metrics.precision_score(truth, said),
        "recall": metrics.recall_score(truth, said),
        "f1": metrics.f1_score(truth, said),
        "specificity": metrics.recall_score(1 - truth, ~said),
        "roc_auc": metrics.roc_auc_score(truth, score),
    }
    assert {n: m.value for n, m in found.items()} == pytest.approx(expected)


def test_macro_means_with_the_truth_are_scikit_learn_s():
    rng = np.random.default_rng(3)
    truth = rng.integers(0, 3, 500)
    scores = rng.dirichlet([1, 1, 1], 500) * 0.5 + 0.5 * np.eye(3)[truth] * rng.random((500, 1))
    scores /= scores.sum(axis=1, keepdims=True)
    said = scores.argmax(axis=1)
    found = estimate.multiclass(np.eye(3)[truth], said, scores)
    assert found["f1"].value == pytest.approx(metrics.f1_score(truth, said, average="macro"))
    assert found["precision"].value == pytest.approx(metrics.precision_score(truth, said, average="macro"))
    assert found["roc_auc"].value == pytest.approx(metrics.roc_auc_score(truth, scores, multi_class="ovr"))
    assert found["accuracy"].value == pytest.approx(metrics.accuracy_score(truth, said))


@pytest.mark.parametrize("name", estimate.MEASURES)
def test_the_error_is_what_samples_differ_by(name):
    rng = np.random.default_rng(4)
    values, errors = [], []
    for _ in range(200):
        p = rng.beta(1, 2, 400)
        truth = (rng.random(400) < p).astype(float)
        found = estimate.binary(truth, p > 0.5, p)[name]
        values.append(found.value)
        errors.append(found.error)
    assert np.mean(errors) == pytest.approx(np.std(values), rel=0.15)


def test_the_expected_matrix_of_calibrated_scores_comes_true():
    rng = np.random.default_rng(5)
    p = rng.beta(2, 3, 100_000)
    truth = (rng.random(100_000) < p).astype(float)
    expected, true = (estimate.binary(v, p > 0.4, p) for v in (p, truth))
    for name in estimate.MEASURES:
        assert expected[name].value == pytest.approx(true[name].value, abs=4 * true[name].error)


def test_scores_are_calibrated_where_they_are_not_yet_and_left_where_they_are():
    rng = np.random.default_rng(6)
    p = rng.random(4000)
    truth = (rng.random(4000) < p).astype(float)
    maker, own = estimate.fitted(p**3, truth, rng)
    assert len(maker.at) and np.abs(maker(p**3) - p).mean() < 0.05
    assert estimate.calibration_error(own, truth) < 0.03 < estimate.calibration_error(p**3, truth)
    exact = np.repeat([0.1, 0.9], 2000)
    truth = np.r_[np.arange(2000) % 10 == 0, np.arange(2000) % 10 > 0].astype(float)
    maker, own = estimate.fitted(exact, truth, rng)
    assert not len(maker.at) and (own == exact).all()
    margins = rng.normal(size=500) * 3  # no chances at all
    maker, _ = estimate.fitted(margins, (margins > 0).astype(float), rng)
    assert ((maker(margins) >= 0) & (maker(margins) <= 1)).all()


def test_nothing_said_yes_has_no_precision():
    found = estimate.binary(np.array([0.2, 0.4]), np.array([False, False]), None)
    assert math.isnan(found["precision"].value) and found["recall"].value == 0 and "roc_auc" not in found
    assert math.isnan(estimate.area(np.ones(3), np.arange(3.0)).value)


def test_bands_are_three_deviations_of_chunks_and_stay_possible():
    held = estimate.band([0.9, 0.92, 0.94, 0.96, 0.98, 1.0], 0.1, 0.95)
    assert (
        held.low == pytest.approx(0.95 - 3 * np.std([0.9, 0.92, 0.94, 0.96, 0.98, 1.0])) and held.high == 1.0
    )
    few = estimate.band([0.9, math.nan], 0.01, 0.8)
    assert (few.low, few.high) == pytest.approx((0.77, 0.83))


def test_a_few_rows_that_are_nearly_all_right_are_not_known_to_be_so():
    """A window of 1,232 rows alarmed beside 70 of its hour, whose recall of 0.98 seemed to be sure."""
    p = np.r_[np.full(30, 0.99), np.full(40, 0.01)]
    few = estimate.binary(p, p > 0.5, p)
    rng = np.random.default_rng(7)
    many = rng.beta(0.2, 0.3, 1232)
    window = estimate.binary(many, many > 0.5, many)
    change, error = estimate.apart(window, few)["recall"]
    alone = np.hypot(few["recall"].error, window["recall"].error)
    assert abs(change) / alone > 5 and abs(change) / error < 3.9
