"""What a walk over one pickle found, and the error that ends it early."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from assay.methods.pickles.hits import Hit


class Broken(Exception):
    """The stream is not a pickle from here on. at: where that is, when it is not the opcode under way."""

    def __init__(self, why: str, at: int | None = None) -> None:
        super().__init__(why)
        self.at = at


@dataclass
class Walk:
    """What one pickle holds. end: where it ended or could not be followed; complete: whether it reached STOP.

    arrays: raw arrays stepped over (joblib). nested: (start, end) of bytes that look like pickles themselves.
    persistent: the persistent ids it asks for, as values; persistent_at: where the first is.
    shared: how often a container or tuple was fetched from the memo.
    """

    start: int
    end: int
    complete: bool = False
    error: str = ""
    opcodes: int = 0
    hits: list[Hit] = field(default_factory=list)
    result: Any = None
    persistent: list[Any] = field(default_factory=list)
    nested: list[tuple[int, int]] = field(default_factory=list)
    arrays: int = 0
    shared: int = 0
    persistent_at: int = -1
    stopped: bool = False
