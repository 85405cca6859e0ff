"""CSV, TSV and JSON lines, well-formed and not: each line is a row or is told, and no value changes."""

from __future__ import annotations

import csv
import gzip
import io
import json
import math
import random
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.engines.tables import open_table
from assay.engines.tables.text import scan
from assay.kernel.errors import BadInput, Missing, UsageError


@pytest.fixture
def read(table, tmp_path: Path):
    """Write bytes to a file and open it."""

    def read_(data: bytes, name: str = "t.csv"):
        path = tmp_path / name
        path.write_bytes(data)
        return table(str(path))

    return read_


def types(table) -> dict[str, str]:
    return {c.name: c.type for c in table.columns}


def rules(table) -> list[tuple[str, int]]:
    return [(p.rule, p.count) for p in table.problems]


def test_types_and_order(read):
    t = read(b"a,b,c,d,e\n3,x,1.5,true,2020-01-02\n1,y,,false,2020-01-03\n2,,2,TRUE,\n")
    assert types(t) == {"a": "integer", "b": "text", "c": "number", "d": "boolean", "e": "date"}
    assert t.arrow(["a"]).column(0).to_pylist() == [3, 1, 2]
    assert t.rows == 3 and t.problems == () and t.engine == "duckdb"
    assert t.run(t.expr.count()).column(0).to_pylist() == [3]


def test_a_column_that_turns_to_text_after_20000_rows_is_text(read):
    t = read(b"a,b\n" + b"1,2\n" * 20_000 + b"x,2.5\n")
    assert types(t) == {"a": "text", "b": "number"}
    assert t.arrow().to_pylist()[-1] == {"a": "x", "b": 2.5}


def test_a_fraction_after_6000_whole_numbers_is_not_rounded(read):
    t = read(b"a\n" + b"1\n" * 6_000 + b"1.5\n")
    assert t.arrow()["a"].to_pylist()[-1] == 1.5


def test_a_column_empty_for_6000_rows_gets_the_type_of_its_values(read):
    t = read(b"a,b\n" + b"1,\n" * 6_000 + b"1,7\n")
    assert types(t)["b"] == "integer"


@pytest.mark.parametrize(
    "text", ["007", "0123", "12345678901234567890123", "1_000", "1,5", "0x10", "T", "13.01.2020"]
)
def test_what_would_lose_something_as_a_number_stays_text(read, text):
    t = read(b"a\n" + f'"{text}"\n'.encode())
    assert types(t) == {"a": "text"} and t.arrow()["a"].to_pylist() == [text]


def test_a_card_number_is_a_whole_number(read):
    assert read(b"a\n4000008224814322\n").arrow()["a"].to_pylist() == [4000008224814322]


def test_infinities_and_nan_are_numbers(read):
    t = read(b"a\n1\ninf\n-Infinity\nnan\n")
    assert types(t) == {"a": "number"}


def test_dates_in_several_shapes_stay_text_unless_iso(read):
    t = read(
        b"a,b,c\n2020-01-02,01/02/2020,2020-01-02T10:00:00Z\n2020-02-30,13/02/2020,2020-01-03T10:00:00+02:00\n"
    )
    assert types(t) == {"a": "text", "b": "text", "c": "timestamp"}


def test_question_marks_stay_text(read):
    assert read(b"a,b\n1,?\n?,2\n").arrow().to_pylist() == [{"a": "1", "b": "?"}, {"a": "?", "b": "2"}]


def test_an_empty_file_is_refused(read):
    for data in (b"", b"\n \n"):
        with pytest.raises(BadInput, match="the file is empty"):
            read(data)


def test_a_header_alone_is_a_table_of_no_rows(read):
    for data in (b"a,b\n", b"a,b"):
        t = read(data)
        assert t.rows == 0 and [c.name for c in t.columns] == ["a", "b"]


def test_duplicate_and_missing_names_are_renamed_and_told(read):
    t = read(b"a,A,a,\n1,2,3,4\n")
    assert [c.name for c in t.columns] == ["a", "A_1", "a_2", "column4"]
    assert [p.rule for p in t.problems] == ["table.duplicate_columns"] * 2 + ["table.unnamed_columns"]


def test_ragged_rows_are_kept_out_with_their_lines(read):
    t = read(b"a,b,c\n1,2,3\n4,5\n6,7,8,9\n1,2,3\n")
    assert t.rows == 2 and rules(t) == [("table.ragged_rows", 1)] * 2
    assert sorted(p.where["line"] for p in t.problems) == [3, 4]


