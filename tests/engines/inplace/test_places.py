"""Tables changed where they lie, on each store for real, held against pandas; every other byte or cell stays."""

from __future__ import annotations

import gzip
import sqlite3
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from assay.engines.inplace import Edits, open_place
from assay.engines.tables import open_table
from assay.kernel.errors import BadInput, UsageError

STORES = ["csv", "csv.gz", "parquet", "duckdb", "sqlite", "sqlite-keyed", "postgres"]
NAME = 'T "x'
FRAME = pd.DataFrame(
    {
        "id": [1, 2, 3, 4, 5, 5],
        'fl"ag': [True, False, None, True, False, False],
        "n": [0, 3, 1, None, 2, 2],
        "note": ["a,b", 'q"q', "", None, "zé\nline", "zé\nline"],
        "x": [0.1, 1e-9, -2.5, 1e300, None, None],
    }
).astype({"fl\"ag": "boolean", "n": "Int64"})  # fmt: skip
EDITS = [(1, 'fl"ag', "true", "false"), (2, "n", "3", "0"), (3, 'fl"ag', None, "true"), (3, "n", "1", None),
         (6, "n", "2", "7"), (5, "note", "zé\nline", 'a "quoted", one')]  # fmt: skip
ADDS = [("_gone", "boolean"), ("_gone_reason", "text")]
MARKS = [(2, "_gone", "false", "true"), (2, "_gone_reason", None, "because, 'so'")]


def _edits(cells, adds=()):
    rows, columns, old, new = (list(c) for c in zip(*sorted(cells, key=lambda c: c[0]), strict=True))
    data = {"row": rows, "column": columns, "old": old, "new": new, "rule": ["r"] * len(rows)}
    return Edits(pa.table(data), adds)


def _ddl(kinds):
    names = ["id", 'fl"ag', "n", "note", "x"]
    return ", ".join('"' + n.replace('"', '""') + f'" {k}' for n, k in zip(names, kinds, strict=True))


def _rows():
    return [
        tuple(None if pd.isna(v) else getattr(v, "item", lambda v=v: v)() for v in r)
        for r in FRAME.itertuples(index=False)
    ]


@pytest.fixture(params=STORES)
def store(request, tmp_path):
    """A source that holds FRAME, in a store of each kind."""
    kind = request.param
    quoted = '"' + NAME.replace('"', '""') + '"'
    if kind.startswith("csv"):
        text = 'id,"fl""ag",n,note,x\r\n1,True,0,"a,b",0.1\r\n2,False,3,"q""q",1e-9\r\n3,,1,"",-2.5\r\n\r\n4,True,,,1e+300\r\n'
        text += '5,False,2,"zé\nline",\r\n5,False,2,"zé\nline",'
        path = tmp_path / f"t.{kind}"
        path.write_bytes(gzip.compress(text.encode()) if kind.endswith("gz") else text.encode())
        return str(path)
    if kind == "parquet":
        data = pa.Table.from_pandas(FRAME).replace_schema_metadata({"made": "by hand"})
        pq.write_table(data, tmp_path / "t.parquet", row_group_size=2, compression={"id": "gzip", "n": "zstd", "x": "none", "note": "snappy", 'fl"ag': "none"})  # fmt: skip
        return str(tmp_path / "t.parquet")
    if kind == "duckdb":
        with duckdb.connect(str(tmp_path / "d.duckdb")) as con:
            con.execute(
                f"CREATE TABLE {quoted} ({_ddl(['INTEGER', 'BOOLEAN', 'BIGINT', 'VARCHAR', 'DOUBLE'])})"
            )
            con.executemany(f"INSERT INTO {quoted} VALUES (?, ?, ?, ?, ?)", _rows())
            con.execute("CREATE TABLE other AS SELECT 1 AS a; CREATE VIEW seen AS SELECT * FROM other")
        return f"{tmp_path}/d.duckdb::{NAME}"
    if kind.startswith("sqlite"):
        keyed = kind.endswith("keyed")
        con = sqlite3.connect(tmp_path / "d.sqlite")
        kinds = ["INTEGER", "BOOLEAN", "INTEGER", "TEXT", "REAL"]
        key, table = (", k INTEGER, PRIMARY KEY (k)", " WITHOUT ROWID") if keyed else ("", "")
        con.execute(f"CREATE TABLE {quoted} ({_ddl(kinds)}{key}){table}")
        for n, row in enumerate(_rows()):
            values = (*row, n) if keyed else row
            con.execute(f"INSERT INTO {quoted} VALUES ({', '.join('?' * len(values))})", values)
        con.execute("CREATE VIEW seen AS SELECT 1 AS a")
        con.commit()
        con.close()
        return f"{tmp_path}/d.sqlite::{NAME}"
    psycopg = pytest.importorskip("psycopg")
    url = request.getfixturevalue("postgres")
    with psycopg.connect(url) as con:
        con.execute(f"DROP TABLE IF EXISTS {quoted}")
        con.execute(
            f"CREATE TABLE {quoted} ({_ddl(['smallint', 'boolean', 'bigint', 'text', 'double precision'])})"
        )
        con.cursor().executemany(f"INSERT INTO {quoted} VALUES (%s, %s, %s, %s, %s)", _rows())
        con.execute("DROP VIEW IF EXISTS seen; CREATE VIEW seen AS SELECT 1 AS a")
    return f"{url}::{NAME}"


