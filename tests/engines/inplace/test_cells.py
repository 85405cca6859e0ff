"""Cells of a delimited file found by its bytes, held against the reader of tables; and files rewritten by them, byte for byte."""

from __future__ import annotations

import csv
import gzip
import io

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.engines.inplace import csvfile, rewriting
from assay.engines.inplace.cells import Irregular, parts
from assay.engines.inplace.opening import open_place
from assay.engines.inplace.place import Edits
from assay.engines.tables import open_table
from assay.kernel.errors import BadInput

PIECE = st.sampled_from(
    ["a", "7", "007", ",", ";", '"', '""', "\n", "\r\n", " ", "é", "雪", "x y", "", "1.50", "NULL"]
)
CELL = st.lists(PIECE, max_size=3).map("".join)


def _text(rows, end, bom, quoting):
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator=end, quoting=quoting).writerows(rows)
    return ("\ufeff" if bom else "").encode() + out.getvalue().encode()


def _columns(raw, width, at_once):
    """The texts that are found, column by column, without the header."""
    held = [[] for _ in range(width)]
    for part in parts(io.BytesIO(raw), b",", width, at_once):
        for place in range(width):
            held[place] += part.texts(place).to_pylist()
    return [column[1:] for column in held]


@settings(max_examples=60)
@given(
    rows=st.lists(st.tuples(CELL, CELL, CELL), min_size=1, max_size=9),
    end=st.sampled_from(["\n", "\r\n"]), bom=st.booleans(), at_once=st.sampled_from([7, 40, 1 << 20]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
)  # fmt: skip
def test_what_is_found_by_the_bytes_is_what_the_reader_reads(
    tmp_path_factory, rows, end, bom, at_once, quoting
):
    raw = _text([("p", "q", "r"), *rows], end, bom, quoting)
    path = tmp_path_factory.mktemp("cells") / "t.csv"
    path.write_bytes(raw)
    try:
        found = _columns(raw, 3, at_once)
    except Irregular:  # line ends of both kinds
        assert b"\r\n" in raw and raw.count(b"\n") > raw.count(b"\r\n") or b"\r" in raw.replace(b"\r\n", b"")
        return
    with open_table(str(path), scratch=path.parent / "read", texts=True) as table:
        assert [c.name for c in table.columns] == ["p", "q", "r"] and not table.problems
        assert found == [c.to_pylist() for c in table.arrow().columns]


IRREGULAR = {
    "a quotation mark within a cell": b'a,b\n5" pipe,2\n6" pipe,3\n',
    "text behind a quoted cell": b'a,b\n"x"y,2\n',
    "a mark that is not closed": b'a,b\n1,2\n"x,3\n',
    "a row too short": b"a,b\n1\n2,3\n",
    "rows too long and too short that make up": b"a,b\n1\n2,3,4\n",
    "line ends of two kinds": b"a,b\n1,2\r\n3,4\n",
    "the old Macintosh's": b"a,b\r1,2\r",
    "a return within a line": b"a,b\n1\r,2\n",
    "no UTF-8": b"a,b\n\xff,2\n",
    "NUL": b"a,b\n\0,2\n",
    "an empty line first": b"\na,b\n1,2\n",
}


@pytest.mark.parametrize("what", IRREGULAR)
@pytest.mark.parametrize("at_once", [4, 1 << 20])
def test_what_is_irregular_is_told(what, at_once):
    with pytest.raises(Irregular):
        list(parts(io.BytesIO(IRREGULAR[what]), b",", 2, at_once))


def _edits(changes, adds=()):
    columns = ("row", "column", "old", "new")
    kinds = [pa.int64(), *[pa.string()] * 3]
    arrays = [pa.array([c[i] for c in changes], k) for i, k in enumerate(kinds)]
    return Edits(pa.table(arrays, names=list(columns)), adds)


ADDS = [("gone", "boolean"), ("why", "text")]


@settings(max_examples=40)
@given(
    rows=st.lists(st.tuples(CELL, CELL), min_size=1, max_size=6), end=st.sampled_from(["\n", "\r\n"]), bom=st.booleans(),
    new=st.lists(st.tuples(st.sampled_from(["p", "q"]), st.one_of(st.none(), CELL)), max_size=4), adds=st.booleans(),
    blank=st.booleans(),
)  # fmt: skip
def test_what_is_rewritten_by_the_bytes_is_what_is_rewritten_line_by_line(
    tmp_path_factory, rows, end, bom, new, adds, blank
):
    folder = tmp_path_factory.mktemp("rewriting")
    raw = _text([("p", "q"), *rows], end, bom, csv.QUOTE_MINIMAL) + (end.encode() + b"1,2" if blank else b"")
    (folder / "t.csv").write_bytes(raw)
    edits = _edits(
        [(1 + i % len(rows), c, None, v) for i, (c, v) in enumerate(dict(enumerate(new)).values())]
        + ([(1, "gone", "false", "true"), (1, "why", None, 'a, "b"')] if adds else []),
        ADDS if adds else (),
    )
    fast = io.BytesIO()
    try:
        with (folder / "t.csv").open("rb") as source:
            rewriting.rewrite(source, fast, b",", ["p", "q"], edits)
    except Irregular:
        return
    place = csvfile.CsvPlace(str(folder / "t.csv"), folder / "t.csv", folder / "scratch")
    with place:
        place._write(folder / "slow.csv", edits)
    assert fast.getvalue() == (folder / "slow.csv").read_bytes()


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("adds", [(), ADDS])
def test_every_byte_that_is_not_repaired_stays(packed, adds, tmp_path):
    raw = b'\xef\xbb\xbfid;"na;me";flag\r\n1;"a ""b""";TRUE\r\n\r\n2;;true\r\n3;\xe9\x9b\xaa ;"False"'
    path = tmp_path / ("t.csv.gz" if packed else "t.csv")
    path.write_bytes(gzip.compress(raw) if packed else raw)
    changes = [(1, "flag", "true", "false"), (3, "flag", "false", "true")]
    if adds:
        changes += [(2, "gone", "false", "true"), (2, "why", None, "r; x")]
    with open_place(str(path), tmp_path / "s") as place:
        place.change(_edits(changes, adds))
        place.commit()
    new = gzip.decompress(path.read_bytes()) if packed else path.read_bytes()
    wanted = raw.replace(b";TRUE", b";FALSE").replace(b'"False"', b'"True"')
    if adds:
        wanted = (
            b'\xef\xbb\xbfid;"na;me";flag;gone;why\r\n1;"a ""b""";FALSE;false;\r\n\r\n2;;true;true;"r; x"\r\n'
            b'3;\xe9\x9b\xaa ;"True";false;'
        )
    assert new == wanted


def test_an_irregular_file_is_read_again_cell_by_cell(tmp_path):
    path = tmp_path / "t.csv"
    for raw, row, changed in [
        (b"a,b\r\n1,2\n2,3\n4,z\n", 3, True),  # line ends of two kinds
        (b'a,b\n5" pipe,2\n6",3\n7,z\n', 3, False),  # which marks belong together nobody knows
    ]:
        path.write_bytes(raw)
        with open_place(str(path), tmp_path / "s") as place:
            if changed:
                place.change(_edits([(row, "b", "z", "w")]))
                place.commit()
            else:
                with pytest.raises(BadInput, match="so nothing was changed"):
                    place.change(_edits([(row, "b", "z", "w")]))
        assert path.read_bytes() == (raw.replace(b"z", b"w") if changed else raw)
        assert not list(tmp_path.glob(".*.new"))


def test_of_a_regular_file_only_the_columns_that_are_named_are_read(tmp_path):
    (tmp_path / "t.csv").write_bytes(b"a,b,c\n1,x,007\n2,y,\n")
    with open_place(f"{tmp_path}/t.csv", tmp_path / "s") as place:
        part = place.narrowed(lambda names: [n for n in names if n != "b"])
        with open_table(part.uri, scratch=tmp_path / "r", format=part.format) as table:
            assert table.arrow().to_pydict() == {"a": [1, 2], "c": ["007", None]}
        assert part.digest == place.subject().digest and place.narrowed(lambda _: None) == place.subject()
