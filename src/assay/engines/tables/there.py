"""A server's table asked in SQL where it lies: to read only, of one state of it, and for a bounded time."""

# ruff: noqa: S608 - SQL is made here of our own words, quoted names and guarded expressions only
from __future__ import annotations

import contextlib
import uuid
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from assay.engines.tables.databases import ServerTable
from assay.engines.tables.seam import seam
from assay.kernel.errors import AssayError
from assay.methods.quality.hold import Late
from assay.methods.quality.there.reading import Far, Kind
from assay.methods.quality.there.written import written
from assay.methods.sqltext import keys, quoted

if TYPE_CHECKING:
    import pyarrow

WHAT = "the question to the server failed"
SECONDS = 600  # that a server may take for one statement of a rule
_OF_POSTGRES: dict[int, Kind] = {
    16: "boolean", 20: "integer", 21: "integer", 23: "integer", 25: "text", 1043: "text", 701: "float",
    1082: "date", 1114: "timestamp", 1184: "zoned",
}  # fmt: skip
_MOST_DIGITS = 15  # a decimal number of more is another as a float


class There(ABC):
    """Rows of a server's table as relation ``t``, and ``n`` with their number (from 1) in front; NaN is null in both.

    A context manager: inside, every question sees the same state of the table.
    """

    far: Far

    def __init__(self, table: ServerTable, row: str) -> None:
        self.table, self.row = table, row
        self.relations: dict[str, str] = {}
        self._where = table.asset.uri or table.asset.name

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        """Return the rows of a small result; Late where it takes longer than SECONDS."""
        with seam(self._where, WHAT):
            text = written(sql, self.far.dialect, self.relations)
            return [tuple(map(_plain, row)) for row in self._rows(text)]

    def hold(self, other: There, columns: Sequence[str], distinct: bool) -> str:
        """Make columns of another table of this server a relation, and return its name; its columns are k0, k1, …"""
        query = keys("t", columns, distinct=distinct)
        name = f"r{len(self.relations)}"
        self.relations[name] = f"({written(query, self.far.dialect, other.relations)})"
        return name

    def numbered(
        self, sql: str, columns: Sequence[str]
    ) -> tuple[pyarrow.Schema, Iterator[pyarrow.RecordBatch]]:
        """Return rows of ``n`` as they would be copied: their number, and these columns."""
        import ibis

        kinds = dict(self.table.expr.schema().items())
        schema = ibis.schema({self.row: "int64", **{c: kinds[c] for c in columns}})
        with seam(self._where, WHAT):
            return self._batches(written(sql, self.far.dialect, self.relations), schema)

    @abstractmethod
    def _rows(self, text: str) -> list[Any]:
        """Return the rows of a query in the server's words."""

    @abstractmethod
    def _batches(self, text: str, schema: Any) -> tuple[pyarrow.Schema, Iterator[pyarrow.RecordBatch]]:
        """Return the rows of a query of that schema, batch by batch."""

    def __enter__(self) -> There:
        return self

    def __exit__(self, *_: object) -> None:
        return


def _plain(value: Any) -> Any:
    """A whole number of many digits comes as a decimal."""
    if isinstance(value, Decimal) and value.is_finite() and value == value.to_integral_value():
        return int(value)
    return value


class InPostgres(There):
    """A table of a PostgreSQL server, in one transaction that reads only, of one state of the database."""

    def __init__(self, table: ServerTable, row: str) -> None:
        super().__init__(table, row)
        self._con = table.backend.con
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> There:
        with seam(self._where, WHAT):
            self._stack.enter_context(self._con.transaction(force_rollback=True))
            self._con.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            for name, value in {"statement_timeout": str(SECONDS * 1000), **_SETTINGS}.items():
                self._con.execute(f"SET LOCAL {name} = {value}")
            self._look()
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(Exception):
            self._stack.close()

    def _look(self) -> None:
        name = self.table.relation
        described = self._con.execute(f"SELECT * FROM {name} LIMIT 0").description or ()
        readable = self._con.info.parameter_status("server_encoding") == "UTF8"
        kinds = {c.name: _of_postgres(c, readable) for c in described}
        info = self._con.info
        server = f"{info.host} {info.port} {info.dbname} {info.user}"
        self.far = Far("postgres", kinds, server)
        columns = ", ".join(f"{_of_bytes(c, kinds[c.name])} AS {quoted(c.name)}" for c in described)
        self.relations["t"] = f"(SELECT {columns} FROM {name})"
        self.relations["n"] = f"(SELECT row_number() OVER () AS {quoted(self.row)}, {columns} FROM {name})"

    def _rows(self, text: str) -> list[Any]:
        import psycopg

        try:
            with self._con.transaction():  # a savepoint: the next question is asked all the same
                return self._con.execute(text).fetchall()  # type: ignore[no-any-return]
        except psycopg.errors.QueryCanceled:
            raise Late(f"the server took longer than {SECONDS} s", where=self._where) from None

    def _batches(self, text: str, schema: Any) -> tuple[pyarrow.Schema, Iterator[pyarrow.RecordBatch]]:
        import pyarrow as pa

        kind = schema.as_struct().to_pyarrow()
        self._con.execute(
            "SET LOCAL max_parallel_workers_per_gather = 0"
        )  # rows are numbered as they are read

        def batches() -> Iterator[pyarrow.RecordBatch]:
            with self._con.transaction(), self._con.cursor(name=f"assay_{uuid.uuid4().hex}") as cursor:
                cursor.execute(text)
                while rows := cursor.fetchmany(65_536):
                    yield pa.RecordBatch.from_struct_array(pa.array(rows, type=kind))

        return schema.to_pyarrow(), batches()


