"""A table of a SQLite database changed in one transaction, its rows named by rowid or by their primary key."""

# ruff: noqa: S608 - SQL is made here of our own words and quoted names only
from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from assay.engines.inplace.duckdbfile import NO_VIEW
from assay.engines.inplace.files import writable
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
from assay.engines.tables import pin
from assay.engines.tables.databases import choose, copy_rows
from assay.engines.tables.handle import DATA, connect
from assay.kernel.asset import Asset
from assay.kernel.errors import BadInput, UsageError
from assay.methods.sqltext import quoted

WAIT = 5.0  # seconds that another's writing is waited for
_KINDS = {"boolean": "BOOLEAN DEFAULT 0", "text": "TEXT"}
_ALIASES = ("rowid", "_rowid_", "oid")


class SqlitePlace(Place):
    """One table of a SQLite database. Nobody else writes to the database from when it is opened here until it is closed."""

    def __init__(self, uri: str, file: Path, table: str, scratch: Path) -> None:
        self.uri, self.file, self.scratch = uri, file.resolve(), scratch
        writable(self.file)
        self._asset = pin(uri)
        with self._seam():
            self._con = sqlite3.connect(
                self.file, timeout=WAIT, isolation_level=None, check_same_thread=False
            )
            self._con.execute("PRAGMA trusted_schema = OFF")
            self._con.execute("BEGIN IMMEDIATE")
            kinds = dict(
                self._con.execute(
                    "SELECT name, type FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite_%'"
                ).fetchall()
            )
            self.name = choose(table, sorted(kinds), str(file), "main")
            if kinds[self.name] != "table":
                self._con.close()
                raise UsageError(
                    f"{self.name!r} is a view, and holds nothing itself", where=uri, remedy=NO_VIEW
                )
            self._key = self._named_by()

    @contextlib.contextmanager
    def _seam(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            if "locked" in str(error) or "busy" in str(error):
                raise UsageError(
                    "another program is writing to the database",
                    where=self.uri,
                    remedy="run this again when it is done",
                ) from None
            if "readonly" in str(error):
                raise UsageError(
                    "the database is read-only", where=self.uri, remedy="give yourself the right"
                ) from None
            raise BadInput(f"the database cannot be changed: {error}", where=self.uri) from None
        except (sqlite3.Error, OverflowError) as error:
            raise BadInput(f"the database cannot be changed: {error}", where=self.uri) from None

    def _info(self) -> list[tuple[str, str, int]]:
        return [
            (r[1], str(r[2]).upper(), int(r[5]))
            for r in self._con.execute(f"PRAGMA table_info({quoted(self.name)})")
        ]

    def _named_by(self) -> list[str]:
        """Return SQL of what names a row: its rowid, or the primary key of a table without."""
        info = self._info()
        taken = {n.lower() for n, _, _ in info}
        for alias in _ALIASES:
            if alias in taken:
                continue
            try:
                self._con.execute(f"SELECT {alias} FROM {quoted(self.name)} LIMIT 1")
            except sqlite3.OperationalError:
                break
            return [alias]
        key = [quoted(n) for _, n in sorted((k, n) for n, _, k in info if k)]
        if not key:
            raise UsageError(
                "no row of the table can be named", where=self.uri, remedy="give it a primary key"
            )
        return key

    def subject(self) -> Asset:
        """Return the table as it lies, pinned."""
        return self._asset

    def _read(self) -> tuple[list[str], dict[str, str], list[str]]:
        """Return the columns, the type that each is read as, and the rows' hashes, as this transaction sees them."""
        con = connect(self.scratch, 2, "1GB")
        try:
            self._con.text_factory = lambda raw: raw.decode("utf-8", "replace")
            copy_rows(con, self._con, self.name)
            kinds = {r[0]: r[1] for r in con.execute(f"DESCRIBE {DATA}").fetchall()}
            return list(kinds), kinds, row_hashes(con, DATA, list(kinds))[1]
        finally:
            self._con.text_factory = str
            con.close()

    def _ids(self) -> list[tuple[Any, ...]]:
        table, key = quoted(self.name), ", ".join(self._key)
        return list(self._con.execute(f"SELECT {key} FROM {table} NOT INDEXED").fetchall())

    def digest(self) -> str:
        """Return the digest of the table's rows."""
        with self._seam():
            columns, _, hashes = self._read()
            return content_digest(columns, hashes)

    def change(self, edits: Edits) -> Undo:
        """Carry the edits out, each only where the cell still holds what it did."""
        with self._seam():
            columns, kinds, before = self._read()
            ids = self._ids()
            for name, kind in edits.adds:
                self._con.execute(f"ALTER TABLE {quoted(self.name)} ADD COLUMN {quoted(name)} {_KINDS[kind]}")
                kinds[name] = kind.upper()
            added = {n for n, _ in edits.adds}
            by_row = edits.by_row()
            held = {
                row: self._held(ids[row - 1], [c for c in cells if c not in added])
                for row, cells in by_row.items()
            }
            for row, cells in by_row.items():
                self._set(ids[row - 1], {c: _raw(new, kinds[c]) for c, (_, new) in cells.items()}, held[row])
            now_columns, _, after = self._read()
            if self._ids() != ids or len(after) != len(before):
                raise changed_meanwhile(self.uri)
            if not edits.adds and any(
                a != b for i, (a, b) in enumerate(zip(before, after, strict=True), 1) if i not in by_row
            ):
                raise BadInput("a trigger changes other rows with it, so nothing was changed", where=self.uri)
            return Undo(
                content_digest(columns, before),
                content_digest(now_columns, after),
                [(after[r - 1], {c: _kept(v) for c, v in held[r].items()}) for r in sorted(by_row)],
                tuple(edits.adds),
            )

    def _held(self, id_: tuple[Any, ...], columns: Sequence[str]) -> dict[str, Any]:
        if not columns:
            return {}
        names = ", ".join(map(quoted, columns))
        where = " AND ".join(f"{k} IS ?" for k in self._key)
        row = self._con.execute(f"SELECT {names} FROM {quoted(self.name)} WHERE {where}", id_).fetchone()
        return dict(zip(columns, row, strict=True))

    def _set(self, id_: tuple[Any, ...], new: dict[str, Any], old: dict[str, Any]) -> None:
        sets = ", ".join(f"{quoted(c)} = ?" for c in new)
        where = " AND ".join([*(f"{k} IS ?" for k in self._key), *(f"{quoted(c)} IS ?" for c in old)])
        query = f"UPDATE {quoted(self.name)} SET {sets} WHERE {where}"
        if self._con.execute(query, (*new.values(), *id_, *old.values())).rowcount != 1:
            raise changed_meanwhile(self.uri)

    def restore(self, undo: Undo, original: Path | None) -> None:
        """Put the old cells back as they were stored, and drop the columns that were added."""
        with self._seam():
            columns, _, now = self._read()
            if content_digest(columns, now) != undo.after:
                raise changed_since(self.uri)
            for id_, old in matched(undo, self._ids(), now):
                if old:
                    self._set(id_, {c: _loaded(v) for c, v in old.items()}, {})
            for name, _ in undo.adds:
                self._con.execute(f"ALTER TABLE {quoted(self.name)} DROP COLUMN {quoted(name)}")
        if self.digest() != undo.before:
            raise not_restored(self.uri)

    def commit(self) -> None:
        """Commit the transaction."""
        with self._seam():
            self._con.execute("COMMIT")

    def close(self) -> None:
        """Roll back what was not committed."""
        self._con.close()


def _raw(text: str | None, kind: str) -> Any:
    """Return a value as SQLite stores it, from the text of it and the type that its column is read as."""
    if text is None:
        return None
    if kind == "BOOLEAN":
        return int(text == "true")
    if kind == "BIGINT":
        return int(text)
    return float(text) if kind == "DOUBLE" else text


def _kept(value: Any) -> list[Any] | None:
    """Return a stored value as JSON that tells its type."""
    if value is None:
        return None
    if isinstance(value, bytes):
        return ["blob", value.hex()]
    return [
        {int: "integer", float: "real"}.get(type(value), "text"),
        repr(value) if isinstance(value, float) else str(value),
    ]


def _loaded(kept: Any) -> Any:
    if kept is None:
        return None
    kind, text = kept
    if kind == "blob":
        return bytes.fromhex(text)
    return int(text) if kind == "integer" else float(text) if kind == "real" else text
