"""The headers of a ``Packages.db``: rpm's own format, slots that say where blobs lie. rpm's lib/backend/ndb/rpmpkg.c."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import IO

from assay.methods.packages.package import Unreadable

_PAGE, _SLOT, _BLOCK = 4096, 16, 16
_HEAD = 32
_PAGES = 65_536
_BLOB = 64 << 20


def blobs(source: IO[bytes], size: int) -> Iterator[bytes]:
    """Give each header; Unreadable where a slot or a blob is not what it should be."""
    source.seek(0)
    head = source.read(_HEAD)
    if len(head) < _HEAD:
        raise Unreadable("it is cut short")
    magic, version, _, pages = struct.unpack_from("<4sIII", head)
    if magic != b"RpmP" or version != 0 or not 0 < pages <= _PAGES or pages * _PAGE > size:
        raise Unreadable("its head is not that of such a database")
    slots = source.read(pages * _PAGE - _HEAD)
    for mark, index, place, count in struct.iter_unpack("<4sIII", slots[: len(slots) // _SLOT * _SLOT]):
        if mark != b"Slot":
            raise Unreadable("a slot is damaged")
        if not index:
            continue
        if (place + count) * _BLOCK > size or count < 2:
            raise Unreadable("a slot points behind its end")
        source.seek(place * _BLOCK)
        mark, own, _, length = struct.unpack("<4sIII", source.read(_BLOCK))
        if mark != b"BlbS" or own != index or length > _BLOB or length > count * _BLOCK:
            raise Unreadable("a blob is not the one that its slot says")
        yield source.read(length)
