"""Parquet, Arrow, memory, databases and object stores; pinning, writing and the seam."""

from __future__ import annotations

import contextlib
import random
import sqlite3
import sys
from decimal import Decimal
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from assay.engines.tables import changed, export, pin, write_parquet
from assay.engines.tables.room import need
from assay.kernel.errors import AssayError, BadInput, Missing, UsageError
from assay.kernel.handles import Table


@pytest.fixture
def frame() -> pd.DataFrame:
    return pd.DataFrame({"a": [3, 1, 2], "b": ["x", None, "z"], "c": [0.5, np.nan, np.inf]})


def test_memory_tables_are_read_where_they_are(table, frame):
    for source in (frame, pl.from_pandas(frame), pa.Table.from_pandas(frame)):
        t = table(source)
        assert isinstance(t, Table)
        assert t.rows == 3 and t.arrow(["a"])["a"].to_pylist() == [3, 1, 2]
        assert [b.num_rows for b in t.batches(["a"], size=2)] == [2, 1]
        assert t.run(t.expr.a.sum()).column(0).to_pylist() == [6]


def test_odd_frames(table):
    t = table(pd.DataFrame({"a": pd.Categorical(["u", "v"]), "b": [None, None], "c": [1, "x"]}))
    assert [c.type for c in t.columns] == ["text"] * 3
    assert [p.rule for p in t.problems] == ["table.mixed_types"]
    assert [c.name for c in table(pd.DataFrame([[1, 2]], columns=["a", "A"])).columns] == ["a", "A_1"]
    assert table(pd.DataFrame({"a": []})).rows == 0
    with pytest.raises(BadInput, match="no column"):
        table(pd.DataFrame())
    with pytest.raises(UsageError, match="is no table"):
        table(5)


def test_row_order_is_the_files_own(table, tmp_path: Path):
    n = 300_000
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"a": np.arange(n)[::-1]}), path, row_group_size=10_000)
    t = table(str(path))
    assert np.array_equal(t.arrow()["a"].to_numpy(), np.arange(n)[::-1])
    assert np.array_equal(np.concatenate([b.column(0).to_numpy() for b in t.batches()]), np.arange(n)[::-1])
    t = table(pd.DataFrame({"a": np.arange(n)}))
    assert np.array_equal(t.run(t.expr.select("a"))["a"].to_numpy(), np.arange(n))


def test_parquet_cut_short_empty_or_damaged_inside(table, tmp_path: Path, frame):
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"a": np.random.default_rng(7).random(100_000)}), path)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BadInput, match="no whole Parquet"):
        table(str(path))
    path.write_bytes(b"")
    with pytest.raises(BadInput, match="empty"):
        table(str(path))
    path.write_bytes(whole[:100] + random.Random(7).randbytes(20_000) + whole[20_100:])
    try:
        table(str(path)).arrow()
    except BadInput as error:
        assert "\n" not in str(error)


def test_parquet_folders_with_partitions(table, tmp_path: Path):
    for year in (2020, 2021):
        folder = tmp_path / "p" / f"year={year}"
        folder.mkdir(parents=True)
        pq.write_table(pa.table({"a": [year % 100]}), folder / "x.parquet")
    assert table(str(tmp_path / "p")).arrow().to_pylist() == [
        {"a": 20, "year": 2020},
        {"a": 21, "year": 2021},
    ]


def test_arrow_files_and_streams(table, tmp_path: Path):
    data = pa.table({"a": [1, 2], "b": ["x", None]})
    with pa.ipc.new_file(str(tmp_path / "f.arrow"), data.schema) as out:
        out.write_table(data)
    with pa.ipc.new_stream(str(tmp_path / "s.arrow"), data.schema) as out:
        out.write_table(data)
    for name in ("f.arrow", "s.arrow"):
        assert table(str(tmp_path / name)).arrow().to_pylist() == data.to_pylist()
    (tmp_path / "f.arrow").write_bytes((tmp_path / "f.arrow").read_bytes()[:200])
    with pytest.raises(BadInput, match="no whole Arrow"):
        table(str(tmp_path / "f.arrow"))