def test_no_row_as_wide_as_the_header_is_refused(read):
    with pytest.raises(BadInput, match="no row has the 3 columns"):
        read(b"a,b,c\n1,2\n3,4\n")


def test_bytes_that_are_not_utf8_are_kept_out_with_row_and_offset(read):
    t = read(b"a,b\n1,ok\n2,caf\xe9\n3,ok\n")
    assert t.rows == 2 and rules(t) == [("table.encoding", 1)]
    assert t.problems[0].where["line"] == 3 and 9 <= t.problems[0].where["offset"] <= 11


def test_names_that_are_not_utf8_are_refused(read):
    with pytest.raises(BadInput, match="names of the columns are not UTF-8"):
        read(b"a\xe9,b\n1,2\n")


def test_utf16_and_byte_order_marks_are_read(read):
    assert read("a,b\n1,é\n".encode("utf-16")).arrow().to_pylist() == [{"a": 1, "b": "é"}]
    assert read(b"\xef\xbb\xbfa,b\n1,2\n").arrow().to_pylist() == [{"a": 1, "b": 2}]


def test_a_line_of_100_mb_is_kept_out_and_told(read):
    began = time.process_time()
    t = read(b"a,b\n1,ok\n2," + b"x" * (100 << 20) + b"\n3,ok\n")
    assert t.arrow()["a"].to_pylist() == [1, 3]
    assert rules(t) == [("table.rejected_rows", 1)] and t.problems[0].where["line"] == 3
    assert time.process_time() - began < 10


def test_a_quotation_mark_never_closed_tells_every_line_it_took(read):
    t = read(b'a,b\n1,"open\n2,x\n3,y\n')
    assert t.rows + sum(p.count for p in t.problems) == 3


def test_line_ends_of_every_kind(read):
    for data in (b"a,b\r\n1,2\r\n3,4", b"a,b\r1,2\r3,4\r", b"a,b\n1,2\r\n3,4\n", b"a,b\r\n1,2\n3,4\r\n"):
        t = read(data)
        assert t.arrow().to_pylist() == [{"a": 1, "b": 2}, {"a": 3, "b": 4}] and not t.problems


def test_line_ends_inside_values_are_rows_of_one(read):
    t = read(b'a,b\n"x\ny",1\n"z",2\n')
    assert t.arrow()["a"].to_pylist() == ["x\ny", "z"] and not t.problems


def test_nul_characters_are_kept_and_told(read):
    t = read(b"a,b\n1,o\0k\n")
    assert t.arrow()["b"].to_pylist() == ["o\0k"] and rules(t) == [("table.nul_characters", 1)]


def test_emoji_quotes_and_commas_in_names(read):
    t = read('😀,"a,b","q""q"\n1,2,3\n'.encode())
    assert t.arrow().to_pylist() == [{"😀": 1, "a,b": 2, 'q"q': 3}]


def test_five_thousand_columns(read):
    wide = b",".join(b"c%d" % i for i in range(5000)) + b"\n" + (b",".join([b"1"] * 5000) + b"\n") * 20
    began = time.process_time()
    t = read(wide)
    assert len(t.columns) == 5000 and t.rows == 20
    assert time.process_time() - began < 15


@pytest.mark.parametrize("delimiter", [",", ";", "|", "\t"])
def test_delimiters_are_told_apart(read, delimiter):
    t = read(f"a{delimiter}b{delimiter}c\n1{delimiter}x y{delimiter}2\n".encode())
    assert t.arrow().to_pylist() == [{"a": 1, "b": "x y", "c": 2}]


def test_a_hash_at_the_start_of_a_line_is_a_value(read):
    assert read(b"a,b\n#1,2\n").arrow()["a"].to_pylist() == ["#1"]


def test_a_header_of_numbers_is_told(read):
    assert rules(read(b"1,2\n3,4\n")) == [("table.no_header", 1)]


def test_random_bytes_are_no_text(read):
    with pytest.raises(BadInput, match="no text"):
        read(b"\0\1\2\3" * 500 + random.Random(7).randbytes(5000))


