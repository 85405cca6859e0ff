from __future__ import annotations

import pytest

from assay.kernel.errors import UsageError
from assay.kernel.handles import ColumnInfo
from assay.methods.masking.choice import Choice, Found, check_type, choose
from assay.methods.masking.method import METHODS, Rule
from assay.methods.masking.policy import read_policy

COLUMNS = [ColumnInfo(n, t) for n, t in (("id", "integer"), ("email", "text"), ("email_2", "text"), ("note", "text"), ("age", "integer"), ("day", "date"))]  # fmt: skip
FOUND = Found({"email": "email", "email_2": "email"}, {"note": ["email", "ssn"]})


def policy(tmp_path, text):
    path = tmp_path / "policy.yaml"
    path.write_text(text, encoding="utf-8")
    return read_policy(path)


def chosen(policy=None, found=FOUND, **options):
    return {c.column: c for c in choose(COLUMNS, found, policy=policy, rule=Rule("partial"), **options)}


def test_a_name_goes_before_a_pattern_and_a_pattern_before_a_type(tmp_path):
    said = policy(
        tmp_path,
        "columns:\n  '*_2': hash\n  'email*': token\n  email: drop\ntypes: {ssn: full, '*': null}\nrest: {method: hash}\n",
    )
    made = chosen(said)
    assert {n: c.rule.method for n, c in made.items()} == {
        "id": "hash", "email": "drop", "email_2": "hash", "note": "redact", "age": "hash", "day": "hash",
    }  # fmt: skip
    assert {t: r.method for t, r in made["note"].inside.items()} == {"email": "null", "ssn": "full"}
    assert made["email"].rule.place.endswith("policy.yaml:4")


def test_what_no_rule_names_is_hidden_by_its_type_all_the_same(tmp_path):
    made = chosen(policy(tmp_path, "columns: {id: hash}\n"))
    assert {n: c.rule.method for n, c in made.items()} == {
        "id": "hash",
        "email": "partial",
        "email_2": "partial",
        "note": "redact",
    }
    assert "email" not in chosen(policy(tmp_path, "types: {email: keep}\n"))
    assert chosen(None, keep=("email",), named=("age",)).keys() == {"email_2", "note", "age"}


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("colums: {a: hash}\n", 1, "did you mean 'columns'"),
        ("columns:\n  a: hsh\n", 2, "did you mean 'hash'"),
        ("columns:\n  a:\n    method: hash\n    lenght: 20\n", 4, "did you mean 'length'"),
        ("columns:\n  a: {method: hash, length: 4}\n", 2, "of at least 16"),
        ("columns:\n  a: {method: hash, length: many}\n", 2, "a whole number"),
        ("columns:\n  a: {method: hash, fold: 1}\n", 2, "true or false"),
        ("columns:\n  a: {last: 4}\n", 2, "says no method"),
        ("columns:\n  a: shift\n", 2, "needs 'by'"),
        ("columns:\n  a: generalise\n", 2, "takes one of width, edges"),
        ("columns:\n  a: {method: generalise, width: 5, prefix: 2}\n", 2, "width and prefix"),
        ("columns:\n  a: {method: generalise, width: 0}\n", 2, "above 0"),
        ("columns:\n  a: {method: generalise, edges: [3, 1]}\n", 2, "rise"),
        ("columns:\n  a: {method: generalise, edges: [a]}\n", 2, "a number"),
        ("columns:\n  a: {method: generalise, to: moth}\n", 2, "did you mean 'month'"),
        ("columns:\n  a: {method: generalise, to: year, top: 3}\n", 2, "top and bottom"),
        ("columns:\n  a: {method: fpe, alphabet: aa}\n", 2, "different characters"),
        ("columns:\n  a: {method: fpe, alphabet: hex, luhn: true}\n", 2, "luhn"),
        ("columns:\n  a: {method: fpe, digits: 5}\n", 2, "at least 6"),
        ("columns:\n  a: {method: partial, sign: '**'}\n", 2, "one character"),
        ("columns:\n  a: {method: noise, scale: 1, low: 3, high: 2}\n", 2, "low is below high"),
        ("columns:\n  a: {method: noise, scale: .inf}\n", 2, "a number"),
        ("columns:\n  a: {method: redact, types: [emial]}\n", 2, "did you mean 'email'"),
        ("types:\n  emial: hash\n", 2, "did you mean 'email'"),
        ("columns: {a: hash}\nunfit: hde\n", 2, "did you mean 'hide'"),
        ("columns: {a: hash}\nmissing: maybe\n", 2, "missing cannot be"),
        ("columns: [a]\n", 1, "must be a mapping"),
        ("key: k\n", 1, "masks nothing"),
        ("columns: {}\n", 1, "masks nothing"),
        ("- a\n", 1, "must be a mapping"),
        ("columns: &a {x: *a}\n", 1, "anchor"),
    ],
)
def test_a_wrong_policy_gets_one_sentence_with_its_line(tmp_path, text, line, said):
    with pytest.raises(UsageError) as error:
        policy(tmp_path, text)
    assert f"policy.yaml:{line}" in str(error.value) and said in str(error.value)
    assert "\n" not in str(error.value)


