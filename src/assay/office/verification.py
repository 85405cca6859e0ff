"""The ledger verified: every event, the tree, every row and its history, the signed checkpoint, and its copies elsewhere."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from assay.kernel.errors import Missing, UsageError
from assay.methods import notes
from assay.office import checkpoint, logfiles, schema, soundness, tiles
from assay.office.office import Unreadable
from assay.office.problem import Kind, Problem
from assay.office.remembered import Remembered
from assay.office.rows import row_digest
from assay.office.tree import Growing

if TYPE_CHECKING:
    from assay.office.office import Office

_CAP = 50  # problems told one by one
_MAX_LINE = 16 << 20


@dataclass(frozen=True, slots=True)
class Verification:
    """ok: nothing is wrong. size and root: of the log as it lies there; root in base64. pruned: policy → bodies."""

    ok: bool
    size: int
    root: str
    problems: tuple[Problem, ...]
    pruned: Mapping[str, int] = field(default_factory=dict)


def verify(office: Office) -> Verification:
    """Verify every event, the tree, every row and its history, the signed checkpoint, and its copy outside the database.

    A database that cannot be read to its end is a problem like any other.
    """
    try:
        return _verify(office)
    except (sa.exc.DBAPIError, Unreadable) as error:
        said = str(error.orig) if isinstance(error, sa.exc.DBAPIError) else error.what
        return nothing("damaged", f"the database cannot be read: {said[:200]}")


def nothing(kind: Kind, message: str) -> Verification:
    """Return the verification of a log of which nothing can be read, and why."""
    return _verification(Growing(set()), [Problem(kind, message)])


def _verify(office: Office) -> Verification:
    with office.outside.locked():
        note = office.about("checkpoint")
        outside, pending = office.outside.read("latest"), office.outside.read("pending")
        if note is None and not outside and not _count(office):
            raise Missing("the log is empty, so there is nothing to verify", remedy="run something first")
        signed = checkpoint.of(office, note)
        at = {c.size for c in (signed, checkpoint.of(office, outside)) if c is not None}
        grown = _walk(office, at)
        problems = [*grown.problems, *grown.unexplained()]
        problems += _against(signed, note, grown)
        problems += _copies(office, signed, outside, pending, note, grown)
        if not problems:
            problems += soundness.tree(office, grown)
        if not problems:
            problems += soundness.database(office)
        if not problems or all(p.kind in ("appended", "rolled-back", "tree") for p in problems):
            problems += grown.history
            problems += _rows(office, grown.rows)
        if not problems:
            problems += logfiles.problems(office)
    return _verification(grown, problems)


def verify_against(office: Office, note: str, public_pem: bytes) -> Verification:
    """Verify the log, and that it still holds everything a checkpoint kept elsewhere saw."""
    kept = checkpoint.kept(note, public_pem)
    base = verify(office)
    grown = _walk(office, {kept.size})
    return _verification(grown, [*base.problems, *_extends(kept, grown)])


def verify_export(path: Path, note: str, public_pem: bytes) -> Verification:
    """Verify an exported log against a checkpoint kept elsewhere; needs no home.

    Its own checkpoint, on its last line, must be signed by the same key over the events that stand before it.
    """
    kept = checkpoint.kept(note, public_pem)
    lines = list(_own(path))
    own = checkpoint.opened(lines[0], kept.origin, public_pem) if lines else None
    grown = Growing({kept.size} | ({own.size} if own else set()))
    for seq, line in enumerate(_lines(path)):
        grown.add(seq, line, None)
    problems = [*grown.problems, *grown.unexplained(), *_extends(kept, grown)]
    if not lines and not problems:  # one cut short is told by what it lost
        problems.append(Problem("missing", "the export does not end with its checkpoint"))
    elif lines and own is None:
        problems.append(
            Problem("bad-signature", "the export's own checkpoint is not signed by the log's key")
        )
    elif own is not None and not problems and (own.size != grown.size or own.root != grown.root()):
        problems.append(
            Problem("edited", "the export's events are not those that its checkpoint was signed over")
        )
    return _verification(grown, problems)


def _verification(grown: Growing, problems: list[Problem]) -> Verification:
    shown = list(dict.fromkeys(problems))
    if len(shown) > _CAP:
        more = len(shown) - _CAP
        shown = [*shown[:_CAP], Problem(shown[_CAP].kind, f"and {more} more like these")]
    root = base64.b64encode(grown.root()).decode()
    return Verification(not shown, grown.size, root, tuple(shown), grown.by_policy())


def _count(office: Office) -> int:
    return int(office.rows(sa.select(sa.func.count()).select_from(schema.events))[0][0])


def _walk(office: Office, at: set[int]) -> Growing:
    past = sa.select(schema.history).order_by(schema.history.c.seq)
    with office.engine.connect() as connection, office.engine.connect() as third:
        remembered = Remembered(iter(third.execution_options(yield_per=5_000).execute(past)))
        grown = Growing(at, remembered)
        query = sa.select(schema.events.c.seq, schema.events.c.leaf).order_by(schema.events.c.seq)
        known = tiles.leaves(connection)
        with office.engine.connect() as other:
            for seq, leaf in other.execution_options(yield_per=10_000).execute(query):
                grown.add(seq, leaf, next(known, None))
        grown.history = remembered.ended()
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
    copy = checkpoint.of(office, outside)
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
    if copy.size == signed.size and outside != note:
        return [Problem("changed", "the checkpoint and its copy outside the database differ")]
    past = grown.roots.get(copy.size)
    if past is not None and past != copy.root and not grown.problems:
        return [Problem("rewritten", f"the first {copy.size} events are not those that were signed")]
    if copy.size < signed.size and pending != note:
        return [Problem("rewritten", "the database has a checkpoint that was never announced outside it")]
    return []


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


def _rows(office: Office, vouched: Mapping[str, str | None]) -> list[Problem]:
    out, seen = [], set()
    for name, table in schema.PROTECTED.items():
        with office.engine.connect() as connection:
            for row in connection.execution_options(yield_per=5_000).execute(sa.select(table)).mappings():
                key = f"{name}/{row['key']}"
                seen.add(key)
                if key not in vouched or vouched[key] is None:
                    out.append(Problem("row-added", f"the row {key} was added without an event"))
                elif not all(isinstance(v, (str, type(None))) for v in row.values()) or vouched[
                    key
                ] != row_digest(dict(row)):
                    out.append(Problem("row-edited", f"the row {key} was edited without an event"))
    gone = [k for k, d in vouched.items() if d is not None and k not in seen]
    return out + [Problem("row-deleted", f"the row {k} was deleted without an event") for k in gone]


_MARK = '"assay.checkpoint/1"'


def _lines(path: Path) -> Iterator[str]:
    """Give each line of an export but its last, where that is its checkpoint."""
    held: str | None = None
    try:
        with path.open(encoding="utf-8", newline="\n") as source:
            while line := source.readline(_MAX_LINE):
                if held is not None:
                    yield held
                held = line.rstrip("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read as an exported log: {error}") from None
    if held is not None and _MARK not in held[:64]:
        yield held


def _own(path: Path) -> Iterator[str]:
    """Give the checkpoint on an export's last line, where it is one."""
    try:
        with path.open("rb") as source:
            source.seek(max(0, path.stat().st_size - (1 << 17)))
            last = source.read().rstrip(b"\n").rpartition(b"\n")[2].decode()
        raw = json.loads(last)
        if raw["schema"] == "assay.checkpoint/1" and isinstance(raw["checkpoint"], str):
            yield raw["checkpoint"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return
