"""The bytes of a layer, unpacked as they come: gzip, zstd, bzip2, xz or plain, told by what they begin with.

Both what went in and what came out are digested on the way; a bomb is stopped by the bounds of its image.
"""

from __future__ import annotations

import bz2
import hashlib
import lzma
import zlib
from collections.abc import Callable, Iterator
from typing import IO, Any

from assay.engines.containers.room import Full, Room
from assay.methods.tars import Damaged

_CHUNK = 1 << 20  # bytes that come out at a time
_PACKED = 64 << 10  # bytes that go in: what is left of them is copied for each of the streams that end there
_MEMORY = 256 << 20  # the dictionary of an xz stream


class _Digested:
    """A source that is digested and counted as it is read."""

    closed = False

    def __init__(self, raw: IO[bytes], algorithm: str) -> None:
        self.raw, self.made, self.count = raw, hashlib.new(algorithm), 0

    def read(self, size: int = -1) -> bytes:
        part = self.raw.read(size)
        self.made.update(part)
        self.count += len(part)
        return part

    def readable(self) -> bool:
        return True

    def close(self) -> None:
        self.raw.close()


class LayerStream:
    """A layer's plain bytes in order (see methods.tars.Source), with the digests of both sides when it was drained.

    packed, plain: by which algorithm what goes in and what comes out is digested; of what comes out only where one is named.
    """

    def __init__(self, raw: IO[bytes], room: Room, *, packed: str = "sha256", plain: str = "") -> None:
        self._source, self._room = _Digested(raw, packed), room
        self._plain = hashlib.new(plain) if plain else None
        self._buffer, self._place = b"", 0
        self.at, self.out = 0, 0
        self._chunks = self._unpacked()

    def take(self, size: int) -> bytes:
        """Return the next ``size`` bytes, fewer at the end."""
        have = len(self._buffer) - self._place
        if size <= have:
            part = self._buffer[self._place : self._place + size]
            self._place += size
        else:
            parts, left = [self._buffer[self._place :]], size - have
            self._buffer, self._place = b"", 0
            while left and self._more():
                parts.append(self._buffer[:left])
                self._place = min(left, len(self._buffer))
                left -= self._place
            part = b"".join(parts)
        self.at += len(part)
        return part

    def skip_to(self, place: int) -> bool:
        """Stand at a place further on; False when there are no bytes so far."""
        left = place - self.at
        while left:
            have = min(left, len(self._buffer) - self._place)
            self._place += have
            self.at += have
            left -= have
            if left and not self._more():
                return False
        return True

    def drain(self) -> None:
        """Read to the end, so that the digests are of the whole."""
        while self._more():
            pass

    @property
    def packed_digest(self) -> str:
        """Return the digest of the bytes as they lie."""
        return f"{self._source.made.name}:{self._source.made.hexdigest()}"

    @property
    def packed_size(self) -> int:
        """Return how many bytes were read."""
        return self._source.count

    @property
    def plain_digest(self) -> str:
        """Return the digest of what came out, where it was wanted."""
        return f"{self._plain.name}:{self._plain.hexdigest()}" if self._plain else ""

    def close(self) -> None:
        """Close the source."""
        self._source.close()

    def _more(self) -> bool:
        self._buffer, self._place = next(self._chunks, b""), 0
        return bool(self._buffer)

    def _unpacked(self) -> Iterator[bytes]:
        first = self._source.read(_PACKED)
        for chunk in self._by_kind(first):
            self.out += len(chunk)
            self._room.came(len(chunk))
            if self.out > self._room.free and self.out > self._room.ratio * max(self._source.count, 1):
                raise Full(f"a layer unpacks to more than {self._room.ratio} times its size")
            if self._plain:
                self._plain.update(chunk)
            yield chunk

    def _by_kind(self, first: bytes) -> Iterator[bytes]:
        if first.startswith(b"\x1f\x8b"):
            return self._members(first, lambda: zlib.decompressobj(31))
        if first.startswith(b"BZh"):
            return self._members(first, bz2.BZ2Decompressor)
        if first.startswith(b"\xfd7zXZ\0"):
            return self._members(first, lambda: lzma.LZMADecompressor(memlimit=_MEMORY))
        if first[:4] == b"\x28\xb5\x2f\xfd" or (first[1:4] == b"\x2a\x4d\x18" and first[:1] >= b"\x50"):
            return self._zstd(first)
        return self._as_it_lies(first)

    def _as_it_lies(self, first: bytes) -> Iterator[bytes]:
        while first:
            yield first
            first = self._source.read(_CHUNK)

    def _members(self, data: bytes, made: Callable[[], Any]) -> Iterator[bytes]:
        """Unpack one compressed stream after another; what is cut short, or is followed by anything else, is damaged."""
        one = made()
        bounded = hasattr(one, "unconsumed_tail")  # zlib hands back what it did not take; the others keep it
        while True:
            if one.eof:
                data = one.unused_data or self._source.read(_PACKED)
                while data and not data.strip(b"\0"):  # to the end of a block
                    data = self._source.read(_PACKED)
                if not data:
                    return
                one = made()
            try:
                out = one.decompress(data, _CHUNK)
            except (zlib.error, OSError, lzma.LZMAError, ValueError, EOFError) as error:
                raise Damaged(f"its compression is broken: {str(error)[:100]}", self.at) from None
            if out:
                yield out
            data = one.unconsumed_tail if bounded else b""
            if not data and not one.eof and (bounded or one.needs_input):
                data = self._source.read(_PACKED)
                if not data:
                    raise Damaged("its compressed bytes are cut short", self.at)

    def _zstd(self, first: bytes) -> Iterator[bytes]:
        import pyarrow as pa

        again = _Again(first, self._source)
        try:
            with pa.CompressedInputStream(pa.PythonFile(again, mode="r"), "zstd") as unpacked:
                while part := unpacked.read(_CHUNK):
                    yield part
        except (pa.ArrowException, OSError) as error:
            raise Damaged(f"its compression is broken: {str(error)[:100]}", self.at) from None


class _Again:
    """A source whose first bytes have been read already."""

    closed = False

    def __init__(self, first: bytes, source: _Digested) -> None:
        self._first, self._source = first, source

    def read(self, size: int = -1) -> bytes:
        if self._first:
            size = len(self._first) if size < 0 else size
            part, self._first = self._first[:size], self._first[size:]
            return part
        return self._source.read(size)

    def readable(self) -> bool:
        return True

    def close(self) -> None:
        return
