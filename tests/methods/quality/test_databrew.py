"""Rulesets of DataBrew: the published conditions and statistics, selectors and thresholds."""

from __future__ import annotations

import json

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.checks.data.quality import check
from assay.kernel.errors import AssayError, UsageError
from assay.methods.quality.reading import read_bytes

FRAME = pd.DataFrame(
    {
        "size": ["S", "M", "XL", None, "XXL", "M"],
        "url": ["http://a", "https://b", "ftp://c", "http://d", None, "http://a b"],
        "name": ["a", "b", "c", "d", "e", "a b"],
        "low": [1.0, 5.0, 3.0, None, 9.0, 2.0],
        "high": [2.0, 4.0, 3.0, 7.0, 10.0, None],
        "day": pd.to_datetime(["2024-01-01", "2024-02-01", "2024-03-01", None, "2024-05-01", "2024-06-01"]),
    }
)


def _rule(expression, name="r", **more):
    return {"Name": name, "CheckExpression": expression, **more}


@pytest.fixture
def held(table, work, tmp_path):
    def hold(rules, frame=FRAME):
        path = tmp_path / "ruleset.json"
        path.write_text(
            json.dumps({"Name": "set", "TargetArn": "arn:aws:databrew:::dataset/x", "Rules": rules})
        )
        report = check(table(frame), rules=path, work=work)
        rows = {}
        for output in report.outputs:
            kept = pd.read_parquet(work.store.path(output.digest))
            rows = {name: part.row.tolist() for name, part in kept.groupby("rule", sort=False)}
        return report, rows

    return hold


ROWS = [
    (":col IN :list", {":col": "`size`", ":list": '["S","M","L","XL"]'}, [4, 5]),
    (":col NOT IN :list", {":col": "`size`", ":list": '["XXL"]'}, [4, 5]),
    (":col IN :list", {":col": "`low`", ":list": "[1, 5, 9]"}, [3, 4, 6]),
    (":col STARTS_WITH :val", {":col": "`url`", ":val": "http"}, [3, 5]),
    (":col not starts_with :val", {":col": "`url`", ":val": "http:"}, [1, 4, 5, 6]),
    (":col1 contains :col2", {":col1": "`url`", ":col2": "`name`"}, [5]),
    (":col ends_with :val", {":col": "`size`", ":val": "L"}, [1, 2, 4, 6]),
    (":col matches :val", {":col": "`size`", ":val": "[SM]"}, [3, 4, 5]),
    (":col IS_BETWEEN :val1 and :val2", {":col": "`low`", ":val1": "1", ":val2": "5"}, [4, 5]),
    (":col1 <= :col2", {":col1": "`low`", ":col2": "`high`"}, [2, 4, 6]),
    ("length(:col) IS_BETWEEN :a and :b", {":col": "`size`", ":a": "1", ":b": "2"}, [4, 5]),
    ("length(:col1) <= :col2", {":col1": "`size`", ":col2": "`high`"}, [4, 6]),
    (":col == :val", {":col": "`size`", ":val": "M"}, [1, 3, 4, 5]),
    (":col != :val", {":col": "`low`", ":val": "5"}, [2, 4]),
    (":col > :val", {":col": "`day`", ":val": "2024-02-15"}, [1, 2, 4]),
    ("`low` < :v", {":v": "3"}, [2, 3, 4, 5]),
    ("(:c starts_with :p or :c starts_with :q) and (:c ends_with :s)", {":c": "`url`", ":p": "http:", ":q": "ftp", ":s": "c"}, [1, 2, 4, 5, 6]),
]  # fmt: skip


def test_conditions_of_rows(held):
    report, rows = held([_rule(e, f"r{n}", SubstitutionMap=m) for n, (e, m, _) in enumerate(ROWS)])
    assert report.coverage.skipped == ()
    for n, (expression, _, expected) in enumerate(ROWS):
        assert rows[f"r{n}"] == expected, expression


