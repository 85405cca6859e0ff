"""A table of a PostgreSQL server that is appended to: store, quarantine and the memory of loads in one transaction."""

# ruff: noqa: S608 - SQL is made here of our own words and quoted names only
from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from assay.engines.extras import install
from assay.engines.gate.sink import LOADS, RELEASES, ROW, RUN, Entry, Release, Sink
from assay.engines.inplace.files import written
from assay.engines.tables.handle import connect
from assay.engines.tables.lost import in_doubt
from assay.engines.tables.seam import first_line, seam
from assay.kernel.errors import BadInput, Missing, UsageError
from assay.methods.sqltext import literal, quoted

_ENTRY = {"run": "text", "table": "text", "source": "text", "digest": "text", "at": "text", "rows": "bigint",
          "loaded": "bigint", "quarantined": "bigint"}  # fmt: skip
_RELEASE = {"release": "text", "run": "text", "table": "text", "state": "text", "at": "text", "row": "bigint"}
_READ = {
    "boolean": "BOOLEAN", "smallint": "SMALLINT", "integer": "INTEGER", "bigint": "BIGINT", "real": "FLOAT",
    "double precision": "DOUBLE", "numeric": "DOUBLE", "date": "DATE", "timestamp": "TIMESTAMP",
}  # fmt: skip
_MADE = {"BOOLEAN": "boolean", "FLOAT": "real", "DOUBLE": "double precision", "DATE": "date", "TIMESTAMP": "timestamp",
         "TIMESTAMP WITH TIME ZONE": "timestamptz", "TINYINT": "smallint", "SMALLINT": "smallint", "INTEGER": "integer",
         "BIGINT": "bigint", "BLOB": "bytea"}  # fmt: skip


