from __future__ import annotations

import textwrap

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import f1_score
from sklearn.model_selection import (
    GridSearchCV,
    cross_val_score,
    cross_validate,
    learning_curve,
    validation_curve,
)
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from assay.checks.model.validate import check
from assay.engines.models.inmemory import pin
from assay.engines.trainers.inmemory import InMemoryTrainer
from assay.kernel.errors import UsageError
from assay.kernel.severity import Severity
from assay.methods import comparing
from assay.methods.folds import Plan, drawn


def by(source):
    """A way of training in memory."""
    return InMemoryTrainer(pin(source), source)


def frame(rows=400, seed=5):
    rng = np.random.default_rng(seed)
    a, b, c = rng.standard_normal((3, rows))
    return pd.DataFrame(
        {"a": a, "b": b, "c": c, "y": (a + b * b + 0.7 * rng.standard_normal(rows) > 1).astype(int)}
    )


def folds_of(data, work, plan, **given):
    """The folds that the check draws, as scikit-learn takes them."""
    found = drawn(plan, len(data), work.rng("folds"), **given)
    return [(f.train, f.test) for f in found]


def values(report, name, key):
    return {m.of[key]: m.value for m in report.metrics if m.name == name and key in m.of}


TREE = DecisionTreeClassifier(max_depth=3, random_state=0)


def test_each_fold_scores_what_cross_val_score_says(table, work):
    data = frame()
    report = check(table(data), label="y", retrain=by(TREE), repeats=2, slices=0, work=work)
    cv = folds_of(data, work, Plan("stratified", 5, 2), strata=data.y.to_numpy())
    expected = cross_validate(
        TREE, data[["a", "b", "c"]], data.y, cv=cv, scoring="f1", return_train_score=True
    )
    assert list(values(report, "f1", "fold").values()) == pytest.approx(expected["test_score"])
    assert list(values(report, "f1_in_training", "fold").values()) == pytest.approx(expected["train_score"])
    mean = report.metric("f1")
    assert mean.value == pytest.approx(expected["test_score"].mean())
    assert mean.interval == pytest.approx(comparing.corrected_interval(expected["test_score"], 80, 320))
    assert report.metric("f1_sd_over_folds").value == pytest.approx(expected["test_score"].std(ddof=1))
    for name in ("accuracy", "roc_auc"):
        alone = cross_val_score(TREE, data[["a", "b", "c"]], data.y, cv=cv, scoring=name)
        assert report.metric(name).value == pytest.approx(alone.mean()), name
    assert report.coverage.complete and report.data["scheme"] == "stratified"


def test_amounts_are_scored_by_errors(table, work):
    rng = np.random.default_rng(0)
    data = frame().drop(columns="y").assign(y=lambda f: f.a * 2 + f.b + rng.standard_normal(len(f)))
    report = check(table(data), label="y", retrain=by(LinearRegression()), slices=0, work=work)
    cv = folds_of(data, work, Plan("kfold", 5))
    alone = -cross_val_score(
        LinearRegression(), data[["a", "b", "c"]], data.y, cv=cv, scoring="neg_root_mean_squared_error"
    )
    assert report.metric("rmse").value == pytest.approx(alone.mean())
    assert report.data["problem"] == "regression" and report.data["scheme"] == "kfold"


def test_nested_choice_is_grid_search_inside_cross_val_score_and_optimism_is_told(table, work):
    data = frame(240).assign(
        y=np.random.default_rng(4).integers(0, 2, 240)
    )  # nothing to learn: every gain is chance
    tune = {"max_depth": [1, 3, 9], "min_samples_leaf": "1,20"}
    report = check(table(data), label="y", retrain=by(TREE), tune=tune, folds=4, slices=0, work=work)
    strata = data.y.to_numpy()
    cv = folds_of(data, work, Plan("stratified", 4), strata=strata)
    grid = {"max_depth": [1, 3, 9], "min_samples_leaf": [1, 20]}
    features, nested = data[["a", "b", "c"]], []
    for k, (train, test) in enumerate(cv):
        inner = drawn(
            Plan("stratified", 3), len(train), work.rng(f"folds inside {k + 1}"), strata=strata[train]
        )
        search = GridSearchCV(TREE, grid, scoring="f1", cv=[(f.train, f.test) for f in inner])
        search.fit(features.iloc[train], strata[train])
        nested.append(f1_score(strata[test], search.predict(features.iloc[test])))
        assert report.data["tuned"]["chosen"][str(k + 1)] == ", ".join(
            f"{n} = {search.best_params_[n]}" for n in grid
        )
    assert report.metric("f1").value == pytest.approx(np.mean(nested))
    plain = GridSearchCV(TREE, grid, scoring="f1", cv=cv).fit(features, strata).best_score_
    assert report.metric("f1", estimate="not nested").value == pytest.approx(plain)
    assert report.metric("optimism").value == pytest.approx(plain - np.mean(nested))
    told = next(f for f in report.findings if f.rule == "model.validate.optimism")
    assert "too good by" in told.message