STATISTICS = [
    ("ROWS_COUNT", 6, None), ("COLUMNS_COUNT", 6, None), ("DUPLICATE_ROWS_COUNT", 0, None), ("DUPLICATE_ROWS_PERCENTAGE", 0, None),
    ("MISSING_VALUES_COUNT", 1, "low"), ("MISSING_VALUES_PERCENTAGE", 100 / 6, "low"), ("VALID_VALUES_COUNT", 5, "low"),
    ("VALID_VALUES_PERCENTAGE", 500 / 6, "low"), ("DISTINCT_VALUES_COUNT", 4, "size"), ("DISTINCT_VALUES_PERCENTAGE", 80, "size"),
    ("UNIQUE_VALUES_COUNT", 3, "size"), ("UNIQUE_VALUES_PERCENTAGE", 60, "size"), ("DUPLICATE_VALUES_COUNT", 1, "size"),
    ("DUPLICATE_VALUES_PERCENTAGE", 20, "size"), ("MIN", 1, "low"), ("MAX", 9, "low"), ("MEDIAN", 3, "low"), ("MEAN", 4, "low"),
    ("STANDARD_DEVIATION", FRAME.low.std(), "low"), ("VARIANCE", FRAME.low.var(), "low"), ("SUM", 20, "low"),
    ("SKEWNESS", FRAME.low.skew(), "low"), ("KURTOSIS", FRAME.low.kurt(), "low"), ("MEDIAN_ABSOLUTE_DEVIATION", 2, "low"),
    ("QUANTILE, :p", 5, "low"),
]  # fmt: skip


def test_statistics(held):
    rules = []
    for name, value, column in STATISTICS:
        chosen = {"ColumnSelectors": [{"Name": column}]} if column else {}
        values = {":a": str(value - 1e-6), ":b": str(value + 1e-6), ":p": "0.75"}
        rules.append(
            _rule(f"AGG({name}) is_between :a and :b", f"in {name}", SubstitutionMap=values, **chosen)
        )
        rules.append(_rule(f"AGG({name}) > :b", f"out {name}", SubstitutionMap=values, **chosen))
    report, _ = held(rules)
    assert report.coverage.skipped == ()
    for told in report.data["rules"]:
        assert told["state"] == ("holds" if told["name"].startswith("in") else "broken"), told


def test_selectors_choose_columns_by_name_and_by_pattern(held):
    report, rows = held(
        [
            _rule(
                "> :v",
                "above",
                SubstitutionMap={":v": "1"},
                ColumnSelectors=[{"Regex": "l.*"}, {"Name": "high"}],
            ),
            _rule(
                "AGG(MISSING_VALUES_COUNT) == :v",
                "none",
                SubstitutionMap={":v": "0"},
                ColumnSelectors=[{"Regex": ".*"}],
            ),
            _rule(
                "AGG(MIN) > :a and AGG(MAX) < :b",
                "both",
                SubstitutionMap={":a": "0", ":b": "9"},
                ColumnSelectors=[{"Name": "low"}],
            ),
            _rule("> :v", "nowhere", SubstitutionMap={":v": "1"}, ColumnSelectors=[{"Regex": "zz.*"}]),
            _rule(
                "AGG(Z_SCORE_OUTLIERS_COUNT, :z) < :v",
                "far",
                SubstitutionMap={":z": "1", ":v": "2"},
                ColumnSelectors=[{"Name": "low"}],
            ),
            _rule(
                "AGG(Z_SCORE_OUTLIERS_COUNT, :z) < :v",
                "out",
                SubstitutionMap={":z": "1", ":v": "1"},
                ColumnSelectors=[{"Name": "low"}],
            ),
            _rule(
                "> :v", "off", Disabled=True, SubstitutionMap={":v": "100"}, ColumnSelectors=[{"Name": "low"}]
            ),
        ]
    )
    states = {r["name"]: r["state"] for r in report.data["rules"]}
    assert {n: s for n, s in states.items() if n.startswith("none")} == {
        "none size": "broken", "none url": "broken", "none name": "holds", "none low": "broken", "none high": "broken",
        "none day": "broken",
    }  # fmt: skip
    assert rows["above low"] == [1, 4] and rows["above high"] == [6]
    assert (states["both low"], states["far low"], states["out low"]) == ("broken", "holds", "broken")
    assert states["nowhere"] == "unknown" and "zz.*" in report.coverage.skipped[0].why
    assert not any(n.startswith("off") for n in states)


def test_thresholds(held):
    def one(name, **threshold):
        return _rule(":c <= :v", name, SubstitutionMap={":c": "`low`", ":v": "5"}, Threshold=threshold)

    report, _ = held(
        [
            one("a", Value=60, Type="GREATER_THAN", Unit="PERCENTAGE"), one("b", Value=66, Unit="PERCENTAGE"), one("c", Value=67, Unit="PERCENTAGE"),
            one("d", Value=4), one("e", Value=4, Type="GREATER_THAN", Unit="COUNT"), one("f", Value=4, Type="LESS_THAN_OR_EQUAL", Unit="COUNT"),
        ]
    )  # fmt: skip
    assert [r["state"] for r in report.data["rules"]] == [
        "holds",
        "holds",
        "broken",
        "holds",
        "broken",
        "holds",
    ]