@pytest.fixture
def databases(tmp_path: Path) -> Path:
    con = sqlite3.connect(tmp_path / "s.db")
    con.execute("CREATE TABLE t (a INTEGER, b TEXT, c BOOLEAN, d REAL)")
    con.executemany(
        "INSERT INTO t VALUES (?, ?, ?, ?)", [(2, "x", 1, 1), (1, None, 0, 2.5), ("z", "y", 1, None)]
    )
    con.execute("CREATE VIEW v AS SELECT b FROM t")
    con.commit()
    con.close()
    duck = duckdb.connect(str(tmp_path / "d.duckdb"))
    duck.execute("CREATE TABLE t AS SELECT 1 AS a")
    duck.execute("CREATE SCHEMA s")
    duck.execute("CREATE TABLE s.u AS SELECT 2 AS b")
    duck.close()
    return tmp_path


def test_sqlite_is_read_through_with_types_told_from_the_values(table, databases: Path):
    for source in (f"{databases}/s.db::t", f"sqlite:///{databases}/s.db::t"):
        t = table(source)
        assert [c.type for c in t.columns] == ["text", "text", "boolean", "number"]
        assert t.arrow()["a"].to_pylist() == ["2", "1", "z"]
        assert [p.rule for p in t.problems] == ["table.mixed_types"]
    assert table(f"{databases}/s.db::v").rows == 3


def test_duckdb_files_are_opened_for_reading(table, databases: Path):
    assert table(f"{databases}/d.duckdb::t").arrow().to_pylist() == [{"a": 1}]
    assert table(f"duckdb:///{databases}/d.duckdb::s.u").arrow().to_pylist() == [{"b": 2}]


def test_a_table_that_is_not_there_names_those_that_are(table, databases: Path):
    for source in (f"{databases}/s.db::tt", f"{databases}/d.duckdb::tt", f"{databases}/d.duckdb"):
        with pytest.raises(Missing):
            table(source)
    (databases / "junk.db").write_text("junk")
    with pytest.raises(UsageError, match="no DuckDB or SQLite"):
        table(f"{databases}/junk.db::t")


def test_postgres_out_of_reach_is_one_sentence_and_passwords_are_refused(table):
    with pytest.raises(AssayError, match="cannot be reached"):
        table("postgresql://127.0.0.1:1/x::t")
    with pytest.raises(UsageError, match="password") as caught:
        table("postgresql://me:secret@127.0.0.1:1/x::t")
    assert "secret" not in str(caught.value)


