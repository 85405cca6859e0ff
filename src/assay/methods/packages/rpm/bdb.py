"""The headers of a ``Packages``: a hash of Berkeley DB, as rpm wrote until 2020.

Pages of one size; on a hash page keys and values by turns, a long value on a chain of overflow pages. Berkeley DB's
dbinc/db_page.h. Nothing is looked up: every page is read once, in order.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import IO

from assay.methods.packages.package import Unreadable

_MAGIC = 0x061561
_HEAD = 26
_UNSORTED, _HASH, _OVERFLOW, _META = 2, 13, 7, 8
_KEYDATA, _OFFPAGE = 1, 3
_BLOB = 64 << 20
_SHORTEST = 16  # a record of 4 bytes counts packages


def is_hash(first: bytes) -> bool:
    """Whether a file begins as a hash does, in either order of bytes."""
    return len(first) >= 26 and _MAGIC in (struct.unpack_from(o + "I", first, 12)[0] for o in "<>")


def blobs(source: IO[bytes], size: int) -> Iterator[bytes]:
    """Give each header; Unreadable where pages are not what they should be."""
    source.seek(0)
    first = source.read(512)
    order = "<" if struct.unpack_from("<I", first, 12)[0] == _MAGIC else ">"
    (page,) = struct.unpack_from(order + "I", first, 20)
    (last,) = struct.unpack_from(order + "I", first, 32)
    if first[24] or page not in (512, 1024, 2048, 4096, 8192, 16384, 32768, 65536) or first[25] != _META:
        raise Unreadable("its first page is not that of such a database, or it is encrypted")
    if (last + 1) * page > size:
        raise Unreadable("it is cut short")
    for number in range(1, last + 1):
        source.seek(number * page)
        raw = source.read(page)
        if raw[25] not in (_HASH, _UNSORTED):
            continue
        (entries,) = struct.unpack_from(order + "H", raw, 20)
        if _HEAD + 2 * entries > page or entries % 2:
            raise Unreadable("a page has more entries than it has room for")
        places = struct.unpack_from(f"{order}{entries}H", raw, _HEAD)
        for n in range(1, entries, 2):
            at, end = places[n], places[n - 1]
            if not _HEAD <= at < end <= page:
                raise Unreadable("an entry of a page lies outside of it")
            if raw[at] == _KEYDATA:
                value = raw[at + 1 : end]
            elif raw[at] == _OFFPAGE and at + 12 <= page:
                begin, length = struct.unpack_from(order + "II", raw, at + 4)
                value = _chained(source, begin, length, page, last, order)
            else:
                raise Unreadable("an entry of a page is of a kind that rpm does not write")
            if len(value) >= _SHORTEST:
                yield value


def _chained(source: IO[bytes], begin: int, length: int, page: int, last: int, order: str) -> bytes:
    """Return a value that lies on pages of its own; their number bounds the chain, so that none goes round."""
    if length > _BLOB:
        raise Unreadable("a header is too long")
    out, number = bytearray(), begin
    for _ in range(-(-length // (page - _HEAD)) * 2 + 1):
        if not number:
            break
        if number > last:
            raise Unreadable("a chain of pages leads behind its end")
        source.seek(number * page)
        raw = source.read(page)
        (number,) = struct.unpack_from(order + "I", raw, 16)
        (used,) = struct.unpack_from(order + "H", raw, 22)
        if raw[25] != _OVERFLOW or used > page - _HEAD:
            raise Unreadable("a chain of pages leads to one of another kind")
        out += raw[_HEAD : _HEAD + used]
    if len(out) != length or number:
        raise Unreadable("a chain of pages is not as long as it should be")
    return bytes(out)
