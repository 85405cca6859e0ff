"""The files of a saved image by name, whether it lies there as a folder or as a tar; nothing is unpacked but a compressed tar.

Of a tar the places of its members are kept, and each is read where it lies. A name that is there twice is read by one tool as the
first and by another as the last, so it is refused; what is kept under its digest is what that says, however often it is there.
"""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from pathlib import Path
from typing import IO, Any

from assay.engines.containers import beneath
from assay.engines.containers.documents import parsed
from assay.engines.containers.room import DIGEST, DOCUMENT, Full, Room
from assay.engines.containers.stream import LayerStream
from assay.engines.digests import sign
from assay.kernel.errors import BadInput, Missing
from assay.methods import tars

MEMBERS = 100_000
_BY_DIGEST = re.compile(r"blobs/sha(256/[0-9a-f]{64}|512/[0-9a-f]{128})")
PACKED = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ\0", b"\x28\xb5\x2f\xfd")
_HANDED: dict[tuple[int, ...], IO[bytes]] = {}  # what was unpacked, by what the system says of the file


def blob(digest: str) -> str:
    """Return where a layout keeps what has a digest."""
    return "blobs/" + digest.replace(":", "/", 1)


def same(raw: bytes, digest: str) -> bool:
    """Whether bytes are what a digest says; never where it is none that is known."""
    algorithm, _, value = digest.partition(":")
    return bool(DIGEST.fullmatch(digest)) and hashlib.new(algorithm, raw).hexdigest() == value


