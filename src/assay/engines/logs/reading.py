"""A log file as a stream of bytes: unpacked, digested on the way, and bounded whatever it claims to hold."""

from __future__ import annotations

import hashlib
import os
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from assay.kernel.errors import BadInput, Missing, UsageError

MAX_CONTENT = 64 << 30  # bytes of one file, unpacked
MAX_FILES = 1_000_000
_BLOCK = 1 << 20
_GZIP = b"\x1f\x8b"
_SKIPPED = ("aws-logs-write-test",)  # an export to a bucket leaves it there


class Stream:
    """The content of a file. known: lengths at which the content's digest so far is kept; None: it is not digested.

    digest: of the bytes that lie there; content: of what they unpack to; both once all was read.
    """

    def __init__(self, path: Path, known: Sequence[int] | None = ()) -> None:
        self.path = path
        self._digested = known is not None
        self._file: BinaryIO = path.open("rb")
        self._lying, self._content = hashlib.sha256(), hashlib.sha256()
        self.length = self.lying = 0
        self.prefixes: dict[int, str] = {}
        self._marks = sorted({k for k in known or () if k > 0}, reverse=True)
        first = self._file.read(2)
        self._file.seek(0)
        self._unzip = zlib.decompressobj(wbits=31) if first == _GZIP else None
        self.packed = self._unzip is not None
        self._left = b""
        self._ended = False
        self.broken: str | None = None

    def __enter__(self) -> Stream:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def read(self, size: int) -> bytes:
        """Return up to ``size`` bytes of content, and none at the end; what cannot be unpacked ends it (``broken``)."""
        out: list[bytes] = []
        have, size = 0, min(size, MAX_CONTENT + 1 - self.length)
        while have < size and not self._ended:
            block = self._block(size - have)
            if block:
                out.append(block)
                have += len(block)
        data = b"".join(out)
        self._digest(data)
        if self.length > MAX_CONTENT:
            self._ended, self.broken = True, f"it unpacks to more than {MAX_CONTENT >> 30} GiB"
        return data

    def _block(self, size: int) -> bytes:
        if self._unzip is None:
            data = self._raw(min(size, _BLOCK))
            self._ended = not data
            return data
        fresh = self._left or self._raw(_BLOCK)
        if not fresh:
            self._ended = True
            if not self._unzip.eof:
                self.broken = "the gzip file is cut short"
            return b""
        if self._unzip.eof:  # a gzip file may be several, one after another
            if not fresh.strip(b"\0"):
                self._left = b""
                return b""
            self._unzip = zlib.decompressobj(wbits=31)
        try:
            data = self._unzip.decompress(fresh, size)
        except zlib.error as error:
            self._ended, self.broken = True, f"the gzip file is damaged ({error})"
            self._rest()
            return b""
        self._left = self._unzip.unused_data if self._unzip.eof else self._unzip.unconsumed_tail
        return data

    def _raw(self, size: int) -> bytes:
        data = self._file.read(size)
        self._lying.update(data)
        self.lying += len(data)
        return data

    def _rest(self) -> None:
        while self._raw(_BLOCK):
            pass

    def _digest(self, data: bytes) -> None:
        if not self._digested:
            self.length += len(data)
            return
        view, done = memoryview(data), 0
        while self._marks and self._marks[-1] <= self.length + len(data):
            mark = self._marks.pop()
            cut = mark - self.length
            if cut < done:
                continue
            self._content.update(view[done:cut])
            done = cut
            self.prefixes[mark] = "sha256:" + self._content.copy().hexdigest()
        self._content.update(view[done:])
        self.length += len(data)

    def finish(self) -> None:
        """Read what is left, so that both digests are whole."""
        while self.read(_BLOCK):
            pass

    @property
    def digest(self) -> str:
        """Return the digest of the bytes that lie there."""
        return "sha256:" + self._lying.hexdigest()

    @property
    def content(self) -> str:
        """Return the digest of what they unpack to; that of the bytes there where it was not digested."""
        return "sha256:" + self._content.hexdigest() if self._digested else self.digest


def head(path: Path, size: int) -> bytes:
    """Return how a file's content begins; BadInput where it cannot be unpacked at all."""
    with Stream(path) as stream:
        data = stream.read(size)
        if not data and stream.broken:
            raise BadInput(stream.broken, where=str(path))
        return data


def files(place: Path) -> Iterator[Path]:
    """Give the log files at a place, in order of name: the file, or every plain file below a folder.

    Links are not followed, and what is hidden is left out. Missing where there is nothing.
    """
    if place.is_file():
        yield place
        return
    if not place.is_dir():
        raise Missing(f"there is no file or folder {str(place)!r}", remedy="check the path")
    count = 0
    for folder, folders, names in os.walk(place):
        folders[:] = sorted(f for f in folders if not f.startswith("."))
        for name in sorted(names):
            path = Path(folder) / name
            if name.startswith(".") or name in _SKIPPED or path.is_symlink() or not path.is_file():
                continue
            count += 1
            if count > MAX_FILES:
                raise UsageError(f"{place} holds more than {MAX_FILES} files", remedy="import it in parts")
            yield path
