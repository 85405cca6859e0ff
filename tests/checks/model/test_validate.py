from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from sklearn import metrics as sk

from assay.checks.model.validate import check
from assay.kernel.asset import Asset
from assay.kernel.errors import BadInput, UsageError
from assay.kernel.handles import ModelInfo
from assay.kernel.severity import Severity


def _frame(rows=500, noise=0.6, seed=5):
    rng = np.random.default_rng(seed)
    truth = rng.random(rows) < 0.3
    score = np.clip(truth * 0.5 + rng.random(rows) * noise, 0, 1)
    return pd.DataFrame({"y": truth.astype(int), "s": score, "p": (score > 0.5).astype(int)})


def test_scores_agree_with_scikit_learn(table, work):
    frame = _frame()
    report = check(table(frame), label="y", predicted="p", score="s", work=work)
    expected = {
        "accuracy": sk.accuracy_score(frame.y, frame.p),
        "balanced_accuracy": sk.balanced_accuracy_score(frame.y, frame.p),
        "f1": sk.f1_score(frame.y, frame.p),
        "macro_f1": sk.f1_score(frame.y, frame.p, average="macro"),
        "mcc": sk.matthews_corrcoef(frame.y, frame.p),
        "roc_auc": sk.roc_auc_score(frame.y, frame.s),
        "pr_auc": sk.average_precision_score(frame.y, frame.s),
        "brier": sk.brier_score_loss(frame.y, frame.s),
        "log_loss": sk.log_loss(frame.y, np.clip(frame.s, 1e-15, 1 - 1e-15)),
    }
    for name, value in expected.items():
        assert report.metric(name).value == pytest.approx(value), name
        low, high = report.metric(name).interval
        assert low <= value <= high
    assert not [f for f in report.findings if f.severity >= Severity.HIGH]
    assert report.data["problem"] == "binary"


def test_a_constant_guess_is_found_out(table, work):
    frame = _frame().assign(p=0, s=0.0)
    report = check(table(frame), label="y", predicted="p", score="s", work=work)
    assert [f.rule for f in report.findings if f.severity is Severity.HIGH] == [
        "model.validate.no_better_than_guess"
    ]
    assert report.metric("accuracy", model="constant guess").value == pytest.approx(
        max(frame.y.mean(), 1 - frame.y.mean())
    )


def test_a_guess_by_chance_is_found_out_though_it_is_not_constant(table, work):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"y": rng.integers(0, 2, 400), "p": rng.integers(0, 2, 400)})
    report = check(table(frame), label="y", predicted="p", work=work)
    assert "model.validate.no_better_than_guess" in [f.rule for f in report.findings]


def test_several_classes_and_numbers(table, work):
    rng = np.random.default_rng(1)
    truth = rng.choice(["a", "b", "c"], 300)
    said = np.where(rng.random(300) < 0.8, truth, "a")
    report = check(table(pd.DataFrame({"y": truth, "p": said})), label="y", predicted="p", work=work)
    assert report.data["problem"] == "multiclass"
    assert report.metric("macro_f1").value == pytest.approx(sk.f1_score(truth, said, average="macro"))
    number = rng.normal(size=300)
    near = number + rng.normal(size=300) * 0.1
    report = check(table(pd.DataFrame({"y": number, "p": near})), label="y", predicted="p", work=work)
    assert report.data["problem"] == "regression"
    assert report.metric("rmse").value == pytest.approx(sk.root_mean_squared_error(number, near))
    assert report.metric("r2").value == pytest.approx(sk.r2_score(number, near))


def test_a_models_0_and_1_stand_for_the_labels_own_names(table, work):
    frame = _frame().assign(y=lambda f: np.where(f.y == 1, ">50K", "<=50K"))
    report = check(table(frame), label="y", predicted="p", score="s", positive=(">50K",), work=work)
    assert report.metric("accuracy").value == pytest.approx(((frame.y == ">50K") == (frame.p == 1)).mean())