# Rows keep the order that a copy of the table has, and texts are written as everywhere.
_SETTINGS = {
    "idle_in_transaction_session_timeout": "0",
    "lock_timeout": "'60s'",
    "synchronize_seqscans": "off",
    "enable_indexonlyscan": "off",
    "standard_conforming_strings": "on",
    "DateStyle": "'ISO, YMD'",
    "IntervalStyle": "'postgres'",
    "extra_float_digits": "1",
    "TimeZone": "'UTC'",
}


def _of_postgres(column: Any, readable: bool) -> Kind:
    if column.type_code == 1700:
        digits = column.precision
        return "decimal" if digits and digits <= _MOST_DIGITS and 0 <= column.scale <= digits else "opaque"
    kind = _OF_POSTGRES.get(column.type_code, "opaque")
    return "opaque" if kind == "text" and not readable else kind


def _of_bytes(column: Any, kind: Kind) -> str:
    """Return a column whose texts are compared by their bytes, as DuckDB does, and whose NaN is null."""
    name = quoted(column.name)
    if kind == "text":
        return f'{name} COLLATE "C"'
    nan = _WITH_NAN.get(column.type_code)
    return f"nullif({name}, 'NaN'::{nan})" if nan else name


_WITH_NAN = {700: "float4", 701: "float8", 1700: "numeric"}


class OnSpark(There):
    """A table on Spark, as views of its session."""

    def __init__(self, table: Any, row: str) -> None:
        super().__init__(table, row)
        self._session = table.frame.sparkSession
        self._views = [f"assay_{uuid.uuid4().hex[:12]}" for _ in range(2)]
        kinds: dict[str, Kind] = {n: _of_spark(k) for n, k in table.expr.schema().items()}
        self.far = Far("spark", kinds, f"spark {id(self._session)}")
        columns = [f"{_no_nan(n, k)} AS {_tick(n)}" for n, k in table.expr.schema().items()]
        with seam(self._where, WHAT):
            number = f"CAST({table.number} AS BIGINT) + 1 AS {_tick(row)}"
            for name, view, chosen in zip("tn", self._views, (columns, [number, *columns]), strict=True):
                table.frame.selectExpr(*chosen).createOrReplaceTempView(view)
                self.relations[name] = view

    def __exit__(self, *_: object) -> None:
        for view in self._views:
            with contextlib.suppress(Exception):
                self._session.catalog.dropTempView(view)

    def _rows(self, text: str) -> list[Any]:
        return self._session.sql(text).collect()  # type: ignore[no-any-return]

    def _batches(self, text: str, schema: Any) -> tuple[pyarrow.Schema, Iterator[pyarrow.RecordBatch]]:
        found = self._session.sql(text).toArrow()
        return found.schema, iter(found.to_batches(max_chunksize=65_536))


def _of_spark(kind: Any) -> Kind:
    if kind.is_decimal():
        digits = kind.precision
        return "decimal" if digits and digits <= _MOST_DIGITS and kind.scale >= 0 else "opaque"
    if kind.is_timestamp():
        return "zoned" if kind.timezone else "timestamp"
    tests: Mapping[Kind, bool] = {
        "boolean": kind.is_boolean(), "integer": kind.is_integer(), "float": kind.is_float64(),
        "text": kind.is_string(), "date": kind.is_date(),
    }  # fmt: skip
    return next((k for k, found in tests.items() if found), "opaque")


def _tick(name: str) -> str:
    return f"`{name.replace('`', '``')}`"


def _no_nan(name: str, kind: Any) -> str:
    if not kind.is_floating():
        return _tick(name)
    return f"nullif({_tick(name)}, CAST('NaN' AS {'FLOAT' if kind.is_float32() else 'DOUBLE'}))"


def there(table: ServerTable, row: str) -> There:
    """Return what asks a server's table where it lies, to be entered."""
    if table.engine == "postgres":
        return InPostgres(table, row)
    if table.engine == "spark":
        return OnSpark(table, row)
    raise AssayError(f"no questions go to {table.engine}", where=table.asset.uri)
