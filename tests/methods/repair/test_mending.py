from __future__ import annotations

import sqlite3

import duckdb
import pyarrow as pa
import pytest

from assay.kernel.errors import Missing
from assay.methods.expressions import parse
from assay.methods.repair.mending import read
from assay.methods.repair.reading import listed
from assay.methods.repair.sql import sql, statements

RULE = {
    "kind": "stated",
    "rule": "total",
    "holds": "total == price * count",
    "violations": 3,
    "repair": {"set": "total", "to": "price * count"},
}
COLUMNS = ("total", "price", "count")


def _read(rules, columns=COLUMNS):
    return read(listed({"rules": rules}), ("stated",), columns, "t")


def test_only_broken_rules_of_the_kinds_that_are_asked_for_are_read():
    plain = {k: v for k, v in RULE.items() if k != "repair"}
    (found,) = _read([RULE, RULE | {"violations": 0}, RULE | {"kind": "sum"}, plain, RULE | {"holds": ""}])
    assert (found.title, found.column) == ("total", "total")


def test_a_rule_about_a_column_that_is_not_there_is_named():
    with pytest.raises(Missing, match="no column 'count'"):
        _read([RULE], ("total", "price"))


def test_a_rule_with_a_function_that_sql_does_not_have_is_told_in_no_statement():
    """It was printed under our own names, as SQL that no database takes."""
    dates = RULE | {
        "holds": "total == days(date(price, '%d.%m.%Y'))",
        "repair": {"set": "total", "to": "days(price)"},
    }
    plain, ours = _read([RULE, dates])
    said = statements("t", [plain, ours], "derived", {}, "gone")
    assert said == [
        'UPDATE t SET "total" = "price" * "count" WHERE NOT ("total" = ("price" * "count")) '
        'AND ("price" * "count") IS NOT NULL;'
    ]


@pytest.mark.parametrize(
    "rule",
    ["a / b", "a % b", "d % b", "floor(a / b)", "a / (b / 2)", "a - (b - d)", "-a", "abs(a)", "a in (7, 0)", "a < b < 3",
     "not (a > 1)", "a is None", "s in ('Ab', 'x')", "upper(s)", "s == \"it's\""],
)  # fmt: skip
def test_a_rule_in_sql_means_what_it_means_to_us(rule):
    """Whole numbers were divided without rest in SQLite, and a remainder had the sign of what was divided."""
    rows = {"a": [7, -7, None, 0, 9], "b": [2, 2, 2, 0, -4], "d": [0.25, -2.5, 2.5, None, 1.5],
            "s": ["Ab", None, "", "it's", "x"]}  # fmt: skip
    table = pa.table(rows)
    wanted = parse(rule).evaluate(table.to_batches()[0]).to_pylist()
    lite = sqlite3.connect(":memory:")
    lite.execute("CREATE TABLE t (a INTEGER, b INTEGER, d REAL, s TEXT)")
    lite.executemany("INSERT INTO t VALUES (?, ?, ?, ?)", zip(*rows.values(), strict=True))
    duck = duckdb.connect()
    duck.register("t", table)
    for engine in (lite, duck):
        found = [row[0] for row in engine.execute(f"SELECT {sql(parse(rule))} FROM t").fetchall()]
        assert found == wanted, engine


def test_a_rule_that_rounds_is_told_in_no_statement():
    """SQL rounds a half away from zero, and the rules to the even number."""
    rounded = RULE | {"holds": "total == round(price)", "repair": {"set": "total", "to": "round(price)"}}
    assert statements("t", _read([rounded]), "derived", {}, "gone") == []