def test_few_rows_and_none(table, work):
    report = check(table(_frame(20)), label="y", predicted="p", work=work)
    assert "model.validate.few_rows" in [f.rule for f in report.findings]
    with pytest.raises(BadInput):
        check(table(_frame(40).assign(y=None)), label="y", predicted="p", work=work)


def test_folds_are_stratified():
    from assay.methods.scores import stratified_folds

    truth = np.array([1] * 10 + [0] * 90)
    at = stratified_folds(truth, 5, np.random.default_rng(0))
    assert [int(truth[at == f].sum()) for f in range(5)] == [2] * 5
    assert [int((at == f).sum()) for f in range(5)] == [20] * 5


def test_scores_outside_0_to_1_are_ranks_and_no_probabilities(table, work):
    """A margin of 5 gave a Brier score of 25, which no probability can have."""
    frame = _frame().assign(s=lambda f: f.s * 10 - 3)
    report = check(table(frame), label="y", predicted="p", score="s", work=work)
    assert report.metric("roc_auc").value == pytest.approx(sk.roc_auc_score(frame.y, frame.s))
    assert not {"brier", "log_loss", "ece"} & {m.name for m in report.metrics}
    assert "model.validate.no_probabilities" in [f.rule for f in report.findings]


def test_missing_and_infinite_scores_are_the_users_mistake(table, work):
    for wrong in (np.nan, np.inf):
        frame = _frame()
        frame.loc[:2, "s"] = wrong
        with pytest.raises(UsageError, match="3 scores are missing or infinite"):
            check(table(frame), label="y", predicted="p", score="s", work=work)
    with pytest.raises(UsageError, match="numbers are wanted"):
        check(table(_frame().assign(s="x")), label="y", predicted="p", score="s", work=work)


def test_predictions_that_are_no_label_are_told_or_refused(table, work):
    frame = _frame().astype({"p": object})
    frame.loc[:4, "p"] = 9
    report = check(table(frame), label="y", predicted="p", work=work)
    assert [f.count for f in report.findings if f.rule == "model.validate.unknown_predictions"] == [5]
    with pytest.raises(UsageError, match="most predictions are no value of the label"):
        check(table(_frame()), label="y", predicted="s", work=work)
    people = _frame().assign(y=lambda f: f.y.map({0: "<=50K", 1: ">50K"}))
    told = check(table(people), label="y", predicted="p", positive=(">50K",), work=work)
    assert told.metric("f1").value == pytest.approx(sk.f1_score(people.y == ">50K", people.p))


def test_an_infinite_truth_is_left_out_of_regression_and_told(table, work):
    rng = np.random.default_rng(1)
    truth = rng.normal(size=200)
    frame = pd.DataFrame({"y": truth, "p": truth + rng.normal(size=200) / 10})
    frame.loc[0, "y"] = np.inf
    report = check(table(frame), label="y", predicted="p", work=work)
    kept = frame[np.isfinite(frame.y)]
    assert report.metric("rmse").value == pytest.approx(np.sqrt(((kept.y - kept.p) ** 2).mean()))
    assert report.metric("r2").value == pytest.approx(sk.r2_score(kept.y, kept.p))
    assert "model.validate.infinite" in [f.rule for f in report.findings]
    with pytest.raises(UsageError, match="numbers are wanted"):
        check(table(frame.assign(p="x")), label="y", predicted="p", work=work)


@pytest.mark.parametrize(
    "kind", [pa.list_(pa.list_(pa.int64())), pa.struct([("x", pa.int64())]), pa.binary(), pa.duration("s")]
)
def test_labels_that_are_no_values_are_refused_in_one_sentence(table, work, kind):
    one = {"list": [[1]], "struct": {"x": 1}, "binary": b"x"}.get(str(kind).split("<")[0], 1)
    data = pa.table({"y": pa.array([one] * 40, kind), "p": pa.array([one] * 40, kind)})
    with pytest.raises(UsageError, match="y holds values of type"):
        check(table(data), label="y", predicted="p", work=work)


