"""What is put to a model at once: the rows of one request, or of several that were waiting."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from assay.engines.serving import packing
from assay.engines.serving.packing import Packed


@dataclass(slots=True, eq=False)
class Asked:
    """A request that waits for its answer. lost: how often a replica ended that had it; alone: it goes by itself from now on."""

    packed: Packed
    deadline: float
    answered: asyncio.Future[Any]
    lost: int = 0
    alone: bool = False


class Batch:
    """Requests that go to a replica as one. started: the model has begun with it, told of one that goes alone.

    unread: when last looked, the replica had not even taken it: it is at what another gateway asked.
    """

    __slots__ = ("alone", "asked", "count", "deadline", "first", "kind", "sent", "started", "unread")

    def __init__(self, asked: list[Asked]) -> None:
        one = asked[0]
        self.asked, self.kind, self.alone = asked, one.packed.kind, one.alone
        self.started, self.unread, self.sent = False, False, 0.0
        if len(asked) == 1:
            self.count, self.deadline, self.first = one.packed.count, one.deadline, one.deadline
        else:
            self.count = sum(a.packed.count for a in asked)
            self.deadline = max(a.deadline for a in asked)
            self.first = min(a.deadline for a in asked)

    @property
    def half(self) -> float:
        """Return when half of the time is over that it had when it was sent."""
        return self.sent + (self.first - self.sent) / 2

    def payload(self) -> bytes:
        """Return the rows of all of them."""
        return packing.payload([a.packed for a in self.asked])
