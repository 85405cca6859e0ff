from __future__ import annotations

import time

import numpy as np
import pandas as pd
import pytest

from assay.checks.model.bias import check
from assay.kernel.errors import UsageError
from assay.kernel.severity import Severity
from assay.methods.bias import POST_TRAINING
from assay.methods.fairness import PAIR


def _frame(rows=400, seed=3):
    rng = np.random.default_rng(seed)
    group = rng.choice(["a", "d"], rows, p=[0.7, 0.3])
    x = rng.normal(size=rows)
    truth = (x + rng.normal(size=rows) > 0).astype(int)
    said = (x + (group == "a") * 0.8 > 0.3).astype(int)
    return pd.DataFrame({"x": x, "g": group, "y": truth, "p": said, "v": rng.choice(["s", "t"], rows)})


def test_all_thirteen_by_pandas(table, work):
    frame = _frame()
    report = check(
        table(frame), label="y", predicted="p", positive=("1",), facet=("g",), group_variable="v", work=work
    )
    names = {m.name for m in report.metrics if m.of.get("group") == "d"} - {"rows", "predicted_share"}
    assert names == {*POST_TRAINING, *PAIR, "impact_ratio", "impact_p_value"}
    a, d = frame[frame.g == "a"], frame[frame.g == "d"]

    def value(name):
        return report.metric(name, group="d").value

    assert value("DPPL") == pytest.approx(a.p.mean() - d.p.mean())
    assert value("DI") == pytest.approx(d.p.mean() / a.p.mean())
    assert value("AD") == pytest.approx((a.p == a.y).mean() - (d.p == d.y).mean())
    assert value("RD") == pytest.approx(a.p[a.y == 1].mean() - d.p[d.y == 1].mean())
    assert value("DAR") == pytest.approx(a.y[a.p == 1].mean() - d.y[d.p == 1].mean())
    assert value("SD") == pytest.approx((1 - d.p[d.y == 0]).mean() - (1 - a.p[a.y == 0]).mean())
    assert value("DRR") == pytest.approx((1 - d.y[d.p == 0]).mean() - (1 - a.y[a.p == 0]).mean())
    assert value("DCA") == pytest.approx(a.y.sum() / a.p.sum() - d.y.sum() / d.p.sum())
    benefit = frame.p - frame.y + 1
    assert value("GE") == pytest.approx(0.5 * benefit.var(ddof=0) / benefit.mean() ** 2)
    total = 0.0
    for _, part in frame.groupby("v"):
        no, yes = part[part.p == 0], part[part.p == 1]
        total += len(part) * ((no.g == "d").mean() - (yes.g == "d").mean())
    assert value("CDDPL") == pytest.approx(total / len(frame))


def test_the_flip_test_by_hand_and_its_two_signs(table, work):
    """Eleven a near 0 are told yes; three d beside them are told no: all three flip against d."""
    frame = pd.DataFrame(
        {
            "x": [0.0 + i / 100 for i in range(11)] + [0.05, 0.06, 0.07],
            "g": ["a"] * 11 + ["d"] * 3,
            "y": [1] * 14,
            "p": [1] * 11 + [0] * 3,
        }
    )
    options = {"label": "y", "predicted": "p", "positive": ("1",), "facet": ("g",)}
    assert check(table(frame), **options, work=work).metric("FT", group="d").value == 1
    assert check(table(frame), **options, compat="clarify", work=work).metric("FT", group="d").value == -1


def test_the_flip_test_needs_numbers(table, work):
    frame = _frame()[["g", "y", "p"]]
    report = check(table(frame), label="y", predicted="p", positive=("1",), facet=("g",), work=work)
    assert report.metric("FT", group="d").value is None
    assert "numeric" in report.metric("FT", group="d").reason


def test_ratios_of_nothing_are_told_apart(table, work):
    frame = pd.DataFrame({"g": ["a"] * 40 + ["d"] * 40, "y": [0] * 40 + [1] * 40, "p": [0] * 40 + [1] * 40})
    options = {"label": "y", "predicted": "p", "positive": ("1",), "facet": ("g",)}
    report = check(table(frame), **options, work=work)
    assert report.metric("DI", group="d").reason == "infinite"
    assert report.metric("RD", group="d").reason == "undefined"
    clarify = check(table(frame), **options, compat="clarify", work=work)
    assert clarify.metric("RD", group="d").value == -1  # 0/0 is 0 there


