"""Inside the sandbox: loads one model and answers on the socket that stands where standard input would.

One question is put to the model at a time; several connections may be open, each with several questions under way. Of one
connection is read while no question of another waits: what a gateway has sent and nobody took stands behind another's.
"""

from __future__ import annotations

import os
import select
import socket
import sys
import time
from collections import deque
from pathlib import Path

from assay.engines.serving import frames
from assay.engines.serving.frames import Frame
from assay.engines.serving.inside.asked import Asked

_CHUNK = 1 << 18
_SEND_SECONDS = 10
CANNOT_LOAD = 3


def main() -> None:
    """Load the model in the folder named, then answer for ever."""
    listener = socket.socket(fileno=os.dup(0))
    nothing = os.open("/dev/null", os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)  # what a model prints goes to the log
    try:
        asked = Asked.load(Path(sys.argv[1]))
    except Exception as error:  # noqa: BLE001 - a model's code may raise anything; the log says so
        print(f"it cannot be loaded: {_line(error)}", file=sys.stderr, flush=True)  # noqa: T201
        os._exit(CANNOT_LOAD)
    Loop(listener, asked).run()


def _line(error: Exception) -> str:
    name = "" if type(error) is ValueError and str(error).strip() else f"{type(error).__name__}: "
    return f"{name}{error}".strip().splitlines()[0][:500]


class Loop:
    """Accepts, reads, asks the model, writes; one thread."""

    def __init__(self, listener: socket.socket, asked: Asked) -> None:
        self.listener, self.asked = listener, asked
        self.open: dict[int, tuple[socket.socket, frames.Reader]] = {}
        self.waiting: deque[tuple[socket.socket, Frame]] = deque()
        self.poll = select.epoll()
        listener.setblocking(False)
        self.poll.register(listener.fileno(), select.EPOLLIN)

    def run(self) -> None:
        """Answer for ever."""
        while True:
            for number, _ in self.poll.poll():
                if number == self.listener.fileno():
                    self._accept()
                elif number in self.open:
                    self._read(number)
                while self.waiting:
                    self._answer(*self.waiting.popleft())

    def _accept(self) -> None:
        try:
            made, _ = self.listener.accept()
        except OSError:  # whoever called has gone
            return
        made.settimeout(_SEND_SECONDS)  # a gateway that does not read is not waited for
        self.open[made.fileno()] = (made, frames.Reader())
        self.poll.register(made.fileno(), select.EPOLLIN)

    def _read(self, number: int) -> None:
        made, reader = self.open[number]
        try:
            data = made.recv(_CHUNK)
            found = reader.feed(data) if data else None
        except (OSError, frames.Garbage):
            found = None
        if found is None:
            self._close(made)
            return
        for frame in found:
            self.waiting.append((made, frame))

    def _close(self, made: socket.socket) -> None:
        number = made.fileno()
        if number in self.open and self.open[number][0] is made:
            self.poll.unregister(number)
            del self.open[number]
        made.close()

    def _answer(self, made: socket.socket, frame: Frame) -> None:
        if made.fileno() < 0:
            return
        if frame.time and frame.time < time.monotonic():  # nobody waits for it any more
            self._send(made, frames.packed(frame.number, frames.FAILED, self.asked.late()))
            return
        if frame.flags & frames.SUSPECT:
            self._send(made, frames.packed(frame.number, frames.STARTED))
        began = time.monotonic()
        kind, payload = self.asked.answer(frame)
        self._send(made, frames.packed(frame.number, kind, payload, time=time.monotonic() - began))

    def _send(self, made: socket.socket, data: bytes) -> None:
        try:
            made.sendall(data)
        except OSError:
            self._close(made)


if __name__ == "__main__":
    main()