def test_postgres_without_its_extra_names_it(table, monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(Missing, match=r"needs an extra; pip install .*psycopg"):
        table("postgresql://127.0.0.1:1/x::t")


def test_objects_in_a_store(table, tmp_path: Path, frame):
    import fsspec

    write_parquet(frame, tmp_path / "t.parquet")
    data = (tmp_path / "t.parquet").read_bytes()
    fsspec.filesystem("memory").pipe_file("/bucket/t.parquet", data)
    asset = pin("memory://bucket/t.parquet")
    assert asset.digest == pin(str(tmp_path / "t.parquet")).digest and not changed(asset)
    assert table(asset.uri).rows == 3
    fsspec.filesystem("memory").pipe_file("/bucket/t.parquet", data + b" ")
    assert changed(asset)
    with pytest.raises(Missing):
        table("memory://bucket/nothing.parquet")


def test_an_etag_that_stays_spares_reading_again(tmp_path: Path, monkeypatch):
    import fsspec

    from assay.engines.tables import remote

    fs = fsspec.filesystem("memory")
    fs.pipe_file("/tagged/t.csv", b"a\n1\n")
    monkeypatch.setattr(
        type(fs), "info", lambda self, path, **_: {"name": path, "type": "file", "ETag": "one"}
    )
    asset = pin("memory://tagged/t.csv")
    monkeypatch.setattr(remote, "digests", lambda _: pytest.fail("read again"))
    assert not changed(asset)


def test_pins(tmp_path: Path, frame, databases: Path):
    path = tmp_path / "t.csv"
    path.write_text("a\n1\n")
    asset = pin(str(path))
    assert asset.kind == "table" and asset.name == "t.csv" and asset.format == "csv" and not changed(asset)
    path.write_text("a\n2\n")
    assert changed(asset)
    path.unlink()
    assert changed(asset)
    one, two = pin(frame), pin(frame.copy())
    assert one.digest == two.digest and one.uri.startswith("memory:")
    frame.loc[0, "a"] = 9
    assert pin(frame).digest != one.digest
    assert pin(pa.concat_tables([pa.table({"a": [1]}), pa.table({"a": [2]})])) == pin(pa.table({"a": [1, 2]}))
    assert pin("postgresql://h/x::t").digest == ""
    assert pin(f"{databases}/s.db::t").digest.startswith("sha256:")


def test_a_file_that_was_old_when_pinned_is_not_read_again(tmp_path: Path, monkeypatch):
    path = tmp_path / "t.csv"
    path.write_text("a\n1\n")
    from assay.engines.tables import pinning

    monkeypatch.setattr(pinning, "_FRESH", -1)
    asset = pin(str(path))
    monkeypatch.setattr(pinning, "digest_file", lambda _: pytest.fail("read again"))
    assert not changed(asset)


def test_an_object_of_the_store_opens_by_its_format(tmp_path: Path, work, frame):
    from assay.engines.tables import open_table

    asset = work.put("t", frame)
    with open_table(str(work.store.path(asset.digest)), format="parquet", scratch=tmp_path / "x") as t:
        assert t.rows == 3


def test_parquet_is_the_same_bytes_for_the_same_content(table, tmp_path: Path, frame):
    t = table(frame)
    sources = [frame, pa.Table.from_pandas(frame), t, t.expr]
    for number, source in enumerate(sources):
        write_parquet(source, tmp_path / f"{number}.parquet")
    assert len({(tmp_path / f"{n}.parquet").read_bytes() for n in range(len(sources))}) == 1
    assert pq.read_table(tmp_path / "0.parquet").column_names == ["a", "b", "c"]


@pytest.mark.parametrize("name", ["o.csv", "o.csv.gz", "o.tsv", "o.jsonl", "o.feather", "o.parquet"])
def test_export_and_back(table, tmp_path: Path, name: str):
    write_parquet(pd.DataFrame({"a": [1, 2], "b": ["x, y", None]}), tmp_path / "t.parquet")
    out = tmp_path / "out"
    out.mkdir()
    export(str(tmp_path / "t.parquet"), out / name)
    assert table(str(out / name)).arrow().to_pylist() == [{"a": 1, "b": "x, y"}, {"a": 2, "b": None}]
    assert [p.name for p in out.iterdir()] == [name]


def test_export_to_an_unknown_suffix_is_refused(tmp_path: Path):
    with pytest.raises(UsageError, match="no format of tables"):
        export(str(tmp_path / "t.parquet"), tmp_path / "t.xyz")


def test_an_unknown_column_and_a_wrong_question_are_told(table, frame):
    t = table(frame)
    with pytest.raises(Missing, match="no column 'z'"):
        t.arrow(["z"])
    with pytest.raises(AssayError, match="question"):
        t.run(t.expr.b.cast("int64").sum())


def test_nothing_spills_outside_scratch(table, tmp_path: Path, frame, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before = {p for p in tmp_path.iterdir() if not p.name.startswith("table")}
    table(frame).arrow()
    assert {p for p in tmp_path.iterdir() if not p.name.startswith("table")} == before


def test_an_arrow_file_whose_offsets_lie_is_refused(table, tmp_path: Path):
    """Arrow follows whatever offsets say, out of its memory, unless it is asked to validate in full."""
    path = tmp_path / "t.arrow"
    texts = pa.table({"a": [f"text number {n}" for n in range(50)]})
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, texts.schema) as out:
        out.write_table(texts)
    whole = path.read_bytes()
    offsets = np.array([0, 13, 26], "<i4").tobytes()  # the first three ends of eleven to fourteen letters
    at = whole.find(b"".join(n.to_bytes(4, "little") for n in (0, 13, 26)))
    assert at > 0 and whole[at : at + 12] == offsets
    path.write_bytes(whole[: at + 4] + (1 << 30).to_bytes(4, "little") + whole[at + 8 :])
    with pytest.raises(BadInput, match="no whole Arrow file"):
        table(str(path))


def test_parquet_that_duckdb_would_read_as_another_number_is_refused(table, tmp_path: Path):
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"d": pa.array([Decimal(10**60)], pa.decimal256(70, 0))}), path)
    with pytest.raises(BadInput, match="more than 38 digits"):
        table(str(path))