def test_curves_are_those_of_scikit_learn(table, work):
    data = frame(640)
    report = check(
        table(data), label="y", retrain=by(TREE), folds=4, learning_curve=True,
        complexity={"max_depth": "1,2,4,20"}, slices=0, work=work,
    )  # fmt: skip
    cv = folds_of(data, work, Plan("stratified", 4), strata=data.y.to_numpy())
    given = {"cv": cv, "scoring": "f1"}
    sizes, own, held = learning_curve(
        TREE, data[["a", "b", "c"]], data.y, train_sizes=[30, 60, 120, 240, 480], **given
    )
    assert values(report, "f1", "trained_on") == pytest.approx(
        dict(zip(sizes, held.mean(axis=1), strict=True))
    )
    assert list(values(report, "f1_in_training", "trained_on").values()) == pytest.approx(own.mean(axis=1))
    own, held = validation_curve(
        TREE, data[["a", "b", "c"]], data.y, param_name="max_depth", param_range=[1, 2, 4, 20], **given
    )
    assert list(values(report, "f1", "max_depth").values()) == pytest.approx(held.mean(axis=1))
    assert list(values(report, "f1_in_training", "max_depth").values()) == pytest.approx(own.mean(axis=1))
    assert {"Learning curve", "Complexity curve"} <= {c.title for c in report.charts}
    assert report.data["complexity_curve"]["over_fitting"] == [20]
    assert report.data["complexity_curve"]["under_fitting"] == [1, 2]


def test_two_ways_are_compared_by_the_corrected_resampled_t(table, work):
    data = frame()
    report = check(
        table(data), label="y", retrain=by(LogisticRegression()), against_retrain=by(TREE),
        folds=10, slices=0, work=work,
    )  # fmt: skip
    cv = folds_of(data, work, Plan("stratified", 10), strata=data.y.to_numpy())
    one, other = (
        cross_val_score(m, data[["a", "b", "c"]], data.y, cv=cv, scoring="f1")
        for m in (LogisticRegression(), TREE)
    )
    gaps = one - other
    t = gaps.mean() / np.sqrt(gaps.var(ddof=1) * (1 / 10 + 40 / 360))
    assert report.metric("corrected_t").value == pytest.approx(t)
    assert report.metric("f1_difference").value == pytest.approx(gaps.mean())
    told = next(f for f in report.findings if f.rule.endswith((".worse", ".better", ".no_real_difference")))
    assert told.rule == "model.validate.worse" and told.message.startswith("The difference is real")
    same = check(
        table(data),
        label="y",
        retrain=by(TREE),
        against_hyperparameters={"max_depth": 4},
        slices=0,
        work=work,
    )
    assert "may be chance" in next(f for f in same.findings if "difference" in f.rule).message


def test_folds_in_which_a_score_is_undefined_are_never_told_as_nan(table, work):
    """F1 of a fold without a yes, told or true, is none: a mean over it was told as nan, and so was the comparison."""
    rng = np.random.default_rng(0)
    data = pd.DataFrame({"x": rng.normal(size=300), "g": np.repeat(np.arange(6), 50)})
    data["y"] = ((data.x > 0) & (data.g < 4)).astype(int)
    report = check(
        table(data), label="y", retrain=by(LogisticRegression(C=0.001)), against_retrain=by(LogisticRegression()),
        scheme="grouped", group="g", folds=6, slices=0, work=work,
    )  # fmt: skip
    told = {f.rule.removeprefix("model.validate."): f.message for f in report.findings}
    assert "undefined in 2 of 6" in told["retrained"] and "over 4 folds p " in told["worse"]
    assert "nan" not in " ".join(told.values()) and report.metric("f1").value is None
    shown = next(c for c in report.charts if c.title == "f1 of each fold")
    assert len(shown.data) == 4 and "over 4 folds" in shown.alt


def _people(rows=300, seed=2):
    """A label by person and nothing else: what tells persons apart tells the label only of persons seen before."""
    rng = np.random.default_rng(seed)
    person = rng.integers(0, 60, rows)
    mark, label = rng.random(60), rng.integers(0, 2, 60)
    return pd.DataFrame(
        {
            "person": person,
            "mark": mark[person] + rng.normal(0, 1e-4, rows),
            "noise": rng.random(rows),
            "y": label[person],
        }
    )


