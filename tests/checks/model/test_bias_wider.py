"""model.bias beyond the thirteen: several facets, classes, amounts, weights, policies, scores, a model's other answers."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assay.checks.model.bias import check
from assay.kernel.asset import Asset
from assay.kernel.errors import BadInput, UsageError
from assay.kernel.handles import ModelInfo
from assay.methods.fairness import BETWEEN

ASKED = {"label": "y", "predicted": "p", "positive": ("1",)}


def _frame(rows=600, seed=3):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"x": rng.normal(size=rows), "sex": rng.choice(["F", "M"], rows)})
    frame["race"] = rng.choice(["A", "B", "C"], rows, p=[0.6, 0.37, 0.03])
    frame["age"] = rng.integers(18, 80, rows)
    frame["y"] = (frame.x + rng.normal(size=rows) > 0).astype(int)
    frame["s"] = 1 / (1 + np.exp(-2 * frame.x - 0.8 * (frame.sex == "M")))
    frame["p"] = (frame.s > 0.5).astype(int)
    return frame


def test_the_wider_field_by_pandas(table, work):
    frame = _frame()
    report = check(table(frame), **ASKED, facet=("sex",), score="s", work=work)
    f, m = (frame[frame.sex == s] for s in "FM")
    assert report.metric("demographic_parity_difference", facet="sex").value == pytest.approx(
        m.p.mean() - f.p.mean()
    )
    tpr = [g.p[g.y == 1].mean() for g in (f, m)]
    fpr = [g.p[g.y == 0].mean() for g in (f, m)]
    odds = max(abs(tpr[0] - tpr[1]), abs(fpr[0] - fpr[1]))
    assert report.metric("equalized_odds_difference", facet="sex").value == pytest.approx(odds)
    assert report.metric("average_odds_difference", group="F").value == pytest.approx(
        (tpr[0] - tpr[1] + fpr[0] - fpr[1]) / 2
    )
    low, high = report.metric("equalized_odds_difference", group="F").interval
    assert low < odds < high
    assert report.metric("impact_ratio", group="F").value == pytest.approx(f.p.mean() / m.p.mean())
    bins = pd.cut(f.s, np.arange(11) / 10, right=False)
    each = f.groupby(bins, observed=True).apply(lambda b: len(b) * abs(b.s.mean() - b.y.mean()))
    assert report.metric("calibration_error", group="F").value == pytest.approx(each.sum() / len(f))
    assert 0.5 < report.metric("consistency").value <= 1
    assert {m.name for m in report.metrics if m.of == {"facet": "sex"}} >= set(BETWEEN)


def test_calibration_counts_a_row_for_what_it_weighs(table, work):
    """With --weights every metric but the calibration errors was weighted."""
    frame = _frame().assign(w=lambda f: 1 + f.index % 3)
    report = check(table(frame), **ASKED, facet=("sex",), score="s", weights="w", work=work)
    repeated = frame.loc[frame.index.repeat(frame.w)].reset_index(drop=True)
    other = check(table(repeated), **ASKED, facet=("sex",), score="s", work=work)
    for name, of in (("calibration_error", {"group": "F"}), ("calibration_error_difference", {})):
        assert report.metric(name, **of).value == pytest.approx(other.metric(name, **of).value)


def test_rows_whose_score_is_missing_or_infinite_are_told(table, work):
    """They were left out of the calibration errors, and nothing said so."""
    frame = _frame()
    frame.loc[:4, "s"] = np.nan
    frame.loc[5:6, "s"] = np.inf
    report = check(table(frame), **ASKED, facet=("sex", "race"), score="s", work=work)
    told = [f for f in report.findings if f.rule == "model.bias.unscored"]
    assert [f.count for f in told] == [7]


def test_the_four_fifths_rule_is_a_finding_only_where_chance_does_not_explain_it(table, work):
    def of(n):
        frame = pd.DataFrame(
            {"g": ["a"] * n * 10 + ["d"] * n * 10, "p": [1] * 5 * n + [0] * 5 * n + [1] * 3 * n + [0] * 7 * n}
        )
        report = check(table(frame.assign(y=frame.p)), **ASKED, facet=("g",), work=work)
        return [f for f in report.findings if f.rule == "model.bias.four_fifths"], report

    told, report = of(40)
    assert told[0].where["group"] == "d" and "60%" in told[0].message and "29-CFR-1607.4(D)" in told[0].refs
    none, report = of(4)
    assert none == [] and report.metric("impact_ratio", group="d").value == pytest.approx(0.6)
    assert report.metric("impact_p_value", group="d").value > 0.05


def test_facets_crossed_are_groups_too_and_small_ones_are_counted(table, work):
    frame = _frame()
    report = check(table(frame), **ASKED, facet=("sex", "race"), intersect=True, work=work)
    names = [m.of["group"] for m in report.metrics if m.name == "rows" and m.of["facet"] == "sex & race"]
    sizes = frame.groupby(["sex", "race"]).size()
    large = sizes[sizes >= 30].sort_values(ascending=False)
    assert names == [f"sex={s} & race={r}" for s, r in large.index] and len(names) == 4
    assert [s.why for s in report.coverage.skipped] == ["2 groups of fewer than 30 rows"]
    d = (frame.sex == "F") & (frame.race == "A")
    value = report.metric("DPPL", group="sex=F & race=A").value
    assert value == pytest.approx(frame.p[~d].mean() - frame.p[d].mean())
    few = check(table(frame), **ASKED, facet=("sex", "race"), intersect=True, min_group=2, work=work)
    assert few.coverage.complete
    with pytest.raises(UsageError, match="nothing to cross"):
        check(table(frame), **ASKED, facet=("sex",), intersect=True, work=work)


def test_a_facet_of_many_numbers_is_cut_at_its_quartiles_and_says_so(table, work):
    frame = _frame()
    report = check(table(frame), **ASKED, facet=("age",), work=work)
    cuts = [int(c) for c in np.quantile(frame.age, [0.25, 0.5, 0.75], method="inverted_cdf")]
    names = [m.of["group"] for m in report.metrics if m.name == "rows"]
    assert names == [f"<= {cuts[0]}", f"({cuts[0]}, {cuts[1]}]", f"({cuts[1]}, {cuts[2]}]", f"> {cuts[2]}"]
    (told,) = (f for f in report.findings if f.rule == "model.bias.cut")
    assert all(str(c) in told.message for c in cuts)
    rows = report.metric("rows", group=names[1]).value
    assert rows == ((frame.age > cuts[0]) & (frame.age <= cuts[1])).sum()


def test_values_of_each_facet_by_name(table, work):
    frame = _frame()
    report = check(
        table(frame),
        **ASKED,
        facet=("sex", "race", "age"),
        facet_value=("sex=F", "race=B"),
        facet_threshold=40,
        work=work,
    )
    groups = {(m.of["facet"], m.of["group"]) for m in report.metrics if m.name == "rows"}
    others = {(facet, "(others)") for facet in ("sex", "race", "age")}
    assert groups == {("sex", "F"), ("race", "B"), ("age", "> 40")} | others


def test_each_class_takes_its_turn(table, work):
    frame = _frame()
    frame["y"], frame["p"] = (
        pd.cut(frame.x, 3, labels=["lo", "mid", "hi"]).astype(str),
        np.where(frame.s > 0.7, "hi", "lo"),
    )
    report = check(table(frame), label="y", predicted="p", facet=("sex",), work=work)
    for name in ("lo", "mid", "hi"):
        f, m = (frame.p[frame.sex == s] == name for s in "FM")
        assert report.metric("DPPL", group="F", **{"class": name}).value == pytest.approx(m.mean() - f.mean())
    prints = {f.fingerprint("t") for f in report.findings}
    assert len(prints) == len(report.findings)  # findings of two classes are two
    both = check(table(frame), label="y", predicted="p", positive=("mid", "hi"), facet=("sex",), work=work)
    assert both.metric("DPPL", group="F").value == report.metric("DPPL", group="F", **{"class": "hi"}).value
    with pytest.raises(UsageError, match="which outcome is good"):
        check(table(frame), label="sex", predicted="sex", facet=("race",), work=work)


def test_an_amount_is_told_by_its_differences(table, work):
    frame = _frame().assign(y=lambda f: f.x * 100, p=lambda f: f.x * 90 + (f.sex == "M") * 60)
    report = check(table(frame), label="y", predicted="p", facet=("sex",), work=work)
    f, m = (frame[frame.sex == s] for s in "FM")
    assert report.metric("mean_difference", group="F").value == pytest.approx(m.p.mean() - f.p.mean())
    errors = [(g.p - g.y).abs().mean() for g in (f, m)]
    assert report.metric("mae_difference", group="F").value == pytest.approx(errors[0] - errors[1])
    from scipy.stats import ks_2samp

    assert report.metric("ks_statistic", group="F").value == pytest.approx(ks_2samp(m.p, f.p).statistic)
    assert [x.where["group"] for x in report.findings] == ["F"]


def test_weights_count_for_what_they_say(table, work):
    frame = _frame(300).assign(w=np.tile([1, 2, 3], 100))
    often = frame.loc[frame.index.repeat(frame.w)].drop(columns="w")
    weighed = check(table(frame), **ASKED, facet=("sex",), weights="w", work=work)
    repeated = check(table(often), **ASKED, facet=("sex",), work=work)
    for name in ("DPPL", "DI", "AD", "RD", "DAR", "TE", "GE", "equalized_odds_difference", "impact_ratio"):
        assert weighed.metric(name, group="F").value == pytest.approx(
            repeated.metric(name, group="F").value
        ), name
    assert weighed.metric("rows", group="F").value == (frame.sex == "F").sum()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [(-1.0, "1 weights are negative"), (np.nan, "1 weights are missing"), (np.inf, "not finite")],
)
def test_a_weight_that_is_none_is_named(table, work, wrong, said):
    frame = _frame().assign(w=1.0)
    frame.loc[5, "w"] = wrong
    with pytest.raises(BadInput, match=said):
        check(table(frame), **ASKED, facet=("sex",), weights="w", work=work)


def test_scores_outside_0_to_1_are_no_probabilities(table, work):
    with pytest.raises(BadInput, match="scores are outside 0 to 1"):
        check(table(_frame().assign(s=lambda f: f.s * 2)), **ASKED, facet=("sex",), score="s", work=work)


def test_one_outcome_one_group_and_a_facet_of_nothing_are_told(table, work):
    frame = _frame()
    same = check(table(frame.assign(y=1)), **ASKED, facet=("sex",), work=work)
    assert (
        "Every row has the same y"
        in next(f for f in same.findings if f.rule == "model.bias.one_outcome").message
    )
    told = check(table(frame.assign(p=0)), **ASKED, facet=("sex",), work=work)
    assert any("is told the same" in f.message for f in told.findings)
    one = check(table(frame.assign(sex="F")), **ASKED, facet=("sex",), work=work)
    assert [s.why for s in one.coverage.skipped] == ["no two groups of 30 rows to judge"]
    none = check(
        table(frame.assign(sex=pd.Series([None] * 600, dtype=object))), **ASKED, facet=("sex",), work=work
    )
    assert [s.why for s in none.coverage.skipped] == ["no row has a value"]


def test_a_policy_alone_says_what_fails(table, work, tmp_path):
    path = tmp_path / "fairness.yaml"
    path.write_text(
        "metrics:\n  DPPL: {limit: 0.05, severity: critical}\n  FT: 0.9\nfacets:\n  race:\n    DPPL: none\n"
    )
    frame = _frame()[["x", "sex", "race", "y", "p"]]
    report = check(table(frame), **ASKED, facet=("sex", "race"), policy=path, work=work)
    assert {(f.rule, str(f.severity)) for f in report.findings} == {("model.bias.DPPL", "critical")}
    assert {f.where["group"] for f in report.findings} == {"F", "M"}
    assert "fairness.yaml:2 allows at most 0.05" in report.findings[0].message
    path.write_text("metrics:\n  calibration_error: 0.05\nfacets:\n  age:\n    DPPL: 0.1\n")
    other = check(table(_frame()), **ASKED, facet=("sex",), policy=path, work=work)
    assert {s.what for s in other.coverage.skipped} == {"calibration_error", "facet age"}


class Partial:
    """Says yes above 0, and to men above -0.5; it knows its probabilities."""

    asset = Asset("model", "partial", "", "sha256:0")
    info = ModelInfo("script", "script", ("x", "sex"), (0, 1), "binary")

    def predict(self, data):
        score = 1 / (1 + np.exp(-data.column("x").to_numpy() - 0.5 * (data.column("sex").to_numpy() == "M")))
        return pa.table({"prediction": (score > 0.5).astype(int), "score": score})

    def contributions(self, data):
        return None


def test_what_a_model_would_say_of_the_same_people_of_another_sex(table, work):
    frame = _frame()
    report = check(Partial(), data=table(frame), label="y", positive=("1",), facet=("sex", "race"), work=work)
    between = (frame.x > -0.5) & (frame.x <= 0)
    assert report.metric("counterfactual_change", facet="sex").value == pytest.approx(between.mean())
    own = between[frame.sex == "F"].mean()
    assert report.metric("counterfactual_change", group="F").value == pytest.approx(own)
    assert "takes no race" in report.metric("counterfactual_change", facet="race").reason


def test_a_models_scores_are_turned_where_the_first_class_is_the_good_one(table, work):
    frame = _frame()
    one = check(Partial(), data=table(frame), label="y", positive=("1",), facet=("sex",), work=work)
    other = check(Partial(), data=table(frame), label="y", positive=("0",), facet=("sex",), work=work)
    assert one.metric("calibration_error", group="F").value == pytest.approx(
        other.metric("calibration_error", group="F").value, abs=0.02
    )


def test_the_report_says_whose_sign_the_flip_test_has(table, work):
    frame = _frame()[["x", "sex", "y", "p"]]
    docs = check(table(frame), **ASKED, facet=("sex",), work=work)
    theirs = check(table(frame), **ASKED, facet=("sex",), compat="clarify", work=work)
    assert docs.data["flip_test_sign"].startswith("the documentation's: above 0, more unfavourable")
    assert theirs.data["flip_test_sign"].startswith("the reference library's: above 0, more favourable")
    assert docs.metric("FT", group="F").unit == "share flipped against the group, the documentation's sign"
    assert theirs.metric("FT", group="F").unit == "share flipped for the group, the reference library's sign"


@pytest.mark.parametrize("compat", ["docs", "clarify"])
def test_the_terminal_and_the_page_say_whose_sign_too(table, work, compat):
    from assay.kernel.verdict import Gate, Verdict
    from assay.reports.html import verdict_page
    from assay.reports.terminal import text

    report = check(table(_frame()[["x", "sex", "y", "p"]]), **ASKED, facet=("sex",), compat=compat, work=work)
    whose = "the documentation's sign" if compat == "docs" else "the reference library's sign"
    for said in (text([Verdict(report, Gate())]), verdict_page([Verdict(report, Gate())], {})):
        assert whose in " ".join(said.replace("&#39;", "'").split())


@pytest.mark.slow
def test_a_clarify_job_works_as_it_is(assay, tmp_path):
    """The CSV has no header, as Clarify's jobs have it; both stages are asked for and written."""
    frame = _frame()[["x", "sex", "age", "y", "s"]]
    frame.to_csv(tmp_path / "data.csv", index=False, header=False)
    config = {
        "dataset_type": "text/csv",
        "headers": ["x", "sex", "age", "y", "s"],
        "label": "y",
        "label_values_or_threshold": [1],
        "facet": [
            {"name_or_index": "sex", "value_or_threshold": ["F"]},
            {"name_or_index": 2, "value_or_threshold": [40]},
        ],
        "predicted_label": "s",
        "probability_threshold": 0.6,
        "methods": {
            "pre_training_bias": {"methods": ["CI", "DPL"]},
            "post_training_bias": {"methods": "all"},
        },
    }
    (tmp_path / "analysis_config.json").write_text(json.dumps(config))
    asked = ("data.csv", "--config", "analysis_config.json", "--keep", "out", "--fail-on", "none")
    assay(tmp_path, "check", "model.bias", *asked)
    said = json.loads((tmp_path / "out" / "analysis.json").read_text())
    assert said["version"] == "1.0"
    before, after = said["pre_training_bias_metrics"], said["post_training_bias_metrics"]
    assert before["label"] == "y" and before["label_value_or_threshold"] == "1"
    (sex,) = before["facets"]["sex"]
    assert [m["name"] for m in sex["metrics"]] == ["CI", "DPL"] and sex["value_or_threshold"] == "F"
    f, m = frame[frame.sex == "F"], frame[frame.sex == "M"]
    assert sex["metrics"][1]["value"] == pytest.approx(m.y.mean() - f.y.mean())
    dppl = next(x for x in after["facets"]["sex"][0]["metrics"] if x["name"] == "DPPL")
    assert dppl["value"] == pytest.approx((m.s > 0.6).mean() - (f.s > 0.6).mean())
    assert after["facets"]["age"][0]["value_or_threshold"] == f"(40, {frame.age.max()}]"
    assay(tmp_path, "check", "data.bias", *asked)
    assert json.loads((tmp_path / "out" / "analysis.json").read_text())["pre_training_bias_metrics"] == before


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 10_000))
def test_the_order_of_rows_does_not_matter(table, work, seed):
    frame = _frame(120, seed)
    mixed = frame.sample(frac=1, random_state=seed)
    one, other = (
        check(table(f), **ASKED, facet=("sex",), score="s", min_group=5, work=work) for f in (frame, mixed)
    )
    values = [
        {(m.name, str(m.of)): m.value for m in sorted(r.metrics, key=lambda m: (m.name, str(m.of)))}
        for r in (one, other)
    ]
    assert values[0] == pytest.approx(values[1])


