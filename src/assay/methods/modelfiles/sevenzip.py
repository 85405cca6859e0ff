"""7z archives read without their tool: the headers, and which coders unpack which members (7zFormat.txt of the LZMA SDK).

Folders whose coders stand in one line are read: Copy, LZMA, LZMA2, BZip2, Deflate, Zstandard, and the Delta and x86
filters. What is encrypted, or packed by PPMd, BCJ2 or anything else, is named and not read.
"""

from __future__ import annotations

import bz2
import io
import lzma
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

MAGIC = b"7z\xbc\xaf\x27\x1c"
MEMORY = 256 << 20
_CHUNK = 1 << 20
_MOST = 1_000_000
_HEADER = 64 << 20
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


class Unreadable(ValueError):
    """A folder that cannot be unpacked here. encrypted: because it wants a password."""

    def __init__(self, what: str, *, encrypted: bool = False) -> None:
        super().__init__(what)
        self.encrypted = encrypted


@dataclass(slots=True)
class Folder:
    """coders: identifier and properties, in the order in which they unpack. start, packed: its stream in the file."""

    coders: list[tuple[bytes, bytes]]
    sizes: list[int]
    start: int = 0
    packed: int = 0
    crc: int | None = None
    linear: bool = True
    order: list[int] = field(default_factory=list)
    streams: int = 1
    inputs: int = 1

    @property
    def size(self) -> int:
        """Return how many bytes come out."""
        return self.sizes[-1] if self.sizes else 0


@dataclass(slots=True)
class Member:
    """folder: which holds it, -1 for none. offset: where in what comes out of it."""

    name: str
    folder: int
    offset: int
    size: int
    crc: int | None
    directory: bool = False
    attributes: int = 0


@dataclass(slots=True)
class Archive:
    """What a 7z holds."""

    folders: list[Folder] = field(default_factory=list)
    members: list[Member] = field(default_factory=list)
    end: int = 0


