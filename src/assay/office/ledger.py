"""The ledger read back: verified, proved, exported. It is written only by a transaction (office/office.py)."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import sqlalchemy as sa

from assay.kernel.errors import Missing, UsageError
from assay.kernel.event import Event
from assay.methods import merkle, notes
from assay.office import schema
from assay.office.office import row_digest
from assay.office.problem import Problem
from assay.office.tree import Growing

if TYPE_CHECKING:
    from assay.office.office import Office

_CAP = 50  # problems told one by one
_MAX_LINE = 16 << 20


@dataclass(frozen=True, slots=True)
class Verification:
    """ok: nothing is wrong. size and root: of the log as it lies there; root in base64."""

    ok: bool
    size: int
    root: str
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Proof:
    """An event, its path to the root, and the signed checkpoint: all that a verifier needs. Hashes in base64."""

    event: Mapping[str, Any]
    leaf: str
    index: int
    size: int
    path: tuple[str, ...]
    checkpoint: str
    origin: str


def verify(office: Office) -> Verification:
    """Verify every event, the tree, every row, the signed checkpoint, and its copy outside the database."""
    with office.outside.locked():
        note = office.about("checkpoint")
        outside, pending = office.outside.read("latest"), office.outside.read("pending")
        if note is None and not outside and not _count(office):
            raise Missing("the log is empty, so there is nothing to verify", remedy="run something first")
        signed = _signed(office, note)
        at = {c.size for c in (signed, _signed(office, outside)) if c is not None}
        grown = _walk(office, at)
        problems = [*grown.problems]
        problems += _against(signed, note, grown)
        problems += _copies(office, signed, outside, pending, note, grown)
        if not problems or all(p.kind in ("appended", "rolled-back") for p in problems):
            problems += _rows(office, grown.rows)
    return _verification(grown, problems)


def _verification(grown: Growing, problems: list[Problem]) -> Verification:
    shown = list(dict.fromkeys(problems))
    if len(shown) > _CAP:
        more = len(shown) - _CAP
        shown = [*shown[:_CAP], Problem(shown[_CAP].kind, f"and {more} more like these")]
    return Verification(not shown, grown.size, base64.b64encode(grown.root()).decode(), tuple(shown))


def _count(office: Office) -> int:
    return int(office.rows(sa.select(sa.func.count()).select_from(schema.events))[0][0])


def _signed(office: Office, note: str | None) -> notes.Checkpoint | None:
    return _checkpoint(note, office.origin, office.keyring.public_pem("ledger")) if note else None


def _checkpoint(note: str, origin: str, pem: bytes) -> notes.Checkpoint | None:
    from assay.engines.keys import raw_ed25519, verifier

    text = notes.verify(note, origin, raw_ed25519(pem), verifier(pem))
    try:
        found = notes.Checkpoint.parse(text) if text else None
    except ValueError:
        return None
    return found if found is not None and found.origin == origin else None


def _walk(office: Office, at: set[int]) -> Growing:
    grown = Growing(at)
    with office.engine.connect() as connection:
        query = sa.select(schema.events.c.seq, schema.events.c.leaf).order_by(schema.events.c.seq)
        leaves = sa.select(schema.nodes.c.place, schema.nodes.c.hash).where(schema.nodes.c.level == 0)
        kept = connection.execution_options(yield_per=10_000).execute(leaves.order_by(schema.nodes.c.place))
        known: Iterator[Any] = iter(kept)
        with office.engine.connect() as other:
            for seq, leaf in other.execution_options(yield_per=10_000).execute(query):
                grown.add(seq, leaf, next(known, None))
    return grown


def _against(signed: notes.Checkpoint | None, note: str | None, grown: Growing) -> list[Problem]:
    if note is None:
        return [Problem("deleted", "the signed checkpoint is gone from the database")]
    if signed is None:
        return [Problem("bad-signature", "the checkpoint in the database is not signed by this office's key")]
    if grown.problems:
        return []
    if grown.size > signed.size:
        first = signed.size
        return [
            Problem(
                "appended",
                f"{grown.size - first} events from {first} on were added behind the office's back",
                first,
            )
        ]
    if grown.size < signed.size:
        gone = signed.size - grown.size
        return [Problem("deleted", f"the last {gone} events, from {grown.size} on, are gone", grown.size)]
    if grown.root() != signed.root:
        return [Problem("edited", "the events are not those that the checkpoint was signed over")]
    return []


def _copies(
    office: Office,
    signed: notes.Checkpoint | None,
    outside: str | None,
    pending: str | None,
    note: str | None,
    grown: Growing,
) -> list[Problem]:
    """Compare with the copy kept outside. A pending one that is the database's own is a crash, not forgery."""
    if signed is None:
        return []
    if outside is None:
        if pending == note:  # the very first commit was cut short after it happened
            return []
        return [Problem("missing", "the checkpoint's copy outside the database is gone")]
    copy = _signed(office, outside)
    if copy is None:
        return [
            Problem(
                "bad-signature", "the checkpoint's copy outside the database is not signed by this office"
            )
        ]
    if copy.size > signed.size:
        lost = copy.size - signed.size
        return [
            Problem(
                "rolled-back",
                f"the database is older than its checkpoint's copy: {lost} events are gone",
                signed.size,
            )
        ]
    past = grown.roots.get(copy.size)
    if past is not None and past != copy.root and not grown.problems:
        return [Problem("rewritten", f"the first {copy.size} events are not those that were signed")]
    if copy.size < signed.size and pending != note:
        return [Problem("rewritten", "the database has a checkpoint that was never announced outside it")]
    return []


