"""Bodies of old events pruned from the ledger: the leaf's hash stays, so that every proof and checkpoint still holds.

In the place of a body stands a stub with the leaf's hash, the policy, and the event that says so (``by``). That event names
the pruned places, and vouches anew for the rows that only pruned events had vouched for. A body that is gone without such
an event is a deletion, and verification tells the two apart. What those events left goes from the history with them
(office/forgetting), but for the rows that still stand so.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from assay.office import forgetting, schema, tiles
from assay.office.logbook import Hold

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from assay.office.office import Office

ACTION = "log.retain"
STUB = "assay.pruned/1"

KEPT = frozenset(
    {ACTION, "log.hold", "log.release", "log.witness"}
)  # what says why, and what must not be forgotten
CHUNK = 5_000  # events in one transaction


@dataclass(frozen=True, slots=True)
class Stub:
    """What stands in the place of a pruned body. by: the event that says so."""

    seq: int
    hash: bytes
    policy: str
    by: int


def stub(leaf: Any) -> Stub | None:
    """Return what a leaf's text says where it is a stub, else None; ValueError where it is a broken one."""
    if not isinstance(leaf, str) or not leaf.startswith(forgetting.HEAD):
        return None
    raw = json.loads(leaf)
    if not isinstance(raw, dict) or raw.get("schema") != STUB:
        return None
    value = bytes.fromhex(raw["hash"])
    if len(value) != 32 or not isinstance(raw["seq"], int) or not isinstance(raw["by"], int):
        raise ValueError("this is no stub")
    return Stub(raw["seq"], value, str(raw["policy"]), raw["by"])


def written(seq: int, value: bytes, policy: str, by: int) -> str:
    """Return the stub of an event as text."""
    raw = {"by": by, "hash": value.hex(), "policy": policy, "schema": STUB, "seq": seq}
    return json.dumps(raw, sort_keys=True, separators=(",", ":"))


def time_of(leaf: str) -> str:
    """Return an event's time: the last key of its canonical JSON; empty for a stub."""
    return leaf.rpartition('"time":"')[2].removesuffix('"}') if leaf.endswith('"}') else ""


@dataclass
class Plan:
    """What a policy would prune. held: hold → how many events it keeps. places: the events, in order."""

    places: list[int] = field(default_factory=list)
    held: dict[str, int] = field(default_factory=dict)
    last: dict[str, tuple[int, str | None]] = field(
        default_factory=dict
    )  # row → the event that vouched last, digest
    size: int = 0

    def follow(self, rows: Iterable[Any], wanted: Callable[[int, str, dict[str, Any]], bool]) -> None:
        """Take further events in."""
        for seq, leaf in rows:
            self.size = seq + 1
            if stub(leaf) is not None:
                continue
            event = json.loads(leaf)
            for key, digest in event["rows"].items():
                self.last[key] = (seq, digest)
            if wanted(seq, leaf, event):
                self.places.append(seq)


def plan(office: Office, cutoff: str, holds: Iterable[Hold]) -> Plan:
    """Return which events are older than ``cutoff`` and may go. Events of actions under way stay, and those that are held."""
    begun = {
        json.loads(v)["begun"]
        for (v,) in office.rows(sa.select(schema.actions.c.value).where(schema.actions.c.state == "begun"))
    }
    active = [h for h in holds if h.state == "held"]
    out = Plan()

    def wanted(seq: int, leaf: str, event: dict[str, Any]) -> bool:
        time = event["time"]
        if time >= cutoff or event["action"] in KEPT or seq in begun:
            return False
        keeps = [h.name for h in active if h.covers("events", time, time)]
        for name in keeps:
            out.held[name] = out.held.get(name, 0) + 1
        return not keeps

    query = sa.select(schema.events.c.seq, schema.events.c.leaf).order_by(schema.events.c.seq)
    for batch in office.batches(query):
        out.follow(batch, wanted)
    return out


def prune(office: Office, made: Plan, *, actor: str, policy: str, cutoff: str) -> list[int]:
    """Prune what was planned, in transactions of ``CHUNK`` events; return the events that say so."""
    out = []
    for start in range(0, len(made.places), CHUNK):
        places = made.places[start : start + CHUNK]
        with office.transaction() as tx:
            connection = tx.connection
            if (
                office.engine.dialect.name == "sqlite"
            ):  # what is pruned is overwritten, and not only forgotten
                connection.exec_driver_sql("PRAGMA secure_delete = ON")
            later = sa.select(schema.events.c.seq, schema.events.c.leaf).where(
                schema.events.c.seq >= made.size
            )
            made.follow(connection.execute(later.order_by(schema.events.c.seq)), lambda *_: False)
            hashes = _hashes(connection, places)
            inside = set(places)
            tx.vouch({k: d for k, (seq, d) in made.last.items() if seq in inside and d is not None})
            past = forgetting.of(connection, inside)
            detail = {
                "policy": policy,
                "older_than": cutoff,
                "count": len(places),
                "pruned": spans(places),
                "leaves": "sha256:" + hashlib.sha256(b"".join(hashes)).hexdigest(),
                "history": forgetting.digest_of(past),
            }
            by = tx.record(ACTION, "events", actor=actor, detail=detail)
            change = (
                sa.update(schema.events)
                .where(schema.events.c.seq == sa.bindparam("at"))
                .values(leaf=sa.bindparam("text"))
            )
            rows = [{"at": s, "text": written(s, h, policy, by)} for s, h in zip(places, hashes, strict=True)]
            connection.execute(change, rows)
            stands = {k: seq for k, (seq, _) in made.last.items() if seq in inside}
            forgetting.forget(connection, past, stands)
        out.append(by)
    if out and office.engine.dialect.name == "sqlite":
        with office.engine.connect() as connection:
            connection.exec_driver_sql(
                "PRAGMA wal_checkpoint(TRUNCATE)"
            )  # nor does the log beside it keep it
    return out


def _hashes(connection: Connection, places: list[int]) -> list[bytes]:
    node = tiles.within(connection)
    return [node(0, place) for place in places]


def spans(places: list[int]) -> list[list[int]]:
    """Return places in order as spans, each from its first to its last."""
    out: list[list[int]] = []
    for place in places:
        if out and out[-1][1] == place - 1:
            out[-1][1] = place
        else:
            out.append([place, place])
    return out
