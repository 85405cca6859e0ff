"""Scores beside scikit-learn, on any answers."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk
from sklearn.exceptions import UndefinedMetricWarning

from assay.methods import scores

ROWS = st.integers(2, 60)


@st.composite
def answers(draw):
    n = draw(ROWS)
    truth = draw(st.lists(st.booleans(), min_size=n, max_size=n))
    score = draw(st.lists(st.floats(0, 1), min_size=n, max_size=n))
    return np.array(truth), np.array(score)


@pytest.mark.slow
@given(answers())
def test_yes_or_no(given_):
    truth, score = given_
    said = score > 0.5
    mine = scores.binary(truth, said, score)
    assert mine["accuracy"] == pytest.approx(sk.accuracy_score(truth, said))
    assert mine["brier"] == pytest.approx(((score - truth) ** 2).mean())
    assert mine["log_loss"] == pytest.approx(
        sk.log_loss(truth, np.clip(score, 1e-15, 1 - 1e-15), labels=[0, 1])
    )
    if said.any() or truth.any():
        assert mine["f1"] == pytest.approx(sk.f1_score(truth, said))
    else:
        assert math.isnan(mine["f1"])
    assert math.isnan(mine["precision"]) != said.any()
    assert math.isnan(mine["recall"]) != truth.any()
    if truth.any() and not truth.all():
        assert mine["balanced_accuracy"] == pytest.approx(sk.balanced_accuracy_score(truth, said))
        assert mine["roc_auc"] == pytest.approx(sk.roc_auc_score(truth, score))
        assert mine["pr_auc"] == pytest.approx(sk.average_precision_score(truth, score))
        if said.any() and not said.all():
            assert mine["mcc"] == pytest.approx(sk.matthews_corrcoef(truth, said), abs=1e-12)
            assert mine["macro_f1"] == pytest.approx(sk.f1_score(truth, said, average="macro"))
    else:
        assert math.isnan(mine["roc_auc"]) and math.isnan(mine["pr_auc"])


@given(answers(), st.integers(1, 15))
def test_calibration_holds_every_row_once(given_, bins):
    truth, score = given_
    found = scores.calibration(truth, score, bins)
    assert sum(n for _, _, n in found) == len(truth)
    assert sum(mean * n for mean, _, n in found) == pytest.approx(score.sum())
    assert sum(share * n for _, share, n in found) == pytest.approx(truth.sum())
    error = scores.calibration_error(truth, score, bins)
    assert abs(score.mean() - truth.mean()) - 1e-9 <= error <= 1


def test_calibration_by_hand():
    truth, score = [1, 0, 1, 1], [0.05, 0.05, 0.95, 1.0]
    assert scores.calibration(truth, score) == [(0.05, 0.5, 2), (pytest.approx(0.975), 1.0, 2)]
    assert scores.calibration_error(truth, score) == pytest.approx(0.5 * 0.45 + 0.5 * 0.025)


def test_one_class_alone_gives_scores_and_no_warning():
    """scikit-learn's own balanced accuracy warned where all rows were of one class and were predicted so."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = scores.multiclass(["a", "a"], ["a", "a"])
    assert found == {"accuracy": 1, "balanced_accuracy": 1, "macro_f1": 1, "weighted_f1": 1, "mcc": 0}


@settings(max_examples=40)
@given(ROWS, st.integers(0, 10_000))
def test_several_classes(n, seed):
    rng = np.random.default_rng(seed)
    truth, said = rng.choice(list("abc"), n), rng.choice(list("abcd"), n)
    mine = scores.multiclass(truth.tolist(), said.tolist())
    labels = sorted(set(truth))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert mine["accuracy"] == pytest.approx(sk.accuracy_score(truth, said))
        assert mine["mcc"] == pytest.approx(sk.matthews_corrcoef(truth, said))
        assert mine["balanced_accuracy"] == pytest.approx(
            sk.recall_score(truth, said, labels=labels, average="macro", zero_division=0)
        )
        for kind in ("macro", "weighted"):
            expected = sk.f1_score(truth, said, labels=labels, average=kind, zero_division=0)
            assert mine[f"{kind}_f1"] == pytest.approx(expected)


@settings(max_examples=40)
@given(ROWS, st.integers(0, 10_000))
def test_numbers(n, seed):
    rng = np.random.default_rng(seed)
    truth = rng.normal(size=n)
    said = truth + rng.normal(size=n)
    mine = scores.regression(truth, said)
    assert mine["rmse"] == pytest.approx(sk.root_mean_squared_error(truth, said))
    assert mine["mae"] == pytest.approx(sk.mean_absolute_error(truth, said))
    assert mine["r2"] == pytest.approx(sk.r2_score(truth, said))
    assert math.isnan(scores.regression([2, 2], [1, 3])["r2"])


def test_nothing_is_printed_where_a_score_has_no_value():
    with warnings.catch_warnings():
        warnings.simplefilter("error", UndefinedMetricWarning)
        assert math.isnan(scores.binary([0, 0], [0, 0], [0.1, 0.2])["roc_auc"])


def test_an_interval_covers_the_truth_as_often_as_it_says():
    """The mean of 60 coin tosses, a hundred times over: 95 of 100, give or take."""
    rng = np.random.default_rng(5)
    held = 0
    for _ in range(100):
        tosses = rng.random(60) < 0.3

        def mean(rows, tosses=tosses):
            return {"mean": float(tosses[rows].mean())}

        low, high = scores.bootstrap(mean, lambda r: r.integers(0, 60, 60), rng, 200)["mean"]
        held += low <= 0.3 <= high
    assert 86 <= held <= 99


def test_a_score_that_often_has_no_value_has_no_interval():
    lot = iter([1.0, math.nan] * 100)
    assert (
        scores.bootstrap(
            lambda rows: {"x": next(lot)}, lambda r: r.integers(0, 10, 10), np.random.default_rng(0)
        )
        == {}
    )


@given(st.lists(st.sampled_from("abc"), min_size=2, max_size=80), st.integers(2, 7))
def test_folds_share_every_class_out(truth, folds):
    at = scores.stratified_folds(truth, folds, np.random.default_rng(1))
    for name in set(truth):
        counts = np.bincount(at[np.array(truth) == name], minlength=folds)
        assert counts.max() - counts.min() <= 1


def test_a_curve_is_thinned_to_its_ends():
    rng = np.random.default_rng(0)
    truth, score = rng.random(5000) < 0.5, rng.random(5000)
    points = scores.roc(truth, score)
    assert len(points) <= 80 and points[0] == (0, 0) and points[-1] == (1, 1)
    assert all(a <= c and b <= d for (a, b), (c, d) in zip(points, points[1:], strict=False))


def test_brier_parts_make_up_the_score_of_each_bins_mean():
    rng = np.random.default_rng(0)
    score = rng.random(3000)
    truth = rng.random(3000) < score**2
    parts = scores.brier_parts(truth, score)
    mean = np.empty(3000)
    at = np.minimum((score * 10).astype(int), 9)
    for b in range(10):
        mean[at == b] = score[at == b].mean()
    whole = parts["brier_reliability"] - parts["brier_resolution"] + parts["brier_uncertainty"]
    assert whole == pytest.approx(np.mean((mean - truth) ** 2))


def test_pinball_is_scikit_learns():
    from sklearn.metrics import mean_pinball_loss

    rng = np.random.default_rng(0)
    truth, said = rng.normal(size=200), rng.normal(size=200)
    assert scores.pinball(truth, said, 0.9) == pytest.approx(mean_pinball_loss(truth, said, alpha=0.9))
