from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import assay
from assay.checks.data.integrity import check
from assay.kernel.errors import Missing, UsageError
from assay.kernel.severity import Severity
from assay.treatments.data.repair import treat

EXAMPLES = Path(assay.__file__).parent / "examples"
BOOKINGS = EXAMPLES / "bookings" / "bookings.csv.gz"
ADULT = EXAMPLES / "income" / "adult.csv.gz"


@pytest.mark.slow
def test_bookings_contradictions_are_found_and_repaired(table, work, tmp_path):
    bookings = table(BOOKINGS)
    report = check(bookings, work=work)
    assert [(f.rule, f.severity, f.count, f.where["column"]) for f in report.findings] == [
        ("data.integrity.derived_flag", Severity.HIGH, 137, "has_booking_changes")
    ]
    assert report.coverage.complete
    rule = next(r for r in report.data["rules"] if r["kind"] == "derived_flag")
    assert (rule["target"], rule["source"], rule["expression"]) == (
        "has_booking_changes",
        "booking_changes",
        "booking_changes > 0",
    )
    assert (rule["violations"], rule["support"]) == (137, 4999)

    frame = pd.read_csv(BOOKINGS)
    wrong = np.flatnonzero(frame.has_booking_changes != (frame.booking_changes > 0)) + 1
    rows = pd.read_parquet(work.store.path(report.outputs[0].digest))
    assert rows.row.tolist() == wrong.tolist()
    assert (rows.found == frame.has_booking_changes[wrong - 1].astype(str).to_numpy()).all()
    assert (rows.proposed == (frame.booking_changes > 0)[wrong - 1].astype(str).to_numpy()).all()

    made = treat(bookings, using=report, work=work)
    assert made.report.metric("rows_changed").value == 137
    fixed = pd.read_parquet(work.store.path(made.outputs["out"].digest))
    assert (fixed.has_booking_changes == (fixed.booking_changes > 0)).all()
    assert fixed.row_id.tolist() == frame.row_id.tolist()
    assert check(table(fixed), work=work).findings == ()


def test_adult_has_a_female_husband_and_three_male_wives_and_no_more(table, work):
    report = check(table(ADULT), work=work)
    assert [(f.severity, f.where["column"], f.count) for f in report.findings] == [
        (Severity.LOW, "sex", 1),
        (Severity.LOW, "sex", 3),
    ]
    frame = pd.read_csv(ADULT)
    assert [r["rows"] for r in report.data["rules"] if r["violations"]] == [
        (np.flatnonzero((frame.relationship == "Husband") & (frame.sex != "Male")) + 1).tolist(),
        (np.flatnonzero((frame.relationship == "Wife") & (frame.sex != "Female")) + 1).tolist(),
    ]


def test_adult_education_and_its_number_determine_each_other(table, work):
    rules = check(table(ADULT), work=work).data["rules"]
    both = [(r["source"], r["target"], r["violations"]) for r in rules if r["kind"] == "dependency"]
    assert sorted(both) == [("education", "education_num", 0), ("education_num", "education", 0)]


def test_a_sample_finds_the_rules_and_all_rows_are_held(table, work):
    report = check(table(BOOKINGS), sample=1000, work=work)
    assert [f.count for f in report.findings] == [137]
    assert report.coverage.examined == 4999


