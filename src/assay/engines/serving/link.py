"""A gateway's connection to one replica: what is under way on it, and what comes back."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import socket
import time
from array import array
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

from assay.engines.serving import frames, sockets, unpacking
from assay.engines.serving.batch import Batch
from assay.engines.serving.frames import Frame, Garbage
from assay.engines.serving.packing import Wants

_FIRST_DELAY, _LONGEST_DELAY = 0.02, 1.0
_SIOCOUTQ = 0x5411  # of a local socket: bytes that its other end has not read (unix(7))
_SOON = 1.0  # seconds; a connection that ends sooner is made again after a while


class Link:
    """One replica as a gateway sees it: connected or not, what it says of itself, and the batches that it has.

    under_way: in the order in which they were sent, which is that in which they are answered. pace: seconds that a batch took
    of late.
    """

    def __init__(self, path: Path, owner: Callable[[Link, str, Any, Any], None]) -> None:
        """owner: told of ``answer`` (batch, frame), ``lost`` (batches, reason) and ``ready``."""
        self.path, self.owner = path, owner
        self.under_way: OrderedDict[int, Batch] = OrderedDict()
        self.rows = 0
        self.ready = False
        self.wants: Wants | None = None
        self.info: dict[str, Any] = {}
        self.losses = self.hangs = 0
        self.pace = 0.0
        self._wire: _Wire | None = None
        self._number = 0
        self._closed = False
        self._delay = _FIRST_DELAY
        self._task: asyncio.Task[None] | None = None

    def open(self) -> None:
        """Connect, now and whenever the connection was lost, until it is closed."""
        self._task = asyncio.get_running_loop().create_task(self._connect())

    async def _connect(self) -> None:
        loop = asyncio.get_running_loop()
        if self._delay > _FIRST_DELAY:
            await asyncio.sleep(self._delay)
        while not self._closed:
            try:
                await loop.create_unix_connection(lambda: _Wire(self), str(self.path))
                return
            except OSError:
                await asyncio.sleep(self._delay)
                self._delay = min(_LONGEST_DELAY, 2 * self._delay)

    async def close(self) -> None:
        """Let go of it for good."""
        self._closed = True
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        if self._wire is not None and self._wire.transport is not None:
            self._wire.transport.close()

    def send(self, batch: Batch) -> None:
        """Put a batch to the replica."""
        assert self._wire is not None and self._wire.transport is not None
        self._number = self._number % 0xFFFFFFFF + 1
        batch.sent = time.monotonic()
        self.under_way[self._number] = batch
        self.rows += batch.count
        flags = frames.SUSPECT if batch.alone else 0
        self._wire.transport.write(
            frames.packed(self._number, batch.kind, batch.payload(), time=batch.deadline, flags=flags)
        )

    def drop(self, reason: str) -> None:
        """Cut the connection, as if the replica had: what is under way is lost."""
        wire = self._wire
        if wire is not None and wire.transport is not None:
            wire.transport.abort()
            self.lost(wire, reason)

    @property
    def unread(self) -> bool:
        """Whether the replica has not taken all that it was sent: of one batch, whether its model cannot have begun with it."""
        wire = self._wire
        if wire is None or wire.transport is None:
            return False
        if wire.transport.get_write_buffer_size():
            return True
        left = array("i", [0])
        try:
            fcntl.ioctl(wire.transport.get_extra_info("socket").fileno(), _SIOCOUTQ, left)
        except OSError:
            return False
        return left[0] > 0

    def withdraw(self) -> list[Batch]:
        """Take back what the replica has not taken, and connect again: it is ready when it says so."""
        batches, wire = list(self.under_way.values()), self._wire
        self.under_way, self.rows = OrderedDict(), 0
        self._wire, self.ready = None, False
        if wire is not None and wire.transport is not None:
            wire.transport.abort()
        self.open()
        return batches

    def hung(self, batch: Batch) -> None:
        """Tell the supervisor that this batch is not answered: it ends the process that it was sent to."""
        self.hangs += 1
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as mail, contextlib.suppress(OSError):
            mail.setblocking(False)
            mail.sendto(f"{batch.sent:.6f}".encode(), str(sockets.control_of(self.path)))

    def made(self, wire: _Wire) -> None:
        """A connection stands: ask what the replica is; it is ready when it has said so."""
        self._wire = wire
        assert wire.transport is not None
        wire.transport.write(frames.packed(0, frames.DESCRIBE))

    def read(self, wire: _Wire, data: bytes) -> None:
        """Take what the replica says; what is no message ends the connection."""
        if wire is not self._wire:
            return
        try:
            for frame in wire.reader.feed(data):
                self._take(frame)
        except Garbage as garbage:
            self.drop(f"the replica answers what is no answer: {garbage}")

    def lost(self, wire: _Wire, reason: str) -> None:
        """A connection is no more: hand back what was under way, and connect again."""
        if wire is not self._wire:
            return
        self._wire, self.ready = None, False
        batches, self.under_way, self.rows = list(self.under_way.values()), OrderedDict(), 0
        if not self._closed:
            self.losses += 1
            soon = time.monotonic() - wire.made < _SOON
            self._delay = min(_LONGEST_DELAY, 2 * self._delay) if soon else _FIRST_DELAY
            self.open()
        self.owner(self, "lost", batches, reason)

    def _take(self, frame: Frame) -> None:
        if frame.kind == frames.SAID and frame.number == 0:
            if len(frame.payload) > frames.LARGEST_INFO:
                raise Garbage("it says too much of itself")
            self.info, self.wants = unpacking.info(frame.payload)
            self.ready = True
            self.owner(self, "ready", None, None)
            return
        batch = self.under_way.get(frame.number)
        if batch is None:
            raise Garbage("an answer to nothing")
        if frame.kind == frames.STARTED:
            batch.started = True
            return
        if frame.kind not in (frames.ANSWER, frames.ANSWER_BODY, frames.FAILED):
            raise Garbage(f"a message of the kind {frame.kind}")
        self.owner(self, "answer", batch, frame)  # Garbage leaves it under way, and so lost with the rest
        del self.under_way[frame.number]
        self.rows -= batch.count
        took = time.monotonic() - batch.sent
        self.pace = took if not self.pace else 0.8 * self.pace + 0.2 * took
        self.owner(self, "ready", None, None)


class _Wire(asyncio.Protocol):
    """One connection of a link."""

    def __init__(self, link: Link) -> None:
        self.link, self.reader = link, frames.Reader(frames.LARGEST_ANSWER)
        self.transport: asyncio.Transport | None = None
        self.made = time.monotonic()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]
        self.link.made(self)

    def data_received(self, data: bytes) -> None:
        self.link.read(self, data)

    def connection_lost(self, exc: Exception | None) -> None:
        self.link.lost(self, "the replica ended")