def test_predictions_in_another_language_are_refused_and_not_all_told_no(table, work):
    """Labels 0 and 1 with predictions yes and no gave a disparate impact of nothing over nothing, and a pass."""
    frame = _frame().assign(p=lambda f: f.p.map({1: "yes", 0: "no"}))
    with pytest.raises(UsageError, match="most predictions are no value of the label"):
        check(table(frame), label="y", predicted="p", positive=("1",), facet=("g",), work=work)


def test_labels_that_are_missing_or_all_the_same_are_named_and_not_the_predictions(table, work):
    """It said that predictions of yes and no were no value of the label "yes"."""
    frame = pd.DataFrame({"g": ["a", "d"] * 40, "y": "yes", "p": ["no"] * 60 + ["yes"] * 20})
    options = {"label": "y", "predicted": "p", "positive": ("yes",), "facet": ("g",), "work": work}
    with pytest.raises(UsageError, match="every label is yes, and most predictions are not"):
        check(table(frame), **options)
    with pytest.raises(UsageError, match="no row has a label"):
        check(table(frame.assign(y=pd.Series([None] * 80, dtype="string"))), **options)


def test_rows_without_a_prediction_and_unknown_predictions_are_told(table, work):
    frame = _frame().astype({"p": object})
    frame.loc[:9, "p"] = None
    frame.loc[10:14, "p"] = 7
    report = check(table(frame), label="y", predicted="p", positive=("1",), facet=("g",), work=work)
    told = {f.rule: f.count for f in report.findings}
    assert told["model.bias.unanswered"] == 10 and told["model.bias.unknown_predictions"] == 5
    assert not report.coverage.complete and "unlabelled" not in " ".join(told)


def test_rows_without_an_answer_leave_a_report_incomplete_and_those_without_a_label_are_another_matter(
    table, work
):
    """Both were one low finding, and a model that answers half of its rows passed."""
    frame = _frame().astype({"p": object, "y": object})
    frame.loc[: len(frame) // 2, "p"] = None
    report = check(table(frame), label="y", predicted="p", positive=("1",), facet=("g",), work=work)
    found = {f.rule: f for f in report.findings}
    assert found["model.bias.unanswered"].severity is Severity.HIGH and not report.coverage.complete
    unlabelled = _frame().astype({"y": object})
    unlabelled.loc[: len(frame) // 2, "y"] = None
    report = check(table(unlabelled), label="y", predicted="p", positive=("1",), facet=("g",), work=work)
    found = {f.rule: f for f in report.findings}
    assert found["model.bias.unlabelled"].severity is Severity.MEDIUM and "model.bias.unanswered" not in found


def test_many_strata_take_no_longer_than_few(table, work):
    frame = _frame(20_000).assign(v=[f"s{n // 2}" for n in range(20_000)])
    began = time.process_time()
    report = check(
        table(frame[["g", "y", "p", "v"]]), label="y", predicted="p", positive=("1",), facet=("g",),
        group_variable="v", work=work,
    )  # fmt: skip
    assert time.process_time() - began < 8 and report.metric("CDDPL", group="d").value is not None


def test_a_sentence_tells_the_rates_that_its_metric_compares(table, work):
    """The recall difference stood beside the shares that were told yes, which are others."""
    import pandas as pd

    rows = [("f", 1, 1)] * 20 + [("f", 1, 0)] * 60 + [("f", 0, 0)] * 120
    rows += [("m", 1, 1)] * 60 + [("m", 1, 0)] * 20 + [("m", 0, 0)] * 100 + [("m", 0, 1)] * 20
    frame = pd.DataFrame(rows, columns=["sex", "y", "p"])
    report = check(
        table(frame), label="y", predicted="p", positive=("1",), facet=("sex",), facet_value=("f",), work=work
    )
    said = {f.rule.rpartition(".")[2]: f.message for f in report.findings}
    assert (
        "recall difference is 0.500; of those who have the good outcome it finds 25% among them and 75% among the others."
        in said["RD"]
    )
    assert (
        "specificity difference is 0.167; of those who do not have the good outcome it refuses it to 100% of them and to 83% of the others."
        in said["SD"]
    )
    assert "gives the good outcome to 10% of them and to 40% of the others." in said["DPPL"]
