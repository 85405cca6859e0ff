"""The index's file: a SQLite database of its own beside the office, wherever the office's own tables lie."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path

from assay.kernel.errors import Broken
from assay.office.index.record import Record

VERSION = "4"
_TABLES = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE records (
  id INTEGER PRIMARY KEY, kind TEXT NOT NULL, key TEXT NOT NULL, at TEXT NOT NULL, text TEXT NOT NULL, body TEXT NOT NULL,
  UNIQUE (kind, key));
CREATE INDEX records_kind ON records (kind);
CREATE TABLE fields (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE attributes (
  record INTEGER NOT NULL, field INTEGER NOT NULL, place INTEGER NOT NULL, number REAL, text TEXT,
  PRIMARY KEY (record, field, place)) WITHOUT ROWID;
CREATE INDEX attributes_number ON attributes (field, number) WHERE number IS NOT NULL;
CREATE INDEX attributes_text ON attributes (field, text) WHERE text IS NOT NULL;
CREATE TABLE things (id INTEGER PRIMARY KEY, urn TEXT NOT NULL UNIQUE);
CREATE TABLE links (
  record INTEGER NOT NULL, role INTEGER NOT NULL, thing INTEGER NOT NULL, PRIMARY KEY (record, role, thing)) WITHOUT ROWID;
CREATE INDEX links_thing ON links (thing, role);
CREATE TABLE edges (key TEXT PRIMARY KEY, source INTEGER NOT NULL, target INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX edges_source ON edges (source, target);
CREATE INDEX edges_target ON edges (target, source);
CREATE VIRTUAL TABLE words USING fts5 (text, content='records', content_rowid='id', tokenize="unicode61 tokenchars '_'");
CREATE TABLE strings (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);
CREATE VIRTUAL TABLE parts USING fts5 (text, content='', detail=none, tokenize=trigram);
"""
IS, READ, MADE = 0, 1, 2


