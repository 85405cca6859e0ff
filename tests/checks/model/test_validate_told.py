"""What the reports of model.validate say, where they once said less, or what was not so."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as sk

from assay.checks.model.validate import check
from assay.kernel.severity import Severity
from assay.kernel.verdict import Gate, Verdict
from assay.reports.terminal import text


def _rules(report):
    return {f.rule.removeprefix("model.validate."): f for f in report.findings}


def _coin(rows=600, share=0.24, said=0.5):
    rng = np.random.default_rng(5)
    frame = pd.DataFrame({"y": (rng.random(rows) < share).astype(int)})
    return frame.assign(p=(rng.random(rows) < said).astype(int), s=rng.random(rows).round(4))


@pytest.mark.parametrize("said", [0.5, 1.1])
def test_a_coin_and_an_eternal_yes_are_no_model_though_they_have_an_f_score(table, work, said):
    """F1 of a constant no is 0, which whoever says yes by lot is above."""
    frame = _coin(said=said)
    report = check(table(frame), label="y", predicted="p", slices=0, work=work)
    assert report.metric("f1").value > 0.2
    found = _rules(report)["no_better_than_guess"]
    assert found.severity is Severity.HIGH and "no better than guessing" in found.message
    always_yes = sk.f1_score(frame.y, np.ones(len(frame)))
    assert report.metric("f1", model="constant guess").value == pytest.approx(always_yes)


def test_a_cautious_model_is_above_chance_though_an_eternal_yes_has_the_better_f_score(table, work):
    frame = _coin()
    frame["p"] = ((frame.y == 1) & (frame.s < 0.15)).astype(int)
    report = check(table(frame), label="y", predicted="p", slices=0, work=work)
    assert report.metric("f1").value < report.metric("f1", model="constant guess").value
    assert "no_better_than_guess" not in _rules(report)


def test_classes_and_labels_told_by_lot_are_no_model(table, work):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"y": rng.choice(list("abc"), 900), "p": rng.choice(list("abc"), 900)})
    assert "no_better_than_guess" in _rules(
        check(table(frame), label="y", predicted="p", slices=0, work=work)
    )
    truth, said = rng.random((900, 3)) < 0.3, rng.random((900, 3)) < 0.3
    names = np.array(["red", "green", "blue"])
    texts = pd.DataFrame({k: [";".join(names[r]) for r in v] for k, v in (("y", truth), ("p", said))})
    report = check(table(texts), label="y", predicted="p", multilabel=";", slices=0, work=work)
    assert report.metric("macro_f1").value > 0.2 and "no_better_than_guess" in _rules(report)


def test_labels_of_one_class_are_named(table, work):
    for only in (0, 1):
        frame = _coin().assign(y=only)
        if not only:
            frame["p"] = 0
        report = check(table(frame), label="y", predicted="p", slices=0, work=work)
        assert _rules(report)["one_class"].severity is Severity.HIGH


def test_the_kind_of_problem_and_what_is_yes_are_said(table, work):
    frame = _coin().assign(
        y=lambda f: f.y.map({0: "<=50K", 1: ">50K"}), p=lambda f: f.p.map({0: "<=50K", 1: ">50K"})
    )
    said = _rules(check(table(frame), label="y", predicted="p", slices=0, work=work))["metric"].message
    assert said.startswith("The label says yes or no, and yes is >50K. It is judged by f1: 2")


def test_the_parts_of_the_brier_score_add_up(table, work):
    frame = _coin()
    report = check(table(frame), label="y", predicted="p", score="s", slices=0, work=work)
    part = {
        n: report.metric(f"brier_{n}").value
        for n in ("reliability", "resolution", "uncertainty", "within_bins")
    }
    whole = part["reliability"] - part["resolution"] + part["uncertainty"] + part["within_bins"]
    assert whole == pytest.approx(sk.brier_score_loss(frame.y, frame.s))
    assert report.metric("pr_auc", model="constant guess").value == pytest.approx(frame.y.mean())
    assert report.metric("log_loss", model="constant guess").value == pytest.approx(
        sk.log_loss(frame.y, np.full(len(frame), frame.y.mean()))
    )


@pytest.mark.parametrize(("wrong", "severity"), [(10, Severity.HIGH), (450, Severity.MEDIUM)])
def test_scores_outside_0_to_1_are_counted_and_grave(table, work, wrong, severity):
    frame = _coin()
    frame.loc[: wrong - 1, "s"] += 1
    found = _rules(check(table(frame), label="y", predicted="p", score="s", slices=0, work=work))
    told = found["no_probabilities"]
    assert (
        told.severity is severity
        and told.count == (frame.s > 1).sum()
        and f"of {len(frame):,}" in told.message
    )


def test_scores_that_promise_too_much_are_told_with_what_they_promise(table, work):
    frame = _coin().assign(s=lambda f: 0.5 + f.s / 2)
    told = _rules(check(table(frame), label="y", predicted="p", score="s", slices=0, work=work))[
        "calibration"
    ]
    assert (
        told.severity is Severity.MEDIUM
        and f"promise {frame.s.mean():.1%} yes, and {frame.y.mean():.1%}" in told.message
    )


def test_rows_without_a_label_are_not_examined_and_rows_without_an_answer_are_told_apart(table, work):
    """Half of the answers missing was a low finding, and 600 of 600 rows examined."""
    frame = _coin(600).assign(p=lambda f: f.y).astype({"y": "Int64", "p": "Int64"})
    frame.loc[:99, "y"] = pd.NA
    frame.loc[50:149, "p"] = pd.NA
    report = check(table(frame), label="y", predicted="p", slices=0, work=work)
    found = _rules(report)
    assert found["unlabelled"].count == 100 and found["unlabelled"].severity is Severity.MEDIUM
    assert found["unanswered"].count == 50 and found["unanswered"].severity is Severity.HIGH
    assert (report.coverage.examined, report.coverage.of, report.coverage.complete) == (450, 500, False)
    whole = check(table(frame.dropna()), label="y", predicted="p", slices=0, work=work)
    assert whole.coverage.complete and whole.coverage.of == 450


def test_a_score_that_cannot_be_told_apart_does_not_hide_scores_that_order_better(table, work):
    """Both say the same of each row, so F1 is the same, while one's scores were drawn by lot."""
    rng = np.random.default_rng(1)
    y = rng.random(800) < 0.5
    frame = pd.DataFrame({"y": y.astype(int), "p": (y ^ (rng.random(800) < 0.2)).astype(int)})
    frame["q"] = frame.p
    frame["t"] = rng.random(800)
    frame["s"] = np.clip(y * 0.4 + rng.random(800) * 0.6, 0, 1)
    given = {"label": "y", "slices": 0, "work": work}
    report = check(table(frame), predicted="p", score="s", against_predicted="q", against_score="t", **given)
    said = _rules(report)["no_real_difference"].message
    assert "its scores put rows in better order (roc_auc" in said and "mcnemar p = 1" in said
    report = check(table(frame), predicted="p", score="t", against_predicted="q", against_score="s", **given)
    told = _rules(report)["no_real_difference"]
    assert "worse order" in told.message and told.severity is Severity.LOW


