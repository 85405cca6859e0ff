"""FlatBuffers read table by table, each offset held against the buffer before it is followed.

The layout is that of the FlatBuffers internals page. Whatever lies outside is ValueError, never a read elsewhere.
"""

from __future__ import annotations

import struct
from typing import Any

MOST = 1_000_000  # that a list is built of


class Table:
    """A table. Fields are asked for by their index in the schema; one that is not there gives its default."""

    __slots__ = ("_data", "_fields", "_pos", "_vtable")

    def __init__(self, data: Any, pos: int) -> None:
        self._data, self._pos = data, pos
        vtable = pos - _number(data, "<i", pos)
        size = _number(data, "<H", vtable)
        if size < 4 or size % 2 or vtable + size > len(data):
            raise ValueError("a table's fields lie outside the file")
        self._vtable, self._fields = vtable, (size - 4) // 2

    @property
    def pos(self) -> int:
        """Return where the table begins."""
        return self._pos

    def place(self, index: int) -> int:
        """Return where a field's value stands, 0 where it is left out."""
        if index >= self._fields:
            return 0
        offset = _number(self._data, "<H", self._vtable + 4 + 2 * index)
        return self._pos + offset if offset else 0

    def number(self, index: int, form: str = "<i", default: int = 0) -> int:
        """Return a scalar."""
        at = self.place(index)
        return _number(self._data, form, at) if at else default

    def table(self, index: int) -> Table | None:
        """Return a table within."""
        at = self.place(index)
        return Table(self._data, _followed(self._data, at)) if at else None

    def text(self, index: int) -> str:
        """Return a string, cut at 4096 bytes."""
        at = self.place(index)
        if not at:
            return ""
        start, count = _vector(self._data, at, 1)
        return bytes(self._data[start : start + min(count, 4096)]).decode("utf-8", "replace")

    def span(self, index: int, width: int) -> tuple[int, int]:
        """Return where a vector of items of a width begins, and how many there are."""
        at = self.place(index)
        return _vector(self._data, at, width) if at else (0, 0)

    def numbers(self, index: int, form: str = "<i") -> tuple[int, ...]:
        """Return a vector of scalars."""
        start, count = self.span(index, struct.calcsize(form))
        if count > MOST:
            raise ValueError(f"a list holds {count:,} numbers")
        return struct.unpack_from(f"<{count}{form[-1]}", self._data, start) if count else ()

    def tables(self, index: int) -> list[Table]:
        """Return a vector of tables."""
        start, count = self.span(index, 4)
        if count > MOST:
            raise ValueError(f"a list holds {count:,} tables")
        return [Table(self._data, _followed(self._data, start + 4 * i)) for i in range(count)]


def root(data: Any) -> Table:
    """Return the root table."""
    return Table(data, _followed(data, 0))


def _number(data: Any, form: str, at: int) -> int:
    if at < 0 or at + struct.calcsize(form) > len(data):
        raise ValueError("an offset leads outside the file")
    return int(struct.unpack_from(form, data, at)[0])


def _followed(data: Any, at: int) -> int:
    return at + _number(data, "<I", at)


def _vector(data: Any, at: int, width: int) -> tuple[int, int]:
    start = _followed(data, at)
    count = _number(data, "<I", start)
    if start + 4 + count * width > len(data):
        raise ValueError("a list is longer than the file")
    return start + 4, count