def _read(source, tmp_path):
    with open_table(source, scratch=tmp_path / "reading") as table:
        frame = table.arrow().to_pandas(types_mapper={pa.int64(): pd.Int64Dtype(), pa.bool_(): pd.BooleanDtype(), pa.int32(): pd.Int64Dtype(), pa.int16(): pd.Int64Dtype()}.get)  # fmt: skip
    return frame.drop(columns="k", errors="ignore").sort_values(["id", "n"], kind="stable", ignore_index=True)


def _expected(edits, adds=()):
    frame = FRAME.astype({"id": "Int64", "note": "object"}).copy()
    for name, kind in adds:
        frame[name] = pd.array([False] * 6, dtype="boolean") if kind == "boolean" else None
    for row, column, _, new in edits:
        value = {"true": True, "false": False}.get(new, new) if frame[column].dtype == "boolean" else new
        frame.loc[row - 1, column] = int(value) if column == "n" and value is not None else value
    return frame.sort_values(["id", "n"], kind="stable", ignore_index=True)


def _same(found, expected):
    assert list(found.columns) == list(expected.columns)
    for name in expected:
        pairs = zip(found[name], expected[name], strict=True)
        empty = lambda v: pd.isna(v) or v == ""  # an empty text in a CSV file is none
        assert all((empty(a) and empty(b)) or a == b for a, b in pairs), name


def _change(source, edits, adds, tmp_path):
    with open_place(source, tmp_path / "place") as place:
        place.subject()
        undo = place.change(_edits(edits, adds))
        place.commit()
    return undo


@pytest.mark.parametrize(("edits", "adds"), [(EDITS, ()), (MARKS, ADDS), ([*EDITS, *MARKS], ADDS)])
def test_cells_are_changed_and_brought_back(store, edits, adds, tmp_path):
    path = Path(store.partition("::")[0])
    original = path.read_bytes() if path.is_file() else b""
    before = _read(store, tmp_path)
    _same(before, _expected([]))
    undo = _change(store, edits, adds, tmp_path)
    _same(_read(store, tmp_path), _expected(edits, adds))
    kept = tmp_path / "kept"
    kept.write_bytes(original)
    with open_place(store, tmp_path / "back") as place:
        assert place.digest() == undo.after
        place.restore(type(undo).from_dict(undo.to_dict()), kept)
        place.commit()
    pd.testing.assert_frame_equal(_read(store, tmp_path), before)
    with open_place(store, tmp_path / "again") as place:
        assert place.digest() == undo.before
    if path.suffix in (".csv", ".gz", ".parquet"):
        assert path.read_bytes() == original
    assert not list(tmp_path.glob(".*"))


def test_what_is_not_committed_never_was(store, tmp_path):
    before = _read(store, tmp_path)
    with open_place(store, tmp_path / "place") as place:
        place.subject()
        place.change(_edits([*EDITS, *MARKS], ADDS))
    pd.testing.assert_frame_equal(_read(store, tmp_path), before)
    assert not list(tmp_path.glob(".*"))


def test_a_cell_that_holds_something_else_by_now_is_not_overwritten(store, tmp_path):
    if store.endswith((".csv", ".gz", ".parquet")):
        pytest.skip("a file is held to its digest")
    before = _read(store, tmp_path)
    with open_place(store, tmp_path / "place") as place:
        place.subject()
        if "postgres" in store or "sqlite" in store:  # they are planned and changed in one transaction
            pytest.skip("what is planned is what is changed")
        with pytest.raises(UsageError, match="meanwhile"):
            place.change(_edits([(1, "n", "5", "6")]))
    pd.testing.assert_frame_equal(_read(store, tmp_path), before)


def test_an_undo_after_another_change_is_refused(store, tmp_path):
    path = Path(store.partition("::")[0])
    kept = tmp_path / "kept"
    kept.write_bytes(path.read_bytes() if path.is_file() else b"")
    undo = _change(store, EDITS, (), tmp_path)
    _change(store, [(1, "n", "0", "99")], (), tmp_path)
    now = _read(store, tmp_path)
    with open_place(store, tmp_path / "back") as place:
        with pytest.raises(UsageError, match="has changed since"):
            place.restore(undo, kept)
    pd.testing.assert_frame_equal(_read(store, tmp_path), now)


