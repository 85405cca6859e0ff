"""Suites of Great Expectations read as they are; what is not understood is refused by name. Its own verdicts stand in
tests/peers/test_great_expectations.py.
"""

from __future__ import annotations

import json

import duckdb
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.kernel.errors import AssayError, UsageError
from assay.methods.quality.compile import MAKERS as COMPILED
from assay.methods.quality.conditions import condition, pandas
from assay.methods.quality.expectation import MAKERS
from assay.methods.quality.guard import guard
from assay.methods.quality.reading import read_bytes

NULLS = "expect_column_values_to_not_be_null"


def _read(found):
    return read_bytes(json.dumps(found).encode(), "suite.json")


def _refused(item, **suite):
    ruleset = _read({"expectations": [item], **suite})
    assert not ruleset.rules
    (refused,) = ruleset.refused
    assert "suite.json, expectation 1" in refused.what
    return refused.why


def test_both_versions_of_the_format_say_the_same():
    old = {
        "expectation_suite_name": "s",
        "data_asset_type": None,
        "expectations": [
            {
                "expectation_type": NULLS,
                "kwargs": {"column": "a", "mostly": 0.9, "result_format": "BASIC"},
                "meta": {},
            }
        ],
        "evaluation_parameters": {},
        "meta": {"great_expectations_version": "0.18.22"},
    }
    new = {
        "name": "s",
        "expectations": [
            {"type": NULLS, "kwargs": {"column": "a", "mostly": 0.9}, "id": "x", "severity": "warning"}
        ],
        "meta": {"great_expectations_version": "1.5.0"},
    }
    (one,), (other,) = _read(old).rules, _read(new).rules
    assert (one.kind, one.columns, one.threshold.bounds.low) == ("complete", ("a",), 0.9)
    assert (one.severity, other.severity) == ("high", "medium")
    assert one.name == other.name == f"{NULLS} a"
    assert _read(old["expectations"]).rules == (one,)
    assert _read(old).source == "great_expectations"


def test_every_expectation_becomes_a_kind_that_can_be_compiled():
    assert len(MAKERS) >= 55
    pieces = {
        "column": "a", "column_A": "a", "column_B": "b", "column_list": ["a", "b"], "column_set": ["a"], "value": 3,
        "min_value": 1, "max_value": 2, "value_set": [1, 2], "regex": "x", "regex_list": ["x"], "like_pattern": "x%",
        "like_pattern_list": ["x%"], "type_": "int64", "type_list": ["str"], "strftime_format": "%Y", "threshold": 2,
        "sum_total": 3, "value_pairs_set": [[1, 2]], "other_table_name": "t",
        "quantile_ranges": {"quantiles": [0.5], "value_ranges": [[0, 1]]},
        "partition_object": {"values": ["x"], "weights": [1]}, "unexpected_rows_query": "SELECT * FROM {batch} WHERE a > 1",
    }  # fmt: skip
    from assay.methods.quality.kwargs import Kwargs

    for name, maker in MAKERS.items():
        rule = maker(Kwargs(pieces, {}))
        assert rule.kind in COMPILED or rule.kind == "all", name


@pytest.mark.parametrize(
    ("item", "said"),
    [
        ({"type": "expect_column_values_to_be_lucky", "kwargs": {"column": "a"}}, "not known"),
        ({"type": "expect_column_values_to_be_dateutil_parseable", "kwargs": {"column": "a"}}, "state the form"),
        ({"type": NULLS, "kwargs": {}}, "names no column"),
        ({"type": NULLS, "kwargs": {"column": "a", "mostly": 99}}, "no share"),
        ({"type": NULLS, "kwargs": {"column": "a", "fuzzy": 1}}, "'fuzzy' is not understood"),
        ({"type": NULLS, "kwargs": {"column": {"$PARAMETER": "c"}}}, "'c' has no value"),
        ({"type": NULLS, "kwargs": {"column": "a", "row_condition": "a.str.len() > 3"}}, "call, which is not understood"),
        ({"type": NULLS, "kwargs": {"column": "a", "row_condition": "@x > 3"}}, "cannot be read"),
        ({"type": NULLS, "kwargs": {"column": "a", "row_condition": "a > 3", "condition_parser": "sql"}}, "'sql'"),
        ({"type": NULLS, "kwargs": {"column": "a", "row_condition": {"type": "fuzzy"}}}, "'fuzzy'"),
        ({"type": NULLS, "kwargs": {"column": "a", "row_condition": "x IN (SELECT 1)", "condition_parser": "spark"}}, "another table"),
        ({"type": "expect_column_mean_to_be_between", "kwargs": {"column": "a", "auto": True}}, "profiler"),
        ({"type": "expect_column_mean_to_be_between", "kwargs": {"column": "a"}}, "bounds nothing"),
        ({"type": "expect_column_mean_to_be_between", "kwargs": {"column": "a", "min_value": 1, "mostly": 0.5}}, "no mostly"),
        ({"type": "expect_column_values_to_be_of_type", "kwargs": {"column": "a", "type_": "Blob9"}}, "'Blob9'"),
        ({"type": "unexpected_rows_expectation", "kwargs": {"unexpected_rows_query": "SELECT * FROM other WHERE a > 1"}}, "another table"),
        ({"type": "unexpected_rows_expectation", "kwargs": {"unexpected_rows_query": "SELECT a FROM {batch} GROUP BY a"}}, "more than a filter"),
        ({"type": "unexpected_rows_expectation", "kwargs": {"unexpected_rows_query": "SELECT * FROM {batch} WHERE a IN (SELECT b FROM {batch})"}}, "another table"),
        ("nonsense", "no expectation"),
        ({"type": NULLS, "kwargs": 7}, "no expectation"),
    ],
)  # fmt: skip
def test_what_is_not_understood_is_refused_by_name(item, said):
    assert said in _refused(item)


