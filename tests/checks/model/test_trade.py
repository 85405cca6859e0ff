"""model.trade: candidates on one frontier, beside fairlearn's and scikit-learn's figures; who is dominated; wrong inputs."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import balanced_accuracy_score

from assay.checks.model.trade import check
from assay.kernel.errors import AssayError
from assay.works.checking import carry_out


@pytest.fixture
def frame():
    rng = np.random.default_rng(2)
    n = 2000
    sex = rng.choice(["f", "m", None], n, p=[0.5, 0.45, 0.05])
    y = rng.random(n) < np.where(sex == "m", 0.6, 0.4)
    out = pd.DataFrame({"sex": sex, "y": np.where(y, "yes", "no")})
    for name, right in (("good", 0.9), ("poor", 0.6)):
        said = np.where(rng.random(n) < right, y, ~y)
        out[name] = np.where(said, "yes", "no")
    out["unequal"] = np.where(sex == "m", "yes", out["good"])
    out["none"] = "no"
    return out


def test_points_are_scikit_learns_and_fairlearns(frame, table, work):
    metrics = pytest.importorskip("fairlearn.metrics")
    names = ("good", "poor", "unequal", "none")
    report = check(table(frame), predicted=names, label="y", facet=("sex",), work=work)
    truth = frame.y == "yes"
    for name in names:
        said = frame[name] == "yes"
        groups = {"sensitive_features": frame.sex.fillna("?")}
        theirs = {
            "balanced_accuracy": balanced_accuracy_score(truth, said),
            "demographic_parity_difference": metrics.demographic_parity_difference(truth, said, **groups),
            "equalized_odds_difference": metrics.equalized_odds_difference(truth, said, **groups),
            "equal_opportunity_difference": metrics.equal_opportunity_difference(truth, said, **groups),
        }
        for metric, value in theirs.items():
            found = report.metric(metric, candidate=name)
            assert found.value == pytest.approx(value, abs=1e-12)
            assert found.interval is None or found.interval[0] <= value + 0.02
    points = {p["name"]: p for p in report.data["trade"]}
    x, y = (
        {n: p["values"][m] for n, p in points.items()}
        for m in ("demographic_parity_difference", "balanced_accuracy")
    )
    for name, point in points.items():
        worse = any(
            x[o] <= x[name] and y[o] >= y[name] and (x[o], y[o]) != (x[name], y[name]) for o in points
        )
        assert point["dominated"] == worse
    assert points["unequal"]["dominated"] and not points["good"]["dominated"]
    assert report.charts[0].kind == "scatter" and len(report.charts[0].data) == 4
    said = [f.message for f in report.findings if f.rule == "model.trade.dominated"]
    assert len(said) == sum(p["dominated"] for p in points.values()) and "by good" in said[-1]


def test_models_and_columns_stand_side_by_side(frame):
    def same(rows):
        return np.where(rows.sex == "m", 0.9, 0.1)

    asked = {
        "models": {"by sex": same},
        "predicted": ("good",),
        "label": "y",
        "positive": ("yes",),
        "facet": ("sex",),
    }
    report = carry_out("check", "model.trade", frame, asked, home=None).report
    assert not report.error
    assert report.metric("demographic_parity_difference", candidate="by sex").value == 1
    assert report.data["trade"][0]["dominated"]


def test_small_groups_and_absent_predictions_are_told(frame, table, work):
    frame.loc[:9, "sex"], frame.loc[:4, "good"] = "x", None
    frame.loc[20:22, "good"] = "maybe"
    report = check(table(frame), predicted=("good",), label="y", facet=("sex",), work=work)
    rules = {f.rule: f for f in report.findings}
    assert "x: fewer than 30" in rules["model.trade.small_group"].message
    assert rules["model.trade.unknown_predictions"].count == 3
    assert not report.coverage.complete and "5 rows" in report.coverage.skipped[0].why
    few = check(table(frame), predicted=("poor",), label="y", facet=("sex",), min_group=1500, work=work)
    assert few.metric("demographic_parity_difference").value is None and not few.coverage.complete


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"predicted": ()}, "0 candidates"),
        ({"label": "all", "positive": ("a",)}, "every row has one"),
        ({"label": "sex", "facet": ("all",), "positive": ("f",)}, "nobody to compare"),
        ({"positive": ("maybe",)}, "no row of y"),
    ],
)
def test_what_cannot_be_compared_is_said(frame, table, work, options, said):
    asked = {"predicted": ("good",), "label": "y", "positive": ("yes",), "facet": ("sex",)} | options
    with pytest.raises(AssayError, match=said):
        check(table(frame.assign(all="a")), work=work, **asked)
