"""The headers of an ``rpmdb.sqlite``: the column ``blob`` of the table Packages, its pages read here and by no library.

The tree of one table, from its root page down: each page is read once, so that pages that name one another end, and nothing of the
file is run (triggers, views, expressions of indexes). The table must be as rpm makes it; another is unreadable, since which of its
columns rpm would take is not for us to guess. What was not carried over from a journal lies in the file beside it.

Source: https://www.sqlite.org/fileformat2.html, sections 1.3 (the header), 1.6 (pages of trees), 1.5 (overflow), 2.1 (records).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from assay.methods.packages.package import Unreadable

_MOST = 512 << 20
_HEADER = 64 << 20  # bytes of one package's header
_SCHEMA = 1 << 20  # bytes of an entry of the schema
_ENTRIES = 10_000  # of the schema
_DEEPEST = 20  # levels: SQLite's own bound
_INTERIOR, _LEAF = 0x05, 0x0D
_UTF8 = 1
_TABLE = re.compile(
    r"""CREATE TABLE (?:IF NOT EXISTS )?["'`\[]?Packages["'`\]]?\s*\(\s*hnum INTEGER PRIMARY KEY(?: AUTOINCREMENT)?\s*,"""
    r"""\s*blob BLOB(?: NOT NULL)?\s*\)""",
    re.IGNORECASE,
)
_INTEGERS = {0: 0, 1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8, 7: 8, 8: 0, 9: 0}  # serial type → bytes


def blobs(source: IO[bytes], size: int) -> Iterator[bytes]:
    """Give each header in the order of its number; Unreadable where the file cannot be read to its end."""
    if size > _MOST:
        raise Unreadable("it is larger than any such database")
    pages = _opened(source, size)
    roots = []
    for count, payload in enumerate(pages.rows(1, _SCHEMA)):
        if count >= _ENTRIES:
            raise Unreadable("its schema has too many entries")
        kind, name, _, root, text = _columns(payload, 5)
        if isinstance(name, str) and name.lower() == "packages":
            if kind != "table" or not isinstance(text, str) or not _TABLE.fullmatch(" ".join(text.split())):
                raise Unreadable("its table of packages is not as rpm makes it")
            roots.append(root)
    if not roots:
        raise Unreadable("it has no table of packages")
    if len(roots) > 1 or not isinstance(roots[0], int):
        raise Unreadable("its schema names the table of packages twice, or nowhere")
    for payload in pages.rows(roots[0], _HEADER):
        number, blob = _columns(payload, 2)
        if number is not None or not isinstance(blob, bytes):
            raise Unreadable("a row of its packages is no header")
        yield blob


