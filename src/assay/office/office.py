"""The office: one database whose every change is an event of the ledger, in the same transaction."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from assay.kernel.canonical import SAFE, canonical, plain, sha256
from assay.kernel.errors import AssayError, Broken, Refused
from assay.kernel.event import SCHEMA
from assay.methods import merkle, notes
from assay.methods.merkle import leaf_hash
from assay.office import checkpoint, history, schema, tiles
from assay.office.database import connect
from assay.office.outside import Outside

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection, Engine

_BATCH = 20_000
_SEE = "see `assay log verify`; restore the whole home from one backup"
_PG_LOCK = 0x6173_7361  # one advisory lock orders the writers


class Keyring(Protocol):
    """What the office signs with."""

    def sign_ed25519(self, data: bytes) -> bytes:
        """Sign with the log's key."""

    def sign_p256(self, data: bytes) -> bytes:
        """Sign with the hallmark's key."""

    def public_pem(self, name: str) -> bytes:
        """Return a public key, ``ledger`` or ``hallmark``, as PEM."""

    def public_raw(self) -> bytes:
        """Return the log's public key as bytes."""


_CHECKPOINT = sa.select(schema.about.c.value).where(schema.about.c.name == "checkpoint")
_FORGET = sa.delete(schema.about).where(schema.about.c.name == "checkpoint")
_SIGN = sa.insert(schema.about)
_EVENT = sa.insert(schema.events)
_encode = msgspec.json.Encoder(order="sorted").encode


def leaf_bytes(raw: dict[str, Any]) -> bytes:
    """Return the canonical JSON of an event: RFC 8785, by the quick way where it gives the same bytes."""
    if _is_simple(raw["detail"]) and (not raw["inputs"] or _is_simple(raw["inputs"])):  # the rest is text
        quick = _encode(raw)
        if quick.isascii():  # code points and UTF-16 units sort alike
            return quick
    return canonical(raw | {"inputs": plain(dict(raw["inputs"])), "detail": plain(dict(raw["detail"]))})


def _is_simple(value: Any) -> bool:
    """Whether a value is JSON as it stands, and holds nothing that encoders write in several ways."""
    kind = type(value)
    if kind is dict:
        for name, inner in value.items():
            if type(name) is not str or not (type(inner) is str or _is_simple(inner)):
                return False
        return True
    if kind is list:
        return all(map(_is_simple, value))
    return kind is str or kind is bool or value is None or (kind is int and -SAFE <= value <= SAFE)


