"""What runs on the way of every job has these in place of socket, signal and contextlib: importing them takes 9 ms of 12.

Each is the module in C that the library's own stands on, and the numbers are Linux's, the same on x86_64 and aarch64.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]
import struct
from _socket import SCM_RIGHTS, SOL_SOCKET, socket

TYPE_CHECKING = False  # typing itself is not imported: it would be a fifth of a job's start
if TYPE_CHECKING:
    from collections.abc import Callable

SIGINT, SIGKILL, SIGPIPE, SIGTERM = 2, 9, 13, 15
DEFAULT, IGNORE = 0, 1


class Passing:
    """Pass over errors of the kinds given, as ``contextlib.suppress`` does."""

    def __init__(self, *kinds: type[BaseException]) -> None:
        self.kinds = kinds

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> bool:
        return kind is not None and issubclass(kind, self.kinds)


class Socket(socket):
    """A socket of C's module that a ``with`` closes."""

    def __enter__(self) -> Socket:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def on_signal(number: int, handler: Callable[[int, object], object] | int) -> None:
    """Have a signal handled by a function, by DEFAULT or by IGNORE."""
    _signal.signal(number, handler)


def send_descriptors(channel: socket, text: bytes, descriptors: list[int]) -> None:
    """Send a few bytes, and open descriptors with the first of them (unix(7), SCM_RIGHTS)."""
    given = struct.pack(f"{len(descriptors)}i", *descriptors)
    sent = channel.sendmsg([text], [(SOL_SOCKET, SCM_RIGHTS, given)])
    if sent < len(text):
        channel.sendall(text[sent:])