def test_a_view_is_refused(store, tmp_path):
    if "::" not in store:
        pytest.skip("files have no views")
    with pytest.raises(UsageError, match="is a view"):
        open_place(f"{store.partition('::')[0]}::seen", tmp_path / "place")


def test_a_read_only_file_is_refused(store, tmp_path):
    if store.startswith("postgres"):
        pytest.skip("a server has no file here")
    Path(store.partition("::")[0]).chmod(0o444)
    with pytest.raises(UsageError, match="read-only"):
        open_place(store, tmp_path / "place")


def test_parquet_keeps_its_groups_codecs_and_metadata(tmp_path):
    data = pa.Table.from_pandas(FRAME)
    pq.write_table(data, tmp_path / "t.parquet", row_group_size=4, compression={"id": "gzip", "n": "zstd", "x": "none", "note": "snappy", 'fl"ag': "none"})  # fmt: skip
    old = pq.ParquetFile(tmp_path / "t.parquet").metadata
    _change(str(tmp_path / "t.parquet"), EDITS, (), tmp_path)
    new = pq.ParquetFile(tmp_path / "t.parquet").metadata
    sizes = lambda m: [m.row_group(i).num_rows for i in range(m.num_row_groups)]
    codecs = lambda m: [m.row_group(0).column(i).compression for i in range(m.num_columns)]
    assert sizes(new) == sizes(old) == [4, 2] and codecs(new) == codecs(old)
    assert new.metadata == old.metadata and new.schema.equals(old.schema)


def test_of_a_csv_file_only_the_changed_cells_have_other_bytes(tmp_path):
    path = tmp_path / "t.csv"
    path.write_bytes(b'\xef\xbb\xbfa;f;"t"\r\n1;TRUE; x \r\n"2";FALSE;"say ""hi"""\r\n3;"True";\r\n')
    _change(str(path), [(1, "f", "true", "false"), (2, "t", 'say "hi"', "a;b"), (3, "f", "true", "false"), (2, "a", "2", "7")], (), tmp_path)  # fmt: skip
    assert path.read_bytes() == b'\xef\xbb\xbfa;f;"t"\r\n1;FALSE; x \r\n"7";FALSE;"a;b"\r\n3;"False";\r\n'


def test_a_csv_that_would_read_differently_is_left(tmp_path):
    path = tmp_path / "t.csv"
    text = b"a,b\rx,1\ry,2\r"  # the line ends of the old Macintosh
    path.write_bytes(text)
    with pytest.raises(UsageError, match="nothing was changed"):
        _change(str(path), [(1, "b", "1", "2")], (), tmp_path)
    assert path.read_bytes() == text and not list(tmp_path.glob(".*"))


def test_a_sqlite_database_that_another_is_writing_to_is_left(tmp_path, monkeypatch):
    from assay.engines.inplace import sqlitefile

    monkeypatch.setattr(sqlitefile, "WAIT", 0.05)
    con = sqlite3.connect(tmp_path / "busy.sqlite", isolation_level=None)
    con.execute("CREATE TABLE t (a INTEGER); ")
    con.execute("BEGIN IMMEDIATE")
    with pytest.raises(UsageError, match="another program is writing"):
        open_place(f"{tmp_path}/busy.sqlite::t", tmp_path / "place")
    con.execute("ROLLBACK")
    con.close()


def test_in_sqlite_a_value_comes_back_as_it_was_stored(tmp_path):
    """A column that mixes types is read as text; what it held is put back with its own type."""
    con = sqlite3.connect(tmp_path / "m.sqlite")
    con.execute("CREATE TABLE t (rowid TEXT, v)")
    con.executemany(
        "INSERT INTO t VALUES (?, ?)", [("x", 1), ("y", 2.5), ("z", "1"), ("z", b"\x00\xff"), (None, None)]
    )
    con.commit()
    held = lambda: con.execute("SELECT *, typeof(v) FROM t").fetchall()
    before = held()
    source = f"{tmp_path}/m.sqlite::t"
    edits = [(n, "v", None, "new") for n in range(1, 6)]
    undo = _change(source, edits, (), tmp_path)
    assert {r[1] for r in held()} == {"new"}
    with open_place(source, tmp_path / "back") as place:
        place.restore(type(undo).from_dict(undo.to_dict()), None)
        place.commit()
    assert held() == before
    con.close()


