"""Rulesets of other shapes than their formats have: a sentence, or a rule that is refused by name, and never a fault."""

from __future__ import annotations

import copy
import json
import random
from typing import Any

import pytest

from assay.kernel.errors import AssayError
from assay.kernel.handles import ColumnInfo
from assay.methods.quality.compile import chosen, named_in, question, spelled
from assay.methods.quality.question import Context, Unable
from assay.methods.quality.reading import read_bytes

COLUMNS = {n: ColumnInfo(n, t, k) for n, t, k in (("a", "integer", "BIGINT"), ("b", "number", "DOUBLE"), ("t", "text", "VARCHAR"))}  # type: ignore[arg-type]  # fmt: skip
CONTEXT = Context(COLUMNS, 10, "2026-01-01T00:00:00Z")
SUITE = {"expectations": [{"type": t, "kwargs": k} for t, k in (
    ("expect_column_values_to_be_between", {"column": "a", "min_value": 1, "max_value": "2020-01-01", "mostly": 0.9}),
    ("expect_column_values_to_be_in_set", {"column": "t", "value_set": ["a", None], "row_condition": 'col("a") > 1'}),
    ("expect_table_row_count_to_be_between", {"min_value": 1}),
    ("expect_table_column_count_to_equal", {"value": 3}),
    ("expect_column_kl_divergence_to_be_less_than",
     {"column": "t", "partition_object": {"values": ["a", "b"], "weights": [0.5, 0.5]}, "threshold": 0.1}),
    ("expect_select_column_values_to_be_unique_within_record", {"column_list": ["a", "b"], "ignore_row_if": "never"}),
    ("unexpected_rows_expectation", {"unexpected_rows_query": "SELECT * FROM {batch} WHERE a > 1"}),
)]}  # fmt: skip
BREW = [{"Name": "r", "CheckExpression": ":c > :v", "SubstitutionMap": {":v": "0"}, "ColumnSelectors": [{"Regex": ".*"}],
         "Threshold": {"Value": 50, "Type": "GREATER_THAN", "Unit": "PERCENTAGE"}}]  # fmt: skip
OWN = {"rules": [{"complete": ["a"], "mostly": 0.9}, {"range": "a", "min": 0, "max": 2}, {"row_count": None, "max": 5},
                 {"all": [{"unique": "a"}, {"complete": "t"}]}, {"quantile": "a", "at": 0.5, "max": 1}, {"set": "t", "values": ["a", None]}]}  # fmt: skip
ODD: list[Any] = [
    None,
    True,
    -1,
    1e308,
    10**400,
    "",
    "\0",
    [],
    {},
    [[]],
    {"a": {}},
    "'",
    "((((",
    ["a"],
    "2020-01-01",
    "1e999",
]


def _read(document: Any, name: str) -> list[Any]:
    text = document if isinstance(document, str) else json.dumps(document)
    found = read_bytes(text.encode(), name)
    rules = [spelled(r, COLUMNS) for r in chosen(found.rules, list(COLUMNS), lambda _: set())]
    named_in(rules, COLUMNS)
    return [question(rule, CONTEXT) for rule in rules]


def _bent(value: Any, draw: random.Random) -> Any:
    if draw.random() < 0.08:
        return copy.deepcopy(draw.choice(ODD))
    if isinstance(value, dict):
        return {k: _bent(v, draw) for k, v in value.items() if draw.random() > 0.03}
    if isinstance(value, list):
        return [_bent(v, draw) for v in value]
    return value


@pytest.mark.parametrize("document, name", [(SUITE, "s.json"), (BREW, "s.json"), (OWN, "s.yaml")])
def test_a_ruleset_bent_out_of_shape_ends_in_a_sentence(document: Any, name: str) -> None:
    draw, read = random.Random(5), 0
    for _ in range(150):
        try:
            _read(_bent(document, draw), name)
            read += 1
        except AssayError as error:
            assert str(error) and "\n" not in str(error)
    assert read > 5


def test_column_selectors_that_are_no_list() -> None:
    assert read_bytes(json.dumps([BREW[0] | {"ColumnSelectors": 7}]).encode(), "s.json").refused


def test_bounds_of_a_count_that_are_no_numbers() -> None:
    suite = {
        "expectations": [
            {"type": "expect_table_row_count_to_be_between", "kwargs": {"min_value": "2020-01-01"}}
        ]
    }
    assert all(isinstance(q, Unable) for q in _read(suite, "s.json"))


def test_a_number_of_hundreds_of_digits() -> None:
    with pytest.raises(AssayError, match=r"s\.yaml:1"):
        _read({"rules": [{"complete": "a", "mostly": 10**400}]}, "s.yaml")
    found = {"type": "expect_column_values_to_be_between", "kwargs": {"column": "a", "min_value": 10**400}}
    assert read_bytes(json.dumps({"expectations": [found]}).encode(), "s.json") is not None
