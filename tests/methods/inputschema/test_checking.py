"""Rows held against a schema: one by one, many at once, and as Arrow they are judged alike."""

import time

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.kernel.serving import Question, Rows
from assay.methods.inputschema.checking import MANY, Checker
from assay.methods.inputschema.guard import SchemaGuard
from assay.methods.inputschema.schema import Feature, Schema

FEATURES = (
    Feature("age", "integer", False, True, 0, 120),
    Feature("adr", "number", True, True, 0.0, 500.0),
    Feature("meal", "text", False, True, values={"BB": 9, "HB": 8}, closed=True, longest=64),
    Feature("note", "text", True, False, longest=10),
    Feature("paid", "boolean", True, False),
    Feature("v", "list", True, False, 0.0, 1.0, shortest=2, longest=3),
    Feature("day", "moment", True, False),
)
NAMES = tuple(f.name for f in FEATURES)
GOOD = [30, 80.5, "BB", "quiet", True, [0.5, 1], "2015-07-01"]
CHECKER = Checker(Schema(FEATURES, additional=False, ignored=("label",)))


def kinds(names, cells, **how):
    return [(v.feature, v.kind) for v in CHECKER.check(names, cells, **how)]


def test_a_row_as_expected_passes_in_every_shape():
    assert kinds(NAMES, [GOOD]) == kinds((), [GOOD]) == kinds(NAMES, [GOOD] * 100) == []
    assert kinds(NAMES[::-1], [GOOD[::-1]]) == []
    assert kinds((*NAMES, "label"), [[*GOOD, 1]]) == []


@pytest.mark.parametrize(
    ("place", "value", "kind"),
    [
        (0, -1, "range"),
        (0, 121, "range"),
        (0, 10**400, "range"),
        (0, 3.5, "type"),
        (0, "30", "type"),
        (0, True, "type"),
        (0, None, "null"),
        (0, float("nan"), "null"),
        (0, [1], "type"),
        (1, float("inf"), "infinite"),
        (1, -float("inf"), "infinite"),
        (1, 500.1, "range"),
        (1, "NaN", "type"),
        (2, "RO", "value"),
        (2, "", "value"),
        (2, 5, "type"),
        (2, None, "null"),
        (3, "longer than ten", "length"),
        (3, "a\x00b", "type"),
        (3, ["a"], "type"),
        (4, "yes", "type"),
        (4, 2, "type"),
        (5, [0.5], "length"),
        (5, [0.5, 2.0], "range"),
        (5, "0.5", "type"),
        (5, [0.5, "x"], "type"),
        (5, [0.5, [1]], "type"),
        (6, "x" * 65, "length"),
        (6, {}, "type"),
    ],
)
def test_a_value_that_is_not_as_expected_is_named_by_its_feature(place, value, kind):
    row = [*GOOD[:place], value, *GOOD[place + 1 :]]
    assert kinds(NAMES, [row]) == [(NAMES[place], kind)]
    assert kinds(NAMES, [GOOD] * 60 + [row]) == [(NAMES[place], kind)]
    found = CHECKER.check(NAMES, [GOOD] * 60 + [row, row])[0]
    assert (found.row, found.count) == (61, 2)


@pytest.mark.parametrize(("place", "value"), [(0, 30.0), (1, None), (1, 3), (4, 1), (4, None), (5, None)])
def test_what_may_pass_passes(place, value):
    row = [*GOOD[:place], value, *GOOD[place + 1 :]]
    assert kinds(NAMES, [row]) == kinds(NAMES, [row] * 60) == []


def test_texts_of_a_csv_file_are_numbers_where_they_read_as_such():
    row = ["30", "80.5", "BB", "7", "true", None, "20150701"]
    assert kinds(NAMES, [row], textual=True) == kinds(NAMES, [row] * 60, textual=True) == []
    assert kinds(NAMES, [["x", *row[1:]]], textual=True) == [("age", "type")]
    assert kinds(NAMES, [["", *row[1:]]], textual=True) == [("age", "null")]
    assert kinds(NAMES, [["30", "", *row[2:]]], textual=True) == []
    assert kinds(NAMES, [["1e999", *row[1:]]], textual=True) == [("age", "infinite")]


def test_columns_that_lack_or_are_not_known_are_told_without_their_names():
    found = CHECKER.check(("age", "adr", "4111 1111"), [[30, 1.0, "x"]])
    assert {(v.feature, v.kind) for v in found} == {("meal", "missing"), ("", "unknown")}
    assert "4111" not in "".join(map(str, found))
    assert not Checker(Schema(FEATURES[:1])).check(
        ("age", "id"), [[30, "x"]]
    )  # unless people forbid it, others may be there
    assert kinds(("age", "age", "adr", "meal"), [[1, 1, 1, "BB"]]) == [("", "unknown")]