def test_a_trigger_that_changes_other_rows_stops_the_change(tmp_path):
    con = sqlite3.connect(tmp_path / "g.sqlite")
    con.executescript(
        "CREATE TABLE t (a INTEGER, n INTEGER); INSERT INTO t VALUES (1, 1), (2, 2);"
        "CREATE TRIGGER g AFTER UPDATE OF n ON t BEGIN UPDATE t SET a = a + 10 WHERE a <> new.a; END;"
    )
    con.close()
    with pytest.raises(UsageError, match="trigger"):
        _change(f"{tmp_path}/g.sqlite::t", [(1, "n", "1", "5")], (), tmp_path)
    con = sqlite3.connect(tmp_path / "g.sqlite")
    assert con.execute("SELECT * FROM t").fetchall() == [(1, 1), (2, 2)]
    con.close()


def test_in_postgres_a_row_that_another_changed_meanwhile_is_left_to_them(postgres, tmp_path):
    psycopg = pytest.importorskip("psycopg")
    with psycopg.connect(postgres) as con:
        con.execute(
            "DROP TABLE IF EXISTS race; CREATE TABLE race (a int, n int); INSERT INTO race VALUES (1, 1), (2, 2)"
        )
    with open_place(f"{postgres}::race", tmp_path / "place") as place:
        place.subject()
        with psycopg.connect(postgres) as other:
            other.execute("UPDATE race SET n = 50 WHERE a = 1")
        with pytest.raises(UsageError, match="somebody else changed"):
            place.change(_edits([(1, "n", "1", "0")]))
    with psycopg.connect(postgres) as con:
        assert con.execute("SELECT * FROM race ORDER BY a").fetchall() == [(1, 50), (2, 2)]


@pytest.mark.parametrize(
    ("shape", "edits"),
    [
        ("a INTEGER PRIMARY KEY, n INTEGER, i INTEGER", [(2, "i", "1", "9")]),
        ("a INTEGER, n INTEGER UNIQUE, i INTEGER", [(2, "n", "1", "9")]),
        ("a INTEGER PRIMARY KEY, n INTEGER, i INTEGER", [(2, "a", "1", "9"), (2, "n", "1", "9")]),
    ],
)
def test_in_duckdb_a_change_that_would_move_rows_is_refused(shape, edits, tmp_path):
    """An index or key on the column makes DuckDB write the row anew, behind all others."""
    with duckdb.connect(str(tmp_path / "i.duckdb")) as con:
        con.execute(f"CREATE TABLE t ({shape}); INSERT INTO t SELECT range, range, range FROM range(5)")
        con.execute("CREATE INDEX i ON t (i)")
    source = f"{tmp_path}/i.duckdb::t"
    with pytest.raises(BadInput, match="the change would move rows, as an index or a key covers the column"):
        _change(source, edits, (), tmp_path)
    with duckdb.connect(str(tmp_path / "i.duckdb")) as con:
        assert con.execute("SELECT * FROM t").fetchall() == [(n, n, n) for n in range(5)]


def test_in_duckdb_an_index_on_another_column_does_no_harm(tmp_path):
    with duckdb.connect(str(tmp_path / "i.duckdb")) as con:
        con.execute("CREATE TABLE t (a INTEGER PRIMARY KEY, n INTEGER)")
        con.execute("INSERT INTO t SELECT range, range FROM range(5); CREATE INDEX i ON t (a)")
    source = f"{tmp_path}/i.duckdb::t"
    undo = _change(source, [(2, "n", "1", "9")], (), tmp_path)
    with open_place(source, tmp_path / "back") as place:
        place.restore(undo, None)
        place.commit()
    with duckdb.connect(str(tmp_path / "i.duckdb")) as con:
        assert con.execute("SELECT n FROM t ORDER BY a").fetchall() == [(n,) for n in range(5)]


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_symbolic_link_stays_one_and_another_hard_link_is_told_of(kind, tmp_path):
    real = tmp_path / f"real.{kind}"
    con = duckdb.connect()
    con.execute(f"COPY (SELECT range AS a, range AS n FROM range(3)) TO '{real}'")
    (tmp_path / f"link.{kind}").symlink_to(real.name)
    with open_place(f"{tmp_path}/link.{kind}", tmp_path / "one") as place:
        place.change(_edits([(2, "n", "1", "9")]))
        assert place.left_behind() == 0
        place.commit()
    assert (tmp_path / f"link.{kind}").readlink().name == real.name
    read = f"SELECT n FROM '{real}' ORDER BY a"
    assert con.execute(read).fetchall() == [(0,), (9,), (2,)]
    (tmp_path / f"hard.{kind}").hardlink_to(real)
    with open_place(str(real), tmp_path / "two") as place:
        place.change(_edits([(1, "n", "0", "7")]))
        assert place.left_behind() == 1
        place.commit()
    assert con.execute(read).fetchall() == [(7,), (9,), (2,)]
    assert con.execute(read.replace("real", "hard")).fetchall() == [(0,), (9,), (2,)]