class _Bytes:
    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def byte(self) -> int:
        if self.at >= len(self.data):
            raise ValueError("its header is cut short")
        self.at += 1
        return self.data[self.at - 1]

    def take(self, size: int) -> bytes:
        if size < 0 or self.at + size > len(self.data):
            raise ValueError("its header is cut short")
        self.at += size
        return self.data[self.at - size : self.at]

    def number(self) -> int:
        first, mask, value = self.byte(), 0x80, 0
        for i in range(8):
            if not first & mask:
                return value | (first & (mask - 1)) << (8 * i)
            value |= self.byte() << (8 * i)
            mask >>= 1
        return value

    def count(self) -> int:
        value = self.number()
        if value > _MOST:
            raise ValueError(f"its header says {value:,} of something")
        return value

    def bits(self, count: int) -> list[bool]:
        raw = self.take((count + 7) // 8)
        return [bool(raw[i // 8] & 0x80 >> i % 8) for i in range(count)]

    def defined(self, count: int) -> list[bool]:
        return [True] * count if self.byte() else self.bits(count)


def read(data: Any) -> Archive:
    """Read the headers; ValueError where they do not hold, Unreadable where they are packed in a way not known."""
    if len(data) < 32:
        raise ValueError("it is cut short")
    crc, offset, size, header_crc = struct.unpack_from("<IQQI", data, 8)
    if zlib.crc32(data[12:32]) != crc:
        raise ValueError("the checksum of its first header is wrong")
    found = Archive(end=32 + offset + size)
    if found.end > len(data):
        raise ValueError("its header lies past its end")
    if not size:
        return found
    if size > _HEADER:
        raise ValueError(f"its header has {size:,} bytes")
    header = bytes(data[32 + offset : found.end])
    for _ in range(4):
        if zlib.crc32(header) != header_crc:
            raise ValueError("the checksum of its header is wrong")
        source = _Bytes(header)
        kind = source.byte()
        if kind == 1:
            _header(source, found)
            return found
        if kind != 0x17:
            raise ValueError(f"its header begins with {kind}")
        packed = Archive()
        _streams(source, packed, [])
        folder = packed.folders[0]
        if folder.size > _HEADER:
            raise ValueError(f"its header unpacks to {folder.size:,} bytes")
        header = b"".join(unpack(data, folder))
        header_crc = folder.crc if folder.crc is not None else zlib.crc32(header)
    raise ValueError("its header is packed again and again")


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

    packed = io.BytesIO(b"".join(chunks))
    try:
        with pa.CompressedInputStream(pa.PythonFile(packed, mode="r"), "zstd") as stream:
            while chunk := stream.read(_CHUNK):
                yield chunk
    except (OSError, pa.ArrowException) as error:
        raise ValueError(str(error)[:100]) from None


def _header(source: _Bytes, found: Archive) -> None:
    counts: list[int] = []
    sizes: list[tuple[int, int, int | None]] = []
    while (kind := source.byte()) != 0:
        if kind == 2:  # archive properties
            while source.byte():
                source.take(source.number())
        elif kind == 3:
            raise ValueError("it has streams beside its main ones")
        elif kind == 4:
            sizes = _streams(source, found, counts)
        elif kind == 5:
            _files(source, found, sizes)
        else:
            raise ValueError(f"its header holds the property {kind}")


def _streams(source: _Bytes, found: Archive, counts: list[int]) -> list[tuple[int, int, int | None]]:
    """Read where streams lie; return folder, size and checksum of each member that has content."""
    starts: list[tuple[int, int]] = []
    parts: list[tuple[int, int, int | None]] | None = None
    while (kind := source.byte()) != 0:
        if kind == 6:
            starts = _packed(source)
        elif kind == 7:
            _folders(source, found)
        elif kind == 8:
            parts = _parts(source, found.folders)
        else:
            raise ValueError(f"its streams hold the property {kind}")
    at = 0
    for folder in found.folders:
        if at + folder.inputs > len(starts):
            raise ValueError("a folder has no stream")
        folder.start, folder.packed = starts[at]
        at += folder.inputs
    del counts
    return parts if parts is not None else [(i, f.size, f.crc) for i, f in enumerate(found.folders)]


def _packed(source: _Bytes) -> list[tuple[int, int]]:
    at, count = 32 + source.number(), source.count()
    sizes: list[int] = []
    while (kind := source.byte()) != 0:
        if kind == 9:
            sizes = [source.number() for _ in range(count)]
        elif kind == 10:
            for there in source.defined(count):
                source.take(4 * there)
        else:
            raise ValueError(f"its packed streams hold the property {kind}")
    out = []
    for size in sizes:
        out.append((at, size))
        at += size
    return out


def _folders(source: _Bytes, found: Archive) -> None:
    if source.byte() != 11:
        raise ValueError("its folders are not where they should be")
    count = source.count()
    if source.byte():
        raise ValueError("its folders lie elsewhere")
    found.folders = [_folder(source) for _ in range(count)]
    if source.byte() != 12:
        raise ValueError("its folders do not say their sizes")
    for folder in found.folders:
        folder.sizes = [source.number() for _ in range(folder.streams)]
        if folder.linear:
            folder.sizes = [folder.sizes[i] for i in folder.order]
    while (kind := source.byte()) != 0:
        if kind != 10:
            raise ValueError(f"its folders hold the property {kind}")
        there = source.defined(count)
        for folder, known in zip(found.folders, there, strict=True):
            folder.crc = int.from_bytes(source.take(4), "little") if known else None


def _folder(source: _Bytes) -> Folder:
    coders: list[tuple[bytes, bytes]] = []
    inputs = outputs = 0
    count = source.count()
    if not 1 <= count <= 16:
        raise ValueError(f"a folder has {count} coders")
    for _ in range(count):
        flags = source.byte()
        identifier = source.take(flags & 15)
        ins, outs = (source.count(), source.count()) if flags & 16 else (1, 1)
        properties = source.take(source.number()) if flags & 32 else b""
        coders.append((identifier, properties))
        inputs, outputs = inputs + ins, outputs + outs
    if inputs > 64 or not 1 <= outputs <= 64:
        raise ValueError("a folder has too many streams")
    pairs = [(source.number(), source.number()) for _ in range(outputs - 1)]
    packed = inputs - len(pairs)
    if packed > 1:
        for _ in range(packed):
            source.number()
    order = _order(count, pairs) if inputs == outputs == count and packed == 1 else []
    lined = [coders[i] for i in order] if order else coders
    return Folder(lined, [], linear=bool(order), order=order, streams=outputs, inputs=max(1, packed))


def _order(count: int, pairs: list[tuple[int, int]]) -> list[int]:
    """Return the coders from the one that reads the file on; empty where they do not stand in one line."""
    follows = {out: into for into, out in pairs}
    begins = set(range(count)) - {into for into, _ in pairs}
    if len(begins) != 1 or len(follows) != len(pairs):
        return []
    order = [begins.pop()]
    while order[-1] in follows and len(order) <= count:
        order.append(follows[order[-1]])
    return order if len(order) == count and set(order) == set(range(count)) else []


def _parts(source: _Bytes, folders: list[Folder]) -> list[tuple[int, int, int | None]]:
    counts = [1] * len(folders)
    kind = source.byte()
    if kind == 13:
        counts = [source.count() for _ in folders]
        kind = source.byte()
    if sum(counts) > _MOST:
        raise ValueError(f"it says it holds {sum(counts):,} members")
    sizes: list[list[int]] = []
    for folder, count in zip(folders, counts, strict=True):
        own = [source.number() for _ in range(count - 1)] if kind == 9 else []
        rest = folder.size - sum(own)
        if rest < 0:
            raise ValueError("its members are larger than what holds them")
        sizes.append([*own, rest] if count else [])
    if kind == 9:
        kind = source.byte()
    wanted = [c for c, f in zip(counts, folders, strict=True) if c != 1 or f.crc is None]
    digests: list[int | None] = []
    while kind != 0:
        if kind != 10:
            raise ValueError(f"its members hold the property {kind}")
        there = source.defined(sum(wanted))
        digests = [int.from_bytes(source.take(4), "little") if known else None for known in there]
        kind = source.byte()
    out: list[tuple[int, int, int | None]] = []
    given = iter(digests)
    for i, (folder, own) in enumerate(zip(folders, sizes, strict=True)):
        for size in own:
            known = len(own) == 1 and folder.crc is not None
            out.append((i, size, folder.crc if known else next(given, None)))
    return out


def _files(source: _Bytes, found: Archive, sizes: list[tuple[int, int, int | None]]) -> None:
    count = source.count()
    names = [""] * count
    empty = [False] * count
    hollow: list[bool] = []
    attributes = [0] * count
    while (kind := source.byte()) != 0:
        inner = _Bytes(source.take(source.number()))
        if kind == 14:
            empty = inner.bits(count)
        elif kind == 15:
            hollow = inner.bits(sum(empty))
        elif kind == 17:
            if inner.byte():
                raise ValueError("its names lie elsewhere")
            held = inner.data[1:].decode("utf-16-le", "replace").split("\0")
            if len(held) < count:
                raise ValueError("it has fewer names than members")
            names = held[:count]
        elif kind == 21:
            there = inner.defined(count)
            if inner.byte():
                raise ValueError("its attributes lie elsewhere")
            attributes = [int.from_bytes(inner.take(4), "little") if known else 0 for known in there]
    place: dict[int, int] = {}
    content, bare = iter(sizes), iter(hollow)
    for name, nothing, flags in zip(names, empty, attributes, strict=True):
        if nothing:
            file = next(bare, False)
            found.members.append(Member(name, -1, 0, 0, None, not file, flags))
            continue
        part = next(content, None)
        if part is None:
            raise ValueError("a member has no content")
        folder, size, crc = part
        found.members.append(Member(name, folder, place.get(folder, 0), size, crc, attributes=flags))
        place[folder] = place.get(folder, 0) + size