def test_parameters_of_the_suite_are_filled_in():
    item = {
        "type": "expect_column_mean_to_be_between",
        "kwargs": {"column": "a", "max_value": {"$PARAMETER": "m"}},
    }
    for key in ("suite_parameters", "evaluation_parameters"):
        (rule,) = _read({"expectations": [item], key: {"m": 7}}).rules
        assert rule.bounds.high == 7
    assert "no value" in _refused(item, suite_parameters={"m": None})


def test_a_query_for_unexpected_rows_is_a_filter():
    query = 'SELECT a, b.c FROM {batch} AS b WHERE b.a > 1 AND "b c" IS NOT NULL'
    (rule,) = _read(
        {
            "expectations": [
                {"type": "unexpected_rows_expectation", "kwargs": {"unexpected_rows_query": query}}
            ]
        }
    ).rules
    assert rule.columns == ("a", "b c")
    assert guard(rule.given["sql"], ("a", "b c"), "2026-01-01T00:00:00Z").columns == ("a", "b c")


QUERIES = [
    "a > 1", "a != 2", "~(a > 1)", "not a > 1", "a == 1 & b == 'x'", "a == 1 | b != 'x'", "a in [1, 3]", "a not in [1, 3]",
    "b == ['x', 'z']", "a.isnull()", "b.notna() and a >= -1.5", "1 < a <= 3", "`c d` == a", "a + 1 > `c d` * 2", "flag",
    "b == \"it's & so\"", "not (b == 'x' or a < 2) and flag", "a % 2 == 1",
]  # fmt: skip


@pytest.mark.parametrize("query", QUERIES)
def test_queries_choose_the_rows_that_pandas_chooses(query):
    frame = pd.DataFrame(
        {
            "a": [1.0, 2.0, 3.0, None, 1.0],
            "b": ["x", "y", None, "z", "it's & so"],
            "c d": [1.0, 1.0, None, 4.0, 0.0],
            "flag": [True, False, True, False, True],
        }
    )
    sql = pandas(query)
    guarded = guard(sql, frame.columns, "2026-01-01T00:00:00Z").sql
    with duckdb.connect() as con:
        kept = con.execute(f"SELECT * FROM frame WHERE {guarded}").df()
    expected = frame.query(query)
    assert len(kept) == len(expected)
    assert kept.a.isna().tolist() == expected.a.isna().tolist()
    assert kept.b.fillna("").tolist() == expected.b.fillna("").tolist()


@pytest.mark.parametrize(
    ("text", "sql"),
    [
        ('col("a") > 5', '"a" > 5'),
        ("col(\"a b\") == 'x'", "\"a b\" = 'x'"),
        ('col("d") < date("2020-01-01")', "\"d\" < '2020-01-01'"),
        ('col("a").notNull()', '"a" IS NOT NULL'),
    ],
)
def test_its_own_conditions(text, sql):
    assert condition(text, "great_expectations__experimental__") == condition(text) == sql


@pytest.mark.parametrize(
    "text", ['{"expectations": []}', '{"expectations": 3}', "{", "[]", "{}", '{"a": 1}', '"x"', "[1]"]
)
def test_files_that_are_no_suite(text):
    with pytest.raises(UsageError) as error:
        read_bytes(text.encode(), "suite.json")
    assert "suite.json" in str(error.value) and "\n" not in str(error.value)


def test_a_deep_file_is_not_parsed():
    with pytest.raises(UsageError, match="deeper"):
        read_bytes(("[" * 100_000).encode(), "suite.json")


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@settings(deadline=None)
@given(
    kind=st.sampled_from(sorted(MAKERS)),
    kwargs=st.dictionaries(
        st.sampled_from(
            [
                "column",
                "min_value",
                "max_value",
                "value_set",
                "regex",
                "mostly",
                "row_condition",
                "type_",
                "quantile_ranges",
                "column_list",
                "partition_object",
                "threshold",
                "value",
            ]
        ),  # fmt: skip
        JSON,
    ),
)
def test_no_suite_raises_anything_but_a_sentence(kind, kwargs):
    try:
        ruleset = _read({"expectations": [{"type": kind, "kwargs": kwargs}]})
    except AssayError as error:
        assert "\n" not in str(error)
    else:
        assert len(ruleset.rules) + len(ruleset.refused) == 1
