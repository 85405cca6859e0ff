from __future__ import annotations

import pytest

from assay.kernel.errors import Missing, UsageError
from assay.methods.repair.mending import MOST_RULES, read
from assay.methods.repair.sql import statements

RULE = {
    "kind": "stated",
    "rule": "total",
    "holds": "total == price * count",
    "violations": 3,
    "repair": {"set": "total", "to": "price * count"},
}
COLUMNS = ("total", "price", "count")


def test_only_broken_rules_of_the_kinds_that_are_asked_for_are_read():
    listed = [
        RULE,
        RULE | {"violations": 0},
        RULE | {"kind": "sum"},
        RULE | {"repair": {}},
        RULE | {"kind": ["stated"]},
        7,
    ]
    (found,) = read(listed, ("stated",), COLUMNS, "t")
    assert (found.title, found.column) == ("total", "total")


def test_what_is_no_list_of_rules_is_refused():
    for listed in (None, "rules", 3):
        with pytest.raises(UsageError, match="lists no rules"):
            read(listed, ("stated",), COLUMNS, "t")
    with pytest.raises(Missing, match="no column 'count'"):
        read([RULE], ("stated",), ("total", "price"), "t")


def test_a_report_of_endless_rules_is_refused_at_once():
    """A forged report of a hundred thousand was read for more than a minute."""
    with pytest.raises(UsageError, match=r"lists 1,001 rules, more than the 1,000"):
        read([RULE] * (MOST_RULES + 1), ("stated",), COLUMNS, "t")


def test_a_rule_with_a_function_that_sql_does_not_have_is_told_in_no_statement():
    """It was printed under our own names, as SQL that no database takes."""
    dates = RULE | {
        "holds": "total == days(date(price, '%d.%m.%Y'))",
        "repair": {"set": "total", "to": "days(price)"},
    }
    plain, ours = read([RULE, dates], ("stated",), COLUMNS, "t")
    said = statements("t", [plain, ours], "derived", {}, "gone")
    assert said == [
        'UPDATE t SET "total" = "price" * "count" WHERE NOT ("total" = ("price" * "count")) '
        'AND ("price" * "count") IS NOT NULL;'
    ]
