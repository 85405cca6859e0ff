from __future__ import annotations

import pytest

from assay.kernel.errors import Missing
from assay.methods.repair.mending import read
from assay.methods.repair.reading import listed
from assay.methods.repair.sql import statements

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