def _rows(office: Office, vouched: Mapping[str, str | None]) -> list[Problem]:
    out, seen = [], set()
    for name, table in schema.PROTECTED.items():
        with office.engine.connect() as connection:
            for row in connection.execution_options(yield_per=5_000).execute(sa.select(table)).mappings():
                key = f"{name}/{row['key']}"
                seen.add(key)
                if key not in vouched or vouched[key] is None:
                    out.append(Problem("row-added", f"the row {key} was added without an event"))
                elif vouched[key] != row_digest(dict(row)):
                    out.append(Problem("row-edited", f"the row {key} was edited without an event"))
    gone = [k for k, d in vouched.items() if d is not None and k not in seen]
    return out + [Problem("row-deleted", f"the row {k} was deleted without an event") for k in gone]


def _stored(office: Office) -> merkle.Node:
    def node(level: int, place: int) -> bytes:
        where = (schema.nodes.c.level == level) & (schema.nodes.c.place == place)
        found = office.rows(sa.select(schema.nodes.c.hash).where(where))
        if not found:
            raise Missing("a node of the log's tree is missing", remedy="see `assay log verify`")
        return bytes(found[0][0])

    return node


def prove(office: Office, seq: int) -> Proof:
    """Return the proof that event ``seq`` is in the log; Missing where there is none."""
    note = office.about("checkpoint")
    signed = _signed(office, note)
    if note is None or signed is None:
        raise Missing("the log has no checkpoint yet, so nothing can be proved")
    rows = office.rows(sa.select(schema.events.c.leaf).where(schema.events.c.seq == seq))
    if not rows or seq >= signed.size:
        raise Missing(f"there is no event {seq}; the log has {signed.size}", remedy="see `assay log tail`")
    leaf = rows[0][0].encode()
    path = merkle.inclusion(seq, signed.size, _stored(office))
    shown = tuple(base64.b64encode(p).decode() for p in path)
    return Proof(json.loads(leaf), leaf.decode(), seq, signed.size, shown, note, office.origin)


def verify_proof(proof: Proof, public_pem: bytes) -> bool:
    """Whether a proof holds; needs nothing but the log's public key."""
    signed = _checkpoint(proof.checkpoint, proof.origin, public_pem)
    if signed is None or signed.size != proof.size:
        return False
    path = [base64.b64decode(p) for p in proof.path]
    return merkle.verify_inclusion(
        proof.index, proof.size, merkle.leaf_hash(proof.leaf.encode()), path, signed.root
    )


def consistency(office: Office, old: int) -> list[bytes]:
    """Return the proof that the log still extends what it was at size ``old``."""
    signed = _signed(office, office.about("checkpoint"))
    if signed is None:
        raise Missing("the log has no checkpoint yet, so nothing can be proved")
    return merkle.consistency(old, signed.size, _stored(office))


def checkpoint(office: Office) -> str:
    """Return the signed checkpoint."""
    note = office.about("checkpoint")
    if note is None:
        raise Missing("the log is empty, so it has no checkpoint", remedy="run something first")
    return note


def tail(office: Office, number: int) -> list[Event]:
    """Return the latest events, the oldest of them first."""
    query = sa.select(schema.events.c.leaf).order_by(schema.events.c.seq.desc()).limit(number)
    raw = [json.loads(r[0]) for r in office.rows(query)]
    return [Event(**{k: v for k, v in r.items() if k != "schema"}) for r in reversed(raw)]


def verify_against(office: Office, note: str, public_pem: bytes) -> Verification:
    """Verify the log, and that it still holds everything a checkpoint kept elsewhere saw."""
    kept = _kept(note, public_pem)
    base = verify(office)
    grown = _walk(office, {kept.size})
    return _verification(grown, [*base.problems, *_extends(kept, grown)])


def _kept(note: str, public_pem: bytes) -> notes.Checkpoint:
    origin = note.split("\n", 1)[0]
    try:
        kept = _checkpoint(note, origin, public_pem)
    except ValueError as error:
        raise UsageError(f"the key is not the log's public key: {error}") from None
    if kept is None:
        raise UsageError(
            "the kept checkpoint is not signed by this log's key", remedy="is it of another home?"
        )
    return kept


def _extends(kept: notes.Checkpoint, grown: Growing) -> list[Problem]:
    if grown.size < kept.size:
        lost = kept.size - grown.size
        return [
            Problem(
                "rolled-back", f"the kept checkpoint saw {lost} events more than the log holds", grown.size
            )
        ]
    if grown.roots.get(kept.size) != kept.root:
        return [
            Problem("rewritten", f"the first {kept.size} events are not those that the kept checkpoint saw")
        ]
    return []


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


def verify_export(path: Path, note: str, public_pem: bytes) -> Verification:
    """Verify an exported log against a checkpoint kept elsewhere; needs no home."""
    kept = _kept(note, public_pem)
    grown = Growing({kept.size})
    for seq, line in enumerate(_lines(path)):
        grown.add(seq, line, None)
    return _verification(grown, [*grown.problems, *_extends(kept, grown)])


def _lines(path: Path) -> Iterator[str]:
    try:
        with path.open(encoding="utf-8", newline="\n") as source:
            while line := source.readline(_MAX_LINE):
                if line.startswith('{"checkpoint"') or '"assay.checkpoint/1"' in line[:64]:
                    return
                yield line.rstrip("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read as an exported log: {error}") from None


Verifier = Callable[[bytes, bytes], bool]
