"""Payloads into rows: each form and shape, what is refused and with which status, and round trips."""

import io
import json
import math
import pickle

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.kernel.serving import Rows
from assay.methods.payloads import Bounds, PayloadRefused, jsons, write_rows
from assay.methods.payloads import read as read_

CSV, JSON, LINES = "text/csv", "application/json", "application/jsonlines"
PARQUET, ARROW = "application/x-parquet", "application/vnd.apache.arrow.stream"


def read(body, content_type, **more):
    return read_(body, content_type, native=True, **more)


def test_parquet_is_read_only_where_a_process_may_be_lost():
    with pytest.raises(PayloadRefused) as caught:
        read_(write_rows(Rows(("a",), [[1]]), PARQUET), PARQUET)
    assert caught.value.status == 415


def refused(body, content_type=JSON, **more):
    with pytest.raises(PayloadRefused) as caught:
        read(body, content_type, **more)
    assert str(caught.value).count("\n") == 0
    return caught.value


@pytest.mark.parametrize(
    ("document", "names", "cells"),
    [
        ({"instances": [[1, 2.5], [3, 4]]}, (), [[1, 2.5], [3, 4]]),
        ({"instances": [{"a": 1, "b": "x"}, {"b": None, "a": 2}]}, ("a", "b"), [[1, "x"], [2, None]]),
        ({"instances": [{"a": 1}, {"a": 2, "b": 3}]}, ("a", "b"), [[1, None], [2, 3]]),
        ({"instances": [{"features": [1, 2]}, {"features": [3, 4]}]}, (), [[1, 2], [3, 4]]),
        ({"instances": [{"data": {"features": {"values": [1, 2]}}}]}, (), [[1, 2]]),
        ({"inputs": [[1, 2]]}, (), [[1, 2]]),
        ({"inputs": {"a": [1, 2], "b": [3, 4]}}, ("a", "b"), [[1, 3], [2, 4]]),
        ({"inputs": "a text"}, (), [["a text"]]),
        ({"columns": ["a", "b"], "index": [7], "data": [[1, 2]]}, ("a", "b"), [[1, 2]]),
        ({"dataframe_split": {"columns": ["a"], "data": [[1], [2]]}}, ("a",), [[1], [2]]),
        ({"dataframe_records": [{"a": 1}]}, ("a",), [[1]]),
        ([{"a": 1, "b": True}], ("a", "b"), [[1, True]]),
        ([[1, 2], [3, 4]], (), [[1, 2], [3, 4]]),
        ([1, 2, 3], (), [[1, 2, 3]]),
        ({"a": 1, "b": "x"}, ("a", "b"), [[1, "x"]]),
        ({"features": [1, 2]}, (), [[1, 2]]),
        ([[[0, 1], [2, 3]]], (), [[[0, 1], [2, 3]]]),
    ],
)
def test_the_shapes_of_json(document, names, cells):
    rows = read(json.dumps(document).encode(), JSON)
    assert (rows.names, rows.cells) == (names, cells)


def test_pandas_writes_what_is_read():
    frame = pd.DataFrame({"a": [1, 2], "b": [1.5, None], "c": ["x", "y, z"]})
    for orient in ("split", "records"):
        rows = read(frame.to_json(orient=orient).encode(), JSON)
        assert (rows.names, rows.cells) == (("a", "b", "c"), [[1, 1.5, "x"], [2, None, "y, z"]])
    rows = read(frame.to_json(orient="records", lines=True).encode(), LINES)
    assert rows.cells == [[1, 1.5, "x"], [2, None, "y, z"]]
    rows = read(frame.to_csv(index=False).encode(), CSV)
    assert (rows.names, rows.cells) == (("a", "b", "c"), [[1, 1.5, "x"], [2, None, "y, z"]])
    rows = read(frame.to_csv(index=False, header=False).encode(), CSV)
    assert rows.names == ()


