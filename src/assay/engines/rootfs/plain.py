"""A layer's bytes as a stream: unpacked where they are gzip, and held to the digests of both forms."""

from __future__ import annotations

import hashlib
import io
import zlib
from typing import IO, Any

from assay.kernel.errors import BadInput

CHUNK = 1 << 20


class Plain(io.RawIOBase):
    """A layer's bytes, unpacked where they are gzip, with the digests of both; nothing is held but one chunk."""

    def __init__(self, source: IO[bytes], algorithm: str) -> None:
        self._source, self._packed, self.plain = source, hashlib.new(algorithm), hashlib.sha256()
        self._held, self._first, self.bytes = b"", True, 0
        self._zip: Any = None
        self._ended = False

    def readable(self) -> bool:
        """Whether it can be read."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Return at most so many bytes; none at the end."""
        out = b""
        while not out and not self._ended:
            if self._held:
                out, self._held = self._held[:size], self._held[size:]
                break
            self._held = self._more()
        return out

    def _more(self) -> bytes:
        if self._zip is not None and self._zip.unconsumed_tail:
            part = self._zip.decompress(self._zip.unconsumed_tail, CHUNK)
        else:
            raw = self._source.read(CHUNK)
            self._packed.update(raw)
            if self._first and raw[:4] == b"\x28\xb5\x2f\xfd":
                raise BadInput(
                    "a layer is packed with zstd, which this Python cannot read",
                    remedy="copy it with --dest-compress-format gzip",
                )
            if self._first and raw[:2] == b"\x1f\x8b":
                self._zip = zlib.decompressobj(wbits=31)
            self._first = False
            if not raw:
                self._ended = True
                return b""
            part = self._unzipped(raw)
        self.bytes += len(part)
        self.plain.update(part)
        return bytes(part)

    def _unzipped(self, raw: bytes) -> bytes:
        if self._zip is None:
            return raw
        if self._zip.eof:  # members of gzip may follow one another
            self._zip = zlib.decompressobj(wbits=31)
        part: bytes = self._zip.decompress(raw, CHUNK)
        if self._zip.eof and self._zip.unused_data:
            rest, self._zip = self._zip.unused_data, zlib.decompressobj(wbits=31)
            if rest.strip(b"\0"):
                part += self._zip.decompress(rest)
        return part

    def finish(self) -> tuple[str, str]:
        """Read to the end; return the digests of what was packed and of what was in it."""
        while self.read(CHUNK):
            pass
        return self._packed.hexdigest(), f"sha256:{self.plain.hexdigest()}"
