"""model.thresholds: decisions of a table, a model that takes them, what was learnt applied again, wrong inputs."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
import xgboost as xgb

from assay.kernel.asset import Asset
from assay.kernel.errors import AssayError, BadInput, Missing, UsageError
from assay.treatments.model.thresholds import treat
from assay.works.bench import FileTree
from assay.works.checking import carry_out, treat_to
from assay.works.settings import Settings

ASKED = {"label": "hired", "positive": ("yes",), "facet": ("sex",), "score": "score"}


def decided(frame, table, work, **options):
    made = treat(table(frame), work=work, **options)
    return pd.read_parquet(work.store.path(made.outputs["out"].digest)), made


def rates(out, column="decision"):
    told = out[column] == "yes"
    return told.groupby(out.sex.fillna("?")).mean()


def test_rates_are_alike_and_what_it_bought_is_measured_elsewhere(people, table, work):
    before = (people.score > 0.5).groupby(people.sex.fillna("?")).mean()
    out, made = decided(people, table, work, **ASKED, tolerance=0.02)
    after = rates(out)
    assert np.ptp(before) > 0.25 and np.ptp(after) <= 0.02 and list(out)[:4] == list(people)
    report = made.report
    assert report.metric("selection_rate", group="f").value == pytest.approx(after["f"])
    assert report.metric("selection_rate_before", group="f").value == pytest.approx(before["f"])
    changed = (out.decision == "yes") != (people.score > 0.5)
    assert report.metric("decisions_changed").value == changed.sum()
    points = report.data["trade"]
    assert points[0]["untreated"] and points[-1]["strength"] == 0.02
    assert points[-1]["values"]["demographic_parity_difference"] < 0.12
    rules = {f.rule.removeprefix("model.thresholds."): f for f in report.findings}
    assert {"decides_by_group", "bought", "decided", "missing_facet"} <= set(rules) and "by_lot" not in rules
    assert (
        str(rules["decides_by_group"].severity) == "low" and "Title VII" in rules["decides_by_group"].message
    )
    assert report.charts[0].kind == "scatter"


def test_by_lot_the_same_row_is_told_the_same(people, table, work):
    out, made = decided(people, table, work, **ASKED, parity="equalized_odds", lot=True, trade=False)
    again, _ = decided(
        people[::-1].reset_index(drop=True),
        table,
        work,
        **ASKED,
        parity="equalized_odds",
        lot=True,
        trade=False,
    )
    assert (again.decision[::-1].to_numpy() == out.decision.to_numpy()).all()
    known = out[out.sex.notna()]
    for truth in ("yes", "no"):
        assert np.ptp(rates(known[known.hired == truth])) < 0.05
    assert "model.thresholds.by_lot" in {f.rule for f in made.report.findings}


def test_what_was_learnt_is_applied_to_other_rows(people, table, work):
    some, others = people[:2500], people[2500:].drop(columns="hired").reset_index(drop=True)
    _, made = decided(some, table, work, **ASKED, trade=False)
    path = work.store.path(made.outputs["fitted"].digest)
    tree = FileTree(Asset("file", "fitted", str(path)), path)
    others.loc[0, "sex"], others.loc[1, "score"] = "x", None
    out, again = decided(others, table, work, fitted=tree, score="score")
    learnt = json.loads(path.read_text())["learnt"]
    cuts = dict(zip([*learnt["grouping"]["names"], "x"], learnt["rule"]["cuts"], strict=True))
    low = out.sex.fillna("(missing)").map(lambda g: cuts[g]["low"])
    assert (out.decision == np.where(others.score > low, "yes", "no")).all() and out.decision[1] == "no"
    assert list(again.outputs) == ["out"]
    rules = {f.rule: f.count for f in again.report.findings}
    assert rules["model.thresholds.unknown_group"] == 1 and rules["model.thresholds.unscored"] == 1
    path.chmod(0o644)
    huge = learnt | {
        "rule": learnt["rule"] | {"cuts": [c | {"low": 10**400} for c in learnt["rule"]["cuts"]]}
    }
    for text in (
        "{}",
        "no",
        json.dumps({"schema": "assay.fitted/1", "treatment": "model.thresholds", "learnt": huge}),
        json.dumps({"schema": "assay.fitted/1", "treatment": "model.thresholds", "learnt": {}}),
    ):
        (bad := path.parent / "bad").write_text(text)
        with pytest.raises(BadInput, match="cannot be applied"):
            decided(others, table, work, fitted=FileTree(Asset("file", "f", str(bad)), bad), score="score")
        bad.unlink()


def test_a_small_group_keeps_its_threshold_and_is_told(people, table, work):
    frame = people.assign(sex=["tiny"] * 9 + people.sex[9:].tolist())
    out, made = decided(frame, table, work, **ASKED, trade=False)
    assert ((out.decision == "yes") == (out.score > 0.5))[:9].all()
    found = next(f for f in made.report.findings if f.rule == "model.thresholds.small_group")
    assert "tiny is 9 rows" in found.message


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"score": None}, UsageError, "which column holds the scores"),
        ({"score": "skill"}, BadInput, "no probabilities"),
        ({"label": None}, Missing, "--label"),
        ({"facet": ()}, Missing, "--facet"),
        ({"positive": ("maybe",)}, UsageError, "no row of hired"),
        ({"positive": ("yes", "no")}, UsageError, "every row"),
        ({"label": "skill", "positive": ()}, UsageError, "which is good"),
        ({"column": "sex"}, UsageError, "already"),
    ],
)
def test_what_cannot_be_decided_is_said(people, table, work, options, error, said):
    with pytest.raises(error, match=said):
        decided(people, table, work, **ASKED | options, trade=False)


@pytest.mark.slow
def test_the_model_that_is_made_is_scanned_judged_and_wants_the_facet(people, tmp_path):
    known = people[:1500].drop(columns="score").assign(code=people.sex.map({"f": 0.0, "m": 1.0}))
    booster = xgb.train(
        {"objective": "binary:logistic", "max_depth": 3, "nthread": 1},
        xgb.DMatrix(known[["skill", "code"]], (known.hired == "yes").astype(int)), 20,
    )  # fmt: skip
    booster.save_model(tmp_path / "model.json")
    known.to_parquet(tmp_path / "people.parquet")
    settings = Settings(isolation="partial")
    asked = {
        "data": str(tmp_path / "people.parquet"),
        "label": "hired",
        "positive": ("yes",),
        "facet": ("sex",),
    }
    out = tmp_path / "fair.tar.gz"
    treat_to("model.thresholds", str(tmp_path / "model.json"), asked, out, home=None, settings=settings)

    def judged(name, model, **options):
        return carry_out("check", name, str(model), asked | options, home=None, settings=settings).report

    assert carry_out("check", "model.scan", str(out), {}, home=None).passed
    gap = "demographic_parity_difference"
    assert judged("model.bias", tmp_path / "model.json").metric(gap).value > 0.2
    assert judged("model.bias", out).metric(gap).value < 0.04
    known.drop(columns="sex").to_parquet(tmp_path / "blind.parquet")
    with pytest.raises(AssayError, match="does not have: sex"):
        carry_out("check", "model.validate", str(out), {"data": str(tmp_path / "blind.parquet"), "label": "hired"},
                  home=None, settings=settings)  # fmt: skip


def test_what_has_no_part_in_applying_a_rule_is_refused_and_not_left_out(people, table, work):
    _, made = decided(people, table, work, **ASKED, trade=False)
    path = work.store.path(made.outputs["fitted"].digest)
    asked = {"fitted": FileTree(Asset("file", "fitted", str(path)), path), "score": "score"}
    for options, said in (
        ({"facet": ("skill",)}, "apart by sex, and --facet names skill"),
        ({"tolerance": 0.1, "lot": True}, "--tolerance, --lot have no part"),
        ({"parity": "equalized_odds"}, "--parity has no part"),
    ):
        with pytest.raises(UsageError, match=said):
            decided(people, table, work, **asked, **options)
    out, again = decided(people, table, work, **asked, facet=("sex",), label="hired")
    truth = out.sex.eq("f") & out.hired.eq("yes")  # yes is what the rule says, and is not asked for again
    expected = out.decision[truth].eq("yes").mean()
    assert again.report.metric("true_positive_rate", group="f").value == pytest.approx(expected)


@pytest.mark.parametrize("sex", [None, "other"])
def test_a_rule_that_finds_none_of_its_groups_does_not_pass(people, table, work, sex):
    _, made = decided(people, table, work, **ASKED, trade=False)
    path = work.store.path(made.outputs["fitted"].digest)
    tree = FileTree(Asset("file", "fitted", str(path)), path)
    _, again = decided(people.assign(sex=sex), table, work, fitted=tree, score="score")
    assert {str(f.severity) for f in again.report.findings if f.rule == "model.thresholds.no_group"} == {
        "high"
    }
    assert not [f for f in made.report.findings if f.rule == "model.thresholds.no_group"]


@pytest.mark.parametrize("objective", ["accuracy", "balanced_accuracy"])
def test_the_cost_is_told_in_what_was_to_be_great(people, table, work, objective):
    _, made = decided(people, table, work, **ASKED, tolerance=0.1, objective=objective)
    report = made.report
    first, *_, last = report.data["trade"]
    lost = abs(first["values"][objective] - last["values"][objective])
    (said,) = (f.message for f in report.findings if f.rule.endswith((".bought", ".bought_nothing")))
    assert f"{lost:.3f} of {objective.replace('_', ' ')} is" in said
    assert report.charts[0].y == objective and report.data["gain"] == objective
    assert report.metric(objective, rule="as it is").value == first["values"][objective]


@pytest.mark.slow
def test_a_rule_is_applied_in_a_pipeline_as_a_step_fitted_it(people, assay, tmp_path):
    people[:1000].to_csv(tmp_path / "some.csv", index=False)
    people[1000:1500].drop(columns="hired").to_csv(tmp_path / "others.csv", index=False)
    (tmp_path / "assay.yaml").write_text(
        "name: rule\ndata: {some: {source: some.csv}, others: {source: others.csv}}\nsteps:\n"
        "  rule:\n    {treat: model.thresholds, of: some, label: hired, positive: 'yes', facet: [sex], score: score}\n"
        "  told: {treat: model.thresholds, of: others, score: score, fitted: rule.fitted}\n"
    )
    steps = {s["name"]: s for s in assay.json(tmp_path, "run")["steps"]}
    assert steps["told"]["outcome"] == "pass" and steps["told"]["inputs"]["fitted"]["digest"] in {
        o["digest"] for o in steps["rule"]["outputs"].values()
    }
