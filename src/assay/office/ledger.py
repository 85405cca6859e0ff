"""The ledger read back: its latest events, proofs, and the whole of it exported.

It is written only by a transaction (office/office.py), and verified in office/verification.py.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from typing import IO, TYPE_CHECKING, Any

import sqlalchemy as sa

from assay.kernel.errors import Missing, UsageError
from assay.kernel.event import Event
from assay.methods import merkle
from assay.office import checkpoint, pruning, schema, tiles

if TYPE_CHECKING:
    from assay.office.office import Office


@dataclass(frozen=True, slots=True)
class Proof:
    """An event, its path to the root, and the signed checkpoint: all that a verifier needs. Hashes in base64.

    Where the event's body was pruned, ``event`` and ``leaf`` are empty and the leaf's hash stands for them.
    """

    event: Mapping[str, Any]
    leaf: str
    index: int
    size: int
    path: tuple[str, ...]
    checkpoint: str
    origin: str
    hash: str = ""  # of the leaf, in hex, where its body was pruned
    pruned: Mapping[str, Any] = field(default_factory=dict)  # by which policy, and the event that says so


def tail(office: Office, number: int) -> list[Event]:
    """Return the latest events, the oldest of them first."""
    query = sa.select(schema.events.c.leaf).order_by(schema.events.c.seq.desc()).limit(number)
    raw = [json.loads(r[0]) for r in office.rows(query)]
    return [_event(r) for r in reversed(raw)]


def event(office: Office, seq: int) -> Event | None:
    """Return the event at ``seq``, or None where there is none that can be read."""
    text = leaf_text(office, seq)
    try:
        return None if text is None else _event(json.loads(text))
    except (ValueError, TypeError, AttributeError, RecursionError):
        return None


def _event(raw: Mapping[str, Any]) -> Event:
    if raw.get("schema") == pruning.STUB:
        told = {"policy": raw["policy"], "event": raw["by"]}
        return Event(raw["seq"], "", "", "pruned", f"by {raw['policy']}", "pruned", detail=told)
    known = {f.name for f in fields(Event)}
    return Event(**{k: v for k, v in raw.items() if k in known})


def leaf(office: Office, seq: int) -> str:
    """Return the hash in hex that event ``seq`` has as a leaf of the tree; Missing where there is no such event."""
    text = leaf_text(office, seq)
    if text is None:
        raise Missing(f"there is no event {seq}", remedy="see `assay log verify`")
    held = pruning.stub(text)
    return held.hash.hex() if held else merkle.leaf_hash(text.encode()).hex()


def leaf_text(office: Office, seq: int) -> str | None:
    """Return the text that stands at ``seq``, an event or a pruned one's stub; None where there is none."""
    rows = office.rows(sa.select(schema.events.c.leaf).where(schema.events.c.seq == seq))
    return rows[0][0] if rows else None


def prove(office: Office, seq: int) -> Proof:
    """Return the proof that event ``seq`` is in the log; Missing where there is none."""
    note = office.about("checkpoint")
    signed = checkpoint.of(office, note)
    if note is None or signed is None:
        raise Missing("the log has no checkpoint yet, so nothing can be proved")
    rows = office.rows(sa.select(schema.events.c.leaf).where(schema.events.c.seq == seq))
    if not rows or seq >= signed.size:
        raise Missing(f"there is no event {seq}; the log has {signed.size}", remedy="see `assay log tail`")
    leaf = rows[0][0].encode()
    path = merkle.inclusion(seq, signed.size, stored(office))
    shown = tuple(base64.b64encode(p).decode() for p in path)
    held = pruning.stub(leaf.decode())
    if held is not None:
        why = {"policy": held.policy, "event": held.by}
        return Proof({}, "", seq, signed.size, shown, note, office.origin, held.hash.hex(), why)
    return Proof(json.loads(leaf), leaf.decode(), seq, signed.size, shown, note, office.origin)


def verify_proof(proof: Proof, public_pem: bytes) -> bool:
    """Whether a proof holds; needs nothing but the log's public key. UsageError where that is no such key."""
    try:
        signed = checkpoint.opened(proof.checkpoint, proof.origin, public_pem)
    except ValueError as error:
        raise UsageError(f"the key is not the log's public key: {error}") from None
    if signed is None or signed.size != proof.size:
        return False
    try:
        path = [base64.b64decode(p, validate=True) for p in proof.path]
        if proof.leaf:
            if json.loads(proof.leaf) != proof.event:  # what a person reads must be what was hashed
                return False
            value = merkle.leaf_hash(proof.leaf.encode())
        else:
            if proof.event or not proof.pruned:
                return False
            value = bytes.fromhex(proof.hash)
    except (ValueError, RecursionError):
        return False
    return merkle.verify_inclusion(proof.index, proof.size, value, path, signed.root)


def read_proof(text: str) -> Proof:
    """Read a proof as it was printed; UsageError where it is none."""
    try:
        raw = json.loads(text)
        given = {f.name: raw[f.name] for f in fields(Proof) if f.name in raw or _needed(f)}
        proof = Proof(**given | {"path": tuple(raw["path"])})
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise UsageError(f"this is no proof: {error}", remedy="make one: assay log prove SEQ") from None
    kinds = {
        "event": dict,
        "pruned": dict,
        "hash": str,
        "leaf": str,
        "index": int,
        "size": int,
        "checkpoint": str,
        "origin": str,
    }
    odd = [n for n, kind in kinds.items() if not isinstance(getattr(proof, n), kind)]
    odd += [] if all(isinstance(p, str) for p in proof.path) else ["path"]
    if odd:
        raise UsageError(f"this is no proof: its {odd[0]} is of the wrong type")
    return proof


def _needed(field_: Any) -> bool:
    return field_.default is MISSING and field_.default_factory is MISSING


def stored(office: Office) -> merkle.Node:
    """Return what reads a node of the tree as it is kept; Missing where one is not there."""

    def read(level: int, place: int) -> Any:
        rows = office.rows(tiles.ONE.params(level=level, place=place))
        return rows[0][0] if rows else None

    return tiles.nodes(read)


def export(office: Office, out: IO[str]) -> int:
    """Write the log as JSON lines, one event a line, the checkpoint last; return how many events."""
    count = 0
    with office.outside.locked(), office.engine.connect() as connection:
        query = sa.select(schema.events.c.leaf).order_by(schema.events.c.seq)
        for (leaf,) in connection.execution_options(yield_per=10_000).execute(query):
            out.write(leaf + "\n")
            count += 1
        note = office.about("checkpoint") or ""
    out.write(json.dumps({"schema": "assay.checkpoint/1", "checkpoint": note}) + "\n")
    return count
