"""A zip's directory read as it lies, with every way in which readers could disagree about it noted."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from assay.methods.pickles.opcodes import Buffer

_TAIL = 65_557
LIMIT = 1_000_000


class TooMany(ValueError):
    """It says, or lists, more members than are ever followed."""


@dataclass(frozen=True, slots=True)
class Member:
    """One entry of the central directory. start: where its bytes lie. odd: what readers could disagree about."""

    name: str
    method: int
    flags: int
    crc: int
    packed: int
    size: int
    header: int
    start: int
    mode: int
    odd: tuple[str, ...]

    @property
    def end(self) -> int:
        """Return where its packed bytes end."""
        return self.start + self.packed


@dataclass(frozen=True, slots=True)
class Directory:
    """members, and odd: what is odd about the archive as a whole. before: bytes that its offsets do not count.

    start: where its directory lies.
    """

    members: tuple[Member, ...]
    before: int
    after: int
    start: int
    odd: tuple[str, ...]

    @property
    def lead(self) -> int:
        """Return how many bytes stand before its first member, whether its offsets count them or not."""
        return min((m.header for m in self.members), default=self.start)


def end_record(data: Buffer) -> int:
    """Return where the end-of-central-directory record stands, -1 when there is none that leads to a directory."""
    low = max(0, len(data) - _TAIL)
    at = data.rfind(b"PK\x05\x06", low)
    while at >= 0:
        if at + 22 <= len(data):
            total, size, offset = struct.unpack_from("<H2L", data, at + 10)
            near = bytes(data[at - size : at - size + 4]) if size <= at else b""
            far = bytes(data[offset : offset + 4])
            zip64 = at >= 20 and bytes(data[at - 20 : at - 16]) == b"PK\x06\x07"
            if zip64 or b"PK\x01\x02" in (near, far) or (not total and not size):
                return at
        at = data.rfind(b"PK\x05\x06", low, at)
    return -1


def directory(data: Buffer) -> Directory:
    """Read the central directory; ValueError or struct.error when it is none."""
    at = end_record(data)
    _, disk, cd_disk, here, total, size, offset, comment = struct.unpack_from("<4s4H2LH", data, at)
    odd = []
    zip64 = at - 20 >= 0 and bytes(data[at - 20 : at - 16]) == b"PK\x06\x07"
    record = at
    if zip64:
        (where,) = struct.unpack_from("<Q", data, at - 12)
        record = (
            where if bytes(data[where : where + 4]) == b"PK\x06\x06" else data.rfind(b"PK\x06\x06", 0, at)
        )
        here64, total64, size64, offset64 = struct.unpack_from("<4Q", data, record + 24)
        here, total = (here64, total64) if total == 0xFFFF or here == 0xFFFF else (here, total)
        size = size64 if size == 0xFFFFFFFF else size
        offset = offset64 if offset == 0xFFFFFFFF else offset
    if disk or cd_disk or here != total:
        odd.append("it says it spans several disks")
    if total > LIMIT:
        raise TooMany(f"{total:,} members")
    before = record - size - offset
    if before < 0:
        raise ValueError("its directory lies before its start")
    after = len(data) - at - 22 - comment
    if after < 0:
        odd.append("its comment is cut short")
    members, place, stop = [], offset + before, record
    while place < stop and bytes(data[place : place + 4]) == b"PK\x01\x02":
        member, place = _member(data, place, before)
        members.append(member)
        if len(members) > LIMIT:
            raise TooMany(f"more than {LIMIT:,} members")
    if len(members) != total:
        odd.append(f"its end record says {total:,} members and its directory lists {len(members):,}")
    if place != stop:
        odd.append("bytes lie between its directory and its end record")
    odd += _between(data, members, before, offset + before)
    return Directory(tuple(members), before, max(0, after), offset + before, tuple(odd))


def _member(data: Buffer, at: int, before: int) -> tuple[Member, int]:
    (_, made, _, flags, method, _, _, crc, packed, size, names, extras, comments, _, _, outer, header) = struct.unpack_from(
        "<4s6H3L5H2L", data, at
    )  # fmt: skip
    raw = bytes(data[at + 46 : at + 46 + names])
    extra = bytes(data[at + 46 + names : at + 46 + names + extras])
    size, packed, header = _zip64(extra, size, packed, header)
    header += before
    odd = []
    local = struct.unpack_from("<4s5H3L2H", data, header)
    if local[0] != b"PK\x03\x04":
        raise ValueError(f"the member {raw[:80]!r} has no header of its own")
    local_raw = bytes(data[header + 30 : header + 30 + local[9]])
    if local_raw != raw:
        odd.append(f"is called {_text(local_raw, local[2])!r} by its own header")
    if local[3] != method:
        odd.append("is packed in one way by the directory and in another by its own header")
    if (local[2] ^ flags) & 1:
        odd.append("is encrypted by one of its two headers and not by the other")
    if not flags & 8 and local[8] not in (size, 0xFFFFFFFF):
        odd.append("has one size in the directory and another in its own header")
    if not flags & 8 and not local[2] & 8 and local[6] != crc:
        odd.append("has one checksum in the directory and another in its own header")
    start = header + 30 + local[9] + local[10]
    if flags & 8:
        odd += _descriptor(data, start + packed, crc, packed, size)
    if start + packed > len(data):
        odd.append("is longer than the archive")
    other = _unicode_name(extra)
    if other is not None and other != raw:
        odd.append(f"is called {_text(other, 0x800)!r} by a field that newer readers heed")
    if b"\0" in raw:
        odd.append("has a NUL byte in its name")
    mode = outer >> 16 if made >> 8 == 3 else 0
    member = Member(_text(raw, flags), method, flags, crc, packed, size, header, start, mode, tuple(odd))
    return member, at + 46 + names + extras + comments


def _descriptor(data: Buffer, at: int, crc: int, packed: int, size: int) -> list[str]:
    """Return what is odd about the sizes that follow a member: readers that stream believe them."""
    raw = bytes(data[at : at + 24])
    raw = raw[4:] if raw.startswith(b"PK\x07\x08") else raw
    short, long = raw[:12], raw[:20]
    wanted = struct.pack("<L", crc)
    if short == wanted + struct.pack(
        "<2L", packed & 0xFFFFFFFF, size & 0xFFFFFFFF
    ) or long == wanted + struct.pack("<2Q", packed, size):
        return []
    return ["has other sizes after it than in the directory"]


def _text(raw: bytes, flags: int) -> str:
    return raw.decode("utf-8", "replace") if flags & 0x800 else raw.decode("cp437")


def _unicode_name(extra: bytes) -> bytes | None:
    """Return the name in Info-ZIP's Unicode path field, where there is one."""
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<2H", extra, at)
        if kind == 0x7075:
            return extra[at + 9 : at + 4 + length]
        at += 4 + length
    return None


