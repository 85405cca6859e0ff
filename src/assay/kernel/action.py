"""An act that takes long or touches the world: authorise → recorded as begun → done → recorded as done, or failed.

The two records are two transactions with none open between. The second writes the state that the act leaves, so that
state and record are kept together or not at all. Whoever opens the office after a crash finds what was begun and not
ended, and asks it whether it happened.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

Made = Mapping[str, Any]  # what was done, as JSON


class Writer(Protocol):
    """A transaction under way, as an action sees it."""

    now: str  # RFC 3339, UTC
    size: int  # the seq that the next event will have

    def get(self, table: str, key: str) -> dict[str, Any] | None:
        """Return a row's value, or None."""

    def held(self, table: str, key: str) -> dict[str, Any] | None:
        """Return the value of a row that is to be changed, or None; Broken where the log does not vouch for it."""

    def write(self, table: str, key: str, value: Mapping[str, Any], **columns: str | None) -> None:
        """Leave a row, which the next event vouches for."""


@dataclass(frozen=True, slots=True)
class Begun:
    """The event that says an action has begun. leaf: its hash in the log's tree, in hex."""

    seq: int
    leaf: str


@dataclass(frozen=True, slots=True)
class Settled:
    """What the last event of an action says. subject: what it was about, where only now that is known."""

    subject: str = ""
    inputs: Mapping[str, str] = field(default_factory=dict)
    detail: Mapping[str, Any] = field(default_factory=dict)


class Action(ABC):
    """One act, with all that is needed to do it, to ask whether it happened, and to record it."""

    name: str  # model.approve
    subject: str  # one action at a time is under way about a subject
    actor: str
    key: str  # makes it safe to repeat: what was done under a key is not done again
    inputs: Mapping[str, str]  # digests of what it works on
    order: Mapping[str, Any]  # as JSON, what another process needs to ask whether it happened

    @abstractmethod
    def authorise(self) -> None:
        """Raise Refused where a rule forbids it, UsageError where it makes no sense as things stand."""

    @abstractmethod
    def do(self, begun: Begun) -> Made:
        """Do it, with no transaction open."""

    @abstractmethod
    def happened(self, begun: Begun) -> Made | None:
        """Return what was done where all of it was, after whoever did it is gone; else None."""

    @abstractmethod
    def settle(self, tx: Writer, made: Made) -> Settled:
        """Write the state that it leaves, in the transaction of its last event."""
