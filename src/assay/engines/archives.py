"""Archives, packed the same way each time and unpacked within bounds, whatever they contain."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import tarfile
import zlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any

from assay.engines.folders import entries
from assay.kernel.errors import BadInput
from assay.methods import tars

_CHUNK = 1 << 20
_FREE = 64 << 20  # up to here no ratio is asked about
_MEMORY = 256 << 20  # the dictionary of an xz stream


@dataclass(frozen=True, slots=True)
class Bounds:
    """What an archive may unpack to: bytes in all, members, and bytes of a name."""

    size: int = 8 << 30
    members: int = 100_000
    name: int = 1024
    ratio: int = 200  # unpacked to packed, above the first 64 MiB


def pack(folder: Path, to: Path, bounds: Bounds | None = None) -> None:
    """Write ``folder`` as a .tar.gz: names in order, no times, no owners.

    BadInput names a link or device, and what is larger or more than the bounds.
    """
    found = [entry for entry in entries(folder) if not entry.is_folder]
    bounds = bounds or Bounds()
    for entry in found:
        if not entry.is_file:
            raise BadInput(
                f"the job left {ascii(entry.path)[1:-1][:200]}, which is a link or a device",
                remedy="write files only",
            )
    total = sum(entry.stat.st_size for entry in found)
    if total > bounds.size or len(found) > bounds.members:
        raise BadInput(
            f"the job left {len(found)} files of {total >> 20} MiB, more than its limit",
            remedy="raise the limit `disk` if it needs it",
        )
    with (
        to.open("wb") as raw,
        gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0, compresslevel=6) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive,
    ):
        for entry in sorted(found, key=lambda e: e.path):
            info = tarfile.TarInfo(entry.path)
            handle = os.open(folder / entry.path, os.O_RDONLY | os.O_NOFOLLOW)
            with os.fdopen(handle, "rb") as content:
                info.size = os.fstat(handle).st_size
                info.mode = 0o644
                archive.addfile(info, content)


def unpack(archive: Path, to: Path, bounds: Bounds | None = None) -> list[Path]:
    """Unpack a .tar, .tar.gz, .tar.bz2 or .tar.xz into ``to``; return its files.

    BadInput names the member that leaves the folder, is a link or a device, is there twice, or that makes it larger
    than the bounds; what came before it is written by then. Neither memory nor time grows past the bounds: folders
    and headers count too.
    """
    bounds = bounds or Bounds()
    to.mkdir(parents=True, exist_ok=True)
    seen: set[str] = set()
    made: list[Path] = []
    try:
        with _opened(archive, bounds) as plain:
            for count, member in enumerate(tars.members(plain), 1):
                if count > bounds.members:
                    raise BadInput(f"has more than {bounds.members} members", where=archive.name)
                name = _name(member, bounds, archive.name)
                if member.kind == "folder":
                    continue
                if name in seen:
                    raise BadInput(f"the member {ascii(name)[:80]} is there twice", where=archive.name)
                seen.add(name)
                if plain.at + member.size > plain.most:
                    raise plain.bomb(member.size)
                made.append(_write(plain, member, to / name))
    except BadInput:
        raise
    except (EOFError, OSError, ValueError, zlib.error, lzma.LZMAError) as error:
        raise BadInput(
            f"cannot be unpacked: {ascii(str(error))[1:-1][:200]}",
            where=archive.name,
            remedy="is it cut short?",
        ) from None
    return made


class _Plain:
    """The bytes of a tar, read forward only and within bounds, whatever packs them."""

    def __init__(self, raw: IO[bytes], stream: Any, archive: Path, bounds: Bounds) -> None:
        self._raw, self._stream, self._name = raw, stream, archive.name
        self.most = min(bounds.size + _FREE, max(_FREE, archive.stat().st_size * bounds.ratio))
        self.at = 0

    def __enter__(self) -> _Plain:
        return self

    def __exit__(self, *_: object) -> None:
        self._raw.close()

    def bomb(self, more: int) -> BadInput:
        """Return what to raise when too much would come out."""
        return BadInput(
            f"unpacks to {(self.at + more) >> 20} MiB and perhaps more",
            where=self._name,
            remedy="is it a bomb?",
        )

    def take(self, size: int) -> bytes:
        """Return the next bytes, fewer at the end."""
        parts = []
        while size:
            part = self._stream.read(min(size, _CHUNK))
            if not part:
                break
            parts.append(part)
            size -= len(part)
            self.at += len(part)
            if self.at > self.most:
                raise self.bomb(0)
        return b"".join(parts)

    def skip_to(self, place: int) -> bool:
        """Read on to a place."""
        while self.at < place:
            if not self.take(min(place - self.at, _CHUNK)):
                return False
        return True


def _opened(archive: Path, bounds: Bounds) -> _Plain:
    raw = archive.open("rb")
    head = raw.read(8)
    raw.seek(0)
    stream: Any = raw
    if head[:2] == b"\x1f\x8b":
        stream = gzip.GzipFile(fileobj=raw)
    elif head[:3] == b"BZh":
        stream = bz2.BZ2File(raw)
    elif head[:6] == b"\xfd7zXZ\x00":
        stream = Xz(raw)
    return _Plain(raw, stream, archive, bounds)


class Xz:
    """An xz stream whose dictionary is bounded, which lzma.LZMAFile cannot be told."""

    def __init__(self, raw: IO[bytes]) -> None:
        self.raw, self.machine = raw, lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_MEMORY)

    def read(self, size: int) -> bytes:
        """Return at most ``size`` bytes, none at the end."""
        while True:
            if self.machine.eof:
                rest = self.machine.unused_data or self.raw.read(_CHUNK)
                if not rest.strip(b"\0"):
                    return b""
                self.machine = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_MEMORY)
                out = self.machine.decompress(rest, size)
            else:
                fresh = self.raw.read(_CHUNK) if self.machine.needs_input else b""
                if not fresh and self.machine.needs_input:
                    raise EOFError("the compressed data ends before its end")
                out = self.machine.decompress(fresh, size)
            if out:
                return out


def _name(member: tars.Member, bounds: Bounds, archive: str) -> str:
    name = PurePosixPath(member.name.replace("\\", "/"))
    shown = ascii(member.name[:80])
    if len(member.name) > bounds.name:
        raise BadInput(f"the member {shown} has a name of {len(member.name)} characters", where=archive)
    if name.is_absolute() or ".." in name.parts or "\x00" in member.name:
        raise BadInput(f"the member {shown} would be written outside the folder", where=archive)
    if member.kind not in ("file", "folder"):
        raise BadInput(f"the member {shown} is a link or a device", where=archive, remedy="pack files only")
    return str(name)


def _write(source: _Plain, member: tars.Member, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("xb") as out:
        left = member.size
        while left and (part := source.take(min(left, _CHUNK))):
            out.write(part)
            left -= len(part)
    if left:
        raise EOFError(f"{member.name[:80]!a} is cut short")
    return path
