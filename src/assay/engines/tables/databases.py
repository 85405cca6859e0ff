"""Tables inside databases: DuckDB files attached, SQLite read through, PostgreSQL asked where it runs."""

# ruff: noqa: S608 - SQL is made here of our own words, quoted names and literals only
from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.engines.extras import install
from assay.engines.tables.handle import DATA, DuckTable, as_table
from assay.engines.tables.seam import seam
from assay.kernel.asset import Asset
from assay.kernel.errors import BadInput, Missing
from assay.kernel.handles import ColumnInfo
from assay.kernel.report import Finding
from assay.kernel.severity import Severity
from assay.methods.nearest import did_you_mean
from assay.methods.sqltext import literal, quoted

if TYPE_CHECKING:
    import duckdb
    import pyarrow

_ROWS = 50_000
VIEW_SECONDS = 120.0  # how long a view may take
_AS_TEXT = ("UHUGEINT", "BIGNUM", "BIT", "TIME WITH TIME ZONE")


@contextlib.contextmanager
def _alarm(stop: Callable[[], None]) -> Iterator[threading.Event]:
    """Call ``stop`` after VIEW_SECONDS, unless what is inside has ended; the event says whether it was called."""
    rung = threading.Event()

    def ring() -> None:
        rung.set()
        stop()

    timer = threading.Timer(VIEW_SECONDS, ring)
    timer.daemon = True
    timer.start()
    try:
        yield rung
    finally:
        timer.cancel()


def _endless(name: str, where: str) -> BadInput:
    return BadInput(
        f"the view {name[:80]!r} gives no end within {VIEW_SECONDS:.0f} s",
        where=where,
        remedy="make a table of it, and name that",
    )


def attach_duckdb(con: duckdb.DuckDBPyConnection, file: Path, table: str, scratch: Path) -> None:
    """Make ``data`` a view of a table of a DuckDB file, which is opened for reading only.

    A view of that file is somebody else's program: it reads no other file, and is carried out once, within
    VIEW_SECONDS. Types that Arrow does not know, or would read as another number, are read as text.
    """
    with seam(str(file), "the DuckDB file cannot be opened"):
        con.execute(f"ATTACH {literal(str(file))} AS source (READ_ONLY)")
        con.execute(f"SET allowed_directories = [{literal(str(scratch))}]")
        con.execute("SET enable_external_access = false")
        found = con.execute(
            "SELECT schema_name, table_name, false FROM duckdb_tables() WHERE database_name = 'source' UNION ALL "
            "SELECT schema_name, view_name, true FROM duckdb_views() WHERE database_name = 'source' AND NOT internal"
        ).fetchall()
        names = {f"{s}.{t}": (s, t, view) for s, t, view in found}
        schema, name, view = names[choose(table, sorted(names), str(file), "main")]
        held = f"source.{quoted(schema)}.{quoted(name)}"
        odd = [quoted(c) for c, kind, *_ in con.execute(f"DESCRIBE {held}").fetchall() if kind in _AS_TEXT]
        texts = f" REPLACE ({', '.join(f'CAST({c} AS VARCHAR) AS {c}' for c in odd)})" if odd else ""
        if not view:
            con.execute(f"CREATE VIEW {DATA} AS SELECT *{texts} FROM {held}")
            return
        with _alarm(con.interrupt) as rung:
            try:
                con.execute(f"CREATE TABLE {DATA} AS SELECT *{texts} FROM {held}")
            except Exception as error:
                if rung.is_set():
                    raise _endless(name, str(file)) from error
                raise


def choose(wanted: str, names: list[str], where: str, schema: str) -> str:
    """Return the full name of the table wanted, or of the only one there is."""
    if wanted:
        for full in (wanted, f"{schema}.{wanted}"):
            if full in names:
                return full
        raise Missing(f"there is no table {wanted!r}", where=where, remedy=did_you_mean(wanted, names))
    if len(names) == 1:
        return names[0]
    if not names:
        raise BadInput("the database holds no table", where=where)
    shown = ", ".join(n.removeprefix(f"{schema}.") for n in names[:8]) + (", …" if len(names) > 8 else "")
    raise Missing(
        f"the database holds {len(names)} tables ({shown})", where=where, remedy="name one: FILE::TABLE"
    )


def copy_sqlite(con: duckdb.DuckDBPyConnection, file: Path, table: str) -> list[Finding]:
    """Read a SQLite table through into ``data``, in its own row order.

    SQLite gives each value a type of its own, so that a column's type is told from all of its values: one that
    mixes texts and numbers is text, and a finding.
    """
    where = f"{file}::{table}" if table else str(file)
    with seam(where, "the SQLite database cannot be read"):
        try:
            source = sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True, check_same_thread=False)
            with contextlib.closing(source):
                source.execute("PRAGMA trusted_schema = OFF")
                kinds = {str(name): str(kind) for name, kind in source.execute(_TABLES)}
                name = choose(table, list(kinds), str(file), "main")
                decoded = _Decoded()
                source.text_factory = decoded
                problems = (
                    copy_rows(con, source, name) if kinds[name] == "table" else _view(con, source, name, file)
                )
                return problems + decoded.findings()
        except sqlite3.Error as error:
            raise BadInput(f"the SQLite database cannot be read: {error}", where=where) from None


