"""An index of a mirror, in one SQLite file: what each record says of each package, found by ecosystem and name.

It is made once for a mirror's digest and can be thrown away. Records are decoded by msgspec as far as the index needs them, at
some 100,000 a second and core; what is not needed stays as the bytes that it was.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from assay.engines.advisories import mirror
from assay.kernel.asset import Asset
from assay.kernel.errors import BadInput
from assay.kernel.report import Finding
from assay.kernel.severity import Severity
from assay.methods.versions.pep440 import normal_name

VERSION = 3  # of the index's own form
_BATCH = 5_000
_SHOWN = 20


_NULL = msgspec.Raw(b"null")


class _Package(msgspec.Struct):
    ecosystem: str = ""
    name: str = ""


class _Affected(msgspec.Struct, omit_defaults=True):
    package: _Package | None = None
    ranges: msgspec.Raw = _NULL
    versions: msgspec.Raw = _NULL
    severity: msgspec.Raw = _NULL
    ecosystem_specific: msgspec.Raw = _NULL
    database_specific: msgspec.Raw = _NULL


class _Record(msgspec.Struct, omit_defaults=True):
    id: str
    modified: str = ""
    published: str = ""
    withdrawn: str | None = None
    aliases: msgspec.Raw = _NULL
    upstream: msgspec.Raw = _NULL
    related: msgspec.Raw = _NULL
    summary: str = ""
    details: str = ""
    severity: msgspec.Raw = _NULL
    references: msgspec.Raw = _NULL
    database_specific: msgspec.Raw = _NULL
    affected: list[_Affected] | None = None


_DECODER = msgspec.json.Decoder(_Record | list[_Record])
_ENCODER = msgspec.json.Encoder()
_TABLES = """
CREATE TABLE about (key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
CREATE TABLE record (id TEXT PRIMARY KEY, modified TEXT, body BLOB);
CREATE TABLE affected (base TEXT, name TEXT, ecosystem TEXT, id TEXT, body BLOB);
"""


def build(asset: Asset, to: Path) -> None:
    """Write the index of a mirror to a file; whole or not at all."""
    fresh = to.with_name(f"{to.name}.new-{os.getpid()}")
    fresh.unlink(missing_ok=True)
    problems: list[str] = []
    with contextlib.closing(sqlite3.connect(fresh, isolation_level=None)) as db:
        db.execute("PRAGMA journal_mode=OFF")
        db.execute("PRAGMA synchronous=OFF")
        db.execute("PRAGMA page_size=8192")
        db.executescript(_TABLES)
        db.execute("BEGIN")
        _fill(db, mirror.documents(asset, problems), problems)
        db.execute("CREATE INDEX by_name ON affected (base, name)")
        counts = dict(db.execute("SELECT ecosystem, count(DISTINCT id) FROM affected GROUP BY ecosystem"))
        newest = db.execute("SELECT count(*), coalesce(max(modified), '') FROM record").fetchone()
        told = {
            "ecosystems": json.dumps(counts),
            "records": str(newest[0]),
            "newest": str(newest[1]),
            "problems": json.dumps([len(problems), problems[:_SHOWN]]),
        }
        db.executemany("INSERT INTO about VALUES (?, ?)", told.items())
        db.execute("COMMIT")
    fresh.replace(to)


def _fill(db: sqlite3.Connection, documents: Iterable[bytes], problems: list[str]) -> None:
    known: dict[str, str] = {}
    records: list[tuple[str, str, bytes]] = []
    affected: list[tuple[str, str, str, str, bytes]] = []

    def flush() -> None:
        db.executemany("INSERT OR REPLACE INTO record VALUES (?, ?, ?)", records)
        db.executemany("INSERT INTO affected VALUES (?, ?, ?, ?, ?)", affected)
        records.clear()
        affected.clear()

    for raw in documents:
        try:
            found = _DECODER.decode(raw)
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            problems.append(f"a file that is no OSV record: {str(error)[:120]}")
            continue
        for one in found if isinstance(found, list) else [found]:
            before = known.get(one.id)
            if before is not None:
                if before >= one.modified:
                    continue  # the same record, in the file of another ecosystem
                flush()
                db.execute("DELETE FROM affected WHERE id = ?", (one.id,))
            known[one.id] = one.modified
            if one.withdrawn:
                continue  # the schema: it is not to be matched any more
            parts, one.affected, one.details = (
                one.affected or [],
                None,
                "" if one.summary else one.details[:500],
            )
            records.append((one.id, one.modified, _ENCODER.encode(one)))
            for part in parts:
                if part.package is None or not part.package.name:
                    continue
                ecosystem, name = part.package.ecosystem, part.package.name
                base = ecosystem.partition(":")[0]
                name = normal_name(name) if base == "PyPI" else name
                part.package = None
                affected.append((base, name, ecosystem, one.id, _ENCODER.encode(part)))
        if len(affected) >= _BATCH or len(records) >= _BATCH:
            flush()
    flush()


class Index:
    """Advisories, opened: the kernel's port over the file of an index."""

    def __init__(self, asset: Asset, path: Path) -> None:
        self.asset = asset
        self._db = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)
        try:
            self._about = dict(self._db.execute("SELECT key, value FROM about"))
        except sqlite3.DatabaseError as error:
            raise BadInput(
                f"the index of {asset.name} cannot be read: {error}", remedy=f"remove {path}"
            ) from error
        self.records = int(self._about["records"])
        self.newest = self._about["newest"]
        count, shown = json.loads(self._about["problems"])
        self.problems: tuple[Finding, ...] = ()
        if count:
            self.problems = (
                Finding(
                    "advisories.unread",
                    Severity.MEDIUM,
                    f"{count:,} parts of the mirror could not be read: {'; '.join(shown[:3])}.",
                    {},
                    "fetch the mirror anew",
                    count=count,
                ),
            )

    def about(self, ecosystem: str, names: Iterable[str]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
        """Give name, ecosystem as written, and the affected entry with ``id``, of each record about a name."""
        asked = "SELECT ecosystem, id, body FROM affected WHERE base = ? AND name = ?"
        for name in dict.fromkeys(names):
            for written, id_, body in self._db.execute(asked, (ecosystem, name)):
                entry = msgspec.json.decode(body)
                entry["id"] = id_
                yield name, str(written), entry

    def record(self, id: str) -> Mapping[str, Any]:
        """Return what a record says beside whom it affects; empty where there is none of that id."""
        row = self._db.execute("SELECT body FROM record WHERE id = ?", (id,)).fetchone()
        return dict(msgspec.json.decode(row[0])) if row else {}

    def ecosystems(self) -> Mapping[str, int]:
        """Return how many records there are of each ecosystem, with its release."""
        return dict(json.loads(self._about["ecosystems"]))

    def close(self) -> None:
        """Close the file."""
        self._db.close()


def opened(asset: Asset, cache: Path | None, scratch: Path) -> Index:
    """Return the index of a mirror, made where it is not there yet. cache: a home's folder; without one it is made in scratch."""
    folder = cache or scratch
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{asset.digest[7:39] or 'unpinned'}-{VERSION}.sqlite"
    if not path.is_file():
        build(asset, path)
        _forget(folder, path)
    return Index(asset, path)


def _forget(folder: Path, newest: Path) -> None:
    """Keep the newest few indexes of a home: each is as large as its mirror."""
    others = sorted((p for p in folder.glob("*.sqlite") if p != newest), key=lambda p: p.stat().st_mtime)
    for old in others[:-3]:
        old.unlink(missing_ok=True)
