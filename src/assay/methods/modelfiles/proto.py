"""Protocol buffers read field by field without a schema: nothing is copied, and a message never reaches past its end.

The encoding is that of protobuf.dev ("Encoding"); groups, which no model format uses, are refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Field = tuple[int, int, int, int]  # number, wire type, start, end; of a varint start is its value


def fields(data: Any, at: int, end: int) -> Iterator[Field]:
    """Give the fields of a message; ValueError where it is none."""
    while at < end:
        key, at = varint(data, at, end)
        number, wire = key >> 3, key & 7
        if not number:
            raise ValueError("a field without a number")
        if wire == 0:
            value, at = varint(data, at, end)
            yield number, wire, value, at
            continue
        if wire == 2:
            size, at = varint(data, at, end)
        elif wire in (1, 5):
            size = 8 if wire == 1 else 4
        else:
            raise ValueError("a wire type that no model format uses")
        if at + size > end:
            raise ValueError("a field longer than its message")
        yield number, wire, at, at + size
        at += size


def varint(data: Any, at: int, end: int) -> tuple[int, int]:
    """Return a number and where it ends."""
    value = shift = 0
    while at < end and shift < 70:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
        shift += 7
    raise ValueError("a number without an end")


def text(data: Any, start: int, end: int, most: int = 4096) -> str:
    """Return the text of a field, cut at ``most`` bytes."""
    return bytes(data[start : min(end, start + most)]).decode("utf-8", "replace")


def shaped(data: Any, start: int, end: int, known: Mapping[int, int], most: int = 1_000_000) -> set[int]:
    """Return the numbers of the fields of a whole message made of known fields alone, else an empty set."""
    met: set[int] = set()
    try:
        for count, (number, wire, _, _) in enumerate(fields(data, start, end)):
            if count >= most:
                break
            # a list of numbers may be packed into one field
            if number not in known or (
                wire != known[number] and not (wire == 2 and known[number] in (0, 1, 5))
            ):
                return set()
            met.add(number)
    except ValueError:
        return set()
    return met


def first(data: Any, start: int, end: int, number: int) -> tuple[int, int] | None:
    """Return where the first field of a number lies, None where there is none."""
    for found, wire, begin, stop in fields(data, start, end):
        if found == number and wire == 2:
            return begin, stop
    return None