class Index:
    """An opened index. Close it."""

    def __init__(self, path: Path, origin: str) -> None:
        """Open it, and make it anew where it is of another office, of another Assay, or damaged."""
        self.path, self.origin = path, origin
        self._fields: dict[str, int] = {}
        try:
            self.connection = self._opened()
        except sqlite3.DatabaseError:
            self._remove()
            self.connection = self._opened()

    def _opened(self) -> sqlite3.Connection:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        con = sqlite3.connect(self.path, isolation_level=None, timeout=60)
        try:
            # Whatever is lost here is made anew from the office, so nothing waits for the disk.
            for pragma in (
                "journal_mode=WAL",
                "synchronous=NORMAL",
                "temp_store=MEMORY",
                "cache_size=-65536",
                "mmap_size=1073741824",
            ):
                con.execute(f"PRAGMA {pragma}")
            con.execute("BEGIN IMMEDIATE")
            if not con.execute("SELECT 1 FROM sqlite_master WHERE name = 'meta'").fetchone():
                for statement in _TABLES.strip().split(";\n"):
                    con.execute(statement)
                con.execute("INSERT INTO meta VALUES ('version', ?)", [VERSION])
                con.execute("INSERT INTO meta VALUES ('origin', ?)", [self.origin])
            con.execute("COMMIT")
            held = dict(
                con.execute("SELECT name, value FROM meta WHERE name IN ('version', 'origin')").fetchall()
            )
            if held != {"version": VERSION, "origin": self.origin}:
                raise sqlite3.DatabaseError("of another office")
            return con
        except BaseException:
            con.close()
            raise

    def _remove(self) -> None:
        for suffix in ("", "-wal", "-shm"):
            with contextlib.suppress(FileNotFoundError):
                self.path.with_name(self.path.name + suffix).unlink()

    def anew(self) -> None:
        """Throw away what it holds, as where the office was brought back to an earlier state."""
        self.connection.close()
        self._remove()
        self._fields = {}
        self.connection = self._opened()

    def close(self) -> None:
        """Close the file."""
        self.connection.close()

    @property
    def followed(self) -> int:
        """Return how many events of the log it has followed."""
        found = self.connection.execute("SELECT value FROM meta WHERE name = 'followed'").fetchone()
        return int(found[0]) if found else 0

    @property
    def looked(self) -> str:
        """Return when it was last asked, as the office writes times; empty where it never was."""
        found = self.connection.execute("SELECT value FROM meta WHERE name = 'looked'").fetchone()
        return str(found[0]) if found else ""

    def look(self, now: str) -> None:
        """Keep when it was asked."""
        self.connection.execute("INSERT OR REPLACE INTO meta VALUES ('looked', ?)", [now])

    @contextlib.contextmanager
    def following(self, at: int, to: int) -> Iterator[bool]:
        """Give a transaction at whose end the index has followed ``to`` events.

        at: how many it had followed when the records for it were made. Where another has followed more meanwhile it gives
        False, and nothing is to be kept.
        """
        con = self.connection
        try:
            con.execute("BEGIN IMMEDIATE")
            mine = self.followed == at
            yield mine
            if mine:
                con.execute("INSERT OR REPLACE INTO meta VALUES ('followed', ?)", [str(to)])
            con.execute("COMMIT")
        except sqlite3.DatabaseError as error:
            self._rolled_back()
            raise Broken(f"the index cannot be written: {error}", where=str(self.path)) from error
        except BaseException:
            self._rolled_back()
            raise

    def _rolled_back(self) -> None:
        self._fields = {}
        with contextlib.suppress(sqlite3.DatabaseError):
            self.connection.execute("ROLLBACK")

    def put(self, records: Iterable[Record]) -> None:
        """Keep records, each in the place of the one of its kind and key."""
        con = self.connection
        for record in records:
            before = con.execute(
                "SELECT id, text FROM records WHERE kind = ? AND key = ?", [record.kind, record.key]
            ).fetchone()
            if before is not None:
                con.execute("INSERT INTO words (words, rowid, text) VALUES ('delete', ?, ?)", before)
                for table in ("attributes", "links"):
                    con.execute(f"DELETE FROM {table} WHERE record = ?", before[:1])  # noqa: S608
                con.execute("DELETE FROM records WHERE id = ?", before[:1])
            body = json.dumps(dict(record.body), ensure_ascii=False, separators=(",", ":"), default=str)
            text = f"{record.name} {record.text}".strip()
            made = con.execute(
                "INSERT INTO records (kind, key, at, text, body) VALUES (?, ?, ?, ?, ?)",
                [record.kind, record.key, record.at, text, body],
            )
            id_ = made.lastrowid
            con.execute("INSERT INTO words (rowid, text) VALUES (?, ?)", [id_, text])
            values = [
                (id_, self._field(name), place, number, said)
                for place, (name, number, said) in enumerate(record.values())
            ]
            con.executemany("INSERT OR REPLACE INTO attributes VALUES (?, ?, ?, ?, ?)", values)
            for said in {v[4] for v in values if v[4] is not None}:
                self._string(said)
            roles = ((IS, record.is_), (READ, record.read), (MADE, record.made))
            links = [(id_, role, self._thing(urn)) for role, urns in roles for urn in urns if urn]
            con.executemany("INSERT OR IGNORE INTO links VALUES (?, ?, ?)", links)

    def link(self, edges: Iterable[tuple[str, str, str]]) -> None:
        """Keep by its key that a target was made from a source; an edge without them is taken away."""
        for key, source, target in edges:
            if source and target and source != target:
                values = (key, self._thing(source), self._thing(target))
                self.connection.execute("INSERT OR REPLACE INTO edges VALUES (?, ?, ?)", values)
            else:
                self.connection.execute("DELETE FROM edges WHERE key = ?", [key])

    def fields(self) -> list[str]:
        """Return the names of all fields."""
        return [r[0] for r in self.connection.execute("SELECT name FROM fields ORDER BY name")]

    def field(self, name: str) -> int | None:
        """Return a field's number, None where nothing has it."""
        found = self.connection.execute("SELECT id FROM fields WHERE name = ?", [name]).fetchone()
        return None if found is None else int(found[0])

    def _field(self, name: str) -> int:
        if name not in self._fields:
            self.connection.execute("INSERT OR IGNORE INTO fields (name) VALUES (?)", [name])
            self._fields[name] = self.field(name) or 0
        return self._fields[name]

    def _string(self, text: str) -> None:
        """Let a part of a text be found: each is kept once, with its trigrams, and stays when its records go."""
        made = self.connection.execute("INSERT OR IGNORE INTO strings (text) VALUES (?)", [text])
        if made.rowcount:
            self.connection.execute("INSERT INTO parts (rowid, text) VALUES (?, ?)", [made.lastrowid, text])

    def _thing(self, urn: str) -> int:
        found = self.connection.execute("SELECT id FROM things WHERE urn = ?", [urn]).fetchone()
        if found is None:
            return int(self.connection.execute("INSERT INTO things (urn) VALUES (?)", [urn]).lastrowid or 0)
        return int(found[0])