def _zip64(extra: bytes, size: int, packed: int, header: int) -> tuple[int, int, int]:
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<2H", extra, at)
        if kind == 1:
            values = [
                int.from_bytes(extra[i : i + 8], "little") for i in range(at + 4, at + 4 + length - 7, 8)
            ]
            size = values.pop(0) if size == 0xFFFFFFFF and values else size
            packed = values.pop(0) if packed == 0xFFFFFFFF and values else packed
            header = values.pop(0) if header == 0xFFFFFFFF and values else header
        at += 4 + length
    return size, packed, header


def _between(data: Buffer, members: list[Member], begin: int, end: int) -> list[str]:
    """Return what is odd about how members lie: over one another, or with members between that no list names."""
    odd, at = [], begin
    for member in sorted(members, key=lambda m: m.header):
        if member.header < at:
            odd.append(f"its member {ascii(member.name)[:100]} lies over another one")
        elif data.find(b"PK\x03\x04", at, member.header) >= 0:
            odd.append(f"a member that its directory does not list stands before {ascii(member.name)[:100]}")
        at = max(at, member.end)
    if at > end:
        odd.append("a member lies over its directory")
    elif data.find(b"PK\x03\x04", at, end) >= 0:
        odd.append("a member that its directory does not list stands at its end")
    return odd
