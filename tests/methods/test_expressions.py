from __future__ import annotations

import contextlib
from datetime import date

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.kernel.errors import AssayError, UsageError
from assay.methods.expressions import parse, quoted

BATCH = pa.table(
    {
        "a": [1, 2, None, 4],
        "b": [1.0, float("nan"), 3.0, 2.5],
        "flag": [True, False, None, True],
        "word": ["x", "y", None, "x"],
        "day": [date(2020, 1, 1), None, date(2020, 1, 3), date(2021, 1, 1)],
        "a b": [0, 0, 1, 1],
    }
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a == b", [True, None, None, False]),
        ("a > 1", [False, True, None, True]),
        ("flag == (a > 1)", [False, False, None, True]),
        ("a > 1 or flag", [True, True, None, True]),
        ("not (word in ('x',))", [False, True, None, False]),
        ("word not in ('x', 'z')", [False, True, None, False]),
        ("a is None", [False, False, True, False]),
        ("a is not None and b > 0", [True, None, False, True]),
        ("day >= '2020-01-02'", [False, None, True, True]),
        ("abs(a - 2) <= 1", [True, True, None, False]),
        ("`a b` == 1", [False, False, True, True]),
        ("a / `a b` > 1", [None, None, None, True]),
        ("1 <= a <= 2", [True, True, None, False]),
        ("length(word) == 1", [True, True, None, True]),
        ("-a < 0", [True, True, None, True]),
        ("a % 2 == 0", [False, True, None, True]),
        ("round(b) == 2", [False, None, False, True]),
    ],
)
def test_three_valued(text, expected):
    assert parse(text).evaluate(BATCH).to_pylist() == expected


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os')",
        "a.b",
        "a[0]",
        "lambda: 1",
        "[x for x in a]",
        "f'{a}'",
        "a if b else c",
        "a == ",
        "",
        "a := 1",
        "exec('1')",
        "a ** 9",
        "(" * 300 + "a" + ")" * 300,
        "not " * 200 + "a",
        "a" * 5000,
        "b'x' == a",
        "length(word, *a)",
    ],
)
def test_nothing_else_is_read(text):
    with pytest.raises(UsageError):
        parse(text).evaluate(BATCH)


@pytest.mark.parametrize(
    "text", ["a > 'x'", "word + 1 > 2", "day > 3", "length(a) > 1", "a in word", "a is 3"]
)
def test_types_that_do_not_fit_are_said(text):
    with pytest.raises(UsageError):
        parse(text).evaluate(BATCH)


@given(st.text(max_size=80))
def test_any_text_is_read_or_refused(text):
    with contextlib.suppress(AssayError):
        parse(text)


@given(st.text(min_size=1, max_size=20).filter(lambda t: "\n" not in t and "\\" not in t and t.isprintable()))
def test_any_name_can_be_quoted(name):
    assert parse(f"{quoted(name)} > 0").columns == (name,)


@pytest.mark.parametrize(
    "text", ["n + 9223372036854775807 > 0", "-n - 9223372036854775807 - 9 < 0", "abs(m) > 0", "-m > 0"]
)
def test_whole_numbers_do_not_come_round_to_the_other_end(text):
    """Sums past 64 bits wrapped to negative ones, and rows that obey a rule were said to break it."""
    batch = pa.table({"n": [1, 2], "m": pa.array([-(2**63)] * 2, pa.int64())})
    assert parse(text).evaluate(batch).to_pylist() == [True, True]


@pytest.mark.parametrize(
    "text",
    [
        "round(a, b) > 0", "round(a, 'x') > 0", "round(a, 1.5) > 0", f"round(a, {10**20}) > 0", "abs(a, b) > 0",
        f"a * {10**400} > 0",
    ],
)  # fmt: skip
def test_what_no_kernel_takes_is_refused_before_it_runs(text):
    with pytest.raises(UsageError) as caught:
        parse(text)
    assert "the rule" in str(caught.value)


@pytest.mark.parametrize("text", ["['x']", "a == (1, 2)", "(a,)", "a in ((1, 2), 3)", "[a] in (1, 2)"])
def test_a_list_that_is_not_behind_in_is_refused_before_it_runs(text):
    with pytest.raises(UsageError, match="list"):
        parse(text)


def test_unsigned_numbers_that_differ_in_the_last_digit_are_not_equal():
    """They went through floats: two digests of 64 bits that differ were equal, and a repair wrote a third."""
    batch = pa.record_batch(
        {
            "a": pa.array([2**64 - 1, 2**63 + 5, 7, None], pa.uint64()),
            "b": pa.array([2**64 - 2, 2**63 + 5, 7, 1], pa.uint64()),
            "i": pa.array([-1, 2, 7, 1]),
        }
    )

    def value(text):
        return parse(text).evaluate(batch).to_pylist()

    assert value("a == b") == [False, True, True, None]
    assert value(f"a == {2**64 - 1}") == [True, False, False, None]
    assert value(f"b == {2**64 - 1}") == [False, False, False, False]
    assert value("a == i") == [False, False, True, None] and value("a > i") == [True, True, False, None]
    assert value("a - b") == [1, 0, 0, None] and value("a in (7, 8)") == [False, False, True, None]
    assert [None if v is None else int(v) for v in value("a")] == [2**64 - 1, 2**63 + 5, 7, None]
    assert value("a / 7 == 1") == [False, False, True, None] and value("a == 7.0")[2] is True
