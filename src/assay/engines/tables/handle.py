"""An opened table: DuckDB behind it, and ibis spoken to whoever asks for an expression."""

# ruff: noqa: S608 - SQL is made here of our own words, quoted names and literals only
from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.engines.tables import room
from assay.engines.tables.seam import seam
from assay.kernel.asset import Asset
from assay.kernel.errors import Missing, UsageError
from assay.kernel.handles import ColumnInfo, Type
from assay.kernel.report import Finding
from assay.methods.sqltext import quoted

if TYPE_CHECKING:
    import duckdb
    import pyarrow

DATA = "data"  # the table or view that holds it
_COUNTED = 1 << 30  # bytes of counted values that are held at once
_WORDS: dict[str, Type] = {
    "BOOLEAN": "boolean", "FLOAT": "number", "DOUBLE": "number", "VARCHAR": "text", "UUID": "text",
    "DATE": "date", "TIME": "time", "BLOB": "binary",
}  # fmt: skip


def word(native: str) -> Type:
    """Return DuckDB's name of a type in Assay's words."""
    if native.endswith("[]") or native.startswith(("STRUCT", "MAP", "UNION")):
        return "other"
    if native.startswith("DECIMAL"):
        return "integer" if native.endswith(",0)") else "number"
    if native.startswith("ENUM"):
        return "text"
    if native.startswith("TIMESTAMP"):
        return "timestamp"
    if native.endswith("INT") or native in ("INTEGER", "UINTEGER"):
        return "integer"
    return _WORDS.get(native, "time" if native.startswith("TIME") else "other")


def connect(scratch: Path, cores: int, memory: str, database: str = ":memory:") -> duckdb.DuckDBPyConnection:
    """Open a DuckDB of its own, which fetches nothing and spills only into ``scratch``."""
    import duckdb

    try:
        con = duckdb.connect(
            database,
            config={
                "threads": max(1, cores),
                "memory_limit": memory,
                "temp_directory": str(scratch / "spill"),
                "preserve_insertion_order": True,
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
                "allow_community_extensions": False,
            },
        )
    except duckdb.Error as error:
        raise UsageError(f"the table engine cannot start: {str(error).splitlines()[0][:200]}") from None
    con.execute("SET TimeZone = 'UTC'")
    con.execute("SET enable_progress_bar = false")
    return con


