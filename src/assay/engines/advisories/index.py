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
from assay.methods.advisories.ecosystems import name_in

VERSION = 5  # of the index's own form
_BATCH = 5_000
_MOST = 5_000_000  # records of one mirror
_LONGEST = 400  # characters of an id, an ecosystem, a name
_ECOSYSTEMS = 20_000  # with their releases

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


class _Named(msgspec.Struct):
    id: str = ""


_DECODER = msgspec.json.Decoder(_Record)
_NAMED = msgspec.json.Decoder(_Named)
_SEVERAL = msgspec.json.Decoder(list[msgspec.Raw])
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
    problems = mirror.Problems()
    with contextlib.closing(sqlite3.connect(fresh, isolation_level=None)) as db:
        db.execute("PRAGMA journal_mode=OFF")
        db.execute("PRAGMA synchronous=OFF")
        db.execute("PRAGMA page_size=8192")
        db.executescript(_TABLES)
        db.execute("BEGIN")
        _fill(db, mirror.documents(asset, problems), problems)
        db.execute("CREATE INDEX by_name ON affected (base, name)")
        by_ecosystem = "SELECT ecosystem, count(DISTINCT id) FROM affected GROUP BY ecosystem LIMIT ?"
        counts = dict(db.execute(by_ecosystem, (_ECOSYSTEMS + 1,)))
        if len(counts) > _ECOSYSTEMS:
            raise BadInput(
                f"{asset.name} speaks of more than {_ECOSYSTEMS:,} ecosystems", remedy="is it a mirror?"
            )
        newest = db.execute("SELECT count(*), coalesce(max(modified), '') FROM record").fetchone()
        told = {
            "ecosystems": json.dumps(counts),
            "records": str(newest[0]),
            "newest": str(newest[1]),
            "problems": json.dumps([problems.count, problems.shown]),
        }
        db.executemany("INSERT INTO about VALUES (?, ?)", told.items())
        db.execute("COMMIT")
    fresh.replace(to)


def _fill(db: sqlite3.Connection, documents: Iterable[tuple[str, bytes]], problems: mirror.Problems) -> None:
    """Enter each record; of one that is there several times the newest, and nothing of one that was withdrawn since."""
    known: dict[str, tuple[str, int, int]] = {}  # id → when it was changed, and its rows of what it affects
    records: list[tuple[str, str, bytes]] = []
    affected: list[tuple[int, str, str, str, str, bytes]] = []
    row = 1

    def flush() -> None:
        db.executemany("INSERT OR REPLACE INTO record VALUES (?, ?, ?)", records)
        db.executemany(
            "INSERT INTO affected (rowid, base, name, ecosystem, id, body) VALUES (?, ?, ?, ?, ?, ?)",
            affected,
        )
        records.clear()
        affected.clear()

    for one in _records(documents, problems):
        if one.id in known:
            before, first, after = known[one.id]
            if before >= one.modified:
                continue  # the same record, in the file of another ecosystem
            flush()
            db.execute("DELETE FROM affected WHERE rowid >= ? AND rowid < ?", (first, after))
            db.execute("DELETE FROM record WHERE id = ?", (one.id,))
        elif len(known) >= _MOST:
            raise BadInput(
                f"the mirror has more than {_MOST:,} records", remedy="name the ecosystems' own alone"
            )
        begins = row
        if not one.withdrawn:  # the schema: it is not to be matched any more
            for base, name, ecosystem, body in _parts(one):
                affected.append((row, base, name, ecosystem, one.id, body))
                row += 1
            one.affected, one.details = None, "" if one.summary else one.details[:500]
            records.append((one.id, one.modified, _ENCODER.encode(one)))
        known[one.id] = (one.modified, begins, row)
        if len(affected) >= _BATCH or len(records) >= _BATCH:
            flush()
    flush()


def _records(documents: Iterable[tuple[str, bytes]], problems: mirror.Problems) -> Iterator[_Record]:
    """Give the records of each file, which holds one or a list of them; one that is none is named, and the others go on."""
    for name, raw in documents:
        try:
            several = _SEVERAL.decode(raw) if raw.lstrip(b"\xef\xbb\xbf \r\n\t")[:1] == b"[" else [raw]
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            problems.add(f"{name}: it is no OSV record ({str(error)[:120]})")
            continue
        for one in several:
            try:
                found = _DECODER.decode(one)
                _bounded(found)
            except (msgspec.MsgspecError, ValueError, RecursionError) as error:
                problems.add(f"{_called(one, name)}: it is no OSV record ({str(error)[:120]})")
            else:
                yield found


def _bounded(one: _Record) -> None:
    told = [
        one.id,
        one.modified,
        *(t for p in one.affected or () if p.package for t in (p.package.ecosystem, p.package.name)),
    ]
    if not one.id or any(len(text) > _LONGEST for text in told):
        raise ValueError("it has no id, or an id or a name longer than any")


def _called(raw: bytes | msgspec.Raw, name: str) -> str:
    """Return what a record is called by, where it says that much, and its file."""
    try:
        id_ = _NAMED.decode(raw).id
    except (msgspec.MsgspecError, ValueError, RecursionError):
        id_ = ""
    return f"{ascii(id_[:80])[1:-1]} in {name}" if id_ else name


def _parts(one: _Record) -> Iterator[tuple[str, str, str, bytes]]:
    """Give ecosystem, name, ecosystem as written, and what is said of it, of each package that a record names."""
    for part in one.affected or ():
        if part.package is None or not part.package.name:
            continue
        ecosystem, name = part.package.ecosystem, part.package.name
        base = ecosystem.partition(":")[0]
        part.package = None
        yield base, name_in(base, name), ecosystem, _ENCODER.encode(part)


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