def test_json_lines_of_lists_objects_and_features():
    assert read(b"[1,2]\n[3,4]\n", LINES).cells == [[1, 2], [3, 4]]
    assert read(b'{"features":[1,2]}\n{"features":[3,4]}', LINES).cells == [[1, 2], [3, 4]]
    assert read(b'{"a":1}\n\n{"a":2}\n', LINES).cells == [[1], [2]]
    assert refused(b"[1,2\n3]\n[4]", LINES).rule == "payload.malformed"


def test_csv_knows_numbers_texts_and_missing_values():
    rows = read(b'1,2.5,,x,"a, ""b""",-3e2,007,.5,+4, 6 ,NaN\n', CSV)
    assert rows.cells == [[1, 2.5, None, "x", 'a, "b"', -300.0, 7, 0.5, 4, 6, None]]
    assert read(b"1,2\r\n3,4\r\n", CSV).cells == [[1, 2], [3, 4]]
    assert read(b'"a\nb",1\n', CSV).cells == [["a\nb", 1]]
    assert read(b"\xef\xbb\xbf1,2", CSV).cells == [[1, 2]]
    assert math.isclose(read(b"0.1", CSV).cells[0][0], 0.1)
    assert read("é\u2028x,1".encode(), CSV).cells == [["é\u2028x", 1]]


def test_a_header_is_told_from_a_row():
    body = b"city,age\nBern,3\n"
    assert read(body, CSV).names == ("city", "age")
    assert read(body, "text/csv; header=absent").names == ()
    assert read(b"1,2\n3,4\n", "text/csv;header=present").names == ("1", "2")
    assert read(b"Bern,dry\n", CSV, features=["city", "sky"]).cells == [["Bern", "dry"]]
    assert read(b"sky,city\nBern,dry\n", CSV, features=["city", "sky"]).names == ("sky", "city")
    assert read(b"Bern,dry\nGraz,wet\n", CSV).names == ()


def test_parquet_and_arrow_come_as_tables():
    table = pa.table({"a": [1, 2], "t": ["x", None]})
    sink = io.BytesIO()
    pq.write_table(table, sink)
    rows = read(sink.getvalue(), PARQUET)
    assert rows.names == ("a", "t") and rows.table.equals(table) and len(rows) == 2
    with pa.ipc.new_stream(out := io.BytesIO(), table.schema) as writer:
        writer.write_table(table)
    assert read(out.getvalue(), ARROW).table.equals(table)


@pytest.mark.parametrize(
    ("body", "content_type", "status", "rule"),
    [
        (b"", JSON, 400, "empty"),
        (b"[]", JSON, 400, "empty"),
        (b"[[]]", JSON, 400, "empty"),
        (b"\n\n", CSV, 400, "empty"),
        (b"[1", JSON, 400, "malformed"),
        (b"[NaN]", JSON, 400, "malformed"),
        (b"[-Infinity]", JSON, 400, "malformed"),
        (b"[1e999]", JSON, 400, "number"),
        (b"[" + b"9" * 5000 + b"]", JSON, 400, "number"),
        (b"1,inf", CSV, 400, "number"),
        (b"1,1e999,x", CSV, 400, "number"),
        (b'{"a": 1, "a": 2}', JSON, 400, "names"),
        (b'[{"a": 1, "a": 2}]', JSON, 400, "names"),
        (b'{"instances": [[1]], "instances": [[2]]}', JSON, 400, "names"),
        (b'{"a": 1, "\\u0061": 2}\n', LINES, 400, "names"),
        (b'{"columns": ["a", "a"], "data": [[1, 2]]}', JSON, 400, "names"),
        (b"a,a\n1,2\n", "text/csv; header=present", 400, "names"),
        (b'["\xff"]', JSON, 400, "utf8"),
        (b"\xffx,1", CSV, 400, "utf8"),
        (b"x\x00,1", CSV, 400, "malformed"),
        (b'"x,1', CSV, 400, "malformed"),
        (b"[[1,2],[3]]", JSON, 400, "ragged"),
        (b"1,2\n3\n", CSV, 400, "ragged"),
        (b'[[1],{"a":1}]', JSON, 400, "shape"),
        (b'[{"a":{"b":1}}]', JSON, 400, "shape"),
        (b"[" * 100_000, JSON, 400, "depth"),
        (b"[" * 20 + b"1" + b"]" * 20, JSON, 400, "depth"),
        (b'{"a":' * 100_000, JSON, 400, "depth"),
        (b"1,2", "", 415, "type"),
        (b"1,2", "application/x-python-serialize", 415, "type"),
        (b"1,2", "text/csv; charset=latin-1", 415, "charset"),
        (b'{"a": 1}', CSV, 415, "confusion"),
        (b"[1, 2]", CSV, 415, "confusion"),
        (pickle.dumps([1]), JSON, 415, "confusion"),
        (b"PAR1aaaaPAR1", CSV, 415, "confusion"),
        (b"\x93NUMPY\x01", JSON, 415, "confusion"),
        (b"[1]", PARQUET, 415, "confusion"),
        (b"PAR1aaaaaaaaPAR1", PARQUET, 400, "malformed"),
        (b"PAR1" + b"\xff" * 40 + b"PAR1", PARQUET, 400, "malformed"),
        (b"\xff\xff\xff\xff" + b"\x00" * 40, ARROW, 400, "malformed"),
        ("[1]".encode("utf-16"), JSON, 415, "confusion"),
    ],
)
def test_what_is_refused_and_how(body, content_type, status, rule):
    error = refused(body, content_type)
    assert (error.status, error.rule) == (status, f"payload.{rule}")


