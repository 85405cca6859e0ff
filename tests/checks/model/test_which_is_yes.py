"""Scores of a model are of its last class; whichever label is yes, they are judged as scores of that one."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from sklearn import metrics as sk

from assay.checks.model.validate import check
from assay.kernel.asset import Asset
from assay.kernel.handles import ModelInfo
from assay.methods.drift import cost
from assay.methods.outcomes import scores_of_yes, usual_yes

_CLASSES = ("<=50K", ">50K")  # as scikit-learn orders them; the shorter one is the last


class Incomes:
    """A model of two classes of names; its score is the probability of the last."""

    def __init__(self):
        self.asset = Asset("model", "incomes", "incomes", "sha256:0")
        self.info = ModelInfo("python", "incomes", ("x",), _CLASSES, "binary")

    def predict(self, data):
        score = data.column("x").to_numpy()
        return pa.table({"prediction": np.where(score > 0.5, *reversed(_CLASSES)), "score": score})

    def contributions(self, data):
        return None


def _rows():
    rng = np.random.default_rng(4)
    x = rng.random(600)
    return pd.DataFrame({"x": x, "y": np.where(rng.random(600) < x, *reversed(_CLASSES))})


@pytest.mark.parametrize("positive", [(), (">50K",), ("<=50K",)])
def test_scores_are_not_judged_upside_down_whichever_label_is_yes(table, work, positive):
    frame = _rows()
    report = check(Incomes(), data=table(frame), label="y", positive=positive, slices=0, work=work)
    yes = positive[0] if positive else ">50K"
    truth, score = frame.y == yes, frame.x if yes == ">50K" else 1 - frame.x
    assert report.data["positive"] == yes
    assert report.metric("roc_auc").value == pytest.approx(sk.roc_auc_score(truth, score))
    assert report.metric("brier").value == pytest.approx(sk.brier_score_loss(truth, score))
    assert report.metric("pr_auc").value == pytest.approx(sk.average_precision_score(truth, score))


@pytest.mark.parametrize("positive", [(), (">50K",), ("<=50K",)])
def test_the_loss_under_drift_is_of_the_right_class(positive):
    frame = _rows()
    answers = Incomes().predict(pa.table({"x": frame.x}))
    each, named = cost.losses(pa.chunked_array([pa.array(frame.y)]), answers, positive, _CLASSES)
    assert named == "log loss"
    assert each.mean() == pytest.approx(sk.log_loss(frame.y == ">50K", frame.x))


@pytest.mark.parametrize(
    ("names", "yes"),
    [
        (["<=50K", ">50K"], ">50K"),
        (["female", "male"], "male"),
        (["no", "yes"], "yes"),
        ([0, 1], "1"),
        ([9, 10], "10"),
    ],
)
def test_the_usual_yes_is_the_last_in_order_and_not_the_longest(names, yes):
    assert usual_yes(names) == yes


def test_the_usual_yes_of_truth_values_is_true():
    assert usual_yes([True, False]) == "1"  # as truth values are spelled


def test_margins_are_turned_over_by_their_sign():
    margins = np.array([-2.0, 0.5, 3.0])
    assert scores_of_yes(margins, (0, 1), ["0"]).tolist() == [2.0, -0.5, -3.0]
    assert scores_of_yes(margins, (0, 1), ["1"]) is margins
    assert scores_of_yes(margins, ("a", "b", "c"), ["a"]) is margins
