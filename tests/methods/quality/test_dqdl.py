"""DQDL read as Glue and Deequ take it: the whole published list of rule types, nulls, ends, filters and thresholds."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.checks.data.quality import check
from assay.kernel.errors import AssayError, UsageError
from assay.methods.quality.dqdl import parse
from assay.methods.quality.reading import read_bytes
from assay.methods.quality.ruletypes import MAKERS, REFUSED

PUBLISHED = """
    AggregateMatch AllStatistics ColumnCorrelation ColumnCount ColumnDataType ColumnExists ColumnLength
    ColumnNamesMatchPattern ColumnValues Completeness CustomSql DataFreshness DatasetMatch DetectAnomalies
    DistinctValuesCount Entropy FileFreshness FileMatch FileSize FileUniqueness IsComplete IsPrimaryKey IsUnique Mean
    ReferentialIntegrity RowCount RowCountMatch SchemaMatch StandardDeviation Sum UniqueValueRatio Uniqueness Variance
""".split()
FRAME = pd.DataFrame(
    {
        "id": [1, 2, 3, 3, None, 6],
        "age": [20.0, 21.0, None, 40.0, 60.0, 21.0],
        "word": ["a", "", None, "  ", "bb", "a"],
        "num": ["1", "2", "x", None, "5", "6"],
        "day": pd.to_datetime(
            ["2022-06-01", "2022-06-02 10:00", None, "2022-06-30 23:00", "2022-07-01", "2022-05-31"],
            format="ISO8601",
        ),
    }
)


@pytest.fixture
def held(table, work, tmp_path):
    def hold(rules, frame=FRAME, **given):
        path = tmp_path / "rules.dqdl"
        path.write_text("# a comment\nRules = [\n" + ",\n".join(rules) + "\n]\n")
        report = check(table(frame), rules=path, work=work, **given)
        rows = {}
        for output in report.outputs:
            kept = pd.read_parquet(work.store.path(output.digest))
            rows = {name: part.row.tolist() for name, part in kept.groupby("rule", sort=False)}
        return report, rows

    return hold


def test_every_published_rule_type_is_read_or_refused_by_name():
    assert {*MAKERS, *REFUSED} >= set(PUBLISHED)


HOLDS = [
    'RowCount = 6', 'RowCount between 5 and 7', 'RowCount > 1 where "age > 20"', 'ColumnCount = 5', 'ColumnExists "age"',
    'Completeness "age" > 0.8', 'Completeness "age" between 0.8 and 0.9', 'IsComplete "age" where "id = 1"',
    'Uniqueness "age" = 0.6', 'Uniqueness "id" "age" > 0.9', 'IsUnique "id" "age"', 'IsUnique "id" where "age < 40"',
    'UniqueValueRatio "age" = 0.75', 'DistinctValuesCount "age" = 4', 'Entropy "age" between 1.33 and 1.34',
    'Mean "age" between 32.3 and 32.5', 'Sum "age" = 162', 'StandardDeviation "age" between 15.70 and 15.71',
    'Variance "age" between 246.6 and 246.7', 'Mean "age" between 27 and 28 where "id is not null and age >= 21 and age < 60"',
    'ColumnCorrelation "id" "age" between -1.0 and 1.0', 'ColumnCorrelation of "id" and "age" > -1', 'Mean age > 0',
    'ColumnNamesMatchPattern "^[a-z]+$"', 'ColumnDataType "num" = "INTEGER" with threshold > 0.6',
    'ColumnDataType "day" = "TIMESTAMP" where "day is not null"', 'ColumnLength "word" < 3', 'ColumnLength "word" in [0, 1, 2]',
    'ColumnValues "id" between 0 and 7 with threshold > 0.8', 'ColumnValues "word" in ["a", "bb", NULL, EMPTY, WHITESPACES_ONLY]',
    'ColumnValues "word" not in ["c"]', 'ColumnValues "word" != "c"', 'ColumnValues "age" != 22', 'ColumnValues "age" not in [1, 2]',
    'ColumnValues "word" matches "[ab ]*" with threshold > 0.8', 'ColumnValues "age" = NULL where "id = 3 and word is null"',
    'ColumnValues "age" in [20, 21, 40, 60, NULL]', 'ColumnValues "day" > "2022-05-30" with threshold >= 0.8',
    'ColumnValues "day" <= "2022-06-30" where "id in (2, 3) and day is not null"', 'ColumnValues "day" < now() with threshold > 0.8',
    'ColumnValues "day" between "2022-05-30" and (now() + 3 days) with threshold > 0.8', 'DataFreshness "day" > 24 hours where "day is not null"',
    'CustomSql "select count(*) from primary" = 6', 'CustomSql "select avg(p.age) from primary p where p.id > 1" > 20',
    'CustomSql "select id from primary where age >= 20" with threshold > 0.8', '(RowCount > 100) or (IsUnique "id" "age")',
    '((Mean "age" > 3) and (Sum "age" > 5)) and ((ColumnCount > 9) or (IsComplete "id") or (ColumnExists "id"))',
    'RowCount > (2 + 3)', 'RowCount between 3 * 1 and 14 / 2', 'IsComplete "age" where "id = 1" labels=["team"="a", "x"="y"]',
    '(ColumnValues "age" > 19) OR (ColumnValues "age" = NULL)' , 'ColumnValues "word" not matches "z+" where "word is not null"',
]  # fmt: skip
HOLDS.remove('(ColumnValues "age" > 19) OR (ColumnValues "age" = NULL)')  # each is asked of the whole column
BROKEN = [
    ('IsComplete "age"', [3]), ('IsUnique "id"', [3, 4]), ('IsPrimaryKey "id"', [3, 4, 5]), ('IsPrimaryKey "id" "age"', [3, 5]),
    ('ColumnValues "age" > 20', [1, 3]), ('ColumnValues "age" between 20 and 60', [1, 3, 5]), ('ColumnValues "age" not between 20 and 60', [2, 3, 4, 6]),
    ('ColumnValues "age" in [20, 21]', [3, 4, 5]), ('ColumnValues "age" not in [21, NULL]', [2, 3, 6]), ('ColumnValues "age" != NULL', [3]),
    ('ColumnValues "age" = NULL', [1, 2, 4, 5, 6]), ('ColumnValues "age" = 21', [1, 3, 4, 5]),
    ('ColumnValues "word" in ["a", NULL]', [2, 4, 5]), ('ColumnValues "word" = EMPTY', [1, 3, 4, 5, 6]), ('ColumnValues "word" != EMPTY', [2]),
    ('ColumnValues "word" = WHITESPACES_ONLY', [1, 2, 3, 5, 6]), ('ColumnValues "word" not in [WHITESPACES_ONLY, NULL, "bb"]', [3, 4, 5]),
    ('ColumnValues "word" matches "a|b"', [2, 3, 4, 5]), ('ColumnValues "word" not matches "a|b"', [1, 3, 6]),
    ('ColumnLength "word" > 0', [2, 3]), ('ColumnLength "word" = 1', [2, 3, 4, 5]), ('ColumnLength "word" between 0 and 2', [2, 3, 4, 5]),
    ('ColumnDataType "num" = "INTEGER"', [3, 4]), ('ColumnDataType "num" in ["Integer", "Boolean"]', [3, 4]),
    ('ColumnValues "day" <= "2022-06-30"', [3, 5]), ('ColumnValues "day" = "2022-06-02"', [1, 3, 4, 5, 6]),
    ('ColumnValues "day" between "2022-06-01" and "2022-07-01"', [1, 3, 5, 6]), ('ColumnValues "day" != "2022-06-02"', [2]),
    ('DataFreshness "day" <= 24 hours', [1, 2, 3, 4, 5, 6]), ('ColumnValues "age" > 20 where "word = \'a\'"', [1]),
    ('CustomSql "select id from primary where age > 20"', [1, 3]), ('Completeness "age" > 0.9', [3]), ('Uniqueness "age" > 0.6', [2, 6]),
]  # fmt: skip


def test_rules_that_hold(held):
    report, _ = held(HOLDS)
    assert report.coverage.skipped == ()
    wrong = [r for r in report.data["rules"] if r["state"] != "holds"]
    assert not wrong


def test_rules_that_are_broken_and_by_which_rows(held):
    report, rows = held([rule for rule, _ in BROKEN])
    for told, (rule, expected) in zip(report.data["rules"], BROKEN, strict=True):
        assert (told["state"], told["name"]) == ("broken", rule)
        assert rows[rule] == expected, rule
    assert [f.where["line"] for f in report.findings] == [n + 3 for n in range(len(BROKEN))]


def test_other_tables_by_their_alias(held, table):
    other = pd.DataFrame({"key": [1.0, 2.0, 3.0], "age": [20.0, 99.0, None], "word": ["a", "", None]})
    report, rows = held(
        [
            'ReferentialIntegrity "id" "reference.key" >= 0.6', 'ReferentialIntegrity "id" "reference.key" = 1.0',
            'ReferentialIntegrity "id,age" "reference.{key,age}" > 0.1', 'RowCountMatch "reference" between 1 and 3',
            'AggregateMatch "sum(age)" "sum(reference.age)" between 1.3 and 1.4', 'SchemaMatch "reference" >= 0.3',
            'DatasetMatch "reference" "id->key" "age" > 0.3', 'RowCountMatch "elsewhere" > 0',
        ],
        tables={"reference": table(other)},
    )  # fmt: skip
    states = [r["state"] for r in report.data["rules"]]
    assert states == ["holds", "broken", "holds", "holds", "holds", "holds", "holds", "unknown"]
    assert rows['ReferentialIntegrity "id" "reference.key" = 1.0'] == [5, 6]
    assert "--tables elsewhere=FILE" in report.coverage.skipped[0].why


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("RowCount > avg(last(10))", "avg(last(10))"),
        ('Completeness "a" between (0.9 * avg(last(10))) and 1', "dynamic"),
        ('DetectAnomalies "RowCount"', "earlier runs"),
        ('FileFreshness "s3://b/k" > (now() - 3 days)', "files in a store"),
        ('AllStatistics "a"', "analyzer"),
        ('IsComplet "a"', "did you mean 'IsComplete'?"),
        ('IsComplete "a" "b"', "takes 1 parameters"),
        ('IsComplete "a" > 3', "no condition"),
        ('Mean "a"', "needs a condition"),
        ('Mean "a" > "x"', "a number was expected"),
        ('Mean "a" > 3 with threshold > 0.5', "takes no threshold"),
        ('ColumnValues "a" > "9:30 AM"', "times of day"),
        ('ColumnValues "a" > "x"', "cannot be held"),
        ('ColumnDataType "a" = "Blob"', "'Blob'"),
        ('ColumnDataType "a" = "Date" with format = "yyyy"', "'format'"),
        ('ColumnCount > 1 where "a > 1"', "takes no `where`"),
        ('CustomSql "select count(*) from other" > 1', "another table"),
        ('CustomSql "select a from primary where a in (select 1)"', "another table"),
        ('CustomSql "drop table primary" > 1', "more than a filter"),
        ('IsComplete "a" where "a > (select 1)"', "a query"),
        ('IsComplete "a" where "read_text(\'/etc/passwd\') = 1"', "READ_TEXT"),
        ('(IsComplete "a") and (RowCount > last(3))', "dynamic"),
    ],
)
def test_what_cannot_be_had_is_refused_by_name(rule, said):
    ruleset = read_bytes(f"Rules = [{rule}, RowCount > 0]".encode(), "r.dqdl")
    assert [r.kind for r in ruleset.rules] == ["row_count"]
    (refused,) = ruleset.refused
    assert said in refused.why and "r.dqdl:1" in refused.what


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ('Rules = [ IsComplete "a"', 1, "',' was expected"),
        ('Rules = [\n  IsComplete "a"\n  IsUnique "b"\n]', 3, "',' was expected"),
        ("Rules = [ ]", None, "no rule"),
        ("Rules = [ RowCount between 1 ]", 1, "`and` was expected"),
        ("Rules = [ RowCount > ]", 1, "a value was expected"),
        ("Rules = [ RowCount in [] ]", 1, "the list is empty"),
        ("Rules = [ RowCount > 1 / 0 ]", 1, "divided by zero"),
        ("Rules = [ RowCount not ]", 1, "after `not`"),
        ('Rules = [ "a" ]', 1, "a type of rule"),
        ('Rules = [ ColumnValues "a" in $x ]', 1, "no constant 'x'"),
        ("Rules = [ (RowCount > 1 ]", 1, "')' was expected"),
        ("Rules = [ RowCount > 1 ]\nAnalyzers = [ RowCount ", 2, "']' is missing"),
        ("Analyzers = [ RowCount ]", 1, "no `Rules = [ … ]`"),
        ("Rules = [ RowCount ~ 1 ]", 1, "'~' cannot stand here"),
        ("Rules = [" + "(" * 50 + "RowCount > 1" + ")" * 50 + "]", 1, "nest deeper"),
    ],
)
def test_a_mistake_is_one_sentence_with_its_place(text, line, said):
    with pytest.raises(UsageError) as error:
        read_bytes(text.encode(), "r.dqdl")
    assert said in str(error.value) and "\n" not in str(error.value)
    assert str(error.value).startswith(f"r.dqdl:{line}: " if line else "r.dqdl: ")


def test_sections_constants_and_labels():
    text = (
        'Metadata = {"Version": "1.0"}\nDataSources = {"Primary": "p", "AdditionalDataSources": ["reference"]}\n'
        'states = ["a", "b"]\nlimit = "x.*"\nDefaultLabels = ["team"="x"]\n'
        'Rules = [ ColumnValues "w" in $states, ColumnValues "w" matches $limit, IsComplete "w" labels=["a"="b"] ]\n'
        'Analyzers = [ RowCount, AllStatistics "w" ]\n'
    )
    rules = read_bytes(text.encode(), "r").rules
    assert rules[0].given["values"] == ["a", "b"] and rules[1].given["matches"] == ["x.*"]
    assert [r.place for r in rules] == ["r:6"] * 3
    wrapped = json.dumps({"Name": "n", "Ruleset": text})
    assert read_bytes(wrapped.encode(), "r.json").rules[1].given == rules[1].given


def test_escapes_and_lines():
    (one, other) = parse(
        'Rules = [\n# not "this"\nCustomSql "a \\"b\\" \\\\ c" > 1,\n\nIsComplete\n  "x"]', "r"
    )
    assert (one.parameters, one.line) == (('a "b" \\ c',), 3)
    assert (other.text, other.line) == ('IsComplete "x"', 5)


@settings(deadline=None)
@given(st.lists(st.sampled_from(
    ["Rules", "=", "[", "]", "(", ")", ",", "IsComplete", "ColumnValues", '"a"', "between", "and", "or", "in", "not", "!", ">",
     "1", "-2.5", "now()", "days", "NULL", "where", "with", "threshold", "$x", "labels", "matches", "\n", "#"]), max_size=30))  # fmt: skip
def test_no_text_raises_anything_but_a_sentence(words):
    try:
        ruleset = read_bytes(("Rules = [" + " ".join(words)).encode(), "r.dqdl")
    except AssayError as error:
        assert "\n" not in str(error)
    else:
        assert ruleset.rules or ruleset.refused


def test_entropy_and_deviation_are_those_of_deequ():
    counts = np.array([1, 2, 1, 1]) / 5
    assert -(counts * np.log(counts)).sum() == pytest.approx(1.3322, abs=1e-4)
    assert np.std([20, 21, 40, 60, 21]) == pytest.approx(15.7048, abs=1e-4)
