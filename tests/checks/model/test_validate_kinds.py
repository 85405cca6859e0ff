"""Kinds of problems that are found by themselves, and what is told of classes, chances and quantiles."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as sk

from assay.checks.model.validate import check
from assay.engines.models.inmemory import InMemoryModel, pin
from assay.kernel.errors import UsageError
from assay.kernel.severity import Severity


def _rules(report):
    return {f.rule.removeprefix("model.validate."): f for f in report.findings}


def _classes(rows=400, seed=0):
    rng = np.random.default_rng(seed)
    truth = rng.choice(4, rows, p=[0.4, 0.3, 0.2, 0.1])
    chance = rng.dirichlet(np.ones(4), rows) * 0.4
    chance[np.arange(rows), truth] += 0.6
    return truth, chance


def _frame(truth, chance):
    names = [f"s{i}" for i in range(chance.shape[1])]
    return pd.DataFrame(chance, columns=names).assign(y=truth, p=chance.argmax(axis=1)), tuple(names)


def test_each_class_and_the_chances_of_classes_are_judged(table, work):
    """Chances of several classes were read by nobody, and no class had a score of its own."""
    frame, names = _frame(*_classes())
    report = check(table(frame), label="y", predicted="p", scores=names, slices=0, work=work)
    chance, right = frame[list(names)].to_numpy(), np.eye(4)[frame.y]
    assert report.metric("log_loss").value == pytest.approx(sk.log_loss(frame.y, chance))
    assert report.metric("brier").value == pytest.approx(((chance - right) ** 2).sum(axis=1).mean())
    each = sk.precision_recall_fscore_support(frame.y, frame.p, zero_division=np.nan)
    for at in range(4):
        of = {"class": str(at)}
        for name, values in zip(("precision", "recall", "f1", "rows"), each, strict=True):
            assert report.metric(name, **of).value == pytest.approx(values[at])
        assert report.metric("roc_auc", **of).value == pytest.approx(
            sk.roc_auc_score(right[:, at], chance[:, at])
        )
    sure, hit = chance.max(axis=1), chance.argmax(axis=1) == frame.y
    at = np.minimum((sure * 10).astype(int), 9)
    error = sum((at == b).mean() * abs(sure[at == b].mean() - hit[at == b].mean()) for b in np.unique(at))
    assert report.metric("ece").value == pytest.approx(error)
    guess = np.tile(np.bincount(frame.y) / len(frame), (len(frame), 1))
    assert report.metric("log_loss", model="constant guess").value == pytest.approx(
        sk.log_loss(frame.y, guess)
    )
    assert "promise" in _rules(report)["calibration"].message
    assert [c.title for c in report.charts] == ["Confusion matrix", "Calibration"]


@pytest.mark.slow
def test_scores_that_are_no_chances_of_the_classes_are_told(table, work):
    truth, chance = _classes(200)
    given = {"label": "y", "predicted": "p", "slices": 0, "work": work}
    frame, names = _frame(truth, chance)
    outside = check(table(frame.assign(s0=frame.s0 + 1)), scores=names, **given)
    assert _rules(outside)["no_probabilities"].severity >= Severity.MEDIUM
    over = check(table(frame.assign(s0=1.0)), scores=names, **given)
    assert "add up to more than 1" in _rules(over)["no_probabilities"].message
    assert not {"log_loss", "brier", "ece"} & {m.name for m in over.metrics}
    fewer = check(table(frame), scores=names[:3], **given)
    assert "3 scores a row, and y has 4 values" in _rules(fewer)["scores_unlike"].message
    two = check(table(frame.assign(y=frame.y % 2, p=frame.p % 2)), scores=names[:3], **given)
    assert "3 scores a row, and y has 2 values" in _rules(two)["scores_unlike"].message


def test_a_class_that_is_never_found_is_told(table, work):
    frame, _ = _frame(*_classes())
    report = check(
        table(frame.assign(p=frame.p.replace(3, 0))), label="y", predicted="p", slices=0, work=work
    )
    assert _rules(report)["classes_never_found"].message.endswith("of theirs: 3.")
    assert report.metric("precision", **{"class": "3"}).reason == "undefined"


@pytest.mark.parametrize(("said", "told"), [(0.9, False), (0.75, True)])
def test_a_quantile_that_is_another_is_told(table, work, said, told):
    rng = np.random.default_rng(0)
    y = rng.normal(size=500)
    frame = pd.DataFrame({"y": y, "p": np.quantile(y, said)})
    report = check(table(frame), label="y", predicted="p", quantile=0.9, slices=0, work=work)
    assert ("quantile_off" in _rules(report)) is told
    assert report.charts[0].title == "Share below by answer"


def _shops(days=60):
    rng = np.random.default_rng(0)
    at = pd.date_range("2024-01-01", periods=days)
    shops = [
        pd.DataFrame({"day": at, "shop": n, "y": rng.normal(100 * k, 5, days)}) for k, n in enumerate("ab", 1)
    ]
    return pd.concat(shops).assign(p=lambda f: f.groupby("shop").y.transform("mean"))


def test_a_table_that_is_series_in_time_is_taken_for_forecasts(table, work):
    frame = _shops()
    report = check(table(frame), label="y", predicted="p", slices=0, work=work)
    assert (
        report.data["problem"] == "forecast"
        and "--time day --series shop" in _rules(report)["supposed"].remedy
    )
    said = check(table(frame), label="y", predicted="p", time="day", series="shop", slices=0, work=work)
    assert report.metric("mase").value == said.metric("mase").value and "supposed" not in _rules(said)
    rng = np.random.default_rng(1)
    uneven = frame.assign(
        day=pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 10**7, len(frame)), "s")
    )
    report = check(table(uneven), label="y", predicted="p", slices=0, work=work)
    assert report.data["problem"] == "regression"


def test_rows_of_queries_are_put_in_order_where_the_columns_show_it(table, work):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"qid": np.repeat(np.arange(40), 8), "rel": rng.integers(0, 4, 320)})
    frame["s"] = frame.rel + rng.normal(size=320)
    said = check(table(frame), label="rel", score="s", query="qid", slices=0, work=work).metric("ndcg").value
    for given in ({"score": "s"}, {"predicted": "s"}):
        report = check(table(frame), label="rel", slices=0, work=work, **given)
        assert report.data["problem"] == "ranking" and report.metric("ndcg").value == said
    told = check(table(frame.assign(s=frame.rel)), label="rel", predicted="s", slices=0, work=work)
    assert told.data["problem"] == "multiclass", "whole numbers are classes"


def test_a_column_that_gives_the_label_away_is_told_and_grave_where_the_model_goes_by_it(table, work):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {"x": rng.normal(size=400), "status": rng.choice(["out", "gone", "never came"], 400)}
    )
    frame["y"] = (frame.status == "out").astype(int)
    frame["p"] = frame.y
    report = check(table(frame), label="y", predicted="p", slices=0, work=work)
    told = _rules(report)["given_away"]
    assert told.severity is Severity.LOW and list(report.data["given_away"]) == ["status"]

    def model(rows):
        return (rows["status"] == "out").astype(int)

    opened = InMemoryModel(pin(model), model)
    seen = table(frame.drop(columns="p"))
    assert (
        _rules(check(opened, data=seen, label="y", slices=0, work=work))["given_away"].severity
        is Severity.LOW
    )
    opened._info = replace(opened.info, features=("status",))
    assert (
        _rules(check(opened, data=seen, label="y", slices=0, work=work))["given_away"].severity
        is Severity.HIGH
    )
    opened._info = replace(opened.info, features=("x", "status"))
    fair = table(frame.drop(columns="p").assign(status=rng.choice(["out", "gone"], 400)))
    assert "given_away" not in _rules(check(opened, data=fair, label="y", slices=0, work=work))
    amount = pd.DataFrame({"x": rng.normal(size=4_000)}).assign(y=lambda f: f.x * 3 + 1, p=lambda f: f.x * 3)
    told = _rules(check(table(amount), label="y", predicted="p", slices=0, work=work))["given_away"]
    assert told.message.startswith("x (") and "alone gives y away" in told.message


def test_costs_of_classes_make_the_headline_and_the_cheapest_answers_are_told(table, work):
    """Costs were refused where there were more than two classes."""
    frame, names = _frame(*_classes())
    frame["p"] = np.random.default_rng(1).choice(4, len(frame)).astype(int)
    costs = {"0:1": 7, "3:2": 0.5}
    report = check(table(frame), label="y", predicted="p", scores=names, cost=costs, slices=0, work=work)
    matrix = 1 - np.eye(4)
    matrix[0, 1], matrix[3, 2] = 7, 0.5
    cheapest = (frame[list(names)].to_numpy() @ matrix).argmin(axis=1)
    assert report.data["metric"] == "cost" and report.metric("cost").value == pytest.approx(
        matrix[frame.y, frame.p].mean()
    )
    told = report.metric("cost", answers="cheapest by its chances").value
    assert told == pytest.approx(matrix[frame.y, cheapest].mean()) and "threshold" in _rules(report)
    alike = min((np.bincount(frame.y) / len(frame)) @ matrix)
    assert report.metric("cost", model="constant guess").value == pytest.approx(alike)


def test_costs_of_two_classes_are_those_of_two_errors(table, work):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"y": rng.choice(["<=50K", ">50K"], 200), "p": rng.choice(["<=50K", ">50K"], 200)})
    given = {"label": "y", "predicted": "p", "slices": 0, "work": work}
    # as the command line cuts <=50K:>50K=2 and >50K:<=50K=5 at their first sign
    report = check(table(frame), cost={"<": "50K:>50K=2", ">50K:<": "50K=5"}, **given)
    assert (
        report.metric("cost").value == check(table(frame), cost_fp=2, cost_fn=5, **given).metric("cost").value
    )
    for wrong, words in (
        ({"a:b": 1}, "no label is a"),
        ({"a": 1}, "is no cost"),
        ({"a:b": -1}, "is no cost"),
    ):
        with pytest.raises(UsageError, match=words):
            check(table(frame), cost=wrong, **given)
    with pytest.raises(UsageError, match="given twice"):
        check(table(frame), cost={"<=50K:>50K": 1}, cost_fp=1, cost_fn=1, **given)


def test_infinite_answers_are_named(table, work):
    """They were told as one answer for every row."""
    y = np.random.default_rng(0).normal(size=100)
    frame = pd.DataFrame({"y": y, "p": np.where(np.arange(100) < 3, np.inf, y)})
    report = check(table(frame), label="y", predicted="p", slices=0, work=work)
    found = _rules(report)
    assert found["infinite_answers"].count == 3 and found["infinite_answers"].severity is Severity.HIGH
    assert report.metric("rmse").reason == "infinite"
    assert "the same answer" not in " ".join(f.message for f in report.findings)
    labels = check(table(frame.assign(y=frame.p, p=y)), label="y", predicted="p", slices=0, work=work)
    assert {"infinite"} == set(_rules(labels)) & {"infinite", "unplaced", "infinite_answers"}
    assert (labels.coverage.examined, labels.coverage.of) == (97, 100)
