"""A transaction of the office: rows, the events that vouch for them, the tree over these, and its signed checkpoint."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from assay.kernel.canonical import plain, sha256
from assay.kernel.errors import AssayError, Broken
from assay.kernel.event import SCHEMA
from assay.methods import notes
from assay.methods.merkle import leaf_hash
from assay.office import checkpoint, history, schema, words
from assay.office.edge import Edge
from assay.office.leaf import Leaf, leaf_bytes
from assay.office.rows import row_text
from assay.office.vouching import voucher

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from assay.office.office import Office

SEE = "see `assay log verify`; restore the whole home from one backup"
_BATCH = 20_000
_NOTHING: Mapping[str, Any] = {}


class Tx:
    """A transaction under way."""

    def __init__(
        self, office: Office, connection: Connection, signed: tuple[str, Edge] | None = None
    ) -> None:
        """signed: a checkpoint that this very office signed, and the edge of the tree it signed over."""
        self.office, self.connection = office, connection
        note = words.one(connection, "about", "value", name="checkpoint")
        self.size = self.base = _size(note)
        self.now = office.clock()
        self._leaves: list[bytes] = []  # events that are not written yet
        self._rows: dict[str, str | None] = {}
        self._left: dict[tuple[str, str], str] = {}  # rows since the last event, as text
        self._written: set[tuple[str, str]] = set()  # rows of this transaction, which it knows itself
        self._history: list[history.Kept] = []
        self._brim = self.base + _BATCH  # the event with which all is written, so that little is held
        like = signed[1] if signed is not None and signed[0] == note else None
        self.edge = Edge.read(connection, self.base, like)
        self._stands(note, like)

    def _stands(self, note: str | None, like: Edge | None) -> None:
        """Broken where the log is not what was signed last: an event built upon it would make the damage look whole."""
        office = self.office
        if note != office.outside.read("latest"):
            raise Broken(
                "the database and the checkpoint's copy outside it differ, so nothing is written", remedy=SEE
            )
        if note is None or self.edge == like:  # it is what was signed here
            return
        signed = checkpoint.of(office, note)
        if signed is None or self.edge.root() != signed.root:
            raise Broken("the log is not the one that the office signed, so nothing is written", remedy=SEE)

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
        given, told = inputs or _NOTHING, detail or _NOTHING
        leaf = Leaf(action, actor, told, given, outcome, self._rows, SCHEMA, seq, subject, self.now)
        self._leaves.append(leaf_bytes(leaf))
        self.size += 1
        if self._rows:
            self._history += [(*named, seq, self.now, text) for named, text in self._left.items()]
            self._brim -= len(self._left)
            self._rows, self._left = {}, {}
        if seq >= self._brim:
            self._flush()
        return seq

    def leaf(self, seq: int) -> bytes:
        """Return the leaf hash of an event that was just recorded."""
        return leaf_hash(self._leaves[seq - self.size])

    def write(self, table: str, key: str, value: Mapping[str, Any], **columns: str | None) -> None:
        """Leave a row in a protected table; the next event vouches for it, and the history keeps it as it then is."""
        text = json.dumps(
            plain(dict(value)), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
        )
        row = {"key": key, **columns, "value": text}
        target = schema.PROTECTED[table].name
        words.upsert(self.connection, target, tuple(row), [tuple(row.values())])
        self._left[table, key] = left = row_text(row)
        self._written.add((table, key))
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
        text = words.one(self.connection, schema.PROTECTED[table].name, "value", key=key)
        return None if text is None else dict(json.loads(text))

    def held(self, table: str, key: str) -> dict[str, Any] | None:
        """Return the value of a row that is to be changed. Broken where it is not as the last event left it.

        The event of the change would else vouch for what somebody wrote past the office.
        """
        if (table, key) in self._written:
            return self.get(table, key)
        of = schema.PROTECTED[table]
        found = self.connection.execute(sa.select(of).where(of.c.key == key)).first()
        if found is None:
            return None
        row = dict(found._mapping)
        said = self._vouched(table, key)
        if said != sha256(row_text(row).encode()):
            raise Broken(
                f"the row {table}/{key[:80]!r} was written past the office, so it is not changed further",
                remedy=SEE,
            )
        return dict(json.loads(row["value"]))

    def _vouched(self, table: str, key: str) -> str | None:
        """Return the digest that the log has of a row as it should be; None where no event says one."""
        past = schema.history.c
        newest = sa.select(sa.func.max(past.seq)).where(past.noun == table, past.key == key)
        seq = self.connection.execute(newest).scalar()
        found = voucher(lambda n: words.one(self.connection, "events", "leaf", seq=n), seq, f"{table}/{key}")
        return found and found[1]

    def _flush(self) -> None:
        if not self._leaves:
            return
        self._enter(self.edge.size, list(map(bytes.decode, self._leaves)))
        if self._history:
            history.keep(self.connection, self._history)
        self.edge.grow(self.connection, self._leaves)
        self._leaves, self._history = [], []
        self._brim = self.size + _BATCH

    def _enter(self, first: int, events: list[str]) -> None:
        """Put events into their table; SQLite counts on from the first by itself, which is quicker than to be told."""
        counts = self.connection.dialect.name == "sqlite"
        told = 1 if counts else len(events)
        places = zip(range(first, first + told), events, strict=False)
        words.insert(self.connection, "events", ("seq", "leaf"), places)
        if told == len(events):
            return
        words.insert(self.connection, "events", ("leaf",), zip(events[told:], strict=True))
        (last,) = words.say(self.connection, "SELECT last_insert_rowid()").fetchone()
        if last != first + len(events) - 1:
            raise Broken("the log has events that the office never wrote, so nothing is written", remedy=SEE)

    def finish(self) -> str | None:
        """Write what is left and sign the checkpoint; return its note, None when nothing was recorded."""
        if self._rows:
            raise AssayError(f"rows were written that no event vouches for: {', '.join(self._rows)[:200]}")
        if self.size == self.base:
            return None
        self._flush()
        office = self.office
        text = notes.Checkpoint(office.origin, self.size, self.edge.root()).text
        note = notes.sign(text, office.origin, office.keyring.public_raw(), office.keyring.sign_ed25519)
        words.upsert(self.connection, "about", ("name", "value"), [("checkpoint", note)])
        return note


def _size(note: str | None) -> int:
    """Return the size that a checkpoint says; 0 where there is none, Broken where it says nothing."""
    try:
        return notes.Checkpoint.parse(note.rpartition("\n\n")[0] + "\n").size if note else 0
    except (ValueError, AttributeError):
        raise Broken("the log's checkpoint is damaged", remedy=SEE) from None
