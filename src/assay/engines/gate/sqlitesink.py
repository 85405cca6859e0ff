"""A table of a SQLite database that is appended to: store, quarantine and the memory of loads in one transaction."""

# ruff: noqa: S608 - SQL is made here of our own words and quoted names only
from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from assay.engines.gate.sink import LOADS, RELEASES, ROW, RUN, Entry, Release, Sink
from assay.engines.inplace import sqlitefile
from assay.engines.inplace.files import writable
from assay.engines.tables.databases import copy_rows
from assay.engines.tables.handle import DATA, connect
from assay.kernel.errors import BadInput, UsageError
from assay.methods.sqltext import literal, quoted

_ENTRY = ("run", "table", "source", "digest", "at", "rows", "loaded", "quarantined")
_RELEASE = ("release", "run", "table", "state", "at", "row")
_KINDS = {"BOOLEAN": "BOOLEAN", "VARCHAR": "TEXT", "BLOB": "BLOB", "FLOAT": "REAL", "DOUBLE": "REAL"}


class SqliteSink(Sink):
    """One table of a SQLite database, to which nobody else writes meanwhile."""

    takes = ("binary",)
    keeps_nan = False  # it would become null

    def __init__(self, uri: str, file: Path, table: str, quarantine: str, scratch: Path) -> None:
        self.uri, self.file, self.name, self.scratch = uri, file, table, scratch
        self._made = not file.exists()
        if not self._made:
            writable(file)
        elif not file.absolute().parent.is_dir():
            raise UsageError("there is no such folder", where=str(file.parent), remedy="make it first")
        self.quarantine = quarantine or f"{table}_quarantine"
        with self._seam():
            self._con = sqlite3.connect(
                file, timeout=sqlitefile.WAIT, isolation_level=None, check_same_thread=False
            )
            self._con.execute("PRAGMA trusted_schema = OFF")
            self._con.execute(
                "PRAGMA foreign_keys = ON"
            )  # SQLite itself holds what its tables state only when told
            self._con.execute("BEGIN IMMEDIATE")
            self._look()

    @contextlib.contextmanager
    def _seam(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.IntegrityError as error:
            raise UsageError(
                f"the store refuses a row, so none went in: {error}",
                where=self.uri,
                remedy="state what it demands as a rule, and such rows are quarantined",
                kept="the store refuses a row, so none went in",
            ) from None
        except sqlite3.OperationalError as error:
            if "locked" in str(error):
                raise UsageError(
                    "another program is writing to the database",
                    where=self.uri,
                    remedy="run this again when it is done",
                ) from None
            raise BadInput(f"the database cannot be written to: {error}", where=self.uri) from None
        except (sqlite3.Error, OverflowError) as error:
            raise BadInput(f"the database cannot be written to: {error}", where=self.uri) from None

    def _there(self, name: str) -> str:
        query = "SELECT type FROM sqlite_master WHERE name = ? AND type IN ('table', 'view')"
        found = self._con.execute(query, (name,)).fetchone()
        return str(found[0]) if found else ""

    def _look(self) -> None:
        self.columns = {}
        kind = self._there(self.name)
        if kind == "view":
            raise UsageError(
                f"{self.name!r} is a view, and takes no rows", where=self.uri, remedy="name its table"
            )
        if not kind:
            return
        info = self._con.execute(f"PRAGMA table_info({quoted(self.name)})").fetchall()
        self.columns = {r[1]: read_as(str(r[2])) for r in info}
        self.required = [r[1] for r in info if r[3] and r[4] is None and not r[5]]
        primary = tuple(r[1] for r in sorted((r for r in info if r[5]), key=lambda r: r[5]))
        self.keys = [primary] if primary else []
        for index in self._con.execute(f"PRAGMA index_list({quoted(self.name)})").fetchall():
            if index[2] and not index[4]:  # unique, and of all rows
                names = tuple(
                    r[2] for r in self._con.execute(f"PRAGMA index_info({quoted(index[1])})").fetchall()
                )
                if None not in names and names not in self.keys:
                    self.keys = [*self.keys, names]

    def loads(self) -> list[Entry]:
        """Return the loads of this table."""
        if not self._there(LOADS):
            return []
        names = ", ".join(map(quoted, _ENTRY))
        query = f'SELECT {names} FROM {quoted(LOADS)} WHERE "table" = ? ORDER BY "at"'
        with self._seam():
            return [
                Entry.from_dict(dict(zip(_ENTRY, r, strict=True)))
                for r in self._con.execute(query, (self.name,))
            ]

    def existing(self, to: Path) -> None:
        """Write what it holds as Parquet; what does not fit its column's declared type is left null."""
        con = connect(self.scratch, 2, "1GB")
        try:
            self._con.text_factory = lambda raw: raw.decode("utf-8", "replace")
            copy_rows(con, self._con, self.name)
            chosen = ", ".join(
                f"TRY_CAST({quoted(n)} AS {t}) AS {quoted(n)}" for n, t in self.columns.items()
            )
            con.execute(f"COPY (SELECT {chosen} FROM {DATA}) TO {literal(str(to))} (FORMAT parquet)")
        finally:
            self._con.text_factory = str
            con.close()

    def append(
        self, clean: Path | None, quarantined: Path | None, columns: Mapping[str, str], entry: Entry
    ) -> None:
        """Insert all of it in the transaction that is open."""
        with self._seam():
            self._take_in(clean, columns)
            if quarantined is not None:
                self._quarantined(quarantined, entry.run)
            shape = ", ".join(map(quoted, _ENTRY))
            self._con.execute(f"CREATE TABLE IF NOT EXISTS {quoted(LOADS)} ({shape})")
            marks = ", ".join("?" * len(_ENTRY))
            self._con.execute(
                f"INSERT INTO {quoted(LOADS)} VALUES ({marks})", tuple(entry.to_dict().values())
            )

    def _take_in(self, clean: Path | None, columns: Mapping[str, str]) -> None:
        if clean is None:
            return
        if not self.exists:
            self._con.execute(f"CREATE TABLE {quoted(self.name)} ({_shape(columns)})")
        self._insert(self.name, clean)

    def kept_out(self, run: str, to: Path) -> bool:
        """Write the rows that a load kept out."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        if not self._there(self.quarantine):
            return False
        held = quoted(self.quarantine)
        with self._seam():
            found = self._con.execute(
                f"SELECT * FROM {held} WHERE {quoted(RUN)} = ? ORDER BY {quoted(ROW)}", (run,)
            )
            names = [d[0] for d in found.description]
            kinds = [pa.int64() if n == ROW else pa.string() for n in names]
            schema = pa.schema(list(zip(names, kinds, strict=True)))
            rows = 0
            with pq.ParquetWriter(to, schema, compression="zstd") as out:
                while part := found.fetchmany(50_000):
                    rows += len(part)
                    texts = [
                        [v if n == ROW or v is None else str(v) for v in c]
                        for n, c in zip(names, zip(*part, strict=True), strict=True)
                    ]
                    arrays = [pa.array(c, k) for c, k in zip(texts, kinds, strict=True)]
                    out.write_table(pa.table(arrays, schema=schema))
        return rows > 0

    def releases(self, run: str) -> list[Release]:
        """Return what became of a load's rows."""
        if not self._there(RELEASES):
            return []
        names = ", ".join(map(quoted, _RELEASE))
        query = f'SELECT {names} FROM {quoted(RELEASES)} WHERE run = ? AND "table" = ? ORDER BY "at", "release", "row"'
        out: dict[tuple[str, ...], list[int]] = {}
        with self._seam():
            for *about, row in self._con.execute(query, (run, self.name)):
                out.setdefault(tuple(map(str, about)), []).append(int(row))
        return [Release.of(about, rows) for about, rows in out.items()]

    def release(self, clean: Path | None, columns: Mapping[str, str], release: Release) -> None:
        """Insert it in the transaction that is open."""
        with self._seam():
            self._take_in(clean, columns)
            self._con.execute(
                f"CREATE TABLE IF NOT EXISTS {quoted(RELEASES)} ({', '.join(map(quoted, _RELEASE))})"
            )
            about = (release.id, release.run, release.table, release.state, release.at)
            self._con.executemany(
                f"INSERT INTO {quoted(RELEASES)} VALUES ({', '.join('?' * len(_RELEASE))})",
                ((*about, row) for row in release.rows),
            )

    def _quarantined(self, path: Path, run: str) -> None:
        import pyarrow.parquet as pq

        held = quoted(self.quarantine)
        names = pq.ParquetFile(path).schema_arrow
        shape = ", ".join(
            f"{quoted(f.name)} {'INTEGER' if str(f.type) == 'int64' else 'TEXT'}" for f in names
        )
        self._con.execute(f"CREATE TABLE IF NOT EXISTS {held} ({shape})")
        self._con.execute(f"DELETE FROM {held} WHERE {quoted(RUN)} = ?", (run,))
        self._insert(self.quarantine, path)

    def _insert(self, table: str, path: Path) -> None:
        import pyarrow.parquet as pq

        with pq.ParquetFile(path) as opened:
            for batch in opened.iter_batches(batch_size=50_000):
                names = ", ".join(map(quoted, batch.schema.names))
                query = f"INSERT INTO {quoted(table)} ({names}) VALUES ({', '.join('?' * batch.num_columns)})"
                self._con.executemany(query, zip(*(stored(c) for c in batch.columns), strict=True))

    def commit(self) -> None:
        """Commit the transaction."""
        with self._seam():
            self._con.execute("COMMIT")
            self._made = False

    def close(self) -> None:
        """Roll back what was not committed; a file that was made for it is gone again."""
        self._con.close()
        if self._made:
            for file in (self.file, self.file.with_name(self.file.name + ".wal")):
                file.unlink(missing_ok=True)


def read_as(declared: str) -> str:
    """Return DuckDB's type of a column by SQLite's own rules of affinity; BOOLEAN where it is declared so."""
    kind = declared.upper()
    if kind in ("BOOLEAN", "BOOL"):
        return "BOOLEAN"
    for words, found in ((("INT",), "BIGINT"), (("CHAR", "CLOB", "TEXT"), "VARCHAR"), (("BLOB",), "BLOB"),
                         (("REAL", "FLOA", "DOUB", "NUMERIC", "DECIMAL"), "DOUBLE")):  # fmt: skip
        if any(w in kind for w in words):
            return found
    return "VARCHAR"


def _shape(columns: Mapping[str, str]) -> str:
    def kind(native: str) -> str:
        plain = native.partition("(")[0]
        return _KINDS.get(
            plain,
            "INTEGER"
            if plain.endswith("INT") or plain == "INTEGER"
            else "REAL"
            if plain == "DECIMAL"
            else "TEXT",
        )

    return ", ".join(f"{quoted(n)} {kind(t)}" for n, t in columns.items())


def stored(array: Any) -> list[Any]:
    """Return values as SQLite stores them: truth values as 0 and 1, dates and times as ISO text."""
    import pyarrow as pa

    kind = array.type
    if pa.types.is_dictionary(kind):
        return stored(array.cast(kind.value_type))
    if pa.types.is_boolean(kind):
        return list(array.cast(pa.int8()).to_pylist())
    if pa.types.is_decimal(kind):
        return list(array.cast(pa.float64()).to_pylist())
    if pa.types.is_temporal(kind):
        return list(array.cast(pa.string()).to_pylist())
    return list(array.to_pylist())
