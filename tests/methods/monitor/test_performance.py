from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn import metrics as sk

from assay.methods.monitor import performance as perf

RNG = np.random.default_rng(4)
TRUTH = RNG.integers(0, 2, 1_000)
SCORE = np.round(np.clip(TRUTH * 0.3 + RNG.random(1_000) * 0.7, 0, 1), 2)  # with ties
SAID = (SCORE > 0.5).astype(np.int64)


def test_two_classes_as_scikit_learn():
    found = perf.binary(TRUTH, SAID, SCORE)
    tn, fp, fn, tp = sk.confusion_matrix(TRUTH, SAID).ravel()
    expected = {
        "recall": sk.recall_score(TRUTH, SAID), "precision": sk.precision_score(TRUTH, SAID),
        "accuracy": sk.accuracy_score(TRUTH, SAID), "auc": sk.roc_auc_score(TRUTH, SCORE),
        "f0_5": sk.fbeta_score(TRUTH, SAID, beta=0.5), "f1": sk.f1_score(TRUTH, SAID), "f2": sk.fbeta_score(TRUTH, SAID, beta=2),
        "true_positive_rate": tp / (tp + fn), "true_negative_rate": tn / (tn + fp),
        "false_positive_rate": fp / (fp + tn), "false_negative_rate": fn / (fn + tp),
    }  # fmt: skip
    assert {n: found[n] for n in expected} == pytest.approx(expected)
    share = TRUTH.mean()
    assert found["accuracy_best_constant_classifier"] == pytest.approx(max(share, 1 - share))
    assert found["recall_best_constant_classifier"] == 1.0
    assert found["f1_best_constant_classifier"] == pytest.approx(2 * share / (1 + share))


def test_many_classes_as_scikit_learn():
    truth, said = RNG.integers(0, 4, 500), RNG.integers(0, 4, 500)
    found = perf.multiclass(truth, said, 4)
    for name, beta in (("f0_5", 0.5), ("f1", 1), ("f2", 2)):
        assert found[f"weighted_{name}"] == pytest.approx(
            sk.fbeta_score(truth, said, beta=beta, average="weighted")
        )
    assert found["weighted_recall"] == pytest.approx(sk.recall_score(truth, said, average="weighted"))
    assert found["weighted_precision"] == pytest.approx(sk.precision_score(truth, said, average="weighted"))
    assert found["accuracy_best_constant_classifier"] == pytest.approx(np.bincount(truth).max() / 500)
    assert (perf.confusion(truth, said, 4) == sk.confusion_matrix(truth, said)).all()


def test_numbers_as_scikit_learn():
    truth, said = RNG.normal(size=300), RNG.normal(size=300)
    assert perf.regression(truth, said) == pytest.approx({
        "mae": sk.mean_absolute_error(truth, said), "mse": sk.mean_squared_error(truth, said),
        "rmse": sk.root_mean_squared_error(truth, said), "r2": sk.r2_score(truth, said),
    })  # fmt: skip


def test_curves_are_scikit_learns_points():
    made = perf.curves(TRUTH, SCORE)
    roc = made["receiver_operating_characteristic_curve"]
    fpr, tpr, _ = sk.roc_curve(TRUTH, SCORE, drop_intermediate=False)
    assert roc["false_positive_rates"] == pytest.approx(fpr.tolist()) and roc[
        "true_positive_rates"
    ] == pytest.approx(tpr.tolist())
    prc = made["precision_recall_curve"]
    precision, recall, _ = sk.precision_recall_curve(TRUTH, SCORE)
    assert prc["precisions"] == pytest.approx(precision[::-1].tolist())
    assert prc["recalls"] == pytest.approx(recall[::-1].tolist())


def test_nothing_is_divided_by_nothing():
    ones, zeros = np.ones(3, np.int64), np.zeros(3, np.int64)
    for truth, said in ((ones, zeros), (zeros, zeros), (zeros, ones), (ones, ones)):
        assert all(math.isfinite(v) for v in perf.binary(truth, said, said.astype(float)).values())
    assert perf.regression(np.ones(3), np.zeros(3))["r2"] == 0.0


def test_a_deviation_needs_200_rows_and_is_of_five_repeats_of_four_fifths():
    calls = []

    def measure(places):
        calls.append(len(np.unique(places)))
        return {"x": float(len(calls))}

    assert math.isnan(perf.deviations(measure, 199, np.random.default_rng(1))["x"]) and calls == [199]
    calls.clear()
    assert perf.deviations(measure, 200, np.random.default_rng(1))["x"] == pytest.approx(
        np.std([1, 2, 3, 4, 5], ddof=1)
    )
    assert calls == [160] * 5


def test_documents_are_model_monitors():
    spread = {"recall": 0.03, "mae": math.nan}
    assert perf.document("binary", {"recall": 0.7}, spread, 500, {"confusion_matrix": {}}) == {
        "version": 0.0,
        "dataset": {"item_count": 500},
        "binary_classification_metrics": {
            "confusion_matrix": {},
            "recall": {"value": 0.7, "standard_deviation": 0.03},
        },
    }
    few = perf.document("regression", {"mae": 0.5}, spread, 5, {})
    assert few["regression_metrics"]["mae"] == {"value": 0.5, "standard_deviation": "NaN"}
    assert perf.suggested("regression", {"mae": 0.5, "r2": 0.9}) == {
        "version": 0.0,
        "regression_constraints": {
            "mae": {"threshold": 0.5, "comparison_operator": "GreaterThanThreshold"},
            "r2": {"threshold": 0.9, "comparison_operator": "LessThanThreshold"},
        },
    }


def test_a_violation_reads_as_documented():
    wanted = perf.constraints({"version": 0.0, "binary_classification_constraints": {
        "precision": {"threshold": 1.0, "comparison_operator": "LessThanThreshold", "additional_properties": None},
        "recall": {"threshold": 0.5, "comparison_operator": "LessThanThreshold"},
        "false_positive_rate": {"threshold": 0.1, "comparison_operator": "GreaterThanThreshold"},
    }})  # fmt: skip
    assert wanted is not None and wanted[0] == "binary"
    values = {"precision": 0.7, "recall": 0.5, "false_positive_rate": 0.1}
    (found,) = perf.violations(values, {"precision": 0.03}, wanted[1])
    assert found[0] == {
        "constraint_check_type": "LessThanThreshold",
        "description": "Metric precision with 0.7 +/- 0.03 was LessThanThreshold '1.0'",
        "metric_name": "precision",
    }
    assert found[1] == pytest.approx(10)
    assert perf.constraints({"features": []}) is None and perf.constraints([]) is None
    with pytest.raises(ValueError, match="cannot be read"):
        perf.constraints({"regression_constraints": {"mae": {"threshold": "much"}}})