class PostgresSink(Sink):
    """One table of a PostgreSQL server. Others may read it meanwhile, and do not write to it."""

    takes = ("binary",)

    def __init__(self, uri: str, url: str, table: str, quarantine: str, scratch: Path) -> None:
        try:
            import psycopg
        except ImportError:
            raise Missing("PostgreSQL needs an extra", where=uri, remedy=install("postgres")) from None
        self.uri, self.scratch = uri, scratch
        schema, _, self.name = table.rpartition(".")
        self.schema = schema or "public"
        self.table = self._named(self.name)
        self.quarantine = quarantine or f"{self.name}_quarantine"
        with self._seam("the database cannot be reached"):
            self._con = psycopg.connect(url.replace("postgres://", "postgresql://", 1))
        try:
            with self._seam():
                self._con.execute(
                    "SET LOCAL lock_timeout = '10s'; SET LOCAL timezone = 'UTC'; SET LOCAL datestyle = 'ISO'"
                )
                self._look()
        except BaseException:
            self._con.close()
            raise

    def _named(self, name: str) -> str:
        return f"{quoted(self.schema)}.{quoted(name)}"

    @contextlib.contextmanager
    def _seam(self, what: str = "the database cannot be written to") -> Iterator[None]:
        import psycopg

        try:
            yield
        except (psycopg.errors.IntegrityError, psycopg.errors.DataError) as error:
            raise UsageError(
                f"the store refuses a row, so none went in: {first_line(error)}",
                where=self.uri,
                remedy="state what it demands as a rule, and such rows are quarantined",
                kept="the store refuses a row, so none went in",
            ) from None
        except psycopg.errors.LockNotAvailable:
            raise UsageError(
                "another program is writing to the table",
                where=self.uri,
                remedy="run this again when it is done",
            ) from None
        except psycopg.Error as error:
            raise BadInput(f"{what}: {first_line(error)}", where=self.uri, kept=what) from None

    def _there(self, name: str) -> str:
        found = self._con.execute(
            "SELECT c.relkind::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
            "WHERE n.nspname = %s AND c.relname = %s",
            (self.schema, name),
        ).fetchone()
        return str(found[0]) if found else ""

    def _look(self) -> None:
        self.columns = {}
        kind = self._there(self.name)
        if kind in ("v", "m"):
            raise UsageError(
                f"{self.name!r} is a view, and takes no rows", where=self.uri, remedy="name its table"
            )
        if not kind:
            return
        self._con.execute(f"LOCK TABLE {self.table} IN SHARE ROW EXCLUSIVE MODE")
        found = self._con.execute(
            "SELECT attname, format_type(atttypid, atttypmod), attnotnull AND NOT atthasdef AND attidentity = '' "
            "FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped "
            "AND attgenerated = '' AND attidentity <> 'a' ORDER BY attnum",
            (self.table,),
        ).fetchall()
        self.columns = {n: read_as(k) for n, k, _ in found}
        self.required = [n for n, _, needed in found if needed]
        keys = self._con.execute(
            "SELECT array_agg(a.attname ORDER BY k.place) FROM pg_index i CROSS JOIN LATERAL unnest(i.indkey) "
            "WITH ORDINALITY AS k(attnum, place) JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum "
            "WHERE i.indrelid = %s::regclass AND i.indisunique AND i.indpred IS NULL AND i.indexprs IS NULL "
            "GROUP BY i.indexrelid",
            (self.table,),
        ).fetchall()
        self.keys = [tuple(r[0]) for r in keys]

    def loads(self) -> list[Entry]:
        """Return the loads of this table."""
        if not self._there(LOADS):
            return []
        names = ", ".join(map(quoted, _ENTRY))
        with self._seam():
            found = self._con.execute(
                f'SELECT {names} FROM {self._named(LOADS)} WHERE "table" = %s ORDER BY "at"', (self.name,)
            ).fetchall()
        return [Entry.from_dict(dict(zip(_ENTRY, r, strict=True))) for r in found]

    def existing(self, to: Path) -> None:
        """Write what it holds as Parquet."""
        self._copied(self.table, self.columns, to)

    def _copied(self, table: str, columns: Mapping[str, str], to: Path, which: str = "") -> None:
        """Write a table's rows as Parquet, its columns in these types. which: SQL behind FROM."""
        texts = ", ".join(f"{quoted(c)}::text" for c in columns)
        path = self.scratch / "existing.csv"
        query = f"COPY (SELECT {texts} FROM {table} {which}) TO STDOUT (FORMAT csv)"
        with self._seam(), path.open("wb") as out, self._con.cursor() as cursor, cursor.copy(query) as copy:
            for part in copy:
                out.write(part)
        con = connect(self.scratch, 2, "1GB")
        shape = ", ".join(f"{literal(n)}: 'VARCHAR'" for n in columns)
        chosen = ", ".join(f"CAST({quoted(n)} AS {t}) AS {quoted(n)}" for n, t in columns.items())
        try:
            with seam(self.uri):
                con.execute(
                    f"COPY (SELECT {chosen} FROM read_csv({literal(str(path))}, auto_detect = false, header = false, "
                    f"columns = {{{shape}}}, delim = ',', quote = '\"', escape = '\"', nullstr = '', "
                    "allow_quoted_nulls = false, max_line_size = 8388608, new_line = '\\n', parallel = false)) "
                    f"TO {literal(str(to))} (FORMAT parquet)"
                )
        finally:
            con.close()
            path.unlink()

    def append(
        self, clean: Path | None, quarantined: Path | None, columns: Mapping[str, str], entry: Entry
    ) -> None:
        """Insert all of it in the transaction that is open."""
        with self._seam():
            self._take_in(clean, columns)
            if quarantined is not None:
                self._quarantined(quarantined, entry.run)
            shape = ", ".join(f"{quoted(n)} {t}" for n, t in _ENTRY.items())
            self._con.execute(f"CREATE TABLE IF NOT EXISTS {self._named(LOADS)} ({shape})")
            marks = ", ".join(["%s"] * len(_ENTRY))
            self._con.execute(
                f"INSERT INTO {self._named(LOADS)} VALUES ({marks})", list(entry.to_dict().values())
            )

    def _take_in(self, clean: Path | None, columns: Mapping[str, str]) -> None:
        if clean is None:
            return
        if not self.exists:
            shape = ", ".join(f"{quoted(n)} {made_as(t)}" for n, t in columns.items())
            self._con.execute(f"CREATE TABLE {self.table} ({shape})")
        self._insert(self.table, clean)

    def kept_out(self, run: str, to: Path) -> bool:
        """Write the rows that a load kept out."""
        if not self._there(self.quarantine):
            return False
        held = self._named(self.quarantine)
        with self._seam():
            names = [d[0] for d in self._con.execute(f"SELECT * FROM {held} LIMIT 0").description or ()]
        shape = {n: "BIGINT" if n == ROW else "VARCHAR" for n in names}
        where = f"WHERE {quoted(RUN)} = {literal(run)} ORDER BY {quoted(ROW)}"
        self._copied(held, shape, to, where)
        import pyarrow.parquet as pq

        return bool(pq.ParquetFile(to).metadata.num_rows)

    def releases(self, run: str) -> list[Release]:
        """Return what became of a load's rows."""
        if not self._there(RELEASES):
            return []
        with self._seam():
            found = self._con.execute(
                f'SELECT release, run, "table", state, at, array_agg(row ORDER BY row) FROM {self._named(RELEASES)} '
                'WHERE run = %s AND "table" = %s GROUP BY 1, 2, 3, 4, 5 ORDER BY at, release',
                (run, self.name),
            ).fetchall()
        return [Release.of(r[:5], r[5]) for r in found]

    def release(self, clean: Path | None, columns: Mapping[str, str], release: Release) -> None:
        """Insert it in the transaction that is open."""
        with self._seam():
            self._take_in(clean, columns)
            shape = ", ".join(f"{quoted(n)} {t}" for n, t in _RELEASE.items())
            self._con.execute(f"CREATE TABLE IF NOT EXISTS {self._named(RELEASES)} ({shape})")
            about = (release.id, release.run, release.table, release.state, release.at)
            with (
                self._con.cursor() as cursor,
                cursor.copy(f"COPY {self._named(RELEASES)} FROM STDIN") as copy,
            ):
                for row in release.rows:
                    copy.write_row((*about, row))

    def _quarantined(self, path: Path, run: str) -> None:
        import pyarrow.parquet as pq

        held = self._named(self.quarantine)
        fields = pq.ParquetFile(path).schema_arrow
        shape = ", ".join(
            f"{quoted(f.name)} {'bigint' if str(f.type) == 'int64' else 'text'}" for f in fields
        )
        self._con.execute(f"CREATE TABLE IF NOT EXISTS {held} ({shape})")
        self._con.execute(f"DELETE FROM {held} WHERE {quoted(RUN)} = %s", (run,))
        self._insert(held, path)

    def _insert(self, table: str, path: Path) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        with pq.ParquetFile(path) as opened:
            names = ", ".join(map(quoted, opened.schema_arrow.names))
            with self._con.cursor() as cursor, cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
                for batch in opened.iter_batches(batch_size=50_000):
                    columns: Sequence[Sequence[Any]] = [
                        (c if pa.types.is_binary(c.type) else written(c)).to_pylist() for c in batch.columns
                    ]
                    for row in zip(*columns, strict=True):
                        copy.write_row(row)

    def commit(self) -> None:
        """Commit the transaction."""
        with self._seam("the load cannot be committed"), in_doubt(self._con, self.uri):
            self._con.commit()

    def close(self) -> None:
        """Roll back what was not committed."""
        self._con.close()


def read_as(native: str) -> str:
    """Return DuckDB's type for PostgreSQL's own name of one; what it does not know is text, which the server judges."""
    if re.fullmatch(r"numeric\(\d+,\d+\)", native):
        digits, scale = map(int, re.findall(r"\d+", native))
        return f"DECIMAL({digits},{scale})" if digits <= 38 and scale >= 0 else "DOUBLE"
    plain = native.partition("(")[0].strip()
    if plain.startswith("timestamp"):
        return "TIMESTAMP WITH TIME ZONE" if "with time zone" in native else "TIMESTAMP"
    return _READ.get(plain, "VARCHAR")


def made_as(native: str) -> str:
    """Return PostgreSQL's type for DuckDB's own name of one."""
    return native.replace("DECIMAL", "numeric") if native.startswith("DECIMAL") else _MADE.get(native, "text")