def test_rows_of_another_width_are_told():
    assert kinds((), [[1, 2]]) == [("", "width")]
    assert kinds((), [GOOD] * 60 + [[1]]) == [("", "width")]
    assert kinds(NAMES, [GOOD, []]) == [("", "width")]


def test_no_sentence_holds_a_value():
    guard = SchemaGuard(CHECKER.schema, block=True)
    secret = "s3cr3t-value"
    row = [secret, secret, secret, secret * 2, secret, secret, {"k": secret}]
    question = Question("1", "e", "v", 0.0, "c", "application/json", "", b"", Rows(NAMES, [row]))
    (refusal,) = guard.examine(question)
    assert refusal.blocks and refusal.status == 400 and refusal.rule == "schema.type"
    assert secret not in refusal.message + refusal.detail
    assert refusal.message.startswith("age: expected a whole number from 0 to 120 (row 1)")
    assert not SchemaGuard(CHECKER.schema, block=False).examine(question)[0].blocks


def test_rows_that_cannot_be_read_are_not_taken_for_good():
    guard = SchemaGuard(CHECKER.schema, block=True)
    (refusal,) = guard.examine(Question("1", "e", "v", 0.0, "c", "image/png", "", b"", None))
    assert (refusal.rule, refusal.status, refusal.blocks) == ("schema.unreadable", 415, True)


cell = (
    st.none()
    | st.booleans()
    | st.integers(-200, 200)
    | st.integers(10**17, 10**19)
    | st.floats()
    | st.text(max_size=12)
    | st.sampled_from(["BB", "HB", "true", "30", ""])
    | st.lists(st.floats(0, 1) | st.integers(-1, 2) | st.none(), max_size=4)
)


@settings(max_examples=40)
@given(st.lists(st.tuples(*[cell] * 7), min_size=1, max_size=6), st.booleans())
def test_one_by_one_and_many_at_once_are_judged_alike(rows, textual):
    few = CHECKER.check(NAMES, rows, textual=textual)
    padded = [GOOD] * MANY
    many = CHECKER.check(NAMES, [*rows, *padded], textual=textual)
    assert {(v.feature, v.kind, v.count, v.row) for v in few} == {
        (v.feature, v.kind, v.count, v.row) for v in many
    }


table_rows = st.fixed_dictionaries(
    {
        "age": st.none() | st.integers(-200, 200),
        "adr": st.none() | st.floats(),
        "meal": st.none() | st.sampled_from(["BB", "HB", "RO", ""]),
        "note": st.none() | st.text(st.characters(codec="utf-8"), max_size=12),
        "paid": st.none() | st.booleans(),
        "v": st.none() | st.lists(st.floats(-0.5, 1.5), max_size=4),
    }
)


@settings(max_examples=40)
@given(st.lists(table_rows, min_size=1, max_size=6))
def test_arrow_and_plain_values_are_judged_alike(rows):
    types = [pa.int64(), pa.float64(), pa.string(), pa.string(), pa.bool_(), pa.list_(pa.float64())]
    table = pa.Table.from_pylist(rows, pa.schema(list(zip(NAMES, types, strict=False))))
    plain = CHECKER.check(NAMES[:6], [[r[n] for n in NAMES[:6]] for r in rows])
    arrow = CHECKER.check_table(table)

    def told(found):  # a list that is wrong in two ways is told of one of them
        return {(v.feature, v.kind if v.feature != "v" else "") for v in found}

    assert told(arrow) == told(plain)


def test_arrow_of_other_types_is_told():
    table = pa.table(
        {"age": ["30"], "adr": [True], "meal": [1], "note": [b"x"], "paid": [1.5], "v": [1], "day": [1]}
    )
    assert {(v.feature, v.kind) for v in CHECKER.check_table(table)} == {(n, "type") for n in NAMES}


def test_arrow_in_other_clothes_is_read():
    table = pa.table(
        {
            "age": pa.array([30], pa.uint8()),
            "adr": pa.array([1.5], pa.float32()),
            "meal": pa.array(["BB"]).dictionary_encode(),
            "paid": pa.array([1], pa.int8()),
            "v": pa.array([[0.5, 1.0]], pa.list_(pa.float32(), 2)),
        }
    )
    assert CHECKER.check_table(table) == []
    assert CHECKER.check_table(table.slice(0, 0)) == []


def test_a_row_of_twenty_takes_less_than_fifty_microseconds():
    names = tuple(f"f{i}" for i in range(20))
    features = [
        Feature(n, "number", False, True, 0.0, 1.0)
        if i % 2
        else Feature(n, "text", False, True, values={"a": 9}, closed=True)
        for i, n in enumerate(names)
    ]
    checker = Checker(Schema(tuple(features)))
    row = [[0.5 if i % 2 else "a" for i in range(20)]]
    times = []
    for _ in range(15):
        clock = time.process_time()
        for _ in range(200):
            checker.check(names, row)
        times.append((time.process_time() - clock) / 200)
    assert sorted(times)[7] < 50e-6
