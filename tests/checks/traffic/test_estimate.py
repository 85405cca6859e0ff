"""traffic.estimate: what it expects of Adult's and bookings' rows comes true, and a fall is told before labels are there."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from assay.checks.traffic.estimate import check
from assay.kernel.errors import UsageError
from assay.kernel.severity import Severity

from .conftest import DAY, MONDAY, answers, requests


@pytest.fixture
def estimated(table, work):
    def estimated_(new, old, **options):
        report = check(table(new), against=table(old, "old"), work=work, **options)
        json.dumps(report.to_dict(), allow_nan=False)
        return report

    return estimated_


@pytest.fixture(scope="module")
def people(adult):
    """Adult's rows, answered: a reference, and rows to draw windows from."""
    rows = answers(adult.sample(24_000, random_state=1, ignore_index=True))
    return rows.iloc[:12_000], rows.iloc[12_000:].reset_index(drop=True)


def _measure(report, name, by="estimate", table="window"):
    return report.metric(name, table=table, by=by).value


def alarms(report):
    return {
        f.rule.removeprefix("traffic.estimate.") for f in report.findings if f.severity >= Severity.MEDIUM
    }


def test_without_a_shift_the_estimate_is_the_truth_and_quiet(estimated, people):
    old, new = people
    window = new.iloc[:4000]
    report = estimated(window.drop(columns="truth"), old)
    assert not alarms(report) and report.data["alarm"] is False
    true = estimated(window, old)
    for name in ("accuracy", "precision", "recall", "f1", "specificity", "roc_auc"):
        metric = report.metric(name, table="window", by="estimate")
        low, high = metric.interval
        assert low <= _measure(true, name, "labels") <= high
    assert not alarms(true)


def test_a_shift_of_who_asks_is_foretold_with_its_size_and_since_when(estimated, people):
    old, new = people
    rng = np.random.default_rng(2)
    hard = np.where((new["score"] > 0.25) & (new["score"] < 0.75), 10.0, 1.0)
    drawn = new.iloc[rng.choice(len(new), 3000, p=hard / hard.sum())]
    window = requests(new.iloc[:2000], 2000, MONDAY, DAY / 2, rng)
    later = requests(drawn, 3000, MONDAY + DAY / 2, DAY / 2, rng)
    window = pd.concat([window, later], ignore_index=True)
    report = estimated(window.drop(columns="truth"), old, time="at")
    finding = next(f for f in report.findings if f.rule == "traffic.estimate.drop")
    assert finding.severity == Severity.HIGH and abs(finding.where["row"] - 2000) < 100
    true = estimated(window, old, time="at")
    for name in ("accuracy", "f1", "roc_auc"):
        assert _measure(report, name) == pytest.approx(_measure(true, name, "labels"), abs=0.025)
    assert _measure(report, "accuracy") < _measure(report, "accuracy", "labels", "reference") - 0.05
    assert "gap" not in alarms(true)
    assert report.metric("chunks_outside", measure="accuracy").value >= 4
    assert report.charts


def test_a_change_of_the_truth_is_not_foretold_and_told_once_labels_are_there(estimated, people):
    old, new = people
    window = new.iloc[:3000].copy()
    flipped = np.random.default_rng(3).random(3000) < 0.15
    window.loc[flipped, "truth"] = 1 - window["truth"][flipped]
    assert not alarms(estimated(window.drop(columns="truth"), old))
    window["truth"] = window["truth"].where(window.index % 2 == 0)  # labels of half
    report = estimated(window, old)
    assert alarms(report) == {"gap"} and report.metric("rows_labelled").value == 1500


def test_labels_may_be_words_and_scores_of_another_name(estimated, people):
    old, new = people
    words = {0: "no", 1: "yes"}
    frames = [
        f.assign(truth=f["truth"].map(words), prediction=f["prediction"].map(words)).rename(
            columns={"truth": "buys", "prediction": "said", "score": "p"}
        )
        for f in (new.iloc[:3000], old)
    ]
    report = estimated(*frames, label="buys", predicted="said", scores=("p",), positive="yes")
    plain = estimated(new.iloc[:3000], old)
    for name in ("accuracy", "f1"):
        assert _measure(report, name) == pytest.approx(_measure(plain, name))


def test_several_classes_by_their_scores(estimated):
    from sklearn.datasets import load_digits
    from sklearn.naive_bayes import GaussianNB

    data = load_digits()
    rng = np.random.default_rng(4)
    order = rng.permutation(len(data.target))
    x, y = data.data[order] + rng.normal(0, 4, data.data.shape), data.target[order] % 4
    scores = GaussianNB().fit(x[:600], y[:600]).predict_proba(x)
    frame = pd.DataFrame({f"score_{c}": scores[:, c] for c in range(4)}).assign(
        prediction=scores.argmax(axis=1), truth=y
    )
    report = estimated(frame[1200:], frame[600:1200])
    assert report.data["problem"] == "multiclass" and not alarms(report)
    assert _measure(report, "accuracy") == pytest.approx(_measure(report, "accuracy", "labels"), abs=0.06)
    assert _measure(report, "f1") == pytest.approx(_measure(report, "f1", "labels"), abs=0.06)


def test_a_regression_s_larger_errors_are_foretold(estimated):
    rng = np.random.default_rng(5)

    def rows(n, low):
        x = low + rng.random(n) * (1 - low)
        truth = 10 + 20 * x + rng.normal(0, 0.5 + 4 * x)
        return pd.DataFrame({"x": x, "z": rng.random(n), "prediction": 10 + 20 * x, "truth": truth})

    old, same, hard = rows(3000, 0), rows(1500, 0), rows(1500, 0.7)
    report = estimated(same.drop(columns="truth"), old)
    assert report.data["problem"] == "regression" and not alarms(report)
    report = estimated(hard, old)
    assert alarms(report) == {"drop"}
    assert _measure(report, "mae") == pytest.approx(_measure(report, "mae", "labels"), rel=0.08)
    assert _measure(report, "rmse") == pytest.approx(_measure(report, "rmse", "labels"), rel=0.08)


def test_answers_that_do_not_say_how_sure_they_are_are_refused(estimated, people):
    old, new = people
    with pytest.raises(UsageError, match="do not say how sure"):
        estimated(new.drop(columns="score"), old.drop(columns="score"))
    with pytest.raises(UsageError, match="no truth"):
        estimated(new, old.drop(columns="truth"))
    with pytest.raises(UsageError, match="no label is maybe"):
        estimated(new, old, positive="maybe")


def test_rows_without_a_score_are_told(estimated, people):
    old, new = people
    window = new.iloc[:1000].drop(columns="truth").copy()
    window["score"] = window["score"].where(window.index % 10 > 0)
    report = estimated(window, old)
    assert report.coverage.skipped[0].what == "100 rows" and not report.coverage.complete


def test_a_measure_that_the_window_does_not_let_be_told_is_told_as_skipped(estimated, people):
    old, new = people
    window = new[new["prediction"] == 0].iloc[:1000].drop(columns="truth")
    report = estimated(window, old)
    assert _measure(report, "precision") is None
    (lost,) = report.coverage.skipped
    assert lost.what == "the precision" and "reference has 0." in lost.why and not report.coverage.complete