class DuckTable:
    """A Table in DuckDB: the view or table ``data`` of a connection of its own. A context manager.

    files: those that are read again with every question, such as Parquet behind a view. numbers: where rows have
    numbers that many threads may read, SQL of the number, from 1, and of the relation that gives it.
    """

    engine = "duckdb"
    numbers: tuple[str, str] | None = None

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        asset: Asset,
        problems: Sequence[Finding] = (),
        files: Sequence[Path] = (),
    ) -> None:
        self._con, self.asset, self.problems = con, asset, tuple(problems)
        self.files = tuple(files)
        self._lock = threading.RLock()
        with seam(self._where):
            described = con.execute(f"DESCRIBE {DATA}").fetchall()
        self.columns = tuple(ColumnInfo(name, word(kind), kind) for name, kind, *_ in described)
        self._names = {c.name for c in self.columns}

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """The connection itself; for engines only."""
        return self._con

    @property
    def _where(self) -> str:
        return self.asset.uri or self.asset.name

    @cached_property
    def expr(self) -> Any:
        """The ibis table expression."""
        with self._lock, seam(self._where):
            return self._ibis.table(DATA)

    @cached_property
    def _ibis(self) -> Any:
        import ibis

        return ibis.duckdb.from_connection(self._con)

    @cached_property
    def rows(self) -> int:
        """How many rows it has."""
        with seam(self._where):
            found = self._con.cursor().execute(f"SELECT count(*) FROM {DATA}").fetchone()
        return int(found[0]) if found else 0

    def _select(self, columns: Sequence[str] | None, limit: int | None = None) -> str:
        if columns is not None:
            for name in columns:
                if name not in self._names:
                    raise Missing(f"there is no column {name!r}", where=self._where)
        names = [c.name for c in self.columns] if columns is None else list(columns)
        if not names:
            raise UsageError("no column was asked for", where=self._where)
        tail = "" if limit is None else f" LIMIT {int(limit)}"
        return f"SELECT {', '.join(map(quoted, names))} FROM {DATA}{tail}"

    def _fits(self, columns: Sequence[str] | None, limit: int | None) -> None:
        rows = self.rows if limit is None else min(limit, self.rows)
        room.need(rows, [c for c in self.columns if columns is None or c.name in columns], self._where)

    def arrow(self, columns: Sequence[str] | None = None, limit: int | None = None) -> pyarrow.Table:
        """Return it, or the named columns, in memory, in the table's own row order; BadInput where they do not fit."""
        query = self._select(columns, limit)
        self._fits(columns, limit)
        with seam(self._where):
            return self._con.cursor().execute(query).to_arrow_table()

    def batches(
        self, columns: Sequence[str] | None = None, size: int = 65_536
    ) -> Iterator[pyarrow.RecordBatch]:
        """Stream it in row order."""
        query = self._select(columns)
        with seam(self._where):
            yield from self._con.cursor().execute(query).to_arrow_reader(size)

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """Return a connection that knows the table, for one thread; for engines only."""
        return self._con.cursor()

    def counts(self, columns: Sequence[str], most: int) -> pyarrow.Table | None:
        """Return each distinct row of the named columns (c0, c1, …) and how often it comes (n).

        None where there are more than ``most``, or where they would fill a gigabyte.
        """
        self._select(columns)
        chosen = ", ".join(f"{quoted(name)} AS c{i}" for i, name in enumerate(columns))
        query = f"SELECT {chosen}, count(*) AS n FROM {DATA} GROUP BY ALL LIMIT {int(most) + 1}"
        import pyarrow as pa

        held, rows, size = [], 0, 0
        with seam(self._where):
            reader = self.cursor().execute(query).to_arrow_reader(65_536)
            for batch in reader:
                rows, size = rows + batch.num_rows, size + batch.nbytes
                if rows > most or size > _COUNTED:
                    return None
                held.append(batch)
            return pa.Table.from_batches(held, reader.schema)

    def run(self, expr: Any) -> pyarrow.Table:
        """Return the result of an ibis expression built from ``expr``."""
        with self._lock, seam(self._where, "the question to the table failed"):
            return as_table(self._ibis.to_pyarrow(expr), expr)

    def execute(self, query: str) -> None:
        """Carry out an engine's own statement; for engines only."""
        with seam(self._where):
            self._con.execute(query)

    def close(self) -> None:
        """Let go of the connection and its files."""
        with contextlib.suppress(Exception):
            self._con.close()

    def __enter__(self) -> DuckTable:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def as_table(result: Any, expr: Any) -> pyarrow.Table:
    """Return what ibis gave for an expression as a table: a column or a scalar becomes one of its name."""
    import pyarrow as pa

    if isinstance(result, pa.Table):
        return result
    name = expr.get_name() if hasattr(expr, "get_name") else "value"
    if isinstance(result, pa.Scalar):
        result = pa.array([result.as_py()], type=result.type)
    return pa.table({name: result})


class ArrowTable(DuckTable):
    """A Table that lies in memory as Arrow; DuckDB reads it where it is, without a copy."""

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        asset: Asset,
        data: pyarrow.Table,
        problems: Sequence[Finding] = (),
    ) -> None:
        with seam(asset.uri or asset.name):
            con.register(DATA, data)
        super().__init__(con, asset, problems)
        self._data = data

    @cached_property
    def rows(self) -> int:
        """How many rows it has."""
        return int(self._data.num_rows)

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """Return a connection that knows the table, for one thread; for engines only."""
        cursor = self._con.cursor()
        cursor.register(DATA, self._data)  # what is registered is known to its own connection only
        return cursor

    def arrow(self, columns: Sequence[str] | None = None, limit: int | None = None) -> pyarrow.Table:
        """Return it, or the named columns, in its own row order."""
        self._select(columns)
        data = self._data if columns is None else self._data.select(list(columns))
        return data if limit is None else data.slice(0, limit)

    def batches(
        self, columns: Sequence[str] | None = None, size: int = 65_536
    ) -> Iterator[pyarrow.RecordBatch]:
        """Stream it in row order."""
        yield from self.arrow(columns).to_batches(max_chunksize=size)