def test_gzip_whole_cut_short_and_as_a_bomb(read):
    t = read(gzip.compress(b"a,b\n1,2\n"), "t.csv.gz")
    assert t.arrow().to_pylist() == [{"a": 1, "b": 2}]
    with pytest.raises(BadInput, match="cut short or damaged"):
        read(gzip.compress(b"a,b\n" + random.Random(7).randbytes(5000).hex().encode())[:3000], "cut.csv.gz")
    bomb = gzip.compress(b"1,2\n" * (1 << 20), compresslevel=9) * 80
    began = time.process_time()
    with pytest.raises(BadInput, match="unpacks to more than"):
        read(bomb, "bomb.csv.gz")
    assert time.process_time() - began < 5


def test_what_is_not_there_and_what_is_no_file(table):
    with pytest.raises(Missing, match="there is no file"):
        table("/nowhere/t.csv")
    with pytest.raises(UsageError, match="not a plain file"):
        table("/dev/null")


def test_folders_and_patterns_of_one_format(table, tmp_path: Path):
    folder = tmp_path / "many"
    folder.mkdir()
    (folder / "1.csv").write_text("a,b\n1,x\n")
    (folder / "2.csv").write_text("a,b\n2.5,y\n3\n")
    t = table(str(folder))
    assert t.arrow().to_pylist() == [{"a": 1.0, "b": "x"}, {"a": 2.5, "b": "y"}]
    assert t.problems[0].where["file"] == "2.csv"
    assert table(str(folder / "*.csv")).rows == 2
    (folder / "3.csv").write_text("a,c\n1,x\n")
    with pytest.raises(BadInput, match="not those of"):
        table(str(folder))
    (folder / "4.parquet").write_bytes(b"")
    with pytest.raises(UsageError, match="several formats"):
        table(str(folder))


def test_json_lines(read):
    t = read(b'{"a":1,"b":"x"}\n\n{"a":2.5,"c":true,"d":"2020-01-02"}\n', "t.jsonl")
    assert types(t) == {"a": "number", "b": "text", "c": "boolean", "d": "date"} and not t.problems


def test_json_lines_that_are_no_objects_are_told(read):
    deep = b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}\n"
    t = read(b'{"a":1}\n{"a":\n[1,2]\n5\n{"a":2}\n' + deep, "t.jsonl")
    assert t.arrow()["a"].to_pylist() == [1, 2] and rules(t) == [("table.rejected_rows", 4)]
    with pytest.raises(BadInput, match="no line holds a JSON object"):
        read(b"hello\n", "u.jsonl")


def test_a_name_with_escapes_does_not_hide_how_deep_a_line_nests(read):
    """The native reader followed it to the end of its stack, and the process was gone."""
    deep = b'{"a\\"b\\nc":' + b"[" * 100_000 + b'"x"' + b"]" * 100_000 + b"}\n"
    t = read(b'{"a":1}\n' + deep, "t.jsonl")
    assert t.rows == 1 and rules(t) == [("table.rejected_rows", 1)]
    brackets = b'{"a":"' + b'\\"[' * 1000 + b'"}\n'
    assert not read(brackets, "u.jsonl").problems  # brackets within a text nest nothing


CELLS = st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)


def test_a_value_longer_than_the_sniffer_holds_does_not_make_one_column_of_two(read):
    """A mark never closed made the reader give up on the comma, and the file was one column that passed."""
    t = read(b'a,b\n1,"x\n' + b"".join(b"%d,zz\n" % n for n in range(40_000)))
    assert [c.name for c in t.columns] == ["a", "b"]
    assert sum(p.count for p in t.problems) + t.rows == 40_001 and t.problems


def test_a_header_whose_quotation_mark_is_never_closed_is_refused(read):
    with pytest.raises(BadInput, match="does not close it"):
        read(b'"a,b\n1,2\n3,4\n')


def test_a_header_of_5_mb_is_refused_and_the_row_below_it_is_no_header(read):
    with pytest.raises(BadInput, match="the first line is longer than 4 MB"):
        read(b"a" * (5 << 20) + b",b\n1,2\n")


def test_line_ends_inside_values_stay_as_they_are(read):
    t = read(b'a,b\n"x\ry",1\n"p\r\nq",2\r\n"",3\n')
    assert t.arrow().to_pylist() == [{"a": "x\ry", "b": 1}, {"a": "p\r\nq", "b": 2}, {"a": None, "b": 3}]


