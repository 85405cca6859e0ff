"""One act, as the ledger keeps it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from assay.kernel.canonical import canonical, plain

SCHEMA = "assay.event/1"


@dataclass(frozen=True, slots=True)
class Event:
    """Who did what to what, with which inputs and outcome, and the digests of the rows it wrote.

    seq: place in the ledger, from 0. time: RFC 3339 UTC. rows: ``table/key`` → digest of the row it left,
    or null for a row it removed. Its canonical JSON is a leaf of the tree.
    """

    seq: int
    time: str
    actor: str
    action: str
    subject: str
    outcome: str = "done"
    inputs: Mapping[str, str] = field(default_factory=dict)
    detail: Mapping[str, Any] = field(default_factory=dict)
    rows: Mapping[str, str | None] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "schema": SCHEMA,
            "seq": self.seq,
            "time": self.time,
            "actor": self.actor,
            "action": self.action,
            "subject": self.subject,
            "outcome": self.outcome,
            "inputs": plain(dict(self.inputs)),
            "detail": plain(dict(self.detail)),
            "rows": dict(self.rows),
        }

    def leaf(self) -> bytes:
        """Return the bytes that the tree hashes."""
        return canonical(self.to_dict())