def test_stated_rules(table, work, tmp_path):
    path = tmp_path / "rules.yaml"
    path.write_text(
        """
rules:
  - {name: adults, holds: "age >= 18", severity: medium}
  - {name: paid, when: "paid == 'Yes'", holds: "amount > 0"}
  - {name: ids, key: [id]}
  - {name: town, determines: city, by: [zip]}
  - {name: total, holds: "abs(total - (net + tax)) <= 0.001", repair: {set: total, to: "net + tax"}}
"""
    )
    data = pd.DataFrame(
        {
            "id": [1, 2, 2, 4],
            "age": [17, 18, None, 30],
            "paid": ["Yes", "No", "Yes", None],
            "amount": [0.0, 0.0, 5.0, 0.0],
            "zip": [1, 1, 1, 2],
            "city": ["a", "a", "b", "c"],
            "net": [1.0, 2.0, 3.0, None],
            "tax": [0.5, 0.5, 0.5, 0.5],
            "total": [1.5, 9.0, 3.5, 7.0],
        }
    )
    opened = table(data)
    report = check(opened, rules=path, work=work)
    found = {f.where["pair"]: (f.severity, f.count, f.where["row"]) for f in report.findings}
    assert found == {
        "adults": (Severity.MEDIUM, 1, 1),
        "paid": (Severity.HIGH, 1, 1),
        "ids": (Severity.HIGH, 1, 3),
        "town": (Severity.HIGH, 1, 3),
        "total": (Severity.HIGH, 1, 2),
    }
    made = treat(opened, using=report, work=work)
    fixed = pd.read_parquet(work.store.path(made.outputs["out"].digest))
    assert fixed.total.tolist() == [1.5, 2.5, 3.5, 7.0]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "rules: 3",
        "rules: []",
        "rules: ['a + 1']",
        "a: &a [x]\nrules: [{holds: 'a > 0', message: *a}]",
        "rules: [{when: 'a == 1) or (True', holds: 'a > 0'}]",
        "- {holds: 'x >'}",
        "- {holds: 'nosuch > 1'}",
        "- {key: [a], holds: 'a > 1'}",
        "- {hold: 'a > 1'}",
        "- {holds: 'a > 1', severity: grave}",
        "- {determines: a}",
        "- {holds: 'a > 1', repair: {set: a}}",
        "- {holds: 'a > 1', repair: {set: b, to: '1'}}",
        "- 7",
        "a: [b",
        "!!python/object/apply:os.getcwd []",
        "[" * 5000,
        "- {holds: 'a > \"x\"'}",
    ],
)
def test_a_wrong_rules_file_is_one_sentence(table, work, tmp_path, text):
    path = tmp_path / "rules.yaml"
    path.write_text(text)
    with pytest.raises(UsageError) as caught:
        check(table(pd.DataFrame({"a": [1, 2]})), rules=path, work=work)
    assert "\n" not in str(caught.value)