def test_metrics_that_were_asked_for_are_those_of_the_whole_check(table, work):
    """They are counted where the table lies, and the whole check reads its rows."""
    frame = _frame()
    options = {**ASKED, "facet": ("sex", "age"), "work": work}
    whole = check(table(frame), **options)
    names = ("DPPL", "AD", "equalized_odds_ratio", "impact_ratio", "GE")
    some = check(table(frame), **options, metric=names)
    assert {m.name for m in some.metrics} == {*names, "rows", "judged_rows"}
    told = {(m.name, *sorted(m.of.items())): m for m in whole.metrics}
    for metric in some.metrics:
        assert metric == told[metric.name, *sorted(metric.of.items())]
    assert {f.rule for f in some.findings} <= {f.rule for f in whole.findings}
    with pytest.raises(UsageError, match="no metric 'DPL' here"):
        check(table(frame), **options, metric=("DPL",))


def test_weights_of_an_amount_are_refused_and_not_left_out(table, work):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"y": rng.normal(size=90), "p": rng.normal(size=90), "g": ["a", "b"] * 45, "w": 2.0})
    with pytest.raises(UsageError, match="y is an amount, and weights are counted where it is yes or no"):
        check(table(frame), label="y", predicted="p", facet=("g",), weights="w", work=work)


def test_the_share_of_rows_without_the_facet_is_weighed(table, work):
    """Whatever the rows weighed, the missing group's share was of rows."""
    frame = pd.DataFrame(
        {"y": [0, 1] * 60, "p": [0, 1] * 60, "sex": (["a", "b", "b"] * 40)[:116] + [None] * 4}
    )
    frame["w"] = np.where(frame.p == 1, 3.0, 1.0)
    report = check(
        table(frame), label="y", predicted="p", positive=("1",), facet=("sex",), weights="w", work=work
    )
    assert report.metric("predicted_share", group="(missing)").value == 0.75
