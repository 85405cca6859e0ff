"""What lies in an archive, however it is packed and nested, file by file and within bounds: tar, zip, gzip, bzip2, xz, zstd, lz4.

Content decides what is an archive, never a name. Nothing is written but to a folder for what is being read, which is emptied
again; no name of a member is ever a path here. Image archives (docker save, OCI layouts) are tars of tars like any other.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from assay.engines.archives import Bounds, Xz
from assay.engines.regular import opened, why
from assay.engines.zips import bounded
from assay.kernel.errors import BadInput
from assay.methods import tars

_CHUNK = 1 << 20
_FREE = 64 << 20  # bytes that may come out of anything, whatever its ratio
_NAME = 512
_STREAMS = ((b"\x1f\x8b", "gzip"), (b"BZh", "bzip2"), (b"\xfd7zXZ\x00", "xz"), (b"\x28\xb5\x2f\xfd", "zstd"), (b"\x04\x22\x4d\x18", "lz4"))  # fmt: skip
_BROKEN = (BadInput, OSError, EOFError, ValueError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, NotImplementedError, RuntimeError)  # fmt: skip


@dataclass
class Room:
    """What may still come out: bytes, members, levels, and how many times its packed size anything may take."""

    size: int = 8 << 30
    members: int = 200_000
    depth: int = 8
    ratio: int = 200


@dataclass(frozen=True, slots=True)
class Part:
    """A file inside: its path through the archives it lies in, and where its bytes are until the next is asked for.

    inner: its path in the innermost of them.
    """

    member: str
    path: Path
    inner: str = ""


def is_packed(path: Path) -> str:
    """Return what an archive is by its beginning (tar, zip, gzip, …), or nothing where it is none."""
    with opened(path) as source:
        head = source.read(512)
    if head.startswith(b"PK\x03\x04"):
        return "zip"
    if head[257:262] == b"ustar" and tars.sum_holds(head.ljust(512, b"\0")):
        return "tar"
    return next((kind for mark, kind in _STREAMS if head.startswith(mark)), "")


def unfold(path: Path, scratch: Path, room: Room, skip: Callable[[str, str], None]) -> Iterator[Part]:
    """Give each plain file in an archive, and in those inside it. skip: told what could not be read to its end, and why."""
    yield from _Unfolding(scratch, room, skip).inside(path, "", 0)


class _Unfolding:
    def __init__(self, scratch: Path, room: Room, skip: Callable[[str, str], None]) -> None:
        self.scratch, self.room, self.skip = scratch, room, skip
        self._count = 0

    def inside(self, path: Path, name: str, depth: int, inner: str = "") -> Iterator[Part]:
        try:
            kind = is_packed(path)
        except OSError as error:  # it went since it was listed
            self.skip(name, f"it cannot be read: {why(error)}")
            return
        if not kind:
            yield Part(name, path, inner)
            return
        if depth >= self.room.depth:
            self.skip(name, f"archives nest deeper than {self.room.depth} levels")
            return
        try:
            yield from getattr(self, f"_{kind if kind in ('tar', 'zip') else 'stream'}")(path, name, depth)
        except _BROKEN as error:
            self.skip(name, f"it cannot be unpacked to its end: {ascii(str(error))[1:-1][:120]}")

    def _stream(self, path: Path, name: str, depth: int) -> Iterator[Part]:
        with opened(path) as raw:
            plain = _plain(raw, is_packed(path))
            out = self._spool(plain.read, path.stat().st_size)
        try:
            yield from self.inside(out, name, depth + 1, name.rpartition("/")[2])
        finally:
            out.unlink(missing_ok=True)

    def _tar(self, path: Path, name: str, depth: int) -> Iterator[Part]:
        with opened(path) as raw:
            source = _Source(raw, path.stat().st_size)
            for member in tars.members(source):
                if not self._counted(name):
                    return
                if member.kind != "file":
                    continue
                left = [member.size]

                def take(size: int, left: list[int] = left) -> bytes:
                    data = source.take(min(size, left[0]))
                    left[0] -= len(data)
                    return data

                yield from self._member(take, name, _shown(member.name), member.size, depth)

    def _zip(self, path: Path, name: str, depth: int) -> Iterator[Part]:
        bounded(path, Bounds())
        with zipfile.ZipFile(path) as archive:
            for member in archive.infolist():
                if not self._counted(name):
                    return
                if member.is_dir():
                    continue
                shown = _shown(member.filename)
                inner = _below(name, shown)
                if member.flag_bits & 1:
                    self.skip(inner, "it is encrypted")
                    continue
                try:
                    with archive.open(member) as content:
                        yield from self._member(content.read, name, shown, member.compress_size, depth)
                except _BROKEN as error:  # the others may be whole
                    self.skip(inner, f"it cannot be unpacked: {ascii(str(error))[1:-1][:120]}")

    def _member(
        self, read: Callable[[int], bytes], within: str, inner: str, packed: int, depth: int
    ) -> Iterator[Part]:
        out = self._spool(read, packed)
        try:
            yield from self.inside(out, _below(within, inner), depth + 1, inner)
        finally:
            out.unlink(missing_ok=True)

    def _counted(self, name: str) -> bool:
        self.room.members -= 1
        if self.room.members < 0:
            self.skip(name or "the archive", "it holds more members than may be unpacked")
            return False
        return True

    def _spool(self, read: Callable[[int], bytes], packed: int) -> Path:
        """Write what is read to a file of our own naming; BadInput past the bounds."""
        self._count += 1
        out = self.scratch / f"unfolded-{self._count}"
        most, size = max(_FREE, packed * self.room.ratio), 0
        try:
            with out.open("xb") as to:
                while data := read(_CHUNK):
                    size += len(data)
                    self.room.size -= len(data)
                    if size > most or self.room.size < 0:
                        raise BadInput("more comes out of it than may be unpacked", remedy="is it a bomb?")
                    to.write(data)
        except BaseException:
            out.unlink(missing_ok=True)
            raise
        return out


class _Source:
    """A file as tars wants its bytes: in order, with a place."""

    def __init__(self, raw: IO[bytes], size: int) -> None:
        self._raw, self._size, self.at = raw, size, 0

    def take(self, size: int) -> bytes:
        data = self._raw.read(size)
        self.at += len(data)
        return data

    def skip_to(self, place: int) -> bool:
        if place > self._size:
            return False
        if place != self.at:
            self._raw.seek(place)
            self.at = place
        return True


def _plain(raw: IO[bytes], kind: str) -> Any:
    if kind == "gzip":
        return gzip.GzipFile(fileobj=raw)
    if kind == "bzip2":
        return bz2.BZ2File(raw)
    if kind == "xz":
        return Xz(raw)
    import pyarrow

    return pyarrow.CompressedInputStream(pyarrow.PythonFile(raw), kind)


def _shown(member: str) -> str:
    return member.removeprefix("./").strip("/")[:_NAME]


def _below(name: str, member: str) -> str:
    return f"{name}/{member}" if name else member
