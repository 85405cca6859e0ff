"""data.drift: what moved is told, what did not is not, on real and on odd tables."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from scipy import stats

from assay.checks.data.drift import check
from assay.engines import counting
from assay.kernel.asset import Asset
from assay.kernel.errors import BadInput
from assay.kernel.handles import ModelInfo
from assay.kernel.severity import Severity

ADULT = Path(__file__).parents[3] / "src/assay/examples/income/adult.csv.gz"


@pytest.fixture
def drift(table, work):
    def drift_(old, new, **options):
        options.setdefault("classifier", False)
        report = check(table(new), against=table(old, "old"), work=work, **options)
        json.dumps(report.to_dict(), allow_nan=False)
        return report

    return drift_


def rules(report, least=Severity.LOW):
    return {
        (f.rule.removeprefix("data.drift."), f.where.get("column"))
        for f in report.findings
        if f.severity >= least
    }


@pytest.fixture(scope="module")
def adult():
    frame = pd.read_csv(ADULT)
    return frame.iloc[:6000], frame.iloc[6000:12_000].reset_index(drop=True)


def test_halves_of_one_table_are_quiet_and_agree_with_scipy(drift, adult):
    old, new = adult
    report = drift(old, new, classifier=True, rows=3000)
    assert not rules(report) and report.metric("columns_drifted").value == 0
    assert report.metric("classifier_auc").value < 0.53
    for name in ("age", "fnlwgt", "hours_per_week"):
        both = old[name], new[name]
        found = stats.ks_2samp(*both, method="asymp")
        assert report.metric("ks", column=name).value == pytest.approx(found.statistic)
        assert report.metric("p_value", column=name).value == pytest.approx(found.pvalue, rel=0.05)
        expected = stats.wasserstein_distance(*both)
        assert report.metric("wasserstein", column=name).value == pytest.approx(expected)
        normed = report.metric("wasserstein_normed", column=name).value
        assert normed == pytest.approx(expected / old[name].std(ddof=0))
    crossed = pd.crosstab(np.repeat([0, 1], 6000), pd.concat([old.race, new.race]).to_numpy())
    p = stats.chi2_contingency(crossed, correction=False).pvalue
    assert report.metric("p_value", column="race").value == pytest.approx(p)
    linf = np.abs(old.race.value_counts(normalize=True) - new.race.value_counts(normalize=True)).max()
    assert report.metric("linf_simple", column="race").value == pytest.approx(linf)


def test_what_moved_is_told_and_nothing_else(drift, adult):
    old, new = adult
    rng = np.random.default_rng(0)
    new = new.assign(
        age=new.age + 8,
        sex=np.where(rng.random(len(new)) < 0.5, "Male", new.sex),
        occupation=new.occupation.where(rng.random(len(new)) > 0.3),
        race=np.where(rng.random(len(new)) < 0.04, "Martian", new.race),
        extra=1,
    ).drop(columns="fnlwgt")
    report = drift(old, new, classifier=True, rows=4000)
    assert rules(report) == {
        ("column", "age"), ("column", "sex"), ("missing", "occupation"), ("new_category", "race"), ("column", "race"),
        ("window", None), ("missing_column", "fnlwgt"), ("extra_column", "extra"),
    } - ({("column", "race")} if report.metric("psi", column="race").value < 0.1 else set())  # fmt: skip
    assert report.worst() == Severity.HIGH
    assert set(list(report.data["classifier"]["by"])[:4]) >= {"age", "occupation"}
    assert report.metric("missing_change", column="occupation").value == pytest.approx(
        new.occupation.isna().mean() - old.occupation.isna().mean()
    )
    kinds = {c.title: c.kind for c in report.charts}
    assert kinds["age"] == "histogram" and kinds["sex"] == "grouped_bar" and all(c.alt for c in report.charts)
    shares = [r["share"] for c in report.charts if c.title == "age" for r in c.data if r["of"] == "new"]
    assert sum(shares) == pytest.approx(1)


def one_distribution(rng, n):
    shares = [0.4, 0.3, 0.1, 0.1, 0.05, 0.03, 0.01, 0.01]
    return pd.DataFrame(
        {f"x{i}": rng.normal(size=n) for i in range(3)}
        | {f"k{i}": rng.poisson(2, n) for i in range(3)}
        | {f"c{i}": rng.choice(list("abcdefgh"), n, p=shares) for i in range(3)}
        | {"m": np.where(rng.random(n) < 0.2, np.nan, rng.exponential(size=n))}
    )


@pytest.mark.parametrize(
    ("trials", "classifier"), [(8, False), pytest.param(60, True, marks=pytest.mark.slow)]
)
def test_one_distribution_raises_no_alarm_more_often_than_alpha(drift, trials, classifier):
    alarms = 0
    for trial in range(trials):
        rng = np.random.default_rng(trial)
        report = drift(one_distribution(rng, 120), one_distribution(rng, 200), classifier=classifier)
        alarms += bool(rules(report))
    assert alarms / trials < 0.05 + 3 * np.sqrt(0.05 * 0.95 / trials)


def test_a_huge_table_does_not_alarm_on_nothing(drift):
    rng = np.random.default_rng(1)
    old, new = (pd.DataFrame({"x": rng.normal(s, 1, 400_000)}) for s in (0, 0.02))
    report = drift(old, new)
    assert report.metric("p_adjusted", column="x").value < 1e-6 and not rules(report)
    assert rules(drift(old, new, threshold=0.005)) == {("column", "x")}


def test_a_tail_that_few_rows_make_is_seen(drift):
    rng = np.random.default_rng(2)
    old, new = rng.normal(100, 10, 20_000), rng.normal(100, 10, 20_000)
    new[:400] = 5_000
    report = drift(pd.DataFrame({"x": old}), pd.DataFrame({"x": new}))
    found = next(f for f in report.findings if f.rule == "data.drift.column")
    assert "Wasserstein" in found.message and report.metric("psi", column="x").value < 0.1


def test_methods_and_corrections_are_chosen(drift):
    rng = np.random.default_rng(3)
    old, new = (pd.DataFrame({"x": rng.normal(s, 1, 3000), "y": rng.normal(size=3000)}) for s in (0, 1))
    assert rules(drift(old, new, method=("linf_robust",))) == {("column", "x")}
    assert not rules(drift(old, new, method=("linf_robust",), threshold=0.5))
    assert not rules(drift(old, new, columns=("y",))) and not rules(drift(old, new, without=("x",)))
    plain = drift(old, new, correction="none")
    assert plain.metric("p_adjusted", column="y").value == plain.metric("p_value", column="y").value
    bonferroni = drift(old, new, correction="bonferroni")
    assert bonferroni.metric("p_adjusted", column="y").value == pytest.approx(
        min(1, 2 * plain.metric("p_value", column="y").value)
    )


def test_types_that_changed_are_compared_as_far_as_they_can_be(drift):
    rng = np.random.default_rng(4)
    x = rng.integers(0, 1000, 500)
    old = pd.DataFrame(
        {"a": x, "b": x, "c": x % 2 == 0, "d": pd.Timestamp("2020-01-01"), "e": [f"w{v % 9}" for v in x]}
    )
    new = pd.DataFrame(
        {
            "a": ["?"] * 3 + x[3:].astype(str).tolist(),
            "b": x * 1.0,
            "c": (x % 2 == 0).astype(int),
            "d": 5,
            "e": None,
        }
    )
    report = drift(old, new.astype({"e": object}))
    assert rules(report) >= {("type", "a"), ("type", "b"), ("type", "c"), ("type", "d"), ("missing", "e")}
    by = {f.where.get("column"): f for f in report.findings if f.rule == "data.drift.type"}
    assert by["b"].severity == Severity.LOW and by["a"].severity == Severity.HIGH
    assert "3 values are no numbers ('?')" in by["a"].message
    assert (
        report.metric("psi", column="a").value < 0.01 and report.metric("linf_simple", column="c").value == 0
    )
    assert not report.coverage.complete and report.coverage.skipped[0].what == "column d"


def test_keys_times_and_free_texts(drift):
    rng = np.random.default_rng(5)
    words = np.array("room bed price staff clean late noisy view quiet breakfast parking lobby".split())

    def frame(n, start, day, more=()):
        own = np.array([*words, *more])
        return pd.DataFrame(
            {
                "order_id": np.arange(start, start + n), "code": [f"K{start + i:06d}" for i in range(n)],
                "when": pd.Timestamp(day) + pd.to_timedelta(rng.integers(0, 90_000, n), "s"),
                "note": [" ".join(rng.choice(own, 7)) for _ in range(n)], "x": rng.normal(size=n),
            }
        )  # fmt: skip

    old = frame(400, 0, "2024-01-01")
    assert not rules(drift(old, frame(400, 400, "2024-02-01"), classifier=True))
    report = drift(old, frame(400, 400, "2024-02-01", ["refund", "virus", "refund"]))
    assert rules(report) == {("words", "note")}
    assert "refund" in next(f.message for f in report.findings if f.rule == "data.drift.words")
    assert set(report.data["keys"]) == {"order_id", "code"}
    assert ("column", "when") in rules(report, Severity.INFO)
    longer = frame(400, 400, "2024-02-01").assign(code=[f"KEY-{i:012d}" for i in range(400)])
    assert rules(drift(old, longer)) == {("column", "code")}


def test_more_numbers_than_are_held_are_rounded_and_said_so(drift, monkeypatch):
    rng = np.random.default_rng(6)
    old, new = pd.DataFrame({"x": rng.normal(50, 3, 5000)}), pd.DataFrame({"x": rng.normal(52, 3, 4000)})
    exact = drift(old, new)
    monkeypatch.setattr(counting, "MOST_NUMBERS", 1000)
    coarse = drift(old, new)
    assert ("rounded", "x") in rules(coarse, Severity.INFO)
    for name in ("ks", "wasserstein", "psi"):
        assert coarse.metric(name, column="x").value == pytest.approx(
            exact.metric(name, column="x").value, rel=0.01
        )


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame({"a": [1.0]}),
        pd.DataFrame({"a": [None, None], "b": [None, None]}),
        pd.DataFrame({"a": [np.inf, -np.inf, np.nan] * 20}),
        pd.DataFrame({"a": [True, None, False] * 20, "b": [7] * 60}),
        pd.DataFrame({"<script>": ["<b>", "\0", "😀"] * 20, "n": ["x"] * 60}),
        pd.DataFrame({"a": [1e308, -1e308, 1] * 20, "b": [2**63 - 1, -(2**63), 0] * 20}),
        pd.DataFrame({"a": pd.to_datetime(["2020-01-01", None, "2021-05-05"] * 20)}),
    ],
)
def test_odd_tables_do_not_drift_from_themselves(drift, frame):
    report = drift(frame, frame, classifier=True)
    assert not rules(report)
    assert report.coverage.complete == (len(frame) >= 30)


def test_nested_and_binary_columns_are_said_not_to_be_compared(drift):
    data = pa.table({"a": [[1], [2]] * 20, "b": [b"x", b"y"] * 20, "c": [1, 2] * 20})
    report = drift(data, data)
    assert {s.what for s in report.coverage.skipped} == {"column a", "column b"}


def test_a_table_without_rows_cannot_be_compared(drift):
    with pytest.raises(BadInput, match="no row"):
        drift(pd.DataFrame({"a": [1, 2]}), pd.DataFrame({"a": []}))


class Linear:
    """A model of three features, of which one hardly counts."""

    asset = Asset("model", "m", "m", "sha256:0")
    info = ModelInfo("test", "test", ("strong", "weak", "kind"), (0, 1), "binary")

    def predict(self, data):
        frame = (data if isinstance(data, pa.Table) else data.arrow()).to_pandas()
        margin = 2 * frame.strong + 0.0001 * frame.weak + (frame.kind == "b") * 0.5
        score = 1 / (1 + np.exp(-margin))
        return pa.table({"prediction": (score > 0.5).astype(int), "score": score})

    def contributions(self, data, *, of=None):
        return None


def test_columns_are_ranked_by_what_they_cost_the_model(drift):
    rng = np.random.default_rng(7)

    def frame(n, strong, weak, share):
        x = pd.DataFrame(
            {"strong": rng.normal(strong, 1, n), "weak": rng.normal(weak, 1, n), "unused": rng.normal(weak, 1, n),
             "kind": rng.choice(["a", "b"], n, p=[share, 1 - share])}
        )  # fmt: skip
        margin = 2 * x.strong + (x.kind == "b") * 0.5
        return x.assign(y=(rng.random(n) < 1 / (1 + np.exp(-margin))).astype(int))

    old, new = frame(6000, 0, 0, 0.5), frame(6000, 0.5, 3, 0.8)
    report = drift(old, new, model=Linear(), label="y")
    by = {
        f.where["column"]: f for f in report.findings if f.rule in ("data.drift.column", "data.drift.label")
    }
    assert set(by) == {"strong", "weak", "unused", "kind", "y"}
    assert by["weak"].severity == by["unused"].severity == Severity.LOW < by["strong"].severity
    assert "costs the model nothing" in by["weak"].message and "does not use it" in by["unused"].message
    assert report.data["ranked"][0] == "strong"
    changes = {n: report.metric("prediction_change", column=n).value for n in ("strong", "weak", "kind")}
    assert changes["strong"] > changes["kind"] > changes["weak"]
    # only the column moves and the labels stay: answers that are off by half a unit cost; with their labels they do not
    assert report.metric("loss_change", column="strong").value > 0.05
    assert abs(report.metric("loss_change_weighted", column="kind").value) < 0.03
    score = 1 / (1 + np.exp(-(2 * old.strong + (old.kind == "b") * 0.5)))
    expected = -np.mean(np.where(old.y == 1, np.log(score), np.log1p(-score)))
    assert report.metric("loss", table="baseline").value == pytest.approx(expected, abs=0.02)
    assert not [f for f in report.findings if f.rule == "data.drift.loss"]
    flipped = drift(old, new.assign(y=1 - new.y), model=Linear(), label="y")
    assert [f.severity for f in flipped.findings if f.rule == "data.drift.loss"] == [Severity.HIGH]


def test_any_backend_gives_the_same_comparison(table, work, tmp_path):
    import sqlite3

    rng = np.random.default_rng(8)
    old, new = (pd.DataFrame({"x": rng.normal(s, 1, 200), "c": rng.choice(["a", "b"], 200)}) for s in (0, 1))
    new.loc[:9, "c"] = None
    with sqlite3.connect(tmp_path / "t.db") as con:
        new.to_sql("t", con, index=False)
    new.to_parquet(tmp_path / "t.parquet")
    sources = (new, str(tmp_path / "t.parquet"), f"{tmp_path}/t.db::t")
    reports = [check(table(s), against=table(old), work=work, classifier=False) for s in sources]
    assert len({json.dumps(r.to_dict(), sort_keys=True) for r in reports}) == 1
