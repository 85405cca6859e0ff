"""Something a pickle would do that is not known to be harmless."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Sort = Literal["danger", "unknown", "tampering", "hook", "lost", "lie", "bomb"]


@dataclass(slots=True)
class Hit:
    """One name or call.

    sort: danger (a name known to do harm), unknown (a name on no list, or a callable that is computed),
    tampering (a class or function is changed in place), hook (an object is given one under a name at which Python or a
    library calls it), lost (the machine had to forget what is called), lie (a NumPy type that says what is not so),
    bomb (an allowed name is asked for more than fits into memory).
    name: ``module.name``, or the expression. expression: what would run, as Python. called: whether it is called
    or only imported. what: what a danger can do, what is false, or how much is asked for. offset, opcode: where. count: how often.
    """

    sort: Sort
    name: str
    expression: str
    offset: int
    opcode: str
    called: bool = False
    what: str = ""
    count: int = 1

    @property
    def plausible(self) -> bool:
        """Whether the name looks like one a person would write; raw data read as opcodes gives none such."""
        return self.name.isascii() and all(part.isidentifier() for part in self.name.split("."))