def _rivals(rows=800, edge=0.6, seed=7):
    """The truth, a model, another that is worse where edge is above 0, and both scores."""
    rng = np.random.default_rng(seed)
    truth = rng.random(rows) < 0.4
    first = 1 / (1 + np.exp(-(2 * truth - 1 + rng.normal(size=rows))))
    second = 1 / (1 + np.exp(-((2 - edge) * truth - (2 - edge) / 2 + rng.normal(scale=1 + edge, size=rows))))
    frame = pd.DataFrame({"y": truth.astype(int), "s": first, "t": second})
    return frame.assign(p=(frame.s > 0.5).astype(int), q=(frame.t > 0.5).astype(int))


def _against(table, frame, work, **swapped):
    columns = {"predicted": "p", "score": "s", "against_predicted": "q", "against_score": "t"} | swapped
    return check(table(frame), label="y", work=work, **columns)


@pytest.mark.slow
def test_a_better_model_a_worse_one_and_two_alike_are_told_apart(table, work):
    frame = _rivals()
    report = _against(table, frame, work)
    rules = [f.rule for f in report.findings]
    assert "model.validate.better" in rules and report.data["comparison"] == {
        "against": "q",
        "real": True,
        "better": True,
    }
    gap = sk.f1_score(frame.y, frame.p) - sk.f1_score(frame.y, frame.q)
    found = report.metric("f1_difference", against="q")
    assert found.value == pytest.approx(gap) and found.interval[0] < gap < found.interval[1]
    assert report.metric("f1", model="q").value == pytest.approx(sk.f1_score(frame.y, frame.q))
    area = sk.roc_auc_score(frame.y, frame.s) - sk.roc_auc_score(frame.y, frame.t)
    assert report.metric("roc_auc_difference", against="q").value == pytest.approx(area)
    assert report.metric("delong_p", against="q").value < 0.001
    alone = int(((frame.p == frame.y) & (frame.q != frame.y)).sum())
    assert report.data["disagreements"]["right_alone"] == alone
    turned = _against(table, frame, work, predicted="q", score="t", against_predicted="p", against_score="s")
    worse = next(f for f in turned.findings if f.rule == "model.validate.worse")
    assert worse.severity is Severity.MEDIUM
    alike = _against(table, _rivals(edge=0.0), work)
    assert "model.validate.no_real_difference" in [f.rule for f in alike.findings]


def test_regressions_are_compared_and_lower_is_better(table, work):
    rng = np.random.default_rng(0)
    y = rng.normal(size=300)
    frame = pd.DataFrame({"y": y, "p": y + rng.normal(scale=0.1, size=300), "q": y + rng.normal(size=300)})
    report = check(table(frame), label="y", predicted="p", against_predicted="q", work=work)
    assert report.data["comparison"]["better"] and report.metric("rmse_difference", against="q").value < 0
    assert not any(m.name == "mcnemar_p" for m in report.metrics)


def test_rows_that_one_of_the_two_leaves_out_are_judged_for_neither(table, work):
    frame = _rivals()
    frame["q"] = frame["q"].astype("Int64").where(frame.index >= 100)
    report = _against(table, frame, work)
    assert report.metric("f1").value == pytest.approx(sk.f1_score(frame.y[100:], frame.p[100:]))
    assert next(f for f in report.findings if f.rule == "model.validate.unanswered").count == 100
    assert (report.coverage.examined, report.coverage.of) == (len(frame) - 100, len(frame))


def test_scores_alone_are_not_compared(table, work):
    with pytest.raises(UsageError, match="against-predicted"):
        check(table(_rivals()), label="y", predicted="p", against_score="t", work=work)