@dataclass
class _Pages:
    """A file by its pages, the first of which is 1. usable: bytes of a page that trees may take; seen: those read."""

    source: IO[bytes]
    size: int
    count: int
    usable: int
    seen: bytearray

    def read(self, number: int) -> bytes:
        """Return a page that was not read before."""
        if not 1 <= number <= self.count:
            raise Unreadable(f"it names a page that it does not have: {number}")
        if self.seen[number]:
            raise Unreadable(f"its pages lead to one another: {number} is reached twice")
        self.seen[number] = 1
        self.source.seek((number - 1) * self.size)
        raw = self.source.read(self.size)
        if len(raw) < self.size:
            raise Unreadable("its pages are cut short")
        return raw

    def rows(self, root: int, most: int) -> Iterator[bytes]:
        """Give the payload of each row of a table, in its order. most: bytes of one."""
        todo = [(root, 0)]
        while todo:
            number, depth = todo.pop()
            if depth > _DEEPEST:
                raise Unreadable("its tree is deeper than any")
            page = self.read(number)
            head = 100 if number == 1 else 0
            kind = page[head]
            cells = int.from_bytes(page[head + 3 : head + 5], "big")
            first = head + (12 if kind == _INTERIOR else 8)
            if kind not in (_INTERIOR, _LEAF) or first + 2 * cells > self.usable:
                raise Unreadable(f"its page {number} is of no table")
            places = [int.from_bytes(page[at : at + 2], "big") for at in range(first, first + 2 * cells, 2)]
            if any(not first + 2 * cells <= place <= self.usable - 4 for place in places):
                raise Unreadable(f"a row of its page {number} lies outside of it")
            if kind == _LEAF:
                for place in places:
                    yield self._payload(page, place, most)
                continue
            below = [*(page[place : place + 4] for place in places), page[head + 8 : head + 12]]
            todo += [(int.from_bytes(child, "big"), depth + 1) for child in reversed(below)]
            if len(todo) > self.count:
                raise Unreadable("its tree has more pages than it does")

    def _payload(self, page: bytes, place: int, most: int) -> bytes:
        """Return a row's bytes: what lies in its cell, and what flows over into pages of its own."""
        length, at = _varint(page, place)
        _, at = _varint(page, at)
        if length > most:
            raise Unreadable("a row is longer than any")
        here = self._local(length)
        if at + here + (4 if here < length else 0) > self.usable:
            raise Unreadable("a row leads out of its page")
        parts, left = [page[at : at + here]], length - here
        after = int.from_bytes(page[at + here : at + here + 4], "big") if left else 0
        while left:
            over = self.read(after)
            parts.append(over[4 : 4 + min(left, self.usable - 4)])
            left -= len(parts[-1])
            after = int.from_bytes(over[:4], "big")
        return b"".join(parts)

    def _local(self, length: int) -> int:
        """Return how many bytes of a row lie in its cell (section 1.6)."""
        if length <= self.usable - 35:
            return length
        least = (self.usable - 12) * 32 // 255 - 23
        told = least + (length - least) % (self.usable - 4)
        return told if told <= self.usable - 35 else least


def _opened(source: IO[bytes], size: int) -> _Pages:
    source.seek(0)
    head = source.read(100)
    if len(head) < 100 or not head.startswith(b"SQLite format 3\0"):
        raise Unreadable("it is no SQLite file")
    page = int.from_bytes(head[16:18], "big")
    page = 65_536 if page == 1 else page
    usable = page - head[20]
    if page < 512 or page & (page - 1) or usable < 480 or max(head[18], head[19]) > 2:
        raise Unreadable("its header is not one of SQLite's")
    if head[21:24] != b"\x40\x20\x20" or int.from_bytes(head[56:60], "big") not in (0, _UTF8):
        raise Unreadable("its header is not as rpm's is")
    count = size // page
    return _Pages(source, page, count, usable, bytearray(count + 1))


def _varint(raw: bytes, at: int) -> tuple[int, int]:
    """Return a number and where it ends: 7 bits a byte from the highest, a ninth byte whole."""
    value = 0
    for n in range(9):
        if at >= len(raw):
            raise Unreadable("a number is cut short")
        byte = raw[at]
        at += 1
        if n == 8:
            return value << 8 | byte, at
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            break
    return value, at


def _columns(payload: bytes, wanted: int) -> list[int | str | bytes | None]:
    """Return the values of a row with so many columns (section 2.1); of floating numbers nothing is wanted."""
    length, at = _varint(payload, 0)
    place, types = length, []
    if not at <= length <= len(payload):
        raise Unreadable("the head of a row is longer than it is")
    while at < length:
        kind, at = _varint(payload, at)
        types.append(kind)
        if len(types) > wanted:
            break
    if len(types) != wanted or at != length:
        raise Unreadable("a row has other columns than its table")
    out: list[int | str | bytes | None] = []
    for kind in types:
        if kind in (10, 11):
            raise Unreadable("a row has a value of no kind")
        size = _INTEGERS[kind] if kind < 12 else (kind - 12) // 2
        raw = payload[place : place + size]
        place += size
        if len(raw) < size:
            raise Unreadable("a row is shorter than its values")
        out.append(_value(kind, raw))
    return out


def _value(kind: int, raw: bytes) -> int | str | bytes | None:
    if kind >= 12:
        return raw if kind % 2 == 0 else raw.decode("utf-8", "replace")
    if kind in (0, 7):
        return None
    return kind - 8 if kind in (8, 9) else int.from_bytes(raw, "big", signed=True)
