"""A table of a DuckDB file that is appended to: store, quarantine and the memory of loads in one transaction."""

# ruff: noqa: S608 - SQL is made here of our own words, quoted names and literals only
from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from assay.engines.gate.sink import LOADS, RELEASES, ROW, RUN, Entry, Release, Sink
from assay.engines.inplace.files import writable
from assay.engines.tables.seam import first_line, seam, translated
from assay.kernel.errors import UsageError
from assay.methods.sqltext import literal, quoted

_ENTRY = {"run": "VARCHAR", "table": "VARCHAR", "source": "VARCHAR", "digest": "VARCHAR", "at": "VARCHAR",
          "rows": "BIGINT", "loaded": "BIGINT", "quarantined": "BIGINT"}  # fmt: skip
_RELEASE = {
    "release": "VARCHAR",
    "run": "VARCHAR",
    "table": "VARCHAR",
    "state": "VARCHAR",
    "at": "VARCHAR",
    "row": "BIGINT",
}


class DuckSink(Sink):
    """One table of a DuckDB file, which nobody else has open meanwhile."""

    def __init__(self, uri: str, file: Path, table: str, quarantine: str, scratch: Path) -> None:
        import duckdb

        self.uri, self.file = uri, file
        self._made = not file.exists()
        if not self._made:
            writable(file)
        elif not file.absolute().parent.is_dir():
            raise UsageError("there is no such folder", where=str(file.parent), remedy="make it first")
        schema, _, self.name = table.rpartition(".")
        self.schema = schema or "main"
        self.table = f"{quoted(self.schema)}.{quoted(self.name)}"
        self.quarantine = quarantine or f"{self.name}_quarantine"
        self._held = f"{quoted(self.schema)}.{quoted(self.quarantine)}"
        self._loads = f"{quoted(self.schema)}.{quoted(LOADS)}"
        self._releases = f"{quoted(self.schema)}.{quoted(RELEASES)}"
        offline: dict[str, Any] = {"autoinstall_known_extensions": False, "autoload_known_extensions": False}
        try:
            self._con = duckdb.connect(str(file), config=offline)
        except duckdb.Error as error:
            if "lock" in str(error).lower():
                raise UsageError(
                    "another program has the DuckDB file open",
                    where=uri,
                    remedy="close it, and run this again",
                ) from None
            raise translated(error, uri, "the DuckDB file cannot be opened") from error
        try:
            with seam(uri):
                self._con.execute("SET TimeZone = 'UTC'")
                self._con.execute("BEGIN TRANSACTION")
                self._look()
        except BaseException:
            self._con.close()
            raise

    def _there(self, name: str) -> str:
        found = self._con.execute(
            "SELECT table_type FROM information_schema.tables WHERE table_catalog = current_database() "
            f"AND table_schema = {literal(self.schema)} AND table_name = {literal(name)}"
        ).fetchone()
        return str(found[0]) if found else ""

    def _look(self) -> None:
        self.columns = {}
        kind = self._there(self.name)
        if kind == "VIEW":
            raise UsageError(
                f"{self.name!r} is a view, and takes no rows", where=self.uri, remedy="name its table"
            )
        if not kind:
            return
        shape = self._con.execute(f"DESCRIBE {self.table}").fetchall()
        made = [
            r[1] for r in self._con.execute(f"PRAGMA table_info({literal(self.table)})").fetchall() if r[4]
        ]
        made = [name for name in made if self._generated(name)]
        shape = [r for r in shape if r[0] not in made]
        self.columns = {r[0]: r[1] for r in shape}
        self.required = [r[0] for r in shape if r[2] == "NO"]
        keys = self._con.execute(
            "SELECT constraint_column_names FROM duckdb_constraints() WHERE database_name = current_database() "
            f"AND schema_name = {literal(self.schema)} AND table_name = {literal(self.name)} "
            "AND constraint_type IN ('PRIMARY KEY', 'UNIQUE')"
        ).fetchall()
        self.keys = [tuple(r[0]) for r in keys]

    def _generated(self, column: str) -> bool:
        """Whether a column is computed from others and takes no value: DuckDB tells it of a statement alone."""
        import duckdb

        query = f"PREPARE assay_takes AS INSERT INTO {self.table} ({quoted(column)}) VALUES (NULL)"
        try:
            self._con.execute(query)
            self._con.execute("DEALLOCATE assay_takes")
        except duckdb.BinderException as error:
            return "generated" in str(error)
        return False

    def loads(self) -> list[Entry]:
        """Return the loads of this table."""
        if not self._there(LOADS):
            return []
        with seam(self.uri):
            found = self._con.execute(
                f'SELECT {", ".join(map(quoted, _ENTRY))} FROM {self._loads} WHERE "table" = ? ORDER BY "at"',
                [self.name],
            ).fetchall()
        return [Entry.from_dict(dict(zip(_ENTRY, r, strict=True))) for r in found]

    def existing(self, to: Path) -> None:
        """Write what it holds as Parquet."""
        with seam(self.uri):
            self._con.execute(
                f"COPY (SELECT {', '.join(map(quoted, self.columns))} FROM {self.table}) TO {literal(str(to))} (FORMAT parquet)"
            )

    def append(
        self, clean: Path | None, quarantined: Path | None, columns: Mapping[str, str], entry: Entry
    ) -> None:
        """Insert all of it in the transaction that is open."""
        with self._refusing():
            self._insert(clean, columns)
            if quarantined is not None:
                read = f"read_parquet({literal(str(quarantined))})"
                self._con.execute(f"CREATE TABLE IF NOT EXISTS {self._held} AS SELECT * FROM {read} LIMIT 0")
                self._con.execute(f"DELETE FROM {self._held} WHERE {quoted(RUN)} = ?", [entry.run])
                self._con.execute(f"INSERT INTO {self._held} BY NAME SELECT * FROM {read}")
            self._con.execute(f"CREATE TABLE IF NOT EXISTS {self._loads} ({_shape(_ENTRY)})")
            self._con.execute(
                f"INSERT INTO {self._loads} VALUES ({', '.join('?' * len(_ENTRY))})",
                list(entry.to_dict().values()),
            )

    @contextlib.contextmanager
    def _refusing(self) -> Iterator[None]:
        import duckdb

        try:
            yield
        except duckdb.Error as error:
            raise UsageError(
                f"the store refuses a row, so none went in: {first_line(error)}",
                where=self.uri,
                remedy="state what it demands as a rule, and such rows are quarantined",
                kept="the store refuses a row, so none went in",
            ) from None

    def _insert(self, clean: Path | None, columns: Mapping[str, str]) -> None:
        if clean is None:
            return
        if not self.exists:
            self._con.execute(f"CREATE TABLE {self.table} ({_shape(columns)})")
        self._con.execute(
            f"INSERT INTO {self.table} BY NAME SELECT * FROM read_parquet({literal(str(clean))})"
        )

    def kept_out(self, run: str, to: Path) -> bool:
        """Write the rows that a load kept out."""
        if not self._there(self.quarantine):
            return False
        chosen = f"SELECT * FROM {self._held} WHERE {quoted(RUN)} = {literal(run)}"
        with seam(self.uri, "the quarantine cannot be read"):
            done = self._con.execute(
                f"COPY ({chosen} ORDER BY {quoted(ROW)}) TO {literal(str(to))} (FORMAT parquet)"
            ).fetchone()
        return bool(done and done[0])

    def releases(self, run: str) -> list[Release]:
        """Return what became of a load's rows."""
        if not self._there(RELEASES):
            return []
        with seam(self.uri):
            found = self._con.execute(
                f'SELECT "release", run, "table", state, "at", list("row" ORDER BY "row") FROM {self._releases} '
                'WHERE run = ? AND "table" = ? GROUP BY ALL ORDER BY "at", "release"',
                [run, self.name],
            ).fetchall()
        return [Release.of(r[:5], r[5]) for r in found]

    def release(self, clean: Path | None, columns: Mapping[str, str], release: Release) -> None:
        """Insert it in the transaction that is open."""
        import pyarrow as pa

        with self._refusing():
            self._insert(clean, columns)
            self._con.execute(f"CREATE TABLE IF NOT EXISTS {self._releases} ({_shape(_RELEASE)})")
            self._con.register("incoming", pa.table({"row": pa.array(release.rows, pa.int64())}))
            self._con.execute(
                f'INSERT INTO {self._releases} SELECT ?, ?, ?, ?, ?, "row" FROM incoming',
                [release.id, release.run, release.table, release.state, release.at],
            )
            self._con.unregister("incoming")

    def commit(self) -> None:
        """Commit the transaction."""
        import duckdb

        with seam(self.uri, "the load cannot be committed"):
            self._con.execute("COMMIT")
            self._made = False
        with contextlib.suppress(
            duckdb.Error
        ):  # it is committed, and its log holds it where the file has no room
            self._con.execute("CHECKPOINT")

    def close(self) -> None:
        """Roll back what was not committed; a file that was made for it is gone again."""
        self._con.close()
        if self._made:
            for file in (self.file, self.file.with_name(self.file.name + ".wal")):
                file.unlink(missing_ok=True)


def _shape(columns: Mapping[str, str]) -> str:
    return ", ".join(f"{quoted(n)} {t}" for n, t in columns.items())