def test_the_subgroup_on_which_it_is_weak_is_found(table, work):
    rng = np.random.default_rng(4)
    truth, kind, age = rng.random(4000) < 0.5, rng.choice(list("abc"), 4000), rng.integers(18, 80, 4000)
    wrong = rng.random(4000) < np.where(kind == "b", 0.4, 0.1)
    frame = pd.DataFrame({"y": truth.astype(int), "p": (truth ^ wrong).astype(int), "kind": kind, "age": age})
    report = check(table(frame), label="y", predicted="p", work=work)
    worst = next(f for f in report.findings if f.rule == "model.validate.weak_slice")
    assert worst.where["slice"] == "kind = b" and worst.severity is Severity.MEDIUM
    assert worst.count == (kind == "b").sum()
    assert report.metric("loss", slice="kind = b").value == pytest.approx(0.4, abs=0.05)
    none = check(table(frame), label="y", predicted="p", slices=0, work=work)
    assert not [f for f in none.findings if f.rule == "model.validate.weak_slice"]


def test_the_rows_of_a_subgroup_are_those_of_the_table_where_labels_are_missing(table, work):
    rng = np.random.default_rng(4)
    y = rng.normal(size=3000)
    y[::3], y[1] = np.nan, np.inf
    kind = rng.choice(list("ab"), 3000)
    frame = pd.DataFrame(
        {
            "y": y,
            "kind": kind,
            "p": np.nan_to_num(y, posinf=0) + rng.normal(size=3000) * (1 + 3 * (kind == "b")),
        }
    )
    report = check(table(frame), label="y", predicted="p", work=work)
    worst = next(f for f in report.findings if f.rule == "model.validate.weak_slice")
    assert worst.where["slice"] == "kind = b"
    assert worst.count == ((kind == "b") & np.isfinite(y)).sum()


@pytest.mark.slow
def test_costs_make_the_score_and_the_cheapest_threshold_is_told(table, work):
    rng = np.random.default_rng(2)
    score = rng.random(6000)
    truth = rng.random(6000) < score
    frame = pd.DataFrame({"y": truth.astype(int), "s": score, "p": (score > 0.5).astype(int)})
    given = {"label": "y", "predicted": "p", "score": "s", "work": work}
    report = check(table(frame), cost_fp=1.0, cost_fn=9.0, **given)
    alarms, misses = ((frame.p == 1) & ~truth).sum(), ((frame.p == 0) & truth).sum()
    assert report.data["metric"] == "cost" and "costs" in report.data["why"]
    assert report.metric("cost").value == pytest.approx((alarms + 9 * misses) / 6000)
    assert report.metric("cost", model="constant guess").value == pytest.approx((~truth).mean())
    assert report.metric("score_above", threshold="cheapest").value == pytest.approx(0.1, abs=0.04)
    assert report.metric("cost", threshold="cheapest").value < report.metric("cost").value
    assert "model.validate.threshold" in [f.rule for f in report.findings]
    even = check(table(frame), cost_fp=1.0, cost_fn=1.0, **given)
    assert "model.validate.threshold" not in [f.rule for f in even.findings]
    with pytest.raises(UsageError, match="--cost-fp and --cost-fn"):
        check(table(frame), cost_fp=1.0, **given)
    three = frame.assign(y=rng.choice(list("abc"), 6000), p="a")
    with pytest.raises(UsageError, match="two kinds of error"):
        check(table(three), label="y", predicted="p", cost_fp=1.0, cost_fn=1.0, work=work)


def test_where_yes_is_the_common_answer_always_yes_is_no_good_model(table, work):
    rng = np.random.default_rng(2)
    frame = pd.DataFrame({"y": (rng.random(500) < 0.9).astype(int), "p": 1})
    report = check(table(frame), label="y", predicted="p", work=work)
    assert report.data["metric"] == "macro_f1" and "90%" in report.data["why"]
    assert "model.validate.no_better_than_guess" in [f.rule for f in report.findings]