def test_a_leak_by_group_is_hidden_by_plain_folds_and_shown_by_grouped_ones(table, work):
    data = _people()
    given = {"label": "y", "retrain": by(DecisionTreeClassifier(random_state=0)), "without": ("person",)}
    plain = check(table(data), **given, scheme="stratified", slices=0, work=work)
    assert plain.metric("accuracy").value > 0.9
    told = check(table(data), **given, scheme="stratified", group="person", slices=0, work=work)
    assert "model.validate.groups_parted" in [f.rule for f in told.findings]
    whole = check(table(data), **given, group="person", slices=0, work=work)
    assert whole.data["scheme"] == "grouped" and whole.metric("accuracy").value < 0.65
    assert whole.metric("share_on_both_sides", what="rows of one person").value == 0
    assert "model.validate.over_fitting" in [f.rule for f in whole.findings]


def test_copies_on_both_sides_of_a_fold_are_told(table, work):
    data = frame(150).assign(y=np.random.default_rng(1).integers(0, 2, 150))
    data = pd.concat([data, data, data.head(20)], ignore_index=True)
    report = check(
        table(data), label="y", retrain=by(DecisionTreeClassifier(random_state=0)), slices=0, work=work
    )
    told = next(f for f in report.findings if f.rule == "model.validate.alike_across_folds")
    assert told.severity is Severity.MEDIUM, told.message


def test_folds_in_time_show_what_plain_folds_hide(table, work):
    rng = np.random.default_rng(0)
    rows = 900
    when = np.arange(rows)
    a = rng.standard_normal(rows)
    slope = 2 - 2.6 * when / rows  # what a means turns round
    data = pd.DataFrame(
        {"when": when, "a": a, "y": np.where(slope * a + 0.2 * rng.standard_normal(rows) > 0, "up", "down")}
    )
    given = {
        "label": "y",
        "retrain": by(DecisionTreeClassifier(max_depth=6, random_state=0)),
        "folds": 4,
        "slices": 0,
    }
    plain = check(table(data), **given, scheme="kfold", work=work)
    timed = check(table(data), **given, time="when", without=("when",), work=work)
    assert timed.data["scheme"] == "time"
    assert timed.metric("f1").value < plain.metric("f1").value - 0.1
    assert timed.metric("f1", fold="4").value < 0.3
    assert timed.metric("f1").interval[1] <= 1
    assert "model.validate.fades" in [f.rule for f in timed.findings]


def test_a_holdout_in_time_is_of_the_latest_rows(table, work):
    """--scheme holdout drew its rows by lot, whatever --time said."""
    data = frame(300).assign(day=lambda f: np.random.default_rng(1).permutation(len(f)))
    data.loc[data.day >= 225, "y"] = 1 - data.loc[data.day >= 225, "y"]  # the world turned over
    given = {"label": "y", "retrain": by(TREE), "scheme": "holdout", "without": ("day",), "slices": 0}
    report = check(table(data), time="day", work=work, **given)
    old, new = data[data.day < 225], data[data.day >= 225]
    expected = f1_score(new.y, TREE.fit(old[["a", "b", "c"]], old.y).predict(new[["a", "b", "c"]]))
    assert report.metric("f1").value == pytest.approx(expected)
    assert any("holdout of the latest rows" in f.message for f in report.findings)
    with pytest.raises(UsageError, match="one way to draw them"):
        check(table(data), time="day", repeats=2, work=work, **given)


def test_rows_without_a_time_are_left_out_of_folds_in_time_that_nobody_called_so(table, work):
    data = frame(200).assign(day=lambda f: np.arange(float(len(f))))
    data.loc[:9, "day"] = np.nan
    report = check(
        table(data), label="y", retrain=by(TREE), time="day", folds=2, without=("day",), slices=0, work=work
    )
    assert report.coverage.of == 190
    assert any("10 of 200 rows have no y or no time" in f.message for f in report.findings)


def test_folds_of_models_that_do_not_answer_are_told(table, work):
    """What was missing in a fold was left out without a word."""

    def shy(rows, truth):
        return lambda x: np.where(x["a"] > 1, np.nan, (x["a"] > 0.2).astype(float))

    data = frame(300)
    report = check(table(data), label="y", retrain=by(shy), folds=3, slices=0, work=work)
    lost = int((data.a > 1).sum())
    assert next(f for f in report.findings if f.rule == "model.validate.unanswered").count == lost
    assert report.coverage.examined == len(data) - lost and not report.coverage.complete