class Part:
    """A stretch of a file, read from its beginning; closed with the file it is of."""

    def __init__(self, source: IO[bytes], start: int, size: int) -> None:
        self._source, self._left = source, size
        source.seek(start)

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes."""
        part = self._source.read(self._left if size < 0 else min(size, self._left))
        self._left -= len(part)
        return part

    def close(self) -> None:
        """Close the file."""
        self._source.close()


class Seekable:
    """A tar that lies on disk, for methods.tars: what is not read is passed over."""

    def __init__(self, source: IO[bytes]) -> None:
        self._source, self.at = source, 0
        self._size = source.seek(0, 2)
        source.seek(0)

    def take(self, size: int) -> bytes:
        """Return the next bytes."""
        part = self._source.read(size)
        self.at += len(part)
        return part

    def skip_to(self, place: int) -> bool:
        """Stand at a place further on; False when there are no bytes so far."""
        if place > self._size:
            return False
        self._source.seek(place)
        self.at = place
        return True


class Bundle:
    """The files of a saved image. scratch: where a compressed tar is unpacked, for as long as this lives."""

    def __init__(self, path: Path, scratch: Path | None = None) -> None:
        self.path = path
        self._places: dict[str, tuple[int, int]] | None = None
        self._unpacked: IO[bytes] | None = None
        if not path.exists():
            raise Missing(f"there is no image at {str(path)!r}", remedy="check the path")
        if not path.is_dir():
            self._places = self._index(scratch)

    def _index(self, scratch: Path | None) -> dict[str, tuple[int, int]]:
        with self.path.open("rb") as source:
            self._sign = sign(os.fstat(source.fileno()))
            if source.read(6).startswith(PACKED):
                self._unpacked = _HANDED.pop(self._sign, None) or self._plain(scratch)
        places: dict[str, tuple[int, int]] = {}
        with self._raw() as source:
            try:
                for member in tars.members(Seekable(source)):
                    if len(places) >= MEMBERS:
                        raise self.bad(f"it has more than {MEMBERS:,} members")
                    self._enter(member, places)
            except tars.Damaged as error:
                raise self.bad(error.what) from None
        return places

    def _enter(self, member: tars.Member, places: dict[str, tuple[int, int]]) -> None:
        pieces = [p for p in member.name.split("/") if p not in ("", ".")]
        name = "/".join(pieces)
        if ".." in pieces:
            raise self.bad(f"{name[:80]!r} leads out of it")
        if name in places and not _BY_DIGEST.fullmatch(name):
            raise self.bad(f"{name[:80]!r} is in it twice, and tools differ in which of them they read")
        if member.kind == "file":
            places.setdefault(name, (member.start, member.size))
        elif member.kind == "link":  # docker save of old links equal layers
            target = joined("x" if member.hard else name, member.link)
            places.setdefault(name, places.get(target, (0, -1)))
        elif member.kind != "folder":
            places.setdefault(name, (0, -1))

    def _plain(self, scratch: Path | None) -> IO[bytes]:
        """Unpack a compressed tar into a private file: its members must be read in another order than they lie in."""
        out = tempfile.TemporaryFile(dir=scratch)  # noqa: SIM115  it lives as long as the bundle
        stream = LayerStream(self.path.open("rb"), Room())
        try:
            while part := stream.take(1 << 20):
                out.write(part)
            out.flush()  # it is read past this object's buffer
        except (tars.Damaged, Full) as error:
            raise self.bad(str(error)) from None
        finally:
            stream.close()
        return out

    def hand_on(self) -> None:
        """Leave what was unpacked to whoever opens the same file next, so that it is unpacked once; to one, and of one file only."""
        if self._unpacked is not None:
            for left in list(_HANDED):
                _HANDED.pop(left).close()
            _HANDED[self._sign] = self._unpacked

    def _raw(self) -> IO[bytes]:
        if self._unpacked is None:
            return self.path.open("rb")
        return os.fdopen(os.dup(self._unpacked.fileno()), "rb")

    def has(self, name: str) -> bool:
        """Whether there is a plain file of that name."""
        if self._places is not None:
            return self._places.get(name, (0, -1))[1] >= 0
        try:
            beneath.opened(self.path, name).close()
        except OSError:
            return False
        return True

    def open(self, name: str) -> IO[bytes]:
        """Return a file's bytes; Missing where it is not there, or is no plain file."""
        if self._places is not None and self.has(name):
            start, size = self._places[name]
            return Part(self._raw(), start, size)  # type: ignore[return-value]
        if self._places is None:
            try:
                return beneath.opened(self.path, name)
            except (FileNotFoundError, NotADirectoryError):
                pass
            except OSError:
                raise self.bad(f"{name[:90]} is no plain file") from None
        raise Missing(
            f"this is no whole image: {name[:90]} is gone",
            where=str(self.path),
            remedy="write it anew, or copy the whole of it",
        )

    def document(self, name: str, digest: str = "") -> tuple[Any, bytes]:
        """Return a JSON document and its bytes; BadInput where it is too large, no JSON, or not what its digest says."""
        source = self.open(name)
        try:
            raw = source.read(DOCUMENT + 1)
        finally:
            source.close()
        if len(raw) > DOCUMENT:
            raise self.bad(f"{name[:80]} is larger than any manifest is")
        if digest and not same(raw, digest):
            raise self.bad(f"{name[:80]} is not what its digest and size say")
        try:
            return parsed(raw), raw
        except (ValueError, RecursionError):
            raise self.bad(f"{name[:80]} is no JSON") from None

    def blob(self, digest: str) -> Any:
        """Return the JSON document that has a digest."""
        return self.document(blob(digest), digest)[0]

    def bad(self, what: str) -> BadInput:
        """Return what is wrong with it as a sentence."""
        return BadInput(
            f"this is no whole image: {what}",
            where=str(self.path),
            remedy="write it anew: docker save NAME -o FILE, or skopeo copy docker://NAME oci:FOLDER",
        )


def joined(name: str, link: str) -> str:
    """Return where a link that lies at a name leads, from the root of the image's files."""
    out: list[str] = []
    for piece in (*name.split("/")[:-1], *link.split("/")):
        out = out[:-1] if piece == ".." else [*out, piece] if piece not in ("", ".") else out
    return "/".join(out)