def test_a_few_bytes_that_hold_a_billion_rows_are_refused_before_they_fill_memory(table, tmp_path: Path):
    path = tmp_path / "t.parquet"
    zeros = pa.table({f"c{n}": np.zeros(2_000_000, np.int64) for n in range(1)})
    with pq.ParquetWriter(path, zeros.schema, compression="zstd") as out:
        for _ in range(60):
            out.write_table(zeros)
    with table(str(path)) as t:
        assert path.stat().st_size < 1 << 20 and t.rows == 120_000_000
        t._fits(["c0"], 1_000)
        with pytest.raises(BadInput, match="GB of memory are free"):
            need(t.rows * 1000, t.columns, "t")


def test_a_view_in_a_duckdb_file_reads_no_other_file_and_comes_to_an_end(table, tmp_path: Path, monkeypatch):
    path, secret = tmp_path / "t.duckdb", tmp_path / "secret.txt"
    secret.write_text("hush")
    with duckdb.connect(str(path)) as con:
        con.execute("CREATE TABLE held AS SELECT range AS a FROM range(5)")
        con.execute("CREATE VIEW doubled AS SELECT a * 2 AS b FROM held")
        con.execute(f"CREATE VIEW other AS SELECT * FROM read_text('{secret}')")
        con.execute(
            "CREATE VIEW endless AS WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) FROM r"
        )
    assert table(f"{path}::doubled").arrow()["b"].to_pylist() == [0, 2, 4, 6, 8]
    with pytest.raises(BadInput, match="disabled by configuration"):
        table(f"{path}::other")
    monkeypatch.setattr("assay.engines.tables.databases.VIEW_SECONDS", 0.3)
    with pytest.raises(BadInput, match="'endless' gives no end"):
        table(f"{path}::endless")


def test_a_view_in_a_sqlite_file_comes_to_an_end(table, tmp_path: Path, monkeypatch):
    path = tmp_path / "t.sqlite"
    with contextlib.closing(sqlite3.connect(path)) as con:
        con.execute(
            "CREATE VIEW v AS WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT n FROM r"
        )
        con.commit()
    monkeypatch.setattr("assay.engines.tables.databases.VIEW_SECONDS", 0.3)
    with pytest.raises(BadInput, match="'v' gives no end"):
        table(str(path))


def test_types_of_duckdb_that_arrow_reads_as_another_number_are_text(table, tmp_path: Path):
    path = tmp_path / "t.duckdb"
    with duckdb.connect(str(path)) as con:
        con.execute(
            "CREATE TABLE t AS SELECT 340282366920938463463374607431768211455::UHUGEINT u, '101'::BIT b"
        )
    assert table(str(path)).arrow().to_pylist() == [
        {"u": "340282366920938463463374607431768211455", "b": "101"}
    ]


def test_sqlite_texts_and_names_that_are_not_utf8(table, tmp_path: Path):
    path = tmp_path / "t.sqlite"
    with contextlib.closing(sqlite3.connect(path)) as con:
        con.execute("CREATE TABLE t(a)")
        con.execute("INSERT INTO t VALUES (CAST(x'ff41' AS TEXT)), ('b')")
        con.commit()
    t = table(str(path))
    assert t.arrow()["a"].to_pylist() == ["\ufffdA", "b"]
    assert [(p.rule, p.count) for p in t.problems] == [("table.replaced_characters", 1)]
    path.write_bytes(path.read_bytes().replace(b"tablett", b"table\xfft"))
    with pytest.raises(BadInput, match="the SQLite database cannot be read"):
        table(str(path))