def test_a_value_is_never_taken_for_sql_nor_for_the_chosen_column(held):
    frame = pd.DataFrame({"a'b\"c": ["x", "' OR 1=1 --"]})
    report, rows = held(
        [
            _rule("== :v", "q", SubstitutionMap={":v": "' OR 1=1 --"}, ColumnSelectors=[{"Regex": ".*"}]),
            _rule("== :v", "n", SubstitutionMap={":v": "\0"}, ColumnSelectors=[{"Regex": ".*"}]),
        ],
        frame=frame,
    )
    assert rows == {"q a'b\"c": [1]}
    assert "NUL" in report.coverage.skipped[0].why


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (
            _rule("AGG(ENTROPY) > :v", SubstitutionMap={":v": "1"}, ColumnSelectors=[{"Name": "a"}]),
            "not published",
        ),
        (
            _rule("AGG(MEEN) > :v", SubstitutionMap={":v": "1"}, ColumnSelectors=[{"Name": "a"}]),
            "did you mean 'MEAN'?",
        ),
        (_rule("AGG(MEAN) > :v", SubstitutionMap={":v": "1"}), "no ColumnSelectors"),
        (_rule("AGG(MEAN) > :v", SubstitutionMap={":v": "x"}, ColumnSelectors=[{"Name": "a"}]), "no number"),
        (_rule(":c > :v", SubstitutionMap={":c": "`a`"}), "has no ':v'"),
        (_rule(":c > :v", SubstitutionMap={":c": "a", ":v": "1"}), "in backticks"),
        (_rule(":c resembles :v", SubstitutionMap={":c": "`a`", ":v": "1"}), "'resembles'"),
        (_rule(":c IN :v", SubstitutionMap={":c": "`a`", ":v": "x"}), "no list"),
        (_rule("(:c > :v", SubstitutionMap={":c": "`a`", ":v": "1"}), "is missing"),
        (_rule(":c > :v extra", SubstitutionMap={":c": "`a`", ":v": "1"}), "was not expected"),
        (_rule(":c > :v; DROP", SubstitutionMap={":c": "`a`", ":v": "1"}), "cannot stand"),
        (_rule("> :v", SubstitutionMap={":v": "1"}), "names no column"),
        (
            _rule(":c > :v and AGG(ROWS_COUNT) > :v", SubstitutionMap={":c": "`a`", ":v": "1"}),
            "cannot be joined",
        ),
        (_rule("AGG(ROWS_COUNT) > :v", SubstitutionMap={":v": "1"}, Threshold={"Value": 1}), "no threshold"),
        (
            _rule(":c > :v", SubstitutionMap={":c": "`a`", ":v": "1"}, Threshold={"Value": "lots"}),
            "Threshold",
        ),
        (_rule("x" * 2000), "longer than"),
        (_rule(""), "no CheckExpression"),
        (
            _rule("(" * 50 + "> :v" + ")" * 50, SubstitutionMap={":v": "1"}, ColumnSelectors=[{"Name": "a"}]),
            "deeper",
        ),
        ("x", "no rule"),
    ],
)
def test_what_is_not_understood_is_refused_by_name(rule, said):
    ruleset = read_bytes(json.dumps({"Rules": [rule]}).encode(), "set.json")
    assert not ruleset.rules
    (refused,) = ruleset.refused
    assert said in refused.why and "set.json, rule 1" in refused.what


def test_substitutions_as_cloudformation_writes_them():
    pairs = [{"ValueReference": ":c", "Value": "`a`"}, {"ValueReference": ":v", "Value": "1"}]
    (rule,) = read_bytes(json.dumps([_rule(":c > :v", SubstitutionMap=pairs)]).encode(), "s.json").rules
    assert rule.columns == ("a",)


def test_a_ruleset_without_rules():
    with pytest.raises(UsageError, match="without Rules"):
        read_bytes(b'{"Rules": []}', "s.json")


@settings(deadline=None)
@given(st.text(alphabet=":cv`a()<>=! ,.andorANDAGGlength0123456789_", max_size=50))
def test_no_expression_raises_anything_but_a_sentence(text):
    rule = _rule(text, SubstitutionMap={":c": "`a`", ":v": "1"}, ColumnSelectors=[{"Name": "b"}])
    try:
        ruleset = read_bytes(json.dumps({"Rules": [rule]}).encode(), "s.json")
    except AssayError as error:
        assert "\n" not in str(error)
    else:
        assert len(ruleset.rules) + len(ruleset.refused) == 1
