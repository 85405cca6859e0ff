"""data.profile: a report of every row and column, on real and on odd tables."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from assay.checks.data.profile import check
from assay.kernel.report import Report
from assay.kernel.severity import Severity

ADULT = Path(__file__).parents[3] / "src/assay/examples/income/adult.csv.gz"


def rules(report: Report) -> set[tuple[str, str]]:
    return {(f.rule.removeprefix("data.profile."), str(f.where.get("column", ""))) for f in report.findings}


@pytest.fixture
def report(table, work):
    def report_(source, **params) -> Report:
        out = check(table(source), work=work, **params)
        json.dumps(out.to_dict(), allow_nan=False)
        return out

    return report_


def test_a_small_table_by_hand(report):
    r = report(pd.DataFrame({"a": [1, 2, 2, 4], "b": ["x", "y", "y", None], "c": [7, 7, 7, 7]}))
    assert (r.coverage.examined, r.coverage.of, r.coverage.complete) == (4, 4, True)
    assert r.metric("rows").value == 4 and r.metric("duplicate_rows").value == 1
    assert r.metric("mean", column="a").value == 2.25 and r.metric("median", column="a").value == 2.0
    assert r.metric("missing", column="b").value == 1 and r.metric("distinct", column="b").value == 2
    assert r.metric("missing_cells").value == 1 and r.metric("missing_fraction").value == 1 / 12
    assert r.metric("skewness", column="c").value is None and r.metric("skewness", column="c").reason
    assert {("duplicates", ""), ("missing", "b"), ("constant", "c")} <= rules(r)
    duplicate = next(f for f in r.findings if f.rule.endswith("duplicates"))
    assert duplicate.where["row"] == 3 and duplicate.count == 1
    assert r.data["columns"]["a"]["smallest"][0] == {"value": 1, "count": 1, "row": 1}


def test_everything_that_stands_out_is_told_and_nothing_gravely(report):
    n = 400
    rng = np.random.default_rng(7)
    x = rng.normal(size=n)
    r = report(
        pd.DataFrame(
            {
                "key": [f"k{i}" for i in range(n)], "empty": [None] * n, "gaps": [None] * 300 + list("ab") * 50,
                "near": ["?", "N/A"] + list("ab") * 199, "inf": [np.inf, *x[1:]], "skew": [1e9, *x[1:]],
                "zero": [0] * 300 + list(range(1, 101)), "one": ["a"] * 395 + ["b"] * 5, "x": x, "x2": 2 * x,
                "when": ["01/02/2020", "2020-02-01"] * 200, "words": [f"some words {i % 390}" for i in range(n)],
                "case": ["Red", "red ", "blue", "green"] * 100,
            }
        )
    )  # fmt: skip
    assert {
        ("unique", "key"), ("all_missing", "empty"), ("missing", "gaps"), ("near_missing", "near"), ("infinite", "inf"),
        ("skewed", "skew"), ("zeros", "zero"), ("imbalance", "one"), ("correlated", ""), ("mixed_dates", "when"),
        ("high_cardinality", "words"), ("variants", "case"),
    } <= rules(r)  # fmt: skip
    assert r.worst() == Severity.MEDIUM
    assert {c.kind for c in r.charts} == {"bar", "heatmap", "histogram"} and all(c.alt for c in r.charts)
    assert all(len(c.data) <= 200 for c in r.charts)


@pytest.mark.skipif(not ADULT.exists(), reason="the Adult example is not there")
def test_adult_agrees_with_pandas(report):
    r = report(str(ADULT))
    frame = pd.read_csv(ADULT)
    assert (
        r.metric("rows").value == 48_842
        and r.metric("duplicate_rows").value == 52 == frame.duplicated().sum()
    )
    for name in frame:
        assert r.metric("distinct", column=name).value == frame[name].nunique()
        assert r.metric("missing", column=name).value == frame[name].isna().sum()
    numbers = frame.select_dtypes("number")
    for name in numbers:
        for mine, theirs in (("mean", "mean"), ("std", "std"), ("skewness", "skew"), ("kurtosis", "kurt")):
            expected = getattr(numbers[name], theirs)()
            assert r.metric(mine, column=name).value == pytest.approx(expected, rel=1e-9)
    expected = {m: numbers.corr(method=m) for m in ("pearson", "spearman")}
    found = [c for c in r.data["correlations"] if c["measure"] in expected]
    assert len(found) == 30
    for pair in found:
        assert pair["value"] == pytest.approx(expected[pair["measure"]].loc[pair["a"], pair["b"]], abs=1e-9)
    assert r.data["columns"]["age"]["kind"] == "numeric" and r.data["columns"]["sex"]["kind"] == "categorical"
    assert r.worst() == Severity.LOW


@pytest.mark.slow
@pytest.mark.skipif(not ADULT.exists(), reason="the Adult example is not there")
def test_ten_times_adult_takes_seconds(report, tmp_path):
    frame = pd.concat([pd.read_csv(ADULT)] * 10)
    frame.to_parquet(tmp_path / "ten.parquet", index=False)
    began = time.process_time()
    r = report(str(tmp_path / "ten.parquet"))
    assert r.metric("duplicate_rows").value == 488_420 - 48_790
    assert time.process_time() - began < 8  # a second on a quiet machine


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame({"a": []}),
        pd.DataFrame({"a": [1]}),
        pd.DataFrame({"a": [None, None], "b": [None, None]}),
        pd.DataFrame({"a": [np.inf, -np.inf, np.nan]}),
        pd.DataFrame({"a": pd.to_datetime(["2020-01-01", None, "2021-05-05"])}),
        pd.DataFrame({"a": [[1], [2], None], "b": [b"x", b"y", None], "c": [True, None, False]}),
        pd.DataFrame({"<script>": ["<b>", "\0", "😀"], "b\nc": ["x" * 100_000] * 3}),
        pd.DataFrame({"a": [1e308, -1e308, 1], "b": [2**63 - 1, -(2**63), 0]}),
    ],
)
def test_odd_tables_give_a_report(report, frame):
    r = report(frame)
    assert r.coverage.complete and len(r.data["columns"]) == len(frame.columns)


def test_a_table_without_rows_says_so_once(report):
    assert rules(report(pd.DataFrame({"a": [], "b": []}))) == {("empty", "")}


@pytest.mark.slow
def test_five_thousand_columns_are_bounded_and_what_was_left_out_is_said(report):
    rng = np.random.default_rng(7)
    frame = pd.DataFrame({f"c{i}": rng.integers(0, 50, 200) for i in range(5000)})
    began = time.process_time()
    r = report(frame)
    assert time.process_time() - began < 30
    assert len(r.data["columns"]) == 5000 and len(r.data["left_out"]["correlations"]) == 4940
    assert len(r.data["correlations"]) == 2 * 60 * 59 // 2 and len(r.findings) < 200
    few = report(frame[["c0", "c1", "c2"]], correlations=2)
    assert few.data["left_out"]["correlations"] == ["c2"]


def test_findings_are_capped_with_their_count(report):
    r = report(pd.DataFrame({f"c{i}": [1, 1] for i in range(50)}))
    constant = [f for f in r.findings if f.rule == "data.profile.constant"]
    assert len(constant) == 21 and sum(f.count for f in constant) == 50


def test_any_backend_gives_the_same_profile(table, work, tmp_path):
    import sqlite3

    frame = pd.DataFrame({"a": [3, 1, None, 1], "b": ["x", None, "y", "x"], "c": [0.5, 1.5, 1.5, 0.5]})
    frame["a"] = frame["a"].astype("Int64")
    con = sqlite3.connect(tmp_path / "t.db")
    frame.astype(object).where(frame.notna(), None).to_sql("t", con, index=False, dtype={"a": "INTEGER"})
    con.close()
    frame.to_parquet(tmp_path / "t.parquet")
    frame.to_csv(tmp_path / "t.csv", index=False)
    reports = [
        check(table(s), work=work)
        for s in (frame, str(tmp_path / "t.parquet"), str(tmp_path / "t.csv"), f"{tmp_path}/t.db::t")
    ]
    assert len({json.dumps(r.to_dict(), sort_keys=True) for r in reports}) == 1


def test_importing_it_loads_nothing_heavy():
    code = "import sys, assay.checks.data.profile; print([m for m in ('ibis', 'pandas', 'numpy', 'pyarrow', 'sklearn', 'duckdb') if m in sys.modules])"
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
        == "[]\n"
    )


def test_its_signature_resolves():
    from assay.works.signature import signature

    assert [p.name for p in signature(check)] == [
        "table",
        "against",
        "label",
        "correlated",
        "correlations",
        "work",
    ]


def test_a_large_table_is_counted_where_it_lies_and_says_what_is_estimated(table, work):
    """The large way on a table that the exact way can hold: exact where it says so, within its errors elsewhere."""
    from assay.checks.data.profile import large
    from assay.checks.data.profile.reading import profile

    rng = np.random.default_rng(7)
    n = 60_000
    frame = pd.DataFrame(
        {
            "u": rng.normal(size=n), "k": rng.integers(0, 50, n), "c": rng.choice(["a", "b", None], n),
            "t": [f"user{i}" for i in rng.integers(0, 40_000, n)],
        }
    )  # fmt: skip
    frame = pd.concat([frame, frame.iloc[:321]])
    opened = table(frame)
    exact = profile(opened, work, 60)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(large, "MOST", 1000)
        told = profile(opened, work, 60, large=1000)
    assert told.duplicate_rows == exact.duplicate_rows == 321
    without = {"smallest", "largest"}
    for name in ("k", "c"):
        plain = {k: v for k, v in exact.columns[name].items() if k not in without}
        assert {k: v for k, v in told.columns[name].items() if k not in without} == plain
    for name in ("u", "t"):
        a, b = told.columns[name], exact.columns[name]
        assert a["distinct"] == pytest.approx(b["distinct"], rel=0.035) and a["missing"] == b["missing"]
    assert told.columns["u"]["mean"] == pytest.approx(exact.columns["u"]["mean"])
    assert told.columns["u"]["min"] == exact.columns["u"]["min"]
    assert [(p.a, p.b, p.measure) for p in told.pairs] == [(p.a, p.b, p.measure) for p in exact.pairs]
    assert told.pairs_of == len(frame) and any("u, t: more than 1,000" in note for note in told.notes)


def test_what_changed_since_an_earlier_table(report, table):
    old = pd.DataFrame({"a": [1.0, 2.0, 3.0, 4.0] * 25, "b": ["x", "y"] * 50, "gone": range(100)})
    new = old.drop(columns="gone").assign(a=old.a + 2, b=["x", "z"] * 50, fresh=1)
    r = report(new, against=table(old))
    assert {
        ("mean_moved", "a"),
        ("new_values", "b"),
        ("column_removed", "gone"),
        ("column_added", "fresh"),
    } <= rules(r)
    assert r.data["difference"]["changed"]["a"]["figures"]["mean"] == [2.5, 4.5]


def test_what_gives_a_label_away_and_what_says_the_same(report):
    rng = np.random.default_rng(7)
    y = rng.integers(0, 2, 400)
    r = report(
        pd.DataFrame({"y": y, "leak": 3 * y + 1, "x": rng.normal(size=400), "x2": rng.normal(size=400)}),
        label="y",
    )
    assert ("leakage", "leak") in rules(r)
    assert not any(c in ("x", "x2") for rule, c in rules(r) if rule == "leakage")


def test_a_correlation_is_exact_where_the_rows_in_common_lie_close_together(report):
    """It was off by 3e-9: the sums over both columns had cancelled the digits that told those rows apart."""
    gap = [np.nan] * 9
    frame = pd.DataFrame({"a": [1.0, 0.0, *gap, np.nan], "b": [0.0, 1.0, *gap, 9643.0]})
    found = {c["measure"]: c["value"] for c in report(frame).data["correlations"]}
    assert found["pearson"] == pytest.approx(-1, abs=1e-15)
    frame = pd.DataFrame({"a": [1.0, 1.0 + 1e-9, 1.0 + 2e-9, np.nan], "b": [3.0, 1.0, 2.0, 1e12]})
    found = {c["measure"]: c["value"] for c in report(frame).data["correlations"]}
    assert found["pearson"] == pytest.approx(-0.5, abs=1e-6)


def test_lengths_of_time_are_no_numbers_kept_as_text(table, work):
    data = pa.table(
        {"took": pa.array([dt.timedelta(seconds=n) for n in range(60)]), "text": [str(n) for n in range(60)]}
    )
    told = [
        f.where for f in check(table(data), work=work).findings if f.rule == "data.profile.numbers_as_text"
    ]
    assert told == [{"column": "text"}]
