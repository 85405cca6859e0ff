"""ELF files as far as their sections: names and places, read within bounds. System V ABI, chapters 4 and 5."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import IO

_MOST = 4_096  # sections
_NAMES = 1 << 20
NOBITS = 8


@dataclass(frozen=True, slots=True)
class Section:
    """name; where its bytes lie and how many; address: where they are in memory."""

    name: str
    place: int
    size: int
    address: int


@dataclass(frozen=True, slots=True)
class Elf:
    """sections: those with bytes; wide: whether of 64 bits; order: of bytes, < or >."""

    sections: tuple[Section, ...]
    wide: bool
    order: str


def read(source: IO[bytes], size: int) -> Elf | None:
    """Return its sections; None where it is no ELF file, or has none that can be read."""
    source.seek(0)
    head = source.read(64)
    if head[:4] != b"\x7fELF" or len(head) < 52:
        return None
    wide, order = head[4] == 2, "<" if head[5] == 1 else ">"
    if wide:
        (table,) = struct.unpack_from(order + "Q", head, 40)
        entry, count, names = struct.unpack_from(order + "HHH", head, 58)
    else:
        (table,) = struct.unpack_from(order + "I", head, 32)
        entry, count, names = struct.unpack_from(order + "HHH", head, 46)
    least = 64 if wide else 40
    if not table or entry < least or not 0 < count <= _MOST or table + entry * count > size or names >= count:
        return None
    source.seek(table)
    raw = source.read(entry * count)
    told = [_section(raw, n * entry, wide, order) for n in range(count)]
    _, _, place, length, _ = told[names]
    if length > _NAMES or place + length > size:
        return None
    source.seek(place)
    texts = source.read(length)
    found = []
    for name, kind, place, length, address in told:
        if kind != NOBITS and place + length <= size:
            end = texts.find(b"\0", name)
            text = texts[name : end if end >= 0 else None][:80].decode("latin-1")
            found.append(Section(text, place, length, address))
    return Elf(tuple(found), wide, order)


def _section(raw: bytes, at: int, wide: bool, order: str) -> tuple[int, int, int, int, int]:
    """Return name, kind, place, size and address of a header."""
    if wide:
        name, kind, _, address, place, size = struct.unpack_from(order + "IIQQQQ", raw, at)
    else:
        name, kind, _, address, place, size = struct.unpack_from(order + "IIIIII", raw, at)
    return name, kind, place, size, address
