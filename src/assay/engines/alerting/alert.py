"""What is told over a channel, and how the telling may end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from assay.kernel.errors import Broken


@dataclass(frozen=True, slots=True)
class Alert:
    """key: the same for the same telling, so that whoever gets it twice knows it. matter: the same for all that is told of one
    trouble, from its first window to the alert that it is over; empty where it is told of once.

    at: RFC 3339. lines: what was found, a sentence each; facts: name → value, for people; detail: all of it, as JSON, for programs.
    over: it tells that the matter is over.
    """

    key: str
    title: str
    severity: str
    source: str
    at: str
    lines: tuple[str, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)
    detail: Mapping[str, Any] = field(default_factory=dict)
    matter: str = ""
    over: bool = False


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
