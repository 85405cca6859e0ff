"""What comes out of a folder of a 7z archive: its coders, one after the other, a piece at a time."""

from __future__ import annotations

import bz2
import io
import lzma
import zlib
from collections.abc import Iterator
from typing import Any

from assay.methods.modelfiles.sevenzip.archive import Folder, Unreadable

MEMORY = 256 << 20
_CHUNK = 1 << 20
_COPY, _LZMA, _LZMA2, _BZIP2, _DEFLATE, _ZSTD = (
    b"\0",
    b"\3\1\1",
    b"\x21",
    b"\4\2\2",
    b"\4\1\x08",
    b"\4\xf7\x11\1",
)
_FILTERS = {b"\3": lzma.FILTER_DELTA, b"\3\3\1\3": lzma.FILTER_X86, b"\4": lzma.FILTER_X86, b"\3\3\2\5": lzma.FILTER_POWERPC,
            b"\3\3\4\1": lzma.FILTER_IA64, b"\3\3\5\1": lzma.FILTER_ARM, b"\3\3\7\1": lzma.FILTER_ARMTHUMB, b"\3\3\x08\5": lzma.FILTER_SPARC}  # fmt: skip
_NAMES = {
    b"\6\xf1\7\1": "AES",
    b"\3\4\1": "PPMd",
    b"\3\3\1\x1b": "BCJ2",
    b"\4\1\x09": "Deflate64",
    b"\4\xf7\x11\2": "Brotli",
    b"\4\xf7\x11\4": "LZ4",
}


def unpack(data: Any, folder: Folder) -> Iterator[bytes]:
    """Give what comes out of a folder, never more than it says; Unreadable and ValueError where it cannot be."""
    for identifier, _ in folder.coders:
        if identifier in _NAMES:
            name = _NAMES[identifier]
            raise Unreadable(
                f"it is packed by {name}" if name != "AES" else "it is encrypted", encrypted=name == "AES"
            )
    if not folder.linear:
        raise Unreadable("its coders do not stand in one line")
    if folder.start + folder.packed > len(data):
        raise ValueError("its numbers lie past its end")
    chunks: Iterator[bytes] = (
        bytes(data[at : min(at + _CHUNK, folder.start + folder.packed)])
        for at in range(folder.start, folder.start + folder.packed, _CHUNK)
    )
    coders = list(folder.coders)
    while coders:
        count, chunks = _stage(coders, chunks)
        coders = coders[count:]
    left = folder.size
    for chunk in chunks:
        yield chunk[:left]
        left -= len(chunk)
        if left <= 0:
            break
    if left > 0:
        raise ValueError("less comes out of it than it says")


def _stage(coders: list[tuple[bytes, bytes]], chunks: Iterator[bytes]) -> tuple[int, Iterator[bytes]]:
    """Return how many coders one step takes, and what comes out of it. Filters go with the packer before them."""
    identifier, properties = coders[0]
    if identifier == _COPY:
        return 1, chunks
    if identifier in (_LZMA, _LZMA2):
        first = _lzma(identifier, properties)
        filters = []
        for name, given in coders[1:]:
            if name not in _FILTERS:
                break
            filters.append(_filter(name, given))
        return 1 + len(filters), _drained(
            lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=[*filters[::-1], first]), chunks
        )
    if identifier in _FILTERS:  # alone: through a packer that packs nothing is not possible
        raise Unreadable("a filter stands alone")
    if identifier == _BZIP2:
        return 1, _drained(bz2.BZ2Decompressor(), chunks)
    if identifier == _DEFLATE:
        return 1, _inflated(chunks)
    if identifier == _ZSTD:
        return 1, _zstd(chunks)
    raise Unreadable(f"it is packed by {identifier.hex()}")


def _lzma(identifier: bytes, properties: bytes) -> dict[str, Any]:
    if identifier == _LZMA2:
        bits = properties[0] if properties else 40
        if bits > 40:
            raise ValueError("its dictionary has no size")
        size = (2 | bits & 1) << (bits // 2 + 11) if bits < 40 else 0xFFFFFFFF
        found: dict[str, Any] = {"id": lzma.FILTER_LZMA2, "dict_size": size}
    else:
        if len(properties) < 5 or properties[0] >= 225:
            raise ValueError("LZMA's properties are none")
        first = properties[0]
        found = {"id": lzma.FILTER_LZMA1, "lc": first % 9, "lp": first // 9 % 5, "pb": first // 45,
                 "dict_size": int.from_bytes(properties[1:5], "little")}  # fmt: skip
    if found["dict_size"] > MEMORY:
        raise Unreadable(f"its dictionary has {found['dict_size']:,} bytes")
    found["dict_size"] = max(4096, found["dict_size"])
    return found


def _filter(name: bytes, given: bytes) -> dict[str, Any]:
    return {"id": _FILTERS[name], **({"dist": given[0] + 1} if name == b"\3" and given else {})}


def _drained(machine: Any, chunks: Iterator[bytes]) -> Iterator[bytes]:
    try:
        for chunk in chunks:
            if machine.eof:
                return
            yield machine.decompress(chunk, _CHUNK)
            while not machine.eof and not machine.needs_input:
                yield machine.decompress(b"", _CHUNK)
    except (lzma.LZMAError, OSError, EOFError) as error:
        raise ValueError(str(error)[:100]) from None


def _inflated(chunks: Iterator[bytes]) -> Iterator[bytes]:
    machine = zlib.decompressobj(-15)
    try:
        for chunk in chunks:
            yield machine.decompress(chunk, _CHUNK)
            while machine.unconsumed_tail:
                yield machine.decompress(machine.unconsumed_tail, _CHUNK)
    except zlib.error as error:
        raise ValueError(str(error)[:100]) from None


def _zstd(chunks: Iterator[bytes]) -> Iterator[bytes]:
    import pyarrow as pa

    try:
        with pa.CompressedInputStream(pa.PythonFile(_Packed(chunks), mode="r"), "zstd") as stream:
            while chunk := stream.read(_CHUNK):
                yield chunk
    except (OSError, pa.ArrowException) as error:
        raise ValueError(str(error)[:100]) from None


class _Packed(io.RawIOBase):
    """Pieces as a file that is read once, of which no more than one is held."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        super().__init__()
        self.chunks, self.held = chunks, b""

    def readable(self) -> bool:
        """It can be read."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Return at most so many bytes, none at the end."""
        if not self.held:
            self.held = next(self.chunks, b"")
        size = len(self.held) if size < 0 else size
        given, self.held = self.held[:size], self.held[size:]
        return given