def _view(con: duckdb.DuckDBPyConnection, source: sqlite3.Connection, name: str, file: Path) -> list[Finding]:
    with _alarm(source.interrupt) as rung:
        try:
            return copy_rows(con, source, name)
        except Exception as error:
            if rung.is_set():
                raise _endless(name, str(file)) from error
            raise


class _Decoded:
    """What SQLite's texts are read by: UTF-8, and a count of those that are not."""

    def __init__(self) -> None:
        self.wrong = 0

    def __call__(self, raw: bytes) -> str:
        try:
            return raw.decode()
        except UnicodeDecodeError:
            self.wrong += 1
            return raw.decode("utf-8", "replace")

    def findings(self) -> list[Finding]:
        """Return what is to be told of it."""
        if not self.wrong:
            return []
        return [
            Finding(
                "table.replaced_characters",
                Severity.MEDIUM,
                f"{self.wrong} {'text is' if self.wrong == 1 else 'texts are'} not UTF-8; what cannot be read in "
                "them stands as �.",
                {},
                "write them as UTF-8",
                count=self.wrong,
            )
        ]


_TABLES = "SELECT name, type FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite_%' ORDER BY name"
_KINDS = {"integer": "BIGINT", "real": "DOUBLE", "text": "VARCHAR", "blob": "BLOB"}


def copy_rows(con: duckdb.DuckDBPyConnection, source: sqlite3.Connection, name: str) -> list[Finding]:
    """Read a table of an open SQLite connection through into ``data``, and return what was met on the way."""
    import pyarrow as pa

    columns = source.execute(f"PRAGMA table_xinfo({quoted(name)})").fetchall()
    columns = [c for c in columns if c[6] != 1]  # generated ones too, but for what a virtual table hides
    held = [str(c[1]) for c in columns]
    problems: list[Finding] = []
    chosen: list[str] = []
    for column, declared in zip(held, (str(c[2]).upper() for c in columns), strict=True):
        kinds = {
            r[0] for r in source.execute(f"SELECT DISTINCT typeof({quoted(column)}) FROM {quoted(name)}")
        } - {"null"}
        chosen.append(_kind(kinds, declared))
        if len(kinds - {"integer", "real"}) and len(kinds) > 1:
            problems.append(
                Finding(
                    "table.mixed_types",
                    Severity.LOW,
                    f"Column {column!r} mixes {', '.join(sorted(kinds))}; it is read as text.",
                    {"column": column},
                    "keep one type in a column",
                )
            )
    converts = [_convert(t) for t in chosen]
    schema = pa.schema([(c, _ARROW[t]) for c, t in zip(held, chosen, strict=True)])

    def batches() -> Iterator[pyarrow.RecordBatch]:
        rows = source.execute(f"SELECT * FROM {quoted(name)}")
        while part := rows.fetchmany(_ROWS):
            arrays = [
                pa.array([convert(v) for v in values], type=field.type)
                for convert, values, field in zip(converts, zip(*part, strict=True), schema, strict=True)
            ]
            yield pa.record_batch(arrays, schema=schema)

    reader = pa.RecordBatchReader.from_batches(schema, batches())
    with seam(name):
        con.register("sqlite_rows", reader)
        con.execute(f"CREATE TABLE {DATA} AS SELECT * FROM sqlite_rows")
        con.unregister("sqlite_rows")
    return problems


def _kind(kinds: set[str], declared: str) -> str:
    if kinds == {"integer"}:
        return "BOOLEAN" if declared in ("BOOLEAN", "BOOL") else "BIGINT"
    if kinds and kinds <= {"integer", "real"}:
        return "DOUBLE"
    return _KINDS[next(iter(kinds))] if len(kinds) == 1 else "VARCHAR"


class _Arrow(dict[str, Any]):
    def __missing__(self, key: str) -> Any:
        import pyarrow as pa

        kinds = {"BIGINT": pa.int64(), "DOUBLE": pa.float64(), "BLOB": pa.binary(), "BOOLEAN": pa.bool_()}
        return kinds.get(key, pa.string())


_ARROW = _Arrow()


def _convert(kind: str) -> Callable[[Any], Any]:
    if kind == "VARCHAR":
        return lambda v: v if v is None or isinstance(v, str) else v.hex() if isinstance(v, bytes) else str(v)
    if kind == "BOOLEAN":
        return lambda v: None if v is None else bool(v)
    return float_or_none if kind == "DOUBLE" else lambda v: v


