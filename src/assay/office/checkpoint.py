"""The signed checkpoint: the log's size and root, under the office's key; the one in the database and those kept elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay.kernel.errors import Missing, UsageError
from assay.methods import notes

if TYPE_CHECKING:
    from assay.office.office import Office


def current(office: Office) -> str:
    """Return the signed checkpoint as text; Missing where the log is empty."""
    note = office.about("checkpoint")
    if note is None:
        raise Missing("the log is empty, so it has no checkpoint", remedy="run something first")
    return note


def opened(note: str, origin: str, pem: bytes) -> notes.Checkpoint | None:
    """Return what a note says when it is of that origin and signed by that key, else None."""
    from assay.engines.keys import raw_ed25519, verifier

    text = notes.verify(note, origin, raw_ed25519(pem), verifier(pem))
    try:
        found = notes.Checkpoint.parse(text) if text else None
    except ValueError:
        return None
    return found if found is not None and found.origin == origin else None


def of(office: Office, note: str | None) -> notes.Checkpoint | None:
    """Return what a note of this office says, or None where it is not signed by it."""
    return opened(note, office.origin, office.keyring.public_pem("ledger")) if note else None


def kept(note: str, public_pem: bytes) -> notes.Checkpoint:
    """Return what a checkpoint kept elsewhere says; UsageError when the key did not sign it."""
    origin = note.split("\n", 1)[0]
    try:
        found = opened(note, origin, public_pem)
    except ValueError as error:
        raise UsageError(f"the key is not the log's public key: {error}") from None
    if found is None:
        raise UsageError(
            "the kept checkpoint is not signed by this log's key", remedy="is it of another home?"
        )
    return found
