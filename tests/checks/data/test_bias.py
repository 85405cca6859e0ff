from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from assay.checks.data.bias import check
from assay.kernel.errors import UsageError
from assay.methods.bias import PRE_TRAINING

FRAME = pd.DataFrame(
    {
        "y": ["yes"] * 60 + ["no"] * 40 + ["yes"] * 10 + ["no"] * 40 + ["yes"] * 5,
        "g": ["a"] * 100 + ["d"] * 50 + [None] * 5,
    }
)


def test_each_group_in_turn_against_the_others(table, work):
    report = check(table(FRAME), label="y", positive=("yes",), facet=("g",), work=work)
    assert report.metric("DPL", group="d").value == pytest.approx(0.4)
    assert report.metric("DPL", group="a").value == pytest.approx(-0.4)
    low, high = report.metric("DPL", group="d").interval
    assert low < 0.4 < high
    assert {f.where["group"] for f in report.findings} == {"d"}


def test_all_eight_are_there(table, work):
    report = check(table(FRAME), label="y", positive=("yes",), facet=("g",), group_variable="g", work=work)
    names = {m.name for m in report.metrics if m.of.get("group") == "d"} - {"rows", "positive_share"}
    assert names == {*PRE_TRAINING, "impact_ratio", "impact_p_value"}


def test_rows_without_the_facet_are_shown_as_a_group_and_left_out(table, work):
    report = check(table(FRAME), label="y", positive=("yes",), facet=("g",), work=work)
    assert report.metric("rows", group="(missing)").value == 5
    assert report.metric("CI", group="d").value == pytest.approx(50 / 150)
    clarify = check(table(FRAME), label="y", positive=("yes",), facet=("g",), compat="clarify", work=work)
    assert clarify.metric("CI", group="d").value == pytest.approx((105 - 50) / 155)


def test_small_groups_are_shown_not_judged(table, work):
    frame = pd.DataFrame({"y": [1] * 100 + [0] * 10, "g": ["a"] * 100 + ["b"] * 10})
    report = check(table(frame), label="y", positive=("1",), facet=("g",), work=work)
    assert report.metric("DPL", group="b").value == 1
    assert report.metric("DPL", group="b").interval is None and not report.findings


def test_cddl_needs_a_group_variable(table, work):
    frame = FRAME.assign(v=np.tile(["x", "z"], 78)[:155])
    without = check(table(frame), label="y", positive=("yes",), facet=("g",), work=work)
    assert (
        without.metric("CDDL", group="d").value is None
        and "group variable" in without.metric("CDDL", group="d").reason
    )
    found = check(table(frame), label="y", positive=("yes",), facet=("g",), group_variable="v", work=work)
    known = frame.dropna()
    total = 0.0
    for _, part in known.groupby("v"):
        no, yes = part[part.y == "no"], part[part.y == "yes"]
        total += len(part) * ((no.g == "d").mean() - (yes.g == "d").mean())
    assert found.metric("CDDL", group="d").value == pytest.approx(total / len(known))


def test_a_threshold_is_strictly_greater(table, work):
    frame = pd.DataFrame({"y": [1, 0] * 50, "age": [30] * 50 + [31] * 50})
    report = check(table(frame), label="y", positive=("1",), facet=("age",), facet_threshold=30, work=work)
    assert report.metric("rows", group="> 30").value == 50


def test_a_value_that_is_not_there_is_the_users_mistake(table, work):
    with pytest.raises(UsageError, match="it holds"):
        check(table(FRAME), label="y", positive=("maybe",), facet=("g",), work=work)
    with pytest.raises(UsageError, match="which outcome"):
        check(table(FRAME), label="y", facet=("g",), work=work)