def test_a_mean_error_over_folds_has_an_interval_around_it(table, work):
    """It was kept between 0 and 1, as scores are, so that the error was outside of its own interval."""
    rng = np.random.default_rng(0)
    data = pd.DataFrame({"day": np.arange(120), "y": np.arange(120) * 2.0 + rng.normal(size=120)})
    report = check(
        table(data), label="y", retrain=by(DecisionTreeRegressor(max_depth=2)), time="day", season=2, folds=3,
        slices=0, work=work,
    )  # fmt: skip
    found = report.metric("mean_error")
    assert report.data["problem"] == "forecast" and found.value < -1
    assert found.interval[0] < found.value < found.interval[1]


def test_a_regressor_that_learns_by_heart_is_told(table, work):
    rng = np.random.default_rng(3)
    data = pd.DataFrame(rng.random((200, 4)), columns=list("abcy"))
    report = check(
        table(data), label="y", retrain=by(DecisionTreeRegressor(random_state=0)), slices=0, work=work
    )
    rules = {f.rule for f in report.findings}
    assert {"model.validate.over_fitting", "model.validate.no_better_than_guess"} <= rules
    forest = by(RandomForestRegressor(n_estimators=5, random_state=0))
    timed = check(
        table(data.assign(t=range(200))), label="y", retrain=forest, time="t", season=2, slices=0, work=work
    )
    assert timed.data["problem"] == "forecast"


def _script(tmp_path, body):
    path = tmp_path / "train.py"
    path.write_text(textwrap.dedent(body))
    return path


BEGIN = """
import os, sys, time, joblib, pandas as pd
from sklearn.tree import DecisionTreeClassifier
frame = pd.read_csv(os.environ["SM_CHANNEL_TRAIN"] + "/data.csv")
"""
END = """
label = frame.pop("y")
joblib.dump(DecisionTreeClassifier(max_depth=2).fit(frame, label), os.environ["SM_MODEL_DIR"] + "/m.joblib")
"""


@pytest.mark.slow
def test_a_script_that_fails_on_one_fold_is_a_finding_that_names_it(assay, tmp_path):
    data = frame(120)
    data.loc[7, "c"] = 99.0  # in the training rows of every fold but one
    data.to_csv(tmp_path / "d.csv", index=False)
    _script(tmp_path, BEGIN + "if frame.c.max() < 99: sys.exit('99 is not among the rows')\n" + END)
    given = ["check", "model.validate", "d.csv", "--label", "y", "--retrain", "train.py", "--folds", "2", "--isolation", "partial"]  # fmt: skip
    report = assay.json(tmp_path, *given, "--slices", "0", code=1)
    failed = [f for f in report["findings"] if f["rule"] == "model.validate.fold_failed"]
    assert len(failed) == 1 and "99 is not among the rows" in failed[0]["message"]
    assert failed[0]["where"]["fold"] in ("fold 1", "fold 2")
    assert (
        report["outcome"] == "fail" and report["coverage"]["skipped"][0]["what"] == failed[0]["where"]["fold"]
    )
    assert sum(1 for m in report["metrics"] if m["name"] == "f1" and "fold" in m["of"]) == 1


@pytest.mark.slow
def test_a_script_that_hangs_is_ended_and_not_tried_for_ever(assay, tmp_path):
    frame(60).to_csv(tmp_path / "d.csv", index=False)
    _script(tmp_path, "\nimport time\nprint('waiting', flush=True)\ntime.sleep(100)\n")
    given = ["check", "model.validate", "d.csv", "--label", "y", "--retrain", "train.py", "--limits", "seconds=1", "--isolation", "partial"]  # fmt: skip
    report = assay.json(tmp_path, *given, code=1)
    failed = [f for f in report["findings"] if f["rule"] == "model.validate.fold_failed"]
    assert len(failed) == 2 and "ran past its time. Its last line: waiting" in failed[0]["message"]
    assert report["outcome"] == "fail" and len(report["coverage"]["skipped"]) == 5
    assert not [m for m in report["metrics"] if m["name"] == "f1"]


def test_what_goes_with_retraining_alone_is_refused_without_it(table, work):
    with pytest.raises(UsageError, match="--scheme goes with --retrain"):
        check(table(frame()), label="y", predicted="a", scheme="kfold", work=work)
    with pytest.raises(UsageError, match="no predictions that are there already"):
        check(table(frame()), label="y", predicted="a", retrain=by(TREE), work=work)
    with pytest.raises(UsageError, match="no two values to choose from"):
        check(table(frame()), label="y", retrain=by(TREE), tune={"max_depth": [3]}, work=work)


def test_time_for_training_is_bounded(table, work):
    report = check(table(frame()), label="y", retrain=by(TREE), minutes=1e-6, slices=0, work=work)
    assert {s.why for s in report.coverage.skipped} == {"the time for training was up (--minutes)"}
    assert not report.coverage.complete