def test_a_quantile_is_judged_by_its_own_loss(table, work):
    rng = np.random.default_rng(2)
    x = rng.normal(size=2000)
    frame = pd.DataFrame({"y": x + rng.normal(size=2000), "p": x + 1.2816})
    report = check(table(frame), label="y", predicted="p", quantile=0.9, work=work)
    assert report.metric("pinball").value == pytest.approx(sk.mean_pinball_loss(frame.y, frame.p, alpha=0.9))
    assert report.metric("share_below").value == pytest.approx(0.9, abs=0.02)
    constant = np.full(2000, np.quantile(frame.y, 0.9))
    assert report.metric("pinball", model="constant guess").value == pytest.approx(
        sk.mean_pinball_loss(frame.y, constant, alpha=0.9)
    )
    assert not [f for f in report.findings if f.severity >= Severity.HIGH]


def test_where_a_few_rows_are_the_spread_absolute_errors_are_the_score(table, work):
    rng = np.random.default_rng(2)
    y = rng.standard_cauchy(3000)
    frame = pd.DataFrame({"y": y, "p": y + rng.normal(size=3000)})
    report = check(table(frame), label="y", predicted="p", work=work)
    assert report.data["metric"] == "mae"
    assert report.metric("mae", model="constant guess").value == pytest.approx(
        np.abs(y - np.median(y)).mean()
    )


def test_rows_that_stand_in_the_training_data_are_told_and_left_out_of_a_second_score(table, work):
    rng = np.random.default_rng(8)
    x = rng.normal(size=(600, 2))
    y = (rng.random(600) < 0.4).astype(int)
    frame = pd.DataFrame({"a": x[:, 0], "b": x[:, 1], "y": y, "p": np.where(np.arange(600) < 200, y, 1 - y)})
    train = frame.iloc[:200].drop(columns="p")
    report = check(table(frame), label="y", predicted="p", training=table(train), work=work)
    told = next(f for f in report.findings if f.rule == "model.validate.seen_before")
    assert told.count == 200 and told.severity is Severity.HIGH
    assert report.metric("rows_in_training", alike="exactly").value == 200
    assert report.metric("f1", rows="not in training").value == pytest.approx(
        sk.f1_score(y[200:], frame.p[200:])
    )
    clean = check(table(frame.iloc[200:]), label="y", predicted="p", training=table(train), work=work)
    assert "model.validate.seen_before" not in [f.rule for f in clean.findings]


def test_rows_of_few_values_come_back_by_chance_and_are_no_leak(table, work):
    rng = np.random.default_rng(8)
    frame = pd.DataFrame({"a": rng.integers(0, 2, 600), "y": rng.integers(0, 2, 600)})
    frame["p"] = frame.y
    report = check(
        table(frame.iloc[300:]),
        label="y",
        predicted="p",
        training=table(frame.iloc[:300][["a", "y"]]),
        work=work,
    )
    assert report.metric("rows_in_training", alike="exactly").value == 300
    assert "model.validate.seen_before" not in [f.rule for f in report.findings]


class Rule:
    """A model that says yes where a column is above 0, and wants that column filled in."""

    def __init__(self, strict=False):
        self.strict = strict
        self.asset = Asset("model", "rule", "rule", "sha256:0")
        self.info = ModelInfo("python", "rule", ("x", "z"), (0, 1), "binary")

    def predict(self, data):
        x = data.column("x").to_numpy()
        if self.strict and np.isnan(x).any():
            raise BadInput("x is missing", where="rule")
        return pa.table({"prediction": (x > 0).astype(int)})

    def contributions(self, data):
        return None