def test_the_published_figure_of_adult(work, tmp_path):
    """DPL of women is 0.1945 (spec of the command line), and agrees with pandas."""
    from importlib.resources import as_file, files

    from assay.engines.tables import open_table

    with as_file(files("assay.examples").joinpath("income", "adult.csv.gz")) as path:
        opened = open_table(str(path), name="adult", scratch=tmp_path)
        report = check(opened, label="income", positive=(">50K",), facet=("sex",), work=work)
        opened.close()
        frame = pd.read_csv(path)
    rate = (frame.income == ">50K").groupby(frame.sex).mean()
    assert report.metric("DPL", group="Female").value == pytest.approx(rate["Male"] - rate["Female"])
    assert round(report.metric("DPL", group="Female").value, 4) == 0.1945


def test_more_groups_than_are_examined_leave_it_incomplete(table, work):
    frame = pd.DataFrame({"y": [1, 0] * 1000, "g": [f"g{n // 20}" for n in range(2000)]})
    report = check(table(frame), label="y", positive=("1",), facet=("g",), work=work)
    assert "50 groups smaller than the 50 largest" in [s.why for s in report.coverage.skipped]


def test_a_facet_of_one_value_is_not_passed_unjudged(table, work):
    frame = pd.DataFrame({"y": [1, 0] * 50, "g": ["a"] * 100})
    report = check(table(frame), label="y", positive=("1",), facet=("g",), work=work)
    assert not report.coverage.complete and "no two groups" in report.coverage.skipped[0].why
    assert report.metric("CI", group="a").reason == "undefined"  # nobody to compare with


def test_one_rule_of_the_good_outcome_at_a_time(table, work):
    with pytest.raises(UsageError, match="give one of them"):
        check(table(FRAME), label="y", positive=("yes",), label_threshold=1.0, facet=("g",), work=work)


@pytest.mark.parametrize(
    ("values", "positive"),
    [
        ([1, 0], "1"), ([1.0, 0.0], "1"), (["1", "0"], "1"), ([True, False], "true"), (["True", "False"], "True"),
        (["yes", "no"], "yes"), ([" yes", " no"], "yes"), ([1, 0], "True"),
    ],
)  # fmt: skip
def test_labels_in_every_spelling_give_the_same_numbers(table, work, values, positive):
    rng = np.random.default_rng(5)
    g, truth = rng.choice(["a", "d", None], 300), rng.random(300) < 0.4
    frame = pd.DataFrame({"y": [values[0] if t else values[1] for t in truth], "g": g})
    report = check(table(frame), label="y", positive=(positive,), facet=("g",), work=work)
    a, d = truth[g == "a"], truth[g == "d"]
    p, q = a.mean(), d.mean()
    pairs = [(p, q), (1 - p, 1 - q)]
    middle = [((x + y) / 2) for x, y in pairs]
    expected = {
        "CI": (len(a) - len(d)) / (len(a) + len(d)),
        "DPL": p - q,
        "KL": sum(x * np.log(x / y) for x, y in pairs),
        "JS": 0.5
        * sum(x * np.log(x / m) + y * np.log(y / m) for (x, y), m in zip(pairs, middle, strict=True)),
        "LP": np.sqrt(2) * abs(p - q),
        "TVD": abs(p - q),
        "KS": abs(p - q),
    }
    for name, value in expected.items():
        assert report.metric(name, group="d").value == pytest.approx(value), name


def test_texts_that_tell_no_groups_apart_are_refused_unless_one_is_named(table, work, monkeypatch):
    """Ten million of them took 2.7 GB to be told as fifty groups of one row."""
    from assay.checks.data import bias

    monkeypatch.setattr(bias, "MOST_GROUPS", 100)
    data = table(pd.DataFrame({"y": [1, 0] * 100, "g": ["a"] * 99 + [f"t{k}" for k in range(101)]}))
    with pytest.raises(UsageError, match="tell no groups apart"):
        check(data, label="y", positive=("1",), facet=("g",), work=work)
    named = check(data, label="y", positive=("1",), facet=("g",), facet_value=("a",), work=work)
    assert named.metric("rows", group="a").value == 99


