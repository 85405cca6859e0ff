"""A table asked in SQL: locked, so that no question reaches a file, a setting or the network."""

# ruff: noqa: S608 - SQL is made here of our own words, quoted names and literals only
from __future__ import annotations

import uuid
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.engines.tables.databases import ServerTable
from assay.engines.tables.handle import DATA, DuckTable, connect
from assay.engines.tables.seam import seam
from assay.engines.tables.writing import write_parquet
from assay.kernel.handles import ColumnInfo, Table
from assay.methods.quality.question import Other
from assay.methods.quality.there.reading import Differs
from assay.methods.sqltext import keys, literal, quoted

if TYPE_CHECKING:
    import duckdb

    from assay.engines.tables.there import There

WHAT = "the question to the table failed"


class Asking:
    """A table as two relations of a DuckDB: ``t``, and ``n`` with the row's number (from 1) in front.

    In both, NaN is null and every text a VARCHAR. Of a table in a server the columns that are needed are copied before
    the first question, so that each means the same wherever the table lies; what means the same on the server may be
    asked ``there`` instead. A context manager.
    """

    plain, numbered = "t", "n"

    def __init__(self, table: Table, scratch: Path, cores: int = 2) -> None:
        self.columns = {c.name: c for c in table.columns}
        self._table = table
        self._there: There | None = None
        self._where = table.asset.uri or table.asset.name
        self._own: duckdb.DuckDBPyConnection | None = None
        self._held = 0
        self._far: Table | None = None  # a table in a server of which nothing was copied yet
        self._kept = scratch / f"kept-{uuid.uuid4().hex[:12]}.parquet"
        numbers = None
        if isinstance(table, DuckTable) and not isinstance(table, ServerTable):
            self._con = table.connection
            files, numbers = table.files, table.numbers
        else:
            self._own = self._con = connect(
                scratch, cores, "1GB", str(scratch / f"asked-{uuid.uuid4().hex[:12]}.duckdb")
            )
            self._far = table
            files = ()
        self.row = quoted(self._free("#row"))
        if self._far is None:
            with seam(self._where):
                self._relations(files, numbers, list(self.columns.values()))

    @cached_property
    def count(self) -> int:
        """How many rows the table has."""
        return self._there.ask("SELECT count(*) FROM t")[0][0] if self._there else self._table.rows

    def there(self) -> There | None:
        """Return what asks a table in a server where it lies; None where it lies here.

        From then on whatever is asked or copied is of one state of it.
        """
        if self._there is None and isinstance(self._table, ServerTable):
            from assay.engines.tables.there import there

            self._there = there(self._table, self.row[1:-1].replace('""', '"')).__enter__()
        return self._there

    def bring(self, query: str, columns: Sequence[str]) -> str:
        """Bring rows that were found ``there`` here, their number and these columns, and return the relation."""
        import pyarrow as pa

        found = self.there()
        assert found is not None
        self._held += 1
        relation = f"b{self._held}"
        chosen = ", ".join([self.row, *(_column(self.columns[c]) for c in columns)])
        with seam(self._where, WHAT):
            schema, batches = found.numbered(query, columns)
            self._con.register("brought", pa.RecordBatchReader.from_batches(schema, batches))
            self._con.execute(f"CREATE OR REPLACE TEMP TABLE {relation} AS SELECT {chosen} FROM brought")
            self._con.unregister("brought")
        return relation

    def fetch(self, columns: Sequence[str] | None = None) -> None:
        """Copy these columns of a table in a server, or all; nothing where they lie here, or were copied already.

        A question that names another column fails from then on, and one that reads rows where there is no column.
        """
        if self._far is None:
            return
        table, self._far = self._far, None
        if columns is not None and not columns:
            self._shut(())
            return
        import pyarrow as pa

        names = [c for c in self.columns if columns is None or c in columns] or list(self.columns)[:1]
        with seam(self._where, WHAT):
            schema = table.arrow(names, limit=0).schema
            self._con.register("rows", pa.RecordBatchReader.from_batches(schema, table.batches(names)))
            self._con.execute(f"CREATE TABLE {DATA} AS SELECT * FROM rows")
            self._con.unregister("rows")
            self._relations((), None, [self.columns[c] for c in names])

    def _free(self, name: str) -> str:
        while name in self.columns:
            name += "#"
        return name

    def _relations(
        self, files: Sequence[Path], numbers: tuple[str, str] | None, columns: Sequence[ColumnInfo]
    ) -> None:
        """Make the two views, and shut the connection in."""
        chosen = ", ".join(map(_column, columns))
        # Written out: with a parameter DuckDB imports pandas, which takes longer than many a check.
        stored = f"SELECT count(*) FROM duckdb_tables() WHERE table_name = {literal(DATA)} AND NOT internal"
        ((tables,),) = self._con.execute(stored).fetchall()
        # A table's own row numbers may be read by many threads; a count of rows by one only.
        number, relation = ("rowid + 1" if tables else "row_number() OVER ()"), DATA
        number, relation = numbers or (number, relation)
        self._con.execute(f"CREATE OR REPLACE TEMP VIEW {self.plain} AS SELECT {chosen} FROM {DATA}")
        self._con.execute(
            f"CREATE OR REPLACE TEMP VIEW {self.numbered} AS SELECT {number} AS {self.row}, {chosen} FROM {relation}"
        )
        self._shut(files)

    def _shut(self, files: Sequence[Path]) -> None:
        """Shut the connection in: from here on it reads what it has and these files, and no setting changes."""
        ((locked,),) = self._con.execute("SELECT current_setting('lock_configuration')").fetchall()
        ((open_,),) = self._con.execute("SELECT current_setting('enable_external_access')").fetchall()
        self._writes = not locked and bool(open_)
        if not locked:
            if open_:  # a DuckDB file's own connection is shut already
                allowed = ", ".join(literal(str(f)) for f in (*files, self._kept))
                self._con.execute(f"SET allowed_paths = [{allowed}]")
                self._con.execute("SET enable_external_access = false")
            self._con.execute("SET lock_configuration = true")

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Return the rows of a small result."""
        self.fetch()
        with seam(self._where, WHAT):
            return list(self._con.execute(query).fetchall())

    def keep(self, queries: Sequence[str]) -> Path:
        """Write results of the same columns as one Parquet file, one after another and each in its own order.

        Returns the file, which the next one takes the place of.
        """
        self.fetch()
        query = queries[0]
        with seam(self._where, WHAT):
            if len(queries) > 1:
                query = "SELECT * FROM kept"
                self._con.execute(f"CREATE OR REPLACE TEMP TABLE kept AS {queries[0]}")
                for further in queries[1:]:
                    self._con.execute(f"INSERT INTO kept {further}")
            if self._writes:
                how = "(FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1)"
                self._con.execute(f"COPY ({query}) TO {literal(str(self._kept))} {how}")
                return self._kept
            write_parquet(self._con.execute(query).to_arrow_reader(65_536), self._kept)
        return self._kept

    def of_kept(self, query: str) -> list[tuple[Any, ...]]:
        """Return the rows of a small result about the file that was kept."""
        if self._writes:
            return self.rows(query)
        import duckdb

        with seam(self._where, WHAT), duckdb.connect() as con:
            return list(con.execute(query).fetchall())

    def hold(self, other: Asking, columns: Sequence[str], distinct: bool) -> str:
        """Copy columns of another table beside this one, and return the relation; its columns are k0, k1, …"""
        query = keys(other.plain, columns, distinct=distinct)
        self.fetch()
        other.fetch()
        self._held += 1
        relation = f"r{self._held}"
        with seam(other._where, WHAT):
            reader = other._con.execute(query).to_arrow_reader(65_536)
            self._con.register("incoming", reader)
            self._con.execute(f"CREATE OR REPLACE TEMP TABLE {relation} AS SELECT * FROM incoming")
            self._con.unregister("incoming")
        return relation

    def beside(self, other: Asking) -> Other:
        """Return another table as the rules of this one see it: asked by itself, and its columns copied here."""
        return Other(
            other.columns,
            other.count,
            lambda columns, distinct: self.hold(other, columns, distinct),
            lambda sql: other.rows(f"SELECT {sql} FROM {other.plain}")[0][0],
        )

    def beside_there(self, other: Asking) -> Other:
        """Return another table as this one's server sees it; whoever asks what it cannot see gets Differs."""
        mine, theirs = self.there(), other.there()
        assert mine is not None

        def hold(columns: Sequence[str], distinct: bool) -> str:
            if theirs is None or theirs.far.same != mine.far.same:
                raise Differs("the other table lies elsewhere")
            return mine.hold(theirs, columns, distinct)

        def measure(sql: str) -> Any:
            raise Differs("the other table is asked here")

        return Other(other.columns, other.count, hold, measure, theirs.far.kinds if theirs else {})

    def matching(self, pattern: str) -> set[str]:
        """Return the columns whose names match the whole pattern, in linear time; AssayError where it is no pattern."""
        names = ", ".join(f"({literal(c)})" for c in self.columns)
        query = f"SELECT x FROM (VALUES {names}) v(x) WHERE regexp_full_match(x, {literal(pattern)})"
        with seam(self._where, WHAT):
            return {r[0] for r in self._con.execute(query).fetchall()}

    def close(self) -> None:
        """Let go of a copy, and of the state that a server kept for us; the table itself stays open."""
        if self._there is not None:
            self._there.__exit__()
        if self._own is not None:
            self._own.close()

    def __enter__(self) -> Asking:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _column(column: ColumnInfo) -> str:
    name = quoted(column.name)
    if column.native in ("FLOAT", "DOUBLE") or column.native.startswith("float"):
        # isnan: of a Parquet file that tells no NaN in its statistics, DuckDB takes nullif(x, 'nan') for x.
        return f"CASE WHEN NOT isnan({name}) THEN {name} END AS {name}"
    if column.type == "text" and column.native not in ("VARCHAR", "string", "!string"):
        return f"CAST({name} AS VARCHAR) AS {name}"
    return name
