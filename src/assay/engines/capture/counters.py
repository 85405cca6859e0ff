"""How many events each writer took, made durable, and dropped: in a mapped file, which outlives the writer's death.

What a writer had taken and not made durable when it was killed is known from its counters, and is counted as lost.
"""

from __future__ import annotations

import contextlib
import fcntl
import mmap
import os
import struct
import uuid
from dataclasses import dataclass
from pathlib import Path

_LAYOUT = struct.Struct("<8sQQQQ")
_MAGIC = b"ASSAYCNT"
_PLACES = {"taken": 8, "durable": 16, "dropped": 24, "bytes": 32}
_WORD = struct.Struct("<Q")
SUFFIX = ".counters"


@dataclass(frozen=True, slots=True)
class Counted:
    """taken: events that were asked to be kept; durable: of those, on the disk; dropped: refused, or not written.

    lost: of writers that were killed, taken and neither durable nor dropped. size: bytes written.
    """

    taken: int = 0
    durable: int = 0
    dropped: int = 0
    lost: int = 0
    size: int = 0

    def __add__(self, other: Counted) -> Counted:
        return Counted(*(getattr(self, n) + getattr(other, n) for n in self.__slots__))


class Counters:
    """The counters of one living writer."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.path = folder / f"{uuid.uuid4().hex}{SUFFIX}"
        fresh = self.path.with_suffix(".new")
        self._fd = os.open(fresh, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            os.write(
                self._fd, _LAYOUT.pack(_MAGIC, 0, 0, 0, 0)
            )  # a full disk refuses it here, and not in the mapping
            fcntl.flock(self._fd, fcntl.LOCK_EX)
            fresh.rename(self.path)
            self._map = mmap.mmap(self._fd, _LAYOUT.size)
        except BaseException:
            os.close(self._fd)
            for path in (fresh, self.path):
                path.unlink(missing_ok=True)
            raise

    def add(self, name: str, count: int) -> None:
        """Count so many more."""
        at = _PLACES[name]
        _WORD.pack_into(self._map, at, _WORD.unpack_from(self._map, at)[0] + count)

    def read(self) -> Counted:
        """Return them as they stand."""
        return _counted(bytes(self._map), living=True)

    def close(self) -> None:
        """Let go of them; they stay, and are read as those of a writer that is gone."""
        self._map.flush()
        self._map.close()
        os.close(self._fd)


def _counted(data: bytes, *, living: bool) -> Counted:
    if len(data) < _LAYOUT.size or not data.startswith(_MAGIC):
        return Counted()
    _, taken, durable, dropped, size = _LAYOUT.unpack(data[: _LAYOUT.size])
    lost = 0 if living else max(0, taken - durable - dropped)
    return Counted(taken, durable, dropped, lost, size)


def total(folder: Path) -> Counted:
    """Return what all writers of a folder counted, of those too that are gone."""
    out = Counted()
    for path in folder.glob(f"*{SUFFIX}") if folder.is_dir() else ():
        with contextlib.suppress(OSError), path.open("rb") as opened:
            out += _counted(opened.read(), living=_held(opened.fileno()))
    return out


def gone(folder: Path) -> list[str]:
    """Return the names of writers that are gone."""
    out = []
    for path in folder.glob(f"*{SUFFIX}") if folder.is_dir() else ():
        with contextlib.suppress(OSError), path.open("rb") as opened:
            if not _held(opened.fileno()):
                out.append(path.stem)
    return out


def _held(descriptor: int) -> bool:
    """Whether a living process holds the lock."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    fcntl.flock(descriptor, fcntl.LOCK_UN)
    return False
