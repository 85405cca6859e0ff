"""A layer's bytes as a stream: unpacked where they are gzip, and held to the digests of both forms."""

from __future__ import annotations

import hashlib
import io
import zlib
from typing import IO, Any

from assay.kernel.errors import BadInput

CHUNK = 1 << 20
_PACKED = 1 << 16  # read at a time: what is left of it is copied for each member that ends in it


class Plain(io.RawIOBase):
    """A layer's bytes, unpacked where they are gzip, with the digests of both; nothing is held but one chunk."""

    def __init__(self, source: IO[bytes], algorithm: str) -> None:
        self._source, self._packed, self.plain = source, hashlib.new(algorithm), hashlib.sha256()
        self._held, self._rest, self._first, self.bytes = b"", b"", True, 0
        self._zip: Any = None
        self._ended = False

    def readable(self) -> bool:
        """Whether it can be read."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Return at most so many bytes; none at the end."""
        while not self._held and not self._ended:
            self._held = self._more()
        out, self._held = self._held[:size], self._held[size:]
        return out

    def _more(self) -> bytes:
        raw = self._rest
        if not raw:
            raw = self._source.read(_PACKED)
            self._packed.update(raw)
            if self._first and raw[:4] == b"\x28\xb5\x2f\xfd":
                raise BadInput(
                    "a layer is packed with zstd, which this Python cannot read",
                    remedy="copy it with --dest-compress-format gzip",
                )
            if self._first and raw[:2] == b"\x1f\x8b":
                self._zip = zlib.decompressobj(wbits=31)
            self._first = False
            self._ended = not raw
        part = raw if self._zip is None else self._unzipped(raw)
        self.bytes += len(part)
        self.plain.update(part)
        return part

    def _unzipped(self, raw: bytes) -> bytes:
        """Return what comes next, a chunk at most; members of gzip may follow one another, many in a chunk."""
        if self._zip.eof:
            raw = raw.lstrip(b"\0")
            if not raw:
                self._rest = b""
                return b""
            self._zip = zlib.decompressobj(wbits=31)
        part: bytes = self._zip.decompress(raw, CHUNK)
        self._rest = self._zip.unused_data if self._zip.eof else self._zip.unconsumed_tail
        return part

    def finish(self) -> tuple[str, str]:
        """Read to the end; return the digests of what was packed and of what was in it."""
        while self.read(CHUNK):
            pass
        return self._packed.hexdigest(), f"sha256:{self.plain.hexdigest()}"
