"""What a verification found wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "edited", "deleted", "reordered", "appended", "rolled-back", "rewritten", "row-edited", "row-deleted",
    "row-added", "history-edited", "history-deleted", "history-added", "tree", "damaged", "bad-signature", "missing", "extra", "changed",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong: its kind, a sentence, and the event or file it concerns."""

    kind: Kind
    message: str
    seq: int | None = None
    file: str | None = None