def test_a_name_of_100000_characters_is_cut(read):
    t = read(b"n" * 100_000 + b"," + b"n" * 100_000 + b"\n1,2\n")
    assert [len(c.name) for c in t.columns] == [1000, 1002] and t.columns[0].name != t.columns[1].name


def test_a_name_twice_and_half_a_character_cost_their_own_line_only(read):
    t = read(b'{"a":1}\n{"a":1,"a":2}\n{"a":"\\ud800"}\n{"a":{"b":1,"b":2}}\n{"a":5}\n', "t.jsonl")
    assert t.arrow().to_pylist() == [{"a": 1}, {"a": 5}] and t.problems[0].where["lines"] == [2, 3, 4]


def test_objects_with_many_names_are_rows_and_no_map(read):
    lines = [{f"k{row * 30 + n}": n for n in range(30)} for row in range(20)]
    t = read("\n".join(map(json.dumps, lines)).encode(), "t.jsonl")
    assert len(t.columns) == 600 and t.arrow(["k31"])["k31"].to_pylist()[:3] == [None, 1, None]


def test_json_of_mixed_kinds_is_text_without_its_quotation_marks_and_told(read):
    t = read(b'{"a":"yes"}\n{"a":1}\n{"a":null}\n{"a":[1,"x"]}\n', "t.jsonl")
    assert t.arrow()["a"].to_pylist() == ["yes", "1", None, '[1,"x"]']
    assert rules(t) == [("table.mixed_types", 1)]


def test_json_numbers_of_more_than_64_bits_keep_their_digits(read):
    t = read(b'{"a":12345678901234567890123,"b":0.5}\n{"a":5,"b":2}\n{"a":null,"b":1e3}\n', "t.jsonl")
    assert t.arrow()["a"].to_pylist() == ["12345678901234567890123", "5", None]
    assert t.arrow()["b"].to_pylist() == [0.5, 2.0, 1000.0]


def test_json_names_that_differ_in_case_are_renamed_and_told(read):
    t = read(b'{"a":1,"A":2}\n', "t.jsonl")
    assert [c.name for c in t.columns] == ["a", "A_1"] and rules(t) == [("table.duplicate_columns", 1)]
    with pytest.raises(BadInput, match="'X' comes twice in one nested object") as caught:
        read(b'{"a":{"x":1,"X":2}}\n', "u.jsonl")
    assert "ignore_errors" not in str(caught.value) and "json-" not in str(caught.value)


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(rows=st.lists(st.tuples(CELLS, CELLS, CELLS), min_size=1, max_size=12))
def test_whatever_a_csv_writer_writes_is_read_back(tmp_path_factory, rows):
    folder = tmp_path_factory.mktemp("csv")
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerows([("one", "two", "three"), *rows])
    path = folder / "t.csv"
    path.write_bytes(out.getvalue().encode())
    with open_table(str(path), scratch=folder / "s") as t:
        got = [tuple(r.values()) for r in t.arrow().to_pylist()]
        assert not t.problems and len(got) == len(rows)
        for mine, given_ in zip(got, rows, strict=True):
            for a, b in zip(mine, given_, strict=True):
                assert _same(a, b), (a, b)


def _same(read_: object, written: str) -> bool:
    """Whether a value read is the text that was written, by Python's own reading of it."""
    if read_ is None:
        return written == ""
    if isinstance(read_, bool):
        return written.strip().lower() == str(read_).lower()
    if isinstance(read_, (int, float)):
        return math.isnan(read_) if written.strip().lower() == "nan" else float(written) == read_
    return str(read_) == written


@settings(max_examples=60, deadline=None)
@given(data=st.binary(max_size=300))
def test_any_bytes_end_in_a_table_or_one_sentence(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("any")
    path = folder / "t.csv"
    path.write_bytes(data)
    try:
        with open_table(str(path), scratch=folder / "s") as t:
            t.arrow()
    except UsageError as error:
        assert "\n" not in str(error)


@given(
    lines=st.lists(st.sampled_from([b"", b"a", b"bb,c", b'"']), max_size=30),
    ends=st.sampled_from([b"\n", b"\r\n"]),
)
def test_lines_are_counted_exactly(tmp_path_factory, lines, ends):
    path = tmp_path_factory.getbasetemp() / "lines.txt"
    data = b"".join(line + ends for line in lines)
    path.write_bytes(data)
    got = scan(path)
    assert got.lines == len(lines) and got.blank == sum(not line for line in lines) and not got.mixed