@pytest.mark.parametrize("levels", [10, 70, 300, 600, 900, 5_000])
def test_no_depth_is_a_fault_of_ours(levels):
    """Some hundred levels went through the parser, and then beyond Python's own limit."""
    for opened, closed in ((b'{"a":', b"}"), (b'[{"a":', b"}]"), (b"[", b"]")):
        error = refused(opened * levels + b'{"b":1}' + closed * levels)
        assert error.rule in ("payload.depth", "payload.shape") and error.status == 400


def test_bounds_hold():
    small = Bounds(size=1000, rows=3, columns=4, cells=8, text=10)
    for body, kind, rule in (
        (b" " * 1001, JSON, "bytes"),
        (b"[[1],[2],[3],[4]]", JSON, "rows"),
        (b"1\n2\n3\n4\n5\n", CSV, "rows"),
        (b"[1]\n" * 4, LINES, "rows"),
        (b"[1,2,3,4,5]", JSON, "columns"),
        (b"1,2,3,4,5", CSV, "columns"),
        (b"[[1,2,3],[1,2,3],[1,2,3]]", JSON, "cells"),
        (b'["' + b"x" * 11 + b'"]', JSON, "text"),
        (b'[["' + b"x" * 11 + b'"]]', JSON, "text"),
        (b'{"' + b"x" * 11 + b'":1}', JSON, "text"),
    ):
        error = refused(body, kind, bounds=small)
        assert (error.rule, error.status) == (f"payload.{rule}", 413), body
    assert refused(b"x" * 40_000 + b",1", CSV).rule == "payload.text"
    assert refused(b"a,b\n" + b"1,x\n" * 4, CSV, bounds=small).rule == "payload.rows"


def test_a_parquet_file_that_unpacks_to_too_much_is_refused_before_it_is_unpacked():
    sink = io.BytesIO()
    pq.write_table(pa.table({"a": np.zeros(20_000_000)}), sink, use_dictionary=False, compression="zstd")
    body = sink.getvalue()
    assert len(body) < 1 << 20
    error = refused(body, PARQUET, bounds=Bounds(rows=10**9, cells=10**9))
    assert error.rule == "payload.bytes" and error.status == 413
    assert refused(body, PARQUET).rule == "payload.rows"