def test_what_makes_a_model_worse_is_tried_and_told(table, work):
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"x": rng.normal(size=3000), "z": rng.normal(size=3000)})
    frame["y"] = (frame.x > 0).astype(int)
    report = check(Rule(), data=table(frame), label="y", robustness=True, slices=0, work=work)
    assert report.metric("f1_under", data="as it is").value == 1
    assert report.metric("f1_under", data="z shuffled").value == 1
    assert report.metric("f1_under", data="x shuffled").value == pytest.approx(0.5, abs=0.05)
    moved = sk.f1_score(frame.y, frame.x + 0.5 * frame.x.std(ddof=0) > 0)
    assert report.metric("f1_under", data="all numbers moved by +0.5 sd").value == pytest.approx(moved)
    assert next(f for f in report.findings if f.rule == "model.validate.fragile")
    strict = check(Rule(strict=True), data=table(frame), label="y", robustness=True, slices=0, work=work)
    refused = next(f for f in strict.findings if f.rule == "model.validate.refuses")
    assert refused.count == 2 and "x is missing" in refused.message
    with pytest.raises(UsageError, match="cannot be asked again"):
        check(table(frame.assign(p=1)), label="y", predicted="p", robustness=True, work=work)


def test_a_model_that_does_not_answer_again_at_all_is_told(table, work):
    """Nothing was said of its robustness then, as if it had not been asked for."""
    frame = pd.DataFrame({"x": np.random.default_rng(1).normal(size=3000), "z": 0.0})

    class Tired(Rule):
        asked = 0

        def predict(self, data):
            self.asked += 1
            if self.asked > 2:  # for all rows, and again for the first
                raise BadInput("it is tired", where="rule")
            return super().predict(data)

    report = check(
        Tired(),
        data=table(frame.assign(y=(frame.x > 0) * 1)),
        label="y",
        robustness=True,
        slices=0,
        work=work,
    )
    refused = next(f for f in report.findings if f.rule == "model.validate.refuses")
    assert "3,000 rows as they are" in refused.message and "it is tired" in refused.message


def test_rows_of_a_query_are_judged_by_their_order(table, work):
    rng = np.random.default_rng(6)
    frame = pd.DataFrame({"q": rng.integers(0, 120, 2000), "y": rng.integers(0, 4, 2000)})
    frame.loc[frame.q == 7, "y"] = 0
    frame["s"], frame["t"] = frame.y + rng.normal(size=2000), frame.y + rng.normal(scale=3, size=2000)
    report = check(table(frame), label="y", score="s", query="q", against_score="t", work=work)
    told = frame[frame.q != 7]
    expected = [sk.ndcg_score([2.0**g.y - 1], [g.s]) for _, g in told.groupby("q")]
    assert report.data["problem"] == "ranking" and report.data["queries"] == told.q.nunique()
    assert report.metric("ndcg").value == pytest.approx(np.mean(expected))
    low, high = report.metric("ndcg").interval
    assert low < np.mean(expected) < high
    assert report.metric("ndcg", model="random order").value < low
    rules = [f.rule for f in report.findings]
    assert "model.validate.better" in rules and "model.validate.empty_queries" in rules
    assert not any(m.name == "mcnemar_p" for m in report.metrics)
    with pytest.raises(UsageError, match="relevance from 0"):
        check(table(frame.assign(y=-1)), label="y", score="s", query="q", work=work)
    with pytest.raises(BadInput, match="two queries"):
        check(table(frame.assign(y=0)), label="y", score="s", query="q", work=work)
    with pytest.raises(UsageError, match="predictions cannot be asked"):
        check(table(frame), label="y", score="s", query="q", robustness=True, work=work)