def test_a_p_value_too_small_for_a_number_is_not_shown_as_none(table, work):
    rng = np.random.default_rng(1)
    rows = 20_000
    hard = rng.random(rows) < 0.5
    frame = pd.DataFrame({"y": rng.integers(0, 2, rows), "group": np.where(hard, "hard", "easy")})
    frame["p"] = np.where(hard & (rng.random(rows) < 0.9), 1 - frame.y, frame.y)
    report = check(table(frame), label="y", predicted="p", work=work)
    assert report.metric("adjusted_p").value == 0
    assert "<1e-99" in text([Verdict(report, Gate())])


def test_series_that_are_judged_as_one_are_told(table, work):
    """Without --series each value stood beside another shop's, and the forecast looked three times as good."""
    rng = np.random.default_rng(0)
    days = pd.date_range("2024-01-01", periods=200)
    shops = [
        pd.DataFrame({"day": days, "shop": n, "y": rng.normal(100 * k, 5, 200)})
        for k, n in enumerate("ab", 1)
    ]
    frame = pd.concat(shops).assign(p=lambda f: f.groupby("shop").y.transform("mean"))
    alone = _rules(check(table(frame), label="y", predicted="p", time="day", slices=0, work=work))
    assert (
        alone["times_repeat"].count == 200
        and alone["times_repeat"].remedy == "tell them apart: --series shop"
    )
    apart = check(table(frame), label="y", predicted="p", time="day", series="shop", slices=0, work=work)
    assert "times_repeat" not in _rules(apart)


def test_a_weak_subgroup_says_how_many_of_its_rows_were_put_to_the_test(table, work):
    rng = np.random.default_rng(2)
    frame = pd.DataFrame({"y": rng.integers(0, 2, 4_000), "town": rng.choice(list("abcd"), 4_000)})
    frame["p"] = np.where((frame.town == "a") & (rng.random(4_000) < 0.4), 1 - frame.y, frame.y)
    report = check(table(frame), label="y", predicted="p", work=work)
    tested = report.metric("tested", slice="town = a").value
    whole = int((frame.town == "a").sum())
    assert 0.4 * whole < tested < 0.6 * whole
    assert f"({whole:,} rows, {tested:,} of them put to the test)" in _rules(report)["weak_slice"].message


def test_one_infinite_answer_is_not_told_as_the_same_answer_for_every_row(table, work):
    """R² is not finite then, which was read as an answer that never changes; and no subgroup was looked for."""
    rng = np.random.default_rng(3)
    frame = pd.DataFrame({"x": rng.normal(size=4_000), "town": rng.choice(list("abcd"), 4_000)})
    frame["y"] = 3 * frame.x + rng.normal(size=4_000)
    frame["p"] = 3 * frame.x + np.where(frame.town == "a", 5.0, 0.0)
    frame.loc[7, "p"] = np.inf
    report = check(table(frame), label="y", predicted="p", work=work)
    found = _rules(report)
    assert "no_better_than_guess" not in found
    assert found["infinite_answers"].count == 1 and found["infinite_answers"].severity == Severity.HIGH
    assert report.metric("rmse").value is None
    assert "town = a" in found["weak_slice"].message


def test_columns_that_a_search_does_not_come_to_are_told(table, work):
    frame = _coin()
    wide = pd.concat([frame, pd.DataFrame({f"c{i}": np.arange(600) % 7 for i in range(203)})], axis=1)
    left = [
        f for f in check(table(wide), label="y", predicted="p", work=work).findings if "left_out" in f.rule
    ]
    assert {f.where["searched for"]: f.count for f in left} == {
        "weak subgroups": 4,  # s is a column too: no score was named
        "what gives the label away": 4,
    }
    assert "left_out" not in str(_rules(check(table(frame), label="y", predicted="p", work=work)))
