"""Rulesets in YAML: every mistake is one sentence with file and line, what was expected and the nearest word."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.kernel.errors import AssayError, UsageError
from assay.methods.quality.compile import MAKERS
from assay.methods.quality.reading import read, read_bytes
from assay.methods.quality.stated import read as read_stated
from assay.methods.quality.vocabulary import KINDS, SYNONYMS

WRONG = [
    ("", 1, "is empty"),
    ("rules:\n", 1, "must be a list"),
    ("rules: []\n", 1, "must be a list"),
    ("rule:\n  - {complete: a}\n", 1, "did you mean 'rules'?"),
    ("- complete\n", 1, "a rule must be a mapping"),
    ("- {complet: a}\n", 1, "did you mean 'complete'?"),
    ("rules:\n  - {complete: a}\n  - {not_null: a}\n", 3, "did you mean 'complete'?"),
    ("- {accepted_values: a, values: [1]}\n", 1, "did you mean 'set'?"),
    ("- {frobnicate: a}\n", 1, "names its kind"),
    ("- {mostly: 0.9}\n", 1, "names its kind"),
    ("- {complete: a, unique: a}\n", 1, "says complete and unique"),
    ("- complete: a\n  mostyl: 0.9\n", 2, "did you mean 'mostly'?"),
    ("- {complete: a, mostly: 99}\n", 1, "between 0 and 1"),
    ("- {complete: a, mostly: most}\n", 1, "mostly is a number"),
    ("- {complete: a, severity: hihg}\n", 1, "did you mean 'high'?"),
    ("- {complete: []}\n", 1, "names no column"),
    ("- {complete: [a, a]}\n", 1, "'a' twice"),
    ("- {complete: {a: 1}}\n", 1, "names of columns"),
    ("- {complete: a, nulls: maybe}\n", 1, "nulls cannot be 'maybe'"),
    ("- {range: a}\n", 1, "needs one of min, max"),
    ("- {range: a, min: 3, max: 1}\n", 1, "nothing lies between"),
    ("- {range: a, min: 3, max: x}\n", 1, "one bound is a number"),
    ("- {range: a, min: 3, above: 3}\n", 1, "min or above"),
    ("- {range: a, equals: 3, min: 1}\n", 1, "stands alone"),
    ("- {range: a, min: [1]}\n", 1, "a number, a date or a text"),
    ("- {range: a, min: .inf}\n", 1, "min is a number"),
    ("- {set: a}\n", 1, "needs values"),
    ("- {set: a, values: x}\n", 1, "a list of values"),
    ("- {set: a, values: [[1]]}\n", 1, "a list is in it"),
    ("- {pattern: a}\n", 1, "needs one of matches"),
    ("- {pattern: a, matches: x, contains: y}\n", 1, "and not several"),
    ("- {length: a, min: x}\n", 1, "bounded by numbers"),
    ("- {type: a, is: int}\n", 1, "did you mean 'integer'?"),
    ("- {format: a, is: emial}\n", 1, "did you mean 'email'?"),
    ("- {outliers: a, zscore: 0}\n", 1, "above 0"),
    ("- {quantile: a, at: 1.5, max: 1}\n", 1, "between 0 and 1"),
    ("- {references: a}\n", 1, "needs table"),
    ("- {references: [a, b], table: t, column: c}\n", 1, "2 columns are looked for among 1"),
    ("- {references: a, table: 'https://x.example/a.csv'}\n", 1, "--tables NAME=SOURCE"),
    ("tables: {t: 's3://b/k'}\nrules:\n  - {references: a, table: t}\n", 1, "--tables NAME=SOURCE"),
    ("- {freshness: a, within: soon}\n", 1, "24 hours"),
    ("- {correlation: [a, b, c], min: 0}\n", 1, "two columns"),
    ("- {distribution: a, test: psy}\n", 1, "did you mean 'psi'?"),
    ("- {distribution: a, test: ks, max: 0.1}\n", 1, "write `min:`"),
    ("- {distribution: a, test: psi, min: 0.1}\n", 1, "write `max:`"),
    ("- {distribution: a, test: psi, shares: {x: 0.5}}\n", 1, "sum up to 1"),
    ("- {distribution: a, test: ks, shares: {x: 1}}\n", 1, "`shares` are for"),
    ("- {row_count: a, min: 1}\n", 1, "whole table"),
    ("- {schema: {a: string}}\n", 1, "a type cannot be 'string'"),
    ("- {exists: a, when: b > 1}\n", 1, "takes no `when`"),
    ("- {any: [{complete: a}]}\n", 1, "two rules or more"),
    ("- {any: [{complete: a}, {unique: a}], when: b > 1}\n", 1, "takes no filter"),
    ("- any:\n  - {complete: a}\n  - {uniq: b}\n", 3, "did you mean 'unique'?"),
    ("- {sql: a >}\n", 1, "cannot be read"),
    ("- {sql: sum(a) > 1}\n", 1, "`aggregate:`"),
    ("- {aggregate: a > 1}\n", 1, "is no aggregate"),
    ("- {complete: a, when: lenght(b) > 1}\n", 1, "did you mean 'length'?"),
    ("- complete: a\n  when: (SELECT 1)\n", 2, "a query"),
    ("- {complete: a}\n- {complete: a\n", 3, "is not YAML"),
    ("a: &x [1]\nb: *x\n", 1, "anchor"),
    ("- !!python/object/apply:os.getcwd []\n", 1, "has a tag"),
    ("[" * 5000, 1, "deeper"),
    ("\x00", 1, "is not YAML"),
    (b"\xff\xfe", 1, "UTF-8"),
]


@pytest.mark.parametrize(("text", "line", "said"), WRONG)
def test_a_mistake_is_one_sentence_with_its_place(text, line, said):
    raw = text if isinstance(text, bytes) else text.encode()
    with pytest.raises(UsageError) as error:
        read_bytes(raw, "rules.yaml")
    assert said in str(error.value)
    assert str(error.value).startswith(f"rules.yaml:{line}: ")
    assert "\n" not in str(error.value)


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(UsageError, match="cannot be read"):
        read(tmp_path / "none.yaml")
    with pytest.raises(UsageError, match="cannot be read"):
        read(tmp_path)
    large = tmp_path / "large.yaml"
    large.write_bytes(b"# " + b"x" * (1 << 20))
    with pytest.raises(UsageError, match="larger than 1 MiB"):
        read(large)


def test_every_kind_of_the_vocabulary_can_be_compiled_and_every_synonym_leads_to_one():
    assert set(KINDS) - {"all", "any"} <= set(MAKERS)
    assert set(SYNONYMS.values()) <= set(KINDS) and not set(SYNONYMS) & set(KINDS)


def _rules(text):
    return read_stated(text.encode(), "r.yaml").rules


def test_a_list_is_a_rule_for_each_column_and_a_key_is_one():
    assert [(r.kind, r.columns) for r in _rules("- {complete: [a, b]}\n- {unique: [a, b]}\n")] == [
        ("complete", ("a",)), ("complete", ("b",)), ("unique", ("a", "b")),
    ]  # fmt: skip


def test_names_are_given_and_told_apart():
    names = [
        r.name
        for r in _rules("- {complete: a}\n- {complete: a}\n- {complete: [a, b], name: n}\n- {sql: a > 1}\n")
    ]
    assert names == ["complete a", "complete a #2", "n a", "n b", "sql a > 1"]


def test_values_stay_as_they_are_written():
    (rule,) = _rules("- {set: a, values: [yes, no, true, 007, 12:30:00, 2024-01-01, 1.0, null]}\n")
    assert rule.given["values"][:3] == ["yes", "no", True]
    assert rule.given["written"] == ["yes", "no", "true", "007", "12:30:00", "2024-01-01", "1.0", "null"]


def test_numbers_with_an_exponent_are_numbers():
    (rule,) = _rules("- {range: a, min: -1e-6, max: 1e6}\n")
    assert (rule.bounds.low, rule.bounds.high) == (-1e-6, 1e6)


def test_tables_are_named_by_a_word_or_by_their_file():
    found = read_stated(
        b"tables: {t: ../x/t.csv}\nrules:\n- {references: a, table: t}\n- {references: a, table: sub/u.csv}\n"
        b"- {distribution: a, test: psi, against: old.parquet}\n- {row_count:, relative_to: given, min: 1}\n",
        "r.yaml",
    )
    assert dict(found.tables) == {"t": "../x/t.csv", "u.csv": "sub/u.csv", "old.parquet": "old.parquet"}
    assert [r.given.get("table") for r in found.rules[:2]] == ["t", "u.csv"]


@settings(deadline=None)
@given(st.text(max_size=200))
def test_no_text_raises_anything_but_a_sentence(text):
    try:
        read_bytes(text.encode("utf-8", "surrogatepass"), "r.yaml")
    except AssayError as error:
        assert "\n" not in str(error)
