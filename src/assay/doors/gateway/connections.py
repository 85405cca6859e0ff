"""The connections of one gateway: how many, what each may take, and whose turn it is to be ended."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable
from dataclasses import dataclass
from itertools import islice
from typing import Protocol

from assay.doors.gateway.connection import Connection
from assay.doors.gateway.messages import Request, Response

_LOOKED = 64  # connections that are looked at for one that may go


@dataclass(frozen=True, slots=True)
class Bounds:
    """bytes of a head, and how many headers; seconds: for a head, an answer to be taken, and of saying nothing.

    body_seconds: for a body, and for each ``pace`` bytes of it that came another, up to ``body_longest``: a slow link may take its
    time, and whoever sends a byte now and then may not.
    """

    head: int = 32 << 10
    headers: int = 100
    head_seconds: float = 10.0
    body_seconds: float = 30.0
    body_longest: float = 900.0
    pace: int = 16 << 10
    taken_seconds: float = 30.0
    idle_seconds: float = 75.0
    connections: int = 10_000

    def body(self, came: int) -> float:
        """Return the seconds from its beginning that a body has, of which so many bytes have come."""
        return min(self.body_longest, self.body_seconds + came / self.pace)


class Application(Protocol):
    """Who answers."""

    def begin(self, request: Request) -> int | Response:
        """Return how many bytes a request's body may have, or a response where it is not to come at all."""

    def finish(self, request: Request) -> Awaitable[Response]:
        """Return the response to a whole request."""

    def drop(self, request: Request, rule: str) -> Response:
        """Return the response to a request that was begun and is refused for how it came; rule: why, empty: it was cut off."""

    def broke(self, rule: str) -> None:
        """Take note that a connection was ended for what came on it."""


class Server:
    """The connections of one process, and whose turn it is to be ended."""

    def __init__(self, application: Application, bounds: Bounds | None = None) -> None:
        self.application, self.bounds = application, bounds or Bounds()
        self.connections: dict[Connection, None] = {}  # those that are looked at first for room stand first
        self.closing = False

    def __call__(self) -> Connection:
        """Return a connection to be, as a loop asks for it."""
        return Connection(self)

    def room(self) -> bool:
        """Whether one more may come: where all places are taken, one goes that has waited long and has asked nothing whole.

        Of so many that stand first, those that are being answered go to the end; so looking costs the same however many there are.
        """
        if len(self.connections) < self.bounds.connections:
            return True
        for connection in list(islice(self.connections, _LOOKED)):
            if connection.idle:
                connection.leave()
                self.connections.pop(connection, None)
                return True
            self.connections[connection] = self.connections.pop(connection)
        return False

    async def watch(self) -> None:
        """End connections whose time is over, until cancelled."""
        while True:
            await asyncio.sleep(0.25)
            now = time.monotonic()
            for connection in list(self.connections):
                if connection.until <= now:
                    connection.late()

    async def drain(self, seconds: float) -> None:
        """Take no further request, and wait until those that came are answered."""
        self.closing = True
        for connection in list(self.connections):
            connection.close_when_idle()
        end = time.monotonic() + seconds
        while self.connections and time.monotonic() < end:
            await asyncio.sleep(0.02)
        for connection in list(self.connections):
            connection.abort()