def test_arrow_that_claims_more_than_it_is_is_refused():
    table = pa.table({"a": pa.array(["x", "x"]).dictionary_encode()})
    with pa.ipc.new_stream(out := io.BytesIO(), table.schema) as writer:
        writer.write_table(table)
    assert "dictionary" in str(refused(out.getvalue(), ARROW))
    table = pa.table({"a": ["x" * 1000] * 100})
    options = pa.ipc.IpcWriteOptions(compression="zstd")
    with pa.ipc.new_stream(out := io.BytesIO(), table.schema, options=options) as writer:
        writer.write_table(table)
    assert "compressed" in str(refused(out.getvalue(), ARROW))
    nested = pa.table({"a": [[1], [2]]})
    with pa.ipc.new_stream(out := io.BytesIO(), nested.schema) as writer:
        writer.write_table(nested)
    assert "list" in str(refused(out.getvalue(), ARROW))


def test_no_sentence_tells_a_value():
    for body, kind in ((b'["secret-4711", ', JSON), (b'"secret-4711', CSV), (b"secret-4711,1\n2\n", CSV)):
        assert "4711" not in str(refused(body, kind))


number = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
text = st.text(st.characters(codec="utf-8", exclude_characters="\x00\r"), min_size=1, max_size=12).filter(
    lambda t: not t.startswith((" ", "\ufeff")) and not t.endswith(" ")
)


def _plain_text(value):
    """CSV cannot tell a number from a text that looks like one."""
    from assay.methods.payloads.csvs import value as read_value

    try:
        return read_value(value) == value and value.lower() != "nan"
    except PayloadRefused:
        return False


@st.composite
def tables(draw, words=text):
    wide = draw(st.integers(1, 5))
    kinds = draw(st.lists(st.sampled_from(["n", "t"]), min_size=wide, max_size=wide))
    row = st.tuples(*[(number if k == "n" else words) | (st.none() if wide > 1 else number) for k in kinds])
    cells = [list(r) for r in draw(st.lists(row, min_size=1, max_size=5))]
    names = tuple(f"column {at}, “x”" for at in range(wide))
    return Rows(names, cells)


@given(tables())
def test_json_and_json_lines_come_back(rows):
    for kind in (JSON, LINES):
        back = read(write_rows(rows, kind), kind)
        assert (back.names, back.cells) == (rows.names, rows.cells)


@given(tables(text.filter(_plain_text)))
def test_csv_comes_back(rows):
    back = read(write_rows(rows, CSV), "text/csv; header=present")
    assert back.names == rows.names
    blank = [r for r in rows.cells if any(v is not None for v in r)]
    assert [r for r in back.cells if any(v is not None for v in r)] == blank


@settings(max_examples=25)
@given(tables())
def test_parquet_and_arrow_come_back(rows):
    for kind in (PARQUET, ARROW):
        back = read(write_rows(rows, kind), kind)
        as_json = write_rows(Rows(back.names, None, back.table), JSON)
        found = read(as_json, JSON)
        mixed = [len({type(r[at]) for r in rows.cells} - {type(None)}) > 1 for at in range(len(rows.names))]
        for at, several in enumerate(mixed):
            if not several:
                assert [r[at] for r in found.cells] == [r[at] for r in rows.cells]


@given(st.lists(st.lists(number, min_size=3, max_size=3), min_size=1, max_size=4))
def test_csv_of_numbers_is_read_alike_in_one_call_and_field_by_field(cells):
    body = "\n".join(",".join(map(repr, row)) for row in cells).encode()
    assert read(body, CSV).cells == cells
    assert read(b"a,b,c\n" + body, "text/csv; header=present").cells == cells


def test_rows_beyond_their_number_were_looked_at_one_by_one_first():
    looked = []

    class Row(dict):
        def __iter__(self):
            looked.append(self)
            return super().__iter__()

    with pytest.raises(PayloadRefused, match=r"5 rows and may have 4") as found:
        jsons.shaped([Row() for _ in range(5)], (), Bounds(rows=4), plain=False)
    assert found.value.status == 413 and not looked
