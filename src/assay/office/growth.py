"""A proof that the log only grew since a checkpoint that was kept: what was written before it is as it was.

It holds two signed checkpoints and the path of RFC 9162 §2.1.4 between their roots, and not one event.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assay.kernel.errors import Missing, UsageError
from assay.methods import merkle
from assay.office import checkpoint
from assay.office.ledger import stored

if TYPE_CHECKING:
    from assay.methods.notes import Checkpoint
    from assay.office.office import Office


@dataclass(frozen=True, slots=True)
class Growth:
    """The checkpoint that was kept, a later one, and the path that joins them: hashes in base64."""

    kept: str
    checkpoint: str
    path: tuple[str, ...]


def prove(office: Office, kept: str) -> Growth:
    """Return the proof that the log as it stands extends the one that a checkpoint saw.

    Missing where the log has no checkpoint; UsageError for a checkpoint of another log, of no event, or of more than there are.
    """
    note = office.about("checkpoint")
    now = checkpoint.of(office, note)
    if note is None or now is None:
        raise Missing("the log has no checkpoint yet, so nothing can be proved")
    before = checkpoint.kept(kept, office.keyring.public_pem("ledger"))
    if not 0 < before.size <= now.size:
        raise UsageError(
            f"the kept checkpoint saw {before.size} events, and the log has {now.size}",
            remedy="see what `assay log verify --checkpoint` says of it",
        )
    path = merkle.consistency(before.size, now.size, stored(office))
    return Growth(kept, note, tuple(base64.b64encode(p).decode() for p in path))


def verify(growth: Growth, public_pem: bytes) -> tuple[Checkpoint, Checkpoint] | None:
    """Return the earlier checkpoint and the later where the proof holds, else None; needs nothing but the log's public key."""
    before, now = (checkpoint.kept(note, public_pem) for note in (growth.kept, growth.checkpoint))
    try:
        path = [base64.b64decode(p, validate=True) for p in growth.path]
    except ValueError:
        return None
    one_log = before.origin == now.origin
    holds = one_log and merkle.verify_consistency(before.size, now.size, before.root, now.root, path)
    return (before, now) if holds else None


def read(text: str) -> Growth | None:
    """Read a proof as it was printed; None for one of something else, UsageError for one that is odd."""
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(
            f"this is no proof: {error}", remedy="make one: assay log prove --since FILE"
        ) from None
    if not isinstance(raw, dict) or "kept" not in raw:
        return None
    kept, note, path = raw["kept"], raw.get("checkpoint"), raw.get("path")
    if not isinstance(kept, str) or not isinstance(note, str) or not isinstance(path, list):
        raise UsageError("this is no proof: it lacks a checkpoint or its path")
    if len(path) > 128 or not all(isinstance(p, str) for p in path):
        raise UsageError("this is no proof: its path is no list of hashes")
    return Growth(kept, note, tuple(path))
