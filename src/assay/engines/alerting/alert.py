"""What is told over a channel, and how the telling may end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from assay.kernel.errors import Broken


@dataclass(frozen=True, slots=True)
class Alert:
    """key: the same for the same matter, so that whoever is told twice knows it. at: RFC 3339. lines: what was found, a sentence
    each; facts: name → value, for people; detail: all of it, as JSON, for programs.
    """

    key: str
    title: str
    severity: str
    source: str
    at: str
    lines: tuple[str, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Delivered:
    """What became of it. tries: how often it was sent until somebody took it; said: what the receiver answered."""

    tries: int
    said: str = ""


class Undelivered(Broken):
    """Nobody took the alert. again: whether it makes sense to send it once more."""

    def __init__(self, what: str, *, where: str = "", remedy: str = "", again: bool = True) -> None:
        super().__init__(what, where=where, remedy=remedy)
        self.again = again