def _people(rows=400, seed=1):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"sex": rng.choice(["F", "M"], rows), "town": rng.choice(["A", "B"], rows)})
    frame["pay"] = rng.normal(100, 20, rows) + 30 * (frame.sex == "M")
    frame["y"] = (frame.pay > 110).astype(int)
    return frame.assign(w=np.tile([1.0, 3.0], rows // 2))


def test_facets_crossed(table, work):
    frame = _people()
    asked = {"label": "y", "positive": ("1",), "facet": ("sex", "town"), "intersect": True}
    report = check(table(frame), **asked, work=work)
    d = (frame.sex == "F") & (frame.town == "A")
    found = report.metric("DPL", facet="sex & town", group="sex=F & town=A").value
    assert found == pytest.approx(frame.y[~d].mean() - frame.y[d].mean())
    assert any(f.message.startswith("sex=F & town=") for f in report.findings)


def test_an_amount_of_pay(table, work):
    frame = _people()
    report = check(table(frame), label="pay", facet=("sex",), work=work)
    f, m = (frame.pay[frame.sex == s] for s in "FM")
    assert report.metric("mean_difference", group="F").value == pytest.approx(m.mean() - f.mean())
    pooled = np.sqrt(((len(m) - 1) * m.var() + (len(f) - 1) * f.var()) / (len(f) + len(m) - 2))
    effect = report.metric("standardized_mean_difference", group="F")
    assert effect.value == pytest.approx((m.mean() - f.mean()) / pooled)
    assert effect.interval[0] > 0.8 and [str(f.severity) for f in report.findings] == ["high"]


def test_weights_are_counted(table, work):
    frame = _people()
    often = frame.loc[frame.index.repeat(frame.w.astype(int))]
    asked = {"label": "y", "positive": ("1",), "facet": ("sex",)}
    one = check(table(frame), **asked, weights="w", work=work)
    other = check(table(often), **asked, work=work)
    for name in ("CI", "DPL", "KL", "JS", "LP", "TVD", "KS", "impact_ratio", "positive_share"):
        assert one.metric(name, group="F").value == pytest.approx(other.metric(name, group="F").value), name


def test_each_class_in_turn_and_one_outcome(table, work):
    frame = _people().assign(grade=lambda f: pd.cut(f.pay, 3, labels=["c", "b", "a"]).astype(str))
    report = check(table(frame), label="grade", facet=("sex",), work=work)
    found = report.metric("DPL", group="F", **{"class": "a"}).value
    top = frame.grade == "a"
    assert found == pytest.approx(top[frame.sex == "M"].mean() - top[frame.sex == "F"].mean())
    same = check(table(frame.assign(y=1)), label="y", positive=("1",), facet=("sex",), work=work)
    assert "Every row has the good outcome" in same.findings[0].message


@pytest.mark.slow
def test_a_policy_of_both_checks_holds_here_what_is_told_here(assay, tmp_path):
    _people().to_csv(tmp_path / "people.csv", index=False)
    asked = ("people.csv", "--label", "y", "--positive", "1", "--facet", "sex", "--policy", "fairness.yaml")
    (tmp_path / "fairness.yaml").write_text(
        "metrics:\n  DPL: {limit: 0.2, severity: critical}\n  DPPL: 0.2\n"
    )
    report = assay.json(tmp_path, "check", "data.bias", *asked, code=1)
    assert {(f["rule"], f["severity"]) for f in report["findings"]} == {("data.bias.DPL", "critical")}
    assert report["coverage"]["skipped"] == []
    (tmp_path / "fairness.yaml").write_text("metrics:\n  DPL: 0.9\n")
    assert assay.json(tmp_path, "check", "data.bias", *asked)["outcome"] == "pass"
    (tmp_path / "fairness.yaml").write_text("metrics:\n  DPLL: 0.9\n")
    assert "fairness.yaml:2: there is no metric 'DPLL'" in assay.fails(tmp_path, "check", "data.bias", *asked)


def test_without_a_question_it_is_the_users_mistake(assay, tmp_path):
    _people().to_csv(tmp_path / "people.csv", index=False)
    assert "--label is needed" in assay.fails(tmp_path, "check", "data.bias", "people.csv", "--facet", "sex")
    assert "--facet is needed" in assay.fails(tmp_path, "check", "data.bias", "people.csv", "--label", "y")


def _missing(amount=False):
    """Of 300 people those without a facet have the good outcome far less often, and earn far less."""
    rng = np.random.default_rng(3)
    g = np.repeat(["a", "d", None], 100)
    y = np.where(g == None, rng.random(300) < 0.1, rng.random(300) < 0.6).astype(int)  # noqa: E711
    return pd.DataFrame({"y": y * 1000 + rng.random(300) if amount else y, "g": g})


def test_those_without_a_facet_are_a_group_that_is_judged(table, work):
    frame = _missing()
    report = check(table(frame), label="y", positive=("1",), facet=("g",), work=work)
    known, absent = frame[frame.g.notna()].y, frame[frame.g.isna()].y
    assert report.metric("DPL", group="(missing)").value == pytest.approx(known.mean() - absent.mean())
    assert [(f.rule, f.where["group"]) for f in report.findings] == [("data.bias.DPL", "(missing)")]
    assert report.metric("DPL", group="a").value == pytest.approx(
        frame[frame.g == "d"].y.mean() - frame[frame.g == "a"].y.mean()
    )  # and they are on neither side of the others
    amounts = check(table(_missing(amount=True)), label="y", facet=("g",), work=work)
    assert {f.where.get("group") for f in amounts.findings if "standard" in f.rule} == {"(missing)"}


def test_where_those_without_a_facet_count_as_advantaged_it_is_said(table, work):
    report = check(table(_missing()), label="y", positive=("1",), facet=("g",), compat="clarify", work=work)
    (found,) = (f for f in report.findings if f.rule == "data.bias.missing_advantaged")
    assert found.count == 100 and "count as advantaged" in found.message
    assert report.metric("rows", group="(missing)").value == 100


def test_a_disparity_within_strata_is_a_finding_with_an_interval(table, work):
    """Within both departments women are refused more often, and over all they are not: DPL alone says nothing."""
    rows = [("f", "x", 1, 30), ("f", "x", 0, 20), ("m", "x", 1, 90), ("m", "x", 0, 10)]
    rows += [("f", "z", 1, 200), ("f", "z", 0, 20), ("m", "z", 1, 40), ("m", "z", 0, 0)]
    frame = pd.DataFrame([(g, v, y) for g, v, y, n in rows for _ in range(n)], columns=["g", "v", "y"])
    report = check(table(frame), label="y", positive=("1",), facet=("g",), group_variable="v", work=work)
    found = report.metric("CDDL", group="f")
    assert found.interval[0] < found.value < found.interval[1] and found.interval[0] > 0
    told = next(f for f in report.findings if f.rule == "data.bias.CDDL")
    assert told.where["group"] == "f" and "alike in v they are more of the refused" in told.message
    few = check(
        table(frame.iloc[::12]), label="y", positive=("1",), facet=("g",), group_variable="v", work=work
    )
    assert not [f for f in few.findings if f.rule == "data.bias.CDDL"]  # chance may as well explain it


def test_a_p_value_that_underflows_is_not_nought(table, work):
    frame = pd.DataFrame({"y": [1] * 40_000 + [0] * 40_000, "g": ["a"] * 39_000 + ["d"] * 41_000})
    report = check(
        table(frame), label="y", positive=("1",), facet=("g",), metric=("impact_p_value",), work=work
    )
    assert 0 < report.metric("impact_p_value", group="d").value < 1e-300


def test_where_each_class_takes_its_turn_two_groups_are_told_of_once(table, work):
    frame = pd.DataFrame({"y": list("xyz") * 100, "g": np.repeat(["a", "d"], 150)})
    frame.loc[frame.index % 6 == 0, "g"] = "a"
    frame.loc[frame.index % 6 == 1, "g"] = "d"
    report = check(table(frame), label="y", facet=("g",), work=work)
    told = [(f.rule, f.where["class"]) for f in report.findings]
    assert told and len(told) == len(set(told))