def row_text(values: Mapping[str, Any]) -> str:
    """Return a row as text: what its digest is of, and what the history keeps of it."""
    return json.dumps(dict(values), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def row_digest(values: Mapping[str, Any]) -> str:
    """Return the digest of a row."""
    return sha256(row_text(values).encode())


class Unreadable(Broken):
    """A database that does not give back what was written into it."""


class Office:
    """An opened office. Transactions open only here, for milliseconds; none where its folder cannot be written."""

    past = False  # whether it answers for a moment that is gone

    def __init__(
        self, engine: Engine, keyring: Keyring, outside: Outside, clock: Callable[[], str], origin: str
    ) -> None:
        self.engine, self.keyring, self.outside, self.clock, self.origin = (
            engine,
            keyring,
            outside,
            clock,
            origin,
        )

    @classmethod
    def open(
        cls, database_url: str, *, keyring: Keyring, checkpoints: Path, clock: Callable[[], str], origin: str
    ) -> Office:
        """Open an office, made if need be; Refused when a newer Assay wrote it."""
        outside = Outside(checkpoints)
        database = connect(database_url, readonly=outside.readonly)
        office = cls(database, keyring, outside, clock, origin)
        try:
            with office.outside.locked():
                office._prepare()
                if not outside.readonly:
                    office._settle()
        except (sa.exc.DBAPIError, UnicodeDecodeError) as error:  # SQLite's word may quote the damage
            said = str(getattr(error, "orig", "its bytes are damaged"))[:200]
            where = office.engine.url.render_as_string()
            full = outside.full()  # SQLite says of a full disk that it can be neither read nor written
            raise Broken(
                f"the office's database cannot be opened: {'its disk is full' if full else said}",
                where=where,
                remedy="make room, and try again"
                if full
                else "restore it from a backup, or see `assay doctor`",
            ) from error
        return office

    def _prepare(self) -> None:
        with self.engine.connect() as connection:
            there = set(sa.inspect(connection).get_table_names())
            if "about" not in there:
                self._writable()
                connection.rollback()
                self._create(connection)
        found = int(self.about("schema") or 0)
        if found > schema.VERSION:
            raise Refused(
                f"the office was written by a newer Assay (schema {found}; this one reads {schema.VERSION})",
                remedy="upgrade Assay",
            )
        lost = sorted(schema.metadata.tables.keys() - there) if "about" in there else []
        if lost:
            raise Broken(
                f"the office has no table {', '.join(lost)}",
                where=self.engine.url.render_as_string(),
                remedy="restore it from a backup; a home of an unreleased Assay is made anew with `assay init`",
            )
        self.origin = self.about("origin") or self.origin

    def _create(self, connection: Connection) -> None:
        """Make the tables, all or none: a half-made office could not be told from a damaged one."""
        try:
            self._begin(connection)
            if not sa.inspect(connection).has_table("about"):  # another may have been quicker
                schema.metadata.create_all(connection)
                values = [
                    {"name": "schema", "value": str(schema.VERSION)},
                    {"name": "origin", "value": self.origin},
                ]
                connection.execute(sa.insert(schema.about), values)
            connection.commit()
        except BaseException:
            connection.rollback()
            raise

    def _settle(self) -> None:
        """After a crash: did the commit that was announced happen?

        What was announced takes the copy's place only where it is newer: an older one was put there by somebody.
        """
        pending = self.outside.read("pending")
        if pending is None:
            return
        if pending == self.about("checkpoint") and self._newer(pending):
            self.outside.promote()
        else:
            self.outside.forget()

    def _newer(self, note: str) -> bool:
        """Whether a checkpoint, signed by this office, is of a longer log than the copy that lies outside."""
        latest = self.outside.read("latest")
        new, old = checkpoint.of(self, note), checkpoint.of(self, latest)
        return new is not None and (latest is None or (old is not None and new.size > old.size))

    def about(self, name: str) -> str | None:
        """Return a fact of the office: schema, origin, checkpoint."""
        with self.engine.connect() as connection:
            query = sa.select(schema.about.c.value).where(schema.about.c.name == name)
            return connection.execute(query).scalar()

    def close(self) -> None:
        """Close the database."""
        self.engine.dispose()

    def rows(self, query: Any) -> list[Any]:
        """Return the rows of a query; Broken where the database cannot be read."""
        try:
            with self.engine.connect() as connection:
                return list(connection.execute(query))
        except sa.exc.DBAPIError as error:
            raise Unreadable(
                f"the office's database cannot be read: {str(error.orig)[:200]}", remedy=_SEE
            ) from error

    def pruned(self, table: str) -> int:
        """Return of how many rows of a table nothing is answered, because their state was pruned: of none, as they are now."""
        return 0

    def batches(self, query: Any, size: int = 10_000) -> Iterator[list[Any]]:
        """Give the rows of a query in batches, as they are read; Broken where the database cannot be read."""
        try:
            with self.engine.connect() as connection:
                found = connection.execution_options(yield_per=size).execute(query)
                yield from (list(part) for part in found.partitions())
        except sa.exc.DBAPIError as error:
            raise Unreadable(
                f"the office's database cannot be read: {str(error.orig)[:200]}", remedy=_SEE
            ) from error

    @contextlib.contextmanager
    def transaction(self) -> Iterator[Tx]:
        """Give a transaction: its rows, events and checkpoint are kept together, or not at all."""
        self._writable()
        with self.outside.locked(), self.engine.connect() as connection:
            try:
                self._settle()
                self._begin(connection)
                tx = Tx(self, connection)
                yield tx
                note = tx.finish()
                if note is None:
                    connection.commit()
                    return
                self.outside.announce(note)
                connection.commit()
            except BaseException as error:
                connection.rollback()
                if isinstance(error, sa.exc.DBAPIError):
                    remedy = "make room, and try again" if self.outside.full() else ""
                    raise Broken(
                        f"the office could not write: {str(error.orig)[:200]}", remedy=remedy
                    ) from error
                raise
            self.outside.promote()

    def _writable(self) -> None:
        if self.outside.readonly:
            raise Refused(
                "this home can be read and not written, so nothing is recorded in it",
                where=str(self.outside.folder.parent),
                remedy="look and verify here; to go on, copy the home to where it may be written",
            )

    def _begin(self, connection: Connection) -> None:
        if self.engine.dialect.name == "postgresql":
            connection.execute(sa.text("SELECT pg_advisory_xact_lock(:n)"), {"n": _PG_LOCK})
        else:
            connection.exec_driver_sql("BEGIN IMMEDIATE")


class Tx:
    """A transaction under way."""

    def __init__(self, office: Office, connection: Connection) -> None:
        self.office, self.connection = office, connection
        note = connection.execute(_CHECKPOINT).scalar()
        self.size = self.base = _size(note)
        self.now = office.clock()
        self._leaves: list[bytes] = []  # events that are not written yet
        self._rows: dict[str, str | None] = {}
        self._left: dict[tuple[str, str], str] = {}  # rows since the last event, as text
        self._history: list[history.Kept] = []
        self._frontier = _frontier(connection, self.base)
        self._stands(note)

    def _stands(self, note: str | None) -> None:
        """Broken where the log is not what was signed last: an event built upon it would make the damage look whole."""
        office = self.office
        if note != office.outside.read("latest"):
            raise Broken(
                "the database and the checkpoint's copy outside it differ, so nothing is written", remedy=_SEE
            )
        if note is None:
            return
        signed = checkpoint.of(office, note)
        if (
            signed is None
            or merkle.root(self.size, lambda level, _place: self._frontier[level]) != signed.root
        ):
            raise Broken("the log is not the one that the office signed, so nothing is written", remedy=_SEE)

    def record(
        self,
        action: str,
        subject: str,
        *,
        actor: str,
        inputs: Mapping[str, str] | None = None,
        outcome: str = "done",
        detail: Mapping[str, Any] | None = None,
    ) -> int:
        """Add an event that vouches for every row written since the last one; return its seq."""
        seq = self.size
        self._leaves.append(leaf_bytes({
            "schema": SCHEMA, "seq": seq, "time": self.now, "actor": actor, "action": action, "subject": subject,
            "outcome": outcome, "inputs": inputs or {}, "detail": detail or {}, "rows": self._rows,
        }))  # fmt: skip
        self.size += 1
        if self._rows:
            self._history += [(*named, seq, self.now, text) for named, text in self._left.items()]
            self._rows, self._left = {}, {}
        if len(self._leaves) + len(self._history) >= _BATCH:
            self._flush()
        return seq

    def leaf(self, seq: int) -> bytes:
        """Return the leaf hash of an event that was just recorded."""
        return leaf_hash(self._leaves[seq - self.size])

    def write(self, table: str, key: str, value: Mapping[str, Any], **columns: str | None) -> None:
        """Leave a row in a protected table; the next event vouches for it, and the history keeps it as it then is."""
        target = schema.PROTECTED[table]
        text = json.dumps(
            plain(dict(value)), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
        )
        row = {"key": key, **columns, "value": text}
        dialect: Any = postgresql if self.office.engine.dialect.name == "postgresql" else sqlite
        insert = dialect.insert(target).values(**row)
        rest = {name: insert.excluded[name] for name in row if name != "key"}
        self.connection.execute(insert.on_conflict_do_update(index_elements=["key"], set_=rest))
        self._left[table, key] = left = row_text(row)
        self._rows[f"{table}/{key}"] = sha256(left.encode())

    def vouch(self, rows: Mapping[str, str]) -> None:
        """Let the next event vouch for rows as they stand: ``table/key`` → digest. Those that vouched for them go."""
        self._rows.update(rows)

    @property
    def pending(self) -> bool:
        """Whether rows were written that no event vouches for yet."""
        return bool(self._rows)

    def get(self, table: str, key: str) -> dict[str, Any] | None:
        """Return a row's value, as this transaction sees it."""
        target = schema.PROTECTED[table]
        text = self.connection.execute(sa.select(target.c.value).where(target.c.key == key)).scalar()
        return None if text is None else dict(json.loads(text))

    def _flush(self) -> None:
        if not self._leaves:
            return
        first, leaves = self.size - len(self._leaves), self._leaves
        events = list(enumerate(map(bytes.decode, leaves), first))
        if self.office.engine.dialect.name == "sqlite":  # by the driver's own words: twice as quick
            self.connection.exec_driver_sql("INSERT INTO events (seq, leaf) VALUES (?, ?)", events)
        else:
            self.connection.execute(_EVENT, [{"seq": seq, "leaf": leaf} for seq, leaf in events])
        if self._history:
            history.keep(self.connection, self._history)
        for level, start, hashes in merkle.grown(self._frontier, first, list(map(leaf_hash, leaves))):
            if level % tiles.HEIGHT == 0:
                tiles.lay(self.connection, level // tiles.HEIGHT, start, hashes)
        self._leaves, self._history = [], []

    def finish(self) -> str | None:
        """Write what is left and sign the checkpoint; return its note, None when nothing was recorded."""
        if self._rows:
            raise AssayError(f"rows were written that no event vouches for: {', '.join(self._rows)[:200]}")
        if self.size == self.base:
            return None
        self._flush()
        value = merkle.root(self.size, lambda level, _place: self._frontier[level])
        office = self.office
        text = notes.Checkpoint(office.origin, self.size, value).text
        note = notes.sign(text, office.origin, office.keyring.public_raw(), office.keyring.sign_ed25519)
        self.connection.execute(_FORGET)
        self.connection.execute(_SIGN, [{"name": "checkpoint", "value": note}])
        return note


def _frontier(connection: Connection, size: int) -> dict[int, bytes]:
    """Return the roots of the complete subtrees at the right edge, by level."""
    node = tiles.within(connection)
    return {level: node(level, place) for level, place in merkle.peaks(size)}


def _size(note: str | None) -> int:
    """Return the size that a checkpoint says; 0 where there is none, Broken where it says nothing."""
    try:
        return notes.Checkpoint.parse(note.rpartition("\n\n")[0] + "\n").size if note else 0
    except (ValueError, AttributeError):
        raise Broken("the log's checkpoint is damaged", remedy=_SEE) from None