def test_a_missing_or_binary_rules_file(table, work, tmp_path):
    opened = table(pd.DataFrame({"a": [1, 2]}))
    with pytest.raises(Missing):
        check(opened, rules=tmp_path / "none.yaml", work=work)
    (tmp_path / "b.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError):
        check(opened, rules=tmp_path / "b.yaml", work=work)


@pytest.mark.parametrize(
    "data",
    [
        pd.DataFrame({"a": pd.Series([], dtype="int64"), "b": pd.Series([], dtype="str")}),
        pd.DataFrame({"a": [1], "b": ["x"]}),
        pd.DataFrame({"a": [None] * 60, "b": [1.5] * 60}),
        pd.DataFrame({"a": [float("inf"), float("-inf"), 1.0] * 40, "b `x` '": ["'", "\\", "ok"] * 40}),
        pd.DataFrame({"t": pd.to_datetime(["2020-01-01", None] * 60), "b": [True, False] * 60}),
        pd.DataFrame({"l": [[1], [2]] * 60, "b": [b"x", b"y"] * 60}),
    ],
)
def test_odd_tables_do_not_break_it(table, work, data):
    report = check(table(data), work=work)
    assert report.coverage.examined == len(data)


@pytest.mark.slow
def test_many_columns_are_bounded_and_said(table, work):
    rng = np.random.default_rng(0)
    data = pd.DataFrame(rng.normal(size=(200, 260)).round(3), columns=[f"c{i}" for i in range(260)])
    report = check(table(data), work=work)
    assert report.findings == ()
    assert not report.coverage.complete
    assert any("sums of 2 terms" in s.what for s in report.coverage.skipped)
    assert check(table(data), columns=("c1", "c2"), work=work).coverage.complete


def test_repair_without_rules_is_a_copy(table, work):
    data = pd.DataFrame({"a": [3, 1, 2], "b": ["x", None, "z"]})
    made = treat(table(data), work=work)
    assert made.report.metric("rows_changed").value == 0
    assert made.report.findings[0].rule == "data.repair.unchanged"
    pd.testing.assert_frame_equal(
        pd.read_parquet(work.store.path(made.outputs["out"].digest)), data, check_dtype=False
    )


def test_a_column_named_twice_in_a_key_is_named_once(table, work, tmp_path):
    path = tmp_path / "rules.yaml"
    path.write_text("rules: [{key: [a, a], name: own}]")
    report = check(table(pd.DataFrame({"a": [1, 2, 2]})), rules=path, discover=False, work=work)
    assert [f.count for f in report.findings] == [1]


def test_each_failing_row_says_what_is_there_and_what_should_be(table, work, tmp_path):
    rng = np.random.default_rng(1)
    code = rng.integers(0, 30, 900)
    town = np.array([f"town{c // 2}" for c in code], object)
    town[[5, 600]] = "elsewhere"
    net, tax = rng.integers(100, 9_999, 900) / 100, rng.integers(100, 999, 900) / 100
    gross = (net + tax).round(2)
    gross[7] = 1.25
    report = check(
        table(pd.DataFrame({"zip": code, "town": town, "net": net, "tax": tax, "gross": gross})), work=work
    )
    rows = pd.read_parquet(work.store.path(report.outputs[0].digest))
    assert sorted(
        rows[["row", "kind", "column", "found", "proposed"]].itertuples(index=False, name=None)
    ) == [
        (6, "dependency", "town", "elsewhere", f"town{code[5] // 2}"),
        (8, "sum", "gross", "1.25", f"{net[7] + tax[7]:.12g}"),
        (601, "dependency", "town", "elsewhere", f"town{code[600] // 2}"),
    ]
    (rule,) = (r for r in report.data["rules"] if r["kind"] == "sum")
    assert rule["repair"] == {"set": "gross", "to": "net + tax"}
    assert rule["proposals"] == [{"set": "net", "to": "gross - tax"}, {"set": "tax", "to": "gross - net"}]


def test_a_stated_repair_that_does_not_fit_proposes_nothing(table, work, tmp_path):
    path = tmp_path / "rules.yaml"
    path.write_text("rules: [{holds: 'a > 1', repair: {set: a, to: 'b + 1'}}]")
    report = check(table(pd.DataFrame({"a": [1, 2], "b": ["x", "y"]})), rules=path, work=work)
    rows = pd.read_parquet(work.store.path(report.outputs[0].digest))
    assert rows[["row", "found", "proposed"]].fillna("").to_numpy().tolist() == [[1, "1", ""]]


def test_columns_refer_to_the_keys_of_other_tables(table, work):
    rng = np.random.default_rng(2)
    customers = pd.DataFrame({"id": np.arange(1, 301), "name": [f"n{k}" for k in range(300)]})
    orders = pd.DataFrame({"customer_id": rng.integers(1, 301, 900), "quantity": rng.integers(1, 9, 900)})
    orders.loc[[3, 8], "customer_id"] = 999
    report = check(table(orders), tables={"customers": table(customers)}, work=work)
    assert [(f.rule, f.where["column"], f.where["row"], f.count) for f in report.findings] == [
        ("data.integrity.inclusion", "customer_id", 4, 2)
    ]
    assert report.data["rules"][0]["references"] == {"table": "customers", "column": "id"}


@pytest.mark.parametrize("kind", ["text", "integer"])
def test_a_key_of_a_large_table_is_held_where_it_lies(table, work, tmp_path, monkeypatch, kind):
    """Ten million texts took 2.8 GB: all of them were in memory, once more as a dictionary, and sorted."""
    from assay.checks.data.integrity import _held

    ids = [f"k{n}" if kind == "text" else n for n in range(3_000)]
    ids[700], ids[2_000], ids[2_001], ids[2_900] = ids[3], ids[3], ids[9], None
    data = pa.table({"id": ids, "x": np.random.default_rng(2).normal(size=3_000)})
    rules = tmp_path / "rules.yaml"
    rules.write_text("rules:\n  - {key: [id]}\n  - {key: [x]}\n  - {determines: x, by: [id]}\n")
    whole = check(table(data), rules=rules, work=work)
    monkeypatch.setattr(_held, "FEW_ROWS", 10)
    apart = check(table(data), rules=rules, work=work)
    assert apart.findings == whole.findings and apart.data == whole.data
    assert [r["rows"] for r in apart.data["rules"] if r.get("key") == ["id"] or r["rule"] == "['id']"] == [
        [701, 2001, 2002]
    ] * 2
    monkeypatch.setattr(_held, "MOST_REPEATED", 1)  # too many: they are compared in memory
    assert check(table(data), rules=rules, work=work).data == whole.data


def test_keys_that_are_equal_are_told_once(table, work):
    """Each was told to stand in the other too: three findings of one slip."""
    ids = np.random.default_rng(8).integers(2**63, 2**64 - 1, 500, dtype=np.uint64)
    other = ids.copy()
    other[[5, 100]] ^= np.uint64(1)
    report = check(table(pa.table({"a": ids, "b": other})), work=work)
    assert [(r["rule"], r["rows"]) for r in report.data["rules"]] == [("a = b", [6, 101])]
