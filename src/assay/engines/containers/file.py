"""One file of an image while its turn lasts: read once as a stream, or as a file that may be read anywhere."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from assay.kernel.errors import BadInput

_HEAD = 64 << 10
_IN_MEMORY = 32 << 20
_LAID_OUT = 4 << 30  # bytes of a file that is written out to be read anywhere
_CHUNK = 1 << 20


class StreamedFile:
    """A file of a layer. take: gives its next bytes."""

    same: tuple[int, ...] = ()

    def __init__(self, path: str, size: int, layer: str, take: Callable[[int], bytes], scratch: Path) -> None:
        self.path, self.size, self.layer = path, size, layer
        self._take, self._scratch = take, scratch
        self._held = b""
        self._left = size

    def head(self, size: int) -> bytes:
        """Return its first bytes, at most 64 KiB."""
        wanted = min(size, _HEAD, self.size) - len(self._held)
        if wanted > 0:
            self._held += self._next(wanted)
        return self._held[:size]

    def _next(self, size: int) -> bytes:
        part = self._take(min(size, self._left))
        self._left -= len(part)
        if len(part) < min(size, self._left + len(part)):
            raise BadInput(f"{self.path} is cut short")
        return part

    def read(self, most: int) -> bytes:
        """Return its bytes; BadInput where there are more than ``most``."""
        if self.size > most:
            raise BadInput(f"{self.path} has {self.size:,} bytes, more than any such record")
        whole, self._held = self._held + (self._next(self._left) if self._left else b""), b""
        return whole

    def stream(self) -> IO[bytes]:
        """Return it as bytes in order; nothing of it is kept."""
        return io.BufferedReader(_InOrder(self._ordered), _CHUNK)

    def _ordered(self, size: int) -> bytes:
        if self._held:
            part, self._held = self._held[:size], self._held[size:]
            return part
        return self._next(size) if self._left else b""

    def seekable(self) -> IO[bytes]:
        """Return it as a file that may be read anywhere: in memory while it is small, else in a private file.

        BadInput where it is too large to be laid out for that.
        """
        if self.size > _LAID_OUT:
            raise BadInput(f"{self.path} has {self.size:,} bytes, more than is looked into")
        if self.size <= _IN_MEMORY:
            return io.BytesIO(self.read(_IN_MEMORY))
        out = tempfile.TemporaryFile(dir=self._scratch)  # noqa: SIM115  closed by whoever asked
        out.write(self._held)
        self._held = b""
        while self._left:
            out.write(self._next(_CHUNK))
        out.seek(0)
        return out


class _InOrder(io.RawIOBase):
    def __init__(self, take: Callable[[int], bytes]) -> None:
        self._take = take

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        part = self._take(len(buffer))
        buffer[: len(part)] = part
        return len(part)


class PlainFile:
    """A file of a root directory, opened when it is read. same: equal for names of one file that has several, else nothing."""

    layer = ""

    def __init__(
        self, path: str, size: int, opened: Callable[[], IO[bytes]], same: tuple[int, ...] = ()
    ) -> None:
        self.path, self.size, self.same = path, size, same
        self._opened = opened

    def head(self, size: int) -> bytes:
        """Return its first bytes."""
        with self.seekable() as source:
            return source.read(min(size, _HEAD))

    def read(self, most: int) -> bytes:
        """Return its bytes; BadInput where there are more than ``most``."""
        with self.seekable() as source:
            found = source.read(most + 1)
        if len(found) > most:
            raise BadInput(f"{self.path} has more than {most:,} bytes, more than any such record")
        return found

    def stream(self) -> IO[bytes]:
        """Return it opened."""
        return self.seekable()

    def seekable(self) -> IO[bytes]:
        """Return it opened."""
        try:
            return self._opened()
        except OSError as error:
            raise BadInput(f"{self.path} cannot be read: {error.strerror}") from error