def test_forecasts_are_judged_beside_the_value_one_season_before(table, work):
    rng = np.random.default_rng(6)
    days = pd.date_range("2026-01-01", periods=400)
    frames = []
    for name, level in (("b", 100.0), ("a", 50.0)):
        week = level + 10 * np.sin(np.arange(400) * 2 * np.pi / 7)
        y = week + rng.normal(size=400)
        frames.append(pd.DataFrame({"shop": name, "day": days, "y": y, "p": week, "q": np.roll(y, 1)}))
    frame = pd.concat(frames)
    given = {"label": "y", "time": "day", "series": "shop", "season": 7, "work": work}
    report = check(table(frame.sample(frac=1, random_state=1)), predicted="p", against_predicted="q", **given)
    naive = frame.groupby("shop").y.shift(7)
    known = naive.notna()
    mase = (frame.y - frame.p)[known].abs().mean() / (frame.y - naive)[known].abs().mean()
    assert report.data["problem"] == "forecast" and report.metric("mase").value == pytest.approx(mase)
    assert report.metric("mase", model="naive forecast").value == pytest.approx(1)
    rules = [f.rule for f in report.findings]
    assert "model.validate.better" in rules and "model.validate.errors_follow" not in rules
    drifting = frame.assign(p=frame.p + np.tile(np.cumsum(rng.normal(size=400)), 2))
    told = check(table(drifting), predicted="p", **given)
    assert {"model.validate.errors_follow", "model.validate.no_better_than_guess"} & {
        f.rule for f in told.findings
    }
    assert "model.validate.errors_follow" in [f.rule for f in told.findings]
    with pytest.raises(UsageError, match="neither times nor numbers"):
        check(table(frame), predicted="p", label="y", time="shop", work=work)
    with pytest.raises(BadInput, match="no more than a season"):
        check(table(frame.head(8)), predicted="p", label="y", time="day", season=7, work=work)


def test_a_model_that_answers_otherwise_the_second_time_is_told(table, work):
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"x": rng.normal(size=400), "z": 0.0})
    frame["y"] = (frame.x > 0).astype(int)

    class Dice(Rule):
        def predict(self, data):
            return pa.table({"prediction": rng.integers(0, 2, data.num_rows)})

    class Ranks(Rule):
        def predict(self, data):  # the answer to a row depends on which others are asked about
            x = data.column("x").to_numpy()
            return pa.table(
                {"prediction": (x > np.median(x)).astype(int), "score": x.argsort().argsort() / len(x)}
            )

    given = {"data": table(frame), "label": "y", "slices": 0, "work": work}
    assert "model.validate.unsteady" in [f.rule for f in check(Dice(), **given).findings]
    assert "model.validate.unsteady" in [f.rule for f in check(Ranks(), **given).findings]
    assert "model.validate.unsteady" not in [f.rule for f in check(Rule(), **given).findings]


def test_a_threshold_that_saves_nothing_over_a_constant_answer_is_no_advice(table, work):
    """It said to set the threshold where always answering no cost less."""
    rng = np.random.default_rng(3)
    frame = pd.DataFrame({"y": np.arange(400) % 5 == 0, "s": rng.random(400)}).astype({"y": int})
    frame["p"] = (frame.s > 0.5).astype(int)
    report = check(
        table(frame),
        label="y",
        predicted="p",
        score="s",
        positive=("1",),
        cost_fp=1.0,
        cost_fn=1.0,
        slices=0,
        work=work,
    )
    (finding,) = [f for f in report.findings if f.rule == "model.validate.threshold"]
    assert "The same answer for every row costs 0.2." in finding.message
    assert "set the threshold" not in finding.remedy


def test_a_regression_that_explains_a_little_is_no_guess(table, work):
    # the interval of its error held that of the mean, which moves with it: "no better" beside an R² surely above 0
    rng = np.random.default_rng(0)
    x = rng.normal(size=4000)
    rows = pd.DataFrame({"y": 0.2 * x + rng.normal(size=4000), "said": 0.2 * x})
    report = check(table(rows), label="y", predicted="said", slices=0, work=work)
    low, high = report.metric("rmse").interval
    assert low < report.metric("rmse", model="constant guess").value < high
    assert report.metric("r2").interval[0] > 0
    assert "model.validate.no_better_than_guess" not in [f.rule for f in report.findings]
    rows["said"] = rng.normal(size=4000)
    report = check(table(rows), label="y", predicted="said", slices=0, work=work)
    assert "model.validate.no_better_than_guess" in [f.rule for f in report.findings]
