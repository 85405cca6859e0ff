"""A table of a DuckDB file changed in one transaction; the file is locked against every other process meanwhile."""

# ruff: noqa: S608 - SQL is made here of our own words, quoted names and literals only
from __future__ import annotations

import contextlib
import shutil
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from assay.engines.blobs import digest_file
from assay.engines.inplace.files import other_links, put_over, writable
from assay.engines.inplace.place import (
    Edits,
    Place,
    Undo,
    changed_meanwhile,
    changed_since,
    content_digest,
    matched,
    not_restored,
)
from assay.engines.inplace.rows import row_hashes
from assay.engines.tables import open_table, pin
from assay.engines.tables.databases import choose
from assay.engines.tables.handle import DATA
from assay.engines.tables.seam import seam, translated
from assay.kernel.asset import Asset
from assay.kernel.errors import BadInput, UsageError
from assay.methods.sqltext import literal, quoted

_KINDS = {"boolean": "BOOLEAN DEFAULT false", "text": "VARCHAR"}
NO_VIEW = "make the change in the table that it is drawn from"


class DuckPlace(Place):
    """One table of a DuckDB file. It is planned on a reading copy, and written once nobody else can write to it."""

    def __init__(self, uri: str, file: Path, table: str, scratch: Path) -> None:
        self.uri, self.file, self.scratch = uri, file.resolve(), scratch
        writable(self.file)
        self._asset = pin(uri)
        self._con: Any = None
        self._fresh: Path | None = None
        self._of = ""  # the digest of the file that was copied
        self.table = self._chosen(table)

    def _chosen(self, table: str) -> str:
        """Return the table's quoted name; UsageError for a view."""
        import duckdb

        with seam(self.uri, "the DuckDB file cannot be opened"):
            con = duckdb.connect(
                config={"autoinstall_known_extensions": False, "autoload_known_extensions": False}
            )
            try:
                con.execute(f"ATTACH {literal(str(self.file))} AS source (READ_ONLY)")
                tables = con.execute(
                    "SELECT schema_name || '.' || table_name FROM duckdb_tables() WHERE database_name = 'source'"
                ).fetchall()
                views = con.execute(
                    "SELECT schema_name || '.' || view_name FROM duckdb_views() "
                    "WHERE database_name = 'source' AND NOT internal"
                ).fetchall()
            finally:
                con.close()
        names = sorted({r[0] for r in (*tables, *views)})
        full = choose(table, names, str(self.file), "main")
        if (full,) not in tables:
            raise UsageError(
                f"{table or full!r} is a view, and holds nothing itself", where=self.uri, remedy=NO_VIEW
            )
        schema = next(s for s in _schemas(names) if full.startswith(s + "."))
        return f"{quoted(schema)}.{quoted(full[len(schema) + 1 :])}"

    def subject(self) -> Asset:
        """Return the table as it lies, pinned."""
        return self._asset

    def digest(self) -> str:
        """Return the digest of the table's rows."""
        if self._con is not None:
            return content_digest(self._columns(), row_hashes(self._con, self.table, self._columns())[1])
        columns, hashes = self._read()
        return content_digest(columns, hashes)

    def _read(self) -> tuple[list[str], list[str]]:
        with open_table(self.uri, scratch=self.scratch / "read") as table, seam(self.uri):
            columns = [c.name for c in table.columns]
            return columns, row_hashes(table.connection, DATA, columns)[1]

    def _columns(self) -> list[str]:
        return [r[0] for r in self._con.execute(f"DESCRIBE {self.table}").fetchall()]

    def _begin(self, *, beside: bool) -> None:
        """Begin a transaction. beside: on a copy that is renamed over the file, since DuckDB carries out no more than one
        change of a table's shape in a transaction.
        """
        if beside:
            con = self._connected(
                self.file
            )  # which brings its log into the file, where nobody else has it open
            con.execute("CHECKPOINT")
            con.close()
            self._of = digest_file(self.file)
            self._fresh = self.file.with_name(f".{self.file.name}.{uuid.uuid4().hex[:8]}.new")
            shutil.copyfile(self.file, self._fresh)
            if digest_file(self._fresh) != self._of:
                raise changed_meanwhile(self.uri)
        self._con = self._connected(self._fresh or self.file)
        self._con.execute("SET TimeZone = 'UTC'")
        if not beside:
            self._con.execute("BEGIN TRANSACTION")

    def _connected(self, file: Path) -> Any:
        import duckdb

        offline: dict[str, Any] = {"autoinstall_known_extensions": False, "autoload_known_extensions": False}
        try:
            return duckdb.connect(str(file), config=offline)
        except duckdb.Error as error:
            if "lock" in str(error).lower():
                raise UsageError(
                    "another program has the DuckDB file open",
                    where=self.uri,
                    remedy="close it, and run this again",
                ) from None
            raise translated(error, self.uri, "the DuckDB file cannot be opened") from error

    def change(self, edits: Edits) -> Undo:
        """Carry the edits out, each only where the cell still holds what it did."""
        columns, before = self._read()
        self._begin(beside=bool(edits.adds))
        with seam(self.uri, "the table cannot be changed"):
            ids, now = row_hashes(self._con, self.table, self._columns(), "rowid")
            if self._columns() != columns or now != before:
                raise changed_meanwhile(self.uri)
            for name, kind in edits.adds:
                self._con.execute(f"ALTER TABLE {self.table} ADD COLUMN {quoted(name)} {_KINDS[kind]}")
            by_row = edits.by_row()
            rows = sorted(by_row)
            changed = [n for n in edits.columns() if n not in {a for a, _ in edits.adds}]
            old = self._old(changed, [ids[r - 1] for r in rows])
            for column in edits.columns():
                cells = [(ids[r - 1], *by_row[r][column]) for r in rows if column in by_row[r]]
                self._update(column, cells, held=column in columns)
                if not self._in_place():
                    raise self._moved()
            after_ids, after = row_hashes(self._con, self.table, self._columns(), "rowid")
            if after_ids != ids:
                raise self._moved()
            if not edits.adds and any(
                a != b for i, (a, b) in enumerate(zip(before, after, strict=True), 1) if i not in by_row
            ):
                raise changed_meanwhile(self.uri)
            return Undo(
                content_digest(columns, before),
                content_digest(self._columns(), after),
                [(after[r - 1], old.get(ids[r - 1], {})) for r in rows],
                tuple(edits.adds),
            )

    def _old(self, columns: Sequence[str], ids: Sequence[int]) -> dict[int, dict[str, str | None]]:
        """Return what the cells hold, as text that casts back to the same."""
        if not columns or not ids:
            return {}
        self._hold("wanted", {"id": list(ids)}, {"id": "BIGINT"})
        chosen = ", ".join(f"CAST(t.{quoted(c)} AS VARCHAR)" for c in columns)
        query = f"SELECT t.rowid, {chosen} FROM {self.table} t JOIN wanted w ON t.rowid = w.id"
        return {r[0]: dict(zip(columns, r[1:], strict=True)) for r in self._con.execute(query).fetchall()}

    def _update(
        self, column: str, cells: Sequence[tuple[int, str | None, str | None]], *, held: bool
    ) -> None:
        """Set cells by row id. held: the column was there before, and has to hold the old value still."""
        name = quoted(column)
        kind = next(r[1] for r in self._con.execute(f"DESCRIBE {self.table}").fetchall() if r[0] == column)
        ids, old, new = (list(c) for c in zip(*cells, strict=True))
        self._hold(
            "edits", {"id": ids, "old": old, "new": new}, {"id": "BIGINT", "old": "VARCHAR", "new": "VARCHAR"}
        )
        still = f" AND t.{name} IS NOT DISTINCT FROM CAST(e.old AS {kind})" if held else ""
        done = self._con.execute(
            f"UPDATE {self.table} AS t SET {name} = CAST(e.new AS {kind}) FROM edits e WHERE t.rowid = e.id{still}"
        ).fetchone()
        if done is None or done[0] != len(cells):
            raise changed_meanwhile(self.uri)

    def _in_place(self) -> bool:
        """Whether the rows that were just changed are where they were: DuckDB writes one anew where an index covers the column."""
        query = f"SELECT (SELECT count(*) FROM edits) = (SELECT count(*) FROM {self.table} t SEMI JOIN edits e ON t.rowid = e.id)"
        found = self._con.execute(query).fetchone()
        return bool(found and found[0])

    def _moved(self) -> BadInput:
        return BadInput(
            "the change would move rows, as an index or a key covers the column, so nothing was changed",
            where=self.uri,
            remedy="drop the index, repair, and make it again; or write the result with -o",
        )

    def _hold(self, name: str, columns: dict[str, list[Any]], kinds: dict[str, str]) -> None:
        import pyarrow as pa

        words = {"BIGINT": pa.int64(), "VARCHAR": pa.string()}
        data = pa.table({n: pa.array(v, words[kinds[n]]) for n, v in columns.items()})
        self._con.execute(f"DROP TABLE IF EXISTS temp.{name}")
        self._con.register("incoming", data)
        self._con.execute(f"CREATE TEMP TABLE {name} AS SELECT * FROM incoming")
        self._con.unregister("incoming")

    def restore(self, undo: Undo, original: Path | None) -> None:
        """Put the old cells back, and drop the columns that were added."""
        self._begin(beside=bool(undo.adds))
        with seam(self.uri, "the table cannot be changed"):
            columns = self._columns()
            ids, now = row_hashes(self._con, self.table, columns, "rowid")
            if content_digest(columns, now) != undo.after:
                raise changed_since(self.uri)
            rows = matched(undo, ids, now)
            for column in sorted({c for _, old in rows for c in old}):
                cells = [(id_, None, old[column]) for id_, old in rows if column in old]
                self._update(column, cells, held=False)
            for name, _ in undo.adds:
                self._con.execute(f"ALTER TABLE {self.table} DROP COLUMN {quoted(name)}")
            if self.digest() != undo.before:
                raise not_restored(self.uri)

    def left_behind(self) -> int:
        """Return how many other hard links keep the old file, where a copy is renamed over it."""
        return other_links(self.file) if self._fresh is not None else 0

    def commit(self) -> None:
        """Commit the transaction and write it through to the file, or rename the copy over it."""
        import duckdb

        if self._fresh is None:
            with seam(self.uri, "the change cannot be committed"):
                self._con.execute("COMMIT")
            with contextlib.suppress(
                duckdb.Error
            ):  # it is committed, and its log holds it where the file has no room
                self._con.execute("CHECKPOINT")
            return
        with seam(self.uri, "the change cannot be committed"):
            self._con.execute("CHECKPOINT")
        self._con.close()
        self._con = None
        log = self.file.with_name(self.file.name + ".wal")
        if digest_file(self.file) != self._of or log.exists():
            raise changed_meanwhile(self.uri)
        put_over(self._fresh, self.file)
        self._fresh = None

    def close(self) -> None:
        """Roll back what was not committed."""
        if self._con is not None:
            self._con.close()
            self._con = None
        if self._fresh is not None:
            self._fresh.unlink(missing_ok=True)
            self._fresh.with_name(self._fresh.name + ".wal").unlink(missing_ok=True)
            self._fresh = None


def _schemas(names: Sequence[str]) -> list[str]:
    """Return the schemas of full names, the longest first: a name may hold a point itself."""
    return sorted({n.partition(".")[0] for n in names}, key=len, reverse=True)