def test_a_name_that_the_table_lacks_is_an_error_unless_it_may(tmp_path):
    with pytest.raises(UsageError, match=r"policy.yaml:2: there is no column 'emial'; did you mean 'email'"):
        policy(tmp_path, "columns:\n  emial: hash\n").check([c.name for c in COLUMNS])
    lacking = policy(tmp_path, "missing: skip\ncolumns:\n  emial: hash\n").check(["email"])
    assert [name for name, _ in lacking] == ["emial"]
    assert policy(tmp_path, "columns: {'zz*': hash}\n").check(["email"]) == []


def test_null_is_a_method_however_yaml_reads_it(tmp_path):
    said = policy(
        tmp_path, "columns:\n  a: null\n  b: {method: null, unfit: null}\n  c: 'null'\nunfit: null\n"
    )
    assert {r.method for r in said.columns.values()} == {"null"}
    assert {r.get("unfit") for r in said.columns.values()} == {"null"}


def test_a_method_meets_a_column_of_its_type():
    check_type(Choice("age", Rule("round", {"to": 10})), COLUMNS[4])
    for rule, column in (
        (Rule("round", {"to": 0.5}), COLUMNS[4]), (Rule("round", {"digits": 1}), COLUMNS[4]),
        (Rule("shift", {"by": "id"}), COLUMNS[4]), (Rule("noise", {"scale": 1}), COLUMNS[1]),
        (Rule("generalise", {"width": 5}), COLUMNS[5]), (Rule("generalise", {"to": "year"}), COLUMNS[4]),
        (Rule("fpe"), COLUMNS[5]), (Rule("redact"), COLUMNS[0]),
    ):  # fmt: skip
        with pytest.raises(UsageError):
            check_type(Choice(column.name, rule), column)


def test_a_choice_comes_back_from_a_report():
    choice = Choice(
        "note", Rule("redact", {"as": "token"}), "", {"email": Rule("token", {"scope": "x"})}, "string"
    )
    assert Choice.from_dict("note", choice.to_dict()) == choice
    with pytest.raises(KeyError):
        Choice.from_dict("note", {"method": "rot13"})


def test_every_method_says_what_it_leaves():
    for name, method in METHODS.items():
        assert method.doc and method.reveals, name
        assert all(o.doc for o in method.options.values())


def test_a_profile_given_as_the_report_to_follow_is_refused():
    # it has columns too, and the table passed with nothing masked
    with pytest.raises(UsageError, match="names no sensitive columns; give a report of data.pii"):
        Found.read({"columns": {"email": {"kind": "text", "missing": 0}}})
    assert Found.read({"columns": {"email": "email"}}).whole == {"email": "email"}
