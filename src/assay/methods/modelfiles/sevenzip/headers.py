"""The headers of a 7z archive, themselves packed more often than not."""

from __future__ import annotations

import struct
import zlib
from typing import Any

from assay.methods.modelfiles.sevenzip.archive import Archive, Folder, Member
from assay.methods.modelfiles.sevenzip.coders import unpack

_MOST = 1_000_000
_HEADER = 64 << 20


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