def float_or_none(value: Any) -> float | None:
    """Return a number as a float, and nothing as nothing."""
    return None if value is None else float(value)


class ServerTable(DuckTable):
    """A Table in a database server: expressions run there, and only their results travel.

    relation: its quoted name in SQL, where it has one.
    """

    def __init__(
        self,
        backend: Any,
        expr: Any,
        asset: Asset,
        problems: tuple[Finding, ...],
        engine: str,
        relation: str = "",
    ) -> None:
        self._backend, self._expr, self.engine, self.relation = backend, expr, engine, relation
        self.asset, self.problems = asset, problems
        self.columns = tuple(ColumnInfo(n, _ibis_word(t), str(t)) for n, t in expr.schema().items())
        self._names = {c.name for c in self.columns}

    @property
    def backend(self) -> Any:
        """Ibis's backend; for engines only."""
        return self._backend

    @property
    def expr(self) -> Any:
        """The ibis table expression."""
        return self._expr

    @property
    def rows(self) -> int:
        """How many rows it has."""
        with seam(self._where):
            return int(self._backend.execute(self._expr.count()))

    def arrow(self, columns: Any = None, limit: int | None = None) -> pyarrow.Table:
        """Return it, or the named columns, in the order the server gives."""
        self._select(columns)
        self._fits(columns, limit)
        chosen = self._expr if columns is None else self._expr.select(*columns)
        with seam(self._where):
            return self._backend.to_pyarrow(chosen if limit is None else chosen.limit(limit))

    def batches(self, columns: Any = None, size: int = 65_536) -> Iterator[pyarrow.RecordBatch]:
        """Stream it in the order the server gives."""
        self._select(columns)
        chosen = self._expr if columns is None else self._expr.select(*columns)
        with seam(self._where):
            yield from self._backend.to_pyarrow_batches(chosen, chunk_size=size)

    def counts(self, columns: Any, most: int) -> pyarrow.Table | None:
        """Return each distinct row of the named columns (c0, c1, …) and how often it comes (n).

        None where there are more than ``most``.
        """
        self._select(columns)
        named = {f"c{i}": self._expr[name] for i, name in enumerate(columns)}
        found = self.run(self._expr.group_by(**named).agg(n=self._expr.count()).limit(int(most) + 1))
        return found if found.num_rows <= most else None

    def run(self, expr: Any) -> pyarrow.Table:
        """Return the result of an ibis expression built from ``expr``."""
        with seam(self._where, "the question to the table failed"):
            return as_table(self._backend.to_pyarrow(expr), expr)

    def close(self) -> None:
        """Let go of the connection."""
        self._backend.disconnect()


def _ibis_word(kind: Any) -> Any:
    for word, test in (
        ("boolean", kind.is_boolean), ("integer", kind.is_integer), ("number", kind.is_numeric),
        ("text", kind.is_string), ("text", kind.is_uuid), ("date", kind.is_date), ("time", kind.is_time),
        ("timestamp", kind.is_timestamp), ("binary", kind.is_binary),
    ):  # fmt: skip
        if test():
            return word
    return "other"


def connect_postgres(url: str) -> Any:
    """Return ibis's backend of a PostgreSQL server; Missing where the extra is not installed."""
    where = url.rpartition("@")[2]
    try:
        import ibis
        import psycopg  # noqa: F401 - ibis imports it only when it connects
    except ImportError:
        raise Missing("PostgreSQL needs an extra", where=where, remedy=install("postgres")) from None
    with seam(where, "the database cannot be reached"):
        return ibis.connect(url.replace("postgresql://", "postgres://", 1))


def open_postgres(url: str, table: str, asset: Asset) -> ServerTable:
    """Open ``schema.table`` of a PostgreSQL server; Missing where the extra is not installed."""
    where = asset.uri
    backend = connect_postgres(url)
    with seam(where, "the database cannot be reached"):
        schema, _, name = table.rpartition(".")
        names = backend.list_tables(database=schema or None)
        name = choose(name, sorted(names), where, schema or "public")
        expr = backend.table(name, database=schema or None)
        # A view is somebody else's program: whatever it calls writes nothing while it is read.
        backend.con.execute("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY")
    relation = ".".join(map(quoted, filter(None, (schema, name))))
    return ServerTable(backend, expr, asset, (unpinned(asset),), "postgres", relation)


def unpinned(asset: Asset) -> Finding:
    """Return the finding of a source whose content could change behind its name."""
    return Finding(
        "data.unpinned",
        Severity.LOW,
        f"{asset.name} lies in a server and could not be pinned: what was examined cannot be told again.",
        {"resource": asset.name},
        "examine an exported file where the result must be proved",
    )
