"""MessagePack walked without building: extension types, sizes, and where numbers of arrays lie (the format's own specification)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

_FIXED = {
    0xC0: 0,
    0xC2: 0,
    0xC3: 0,
    0xCA: 4,
    0xCB: 8,
    0xCC: 1,
    0xCD: 2,
    0xCE: 4,
    0xCF: 8,
    0xD0: 1,
    0xD1: 2,
    0xD2: 4,
    0xD3: 8,
}
_SIZED = {0xC4: 1, 0xC5: 2, 0xC6: 4, 0xD9: 1, 0xDA: 2, 0xDB: 4}
_EXT = {0xC7: 1, 0xC8: 2, 0xC9: 4}
_FIXEXT = {0xD4: 1, 0xD5: 2, 0xD6: 4, 0xD7: 8, 0xD8: 16}
_DEEP, _MOST, _MOST_KEPT = 512, 20_000_000, 1_000_000
# Under these msgpack-numpy keeps an array.
_KEYS = frozenset({b"kind", b"type", b"data"})


@dataclass(slots=True)
class Packed:
    """extensions: type, begin, end. values: texts and bytes of what may be an array, as (key, begin, end)."""

    extensions: list[tuple[int, int, int]] = field(default_factory=list)
    values: list[tuple[bytes, int, int]] = field(default_factory=list)
    end: int = 0
    items: int = 0


def walk(data: Any, at: int, end: int) -> Packed:
    """Follow one value; ValueError where it is cut short, too deep or too large."""
    found = Packed()
    stack: list[list[Any]] = [[1, False, b""]]  # items left, whether the next is a key, the last key
    while stack:
        top = stack[-1]
        if top[0] == 0:
            stack.pop()
            continue
        top[0] -= 1
        found.items += 1
        if found.items > _MOST:
            raise ValueError("it holds too many values")
        is_key = top[1] is not False and top[0] % 2 == 1
        at, begin, opened = _one(data, at, end, found)
        if opened is not None:
            count, mapping = opened
            if count > end - at:
                raise ValueError(f"a list says it has {count:,} items, more than the file")
            stack.append([count * 2 if mapping else count, bool(mapping), b""])
            if len(stack) > _DEEP:
                raise ValueError(f"it nests deeper than {_DEEP}")
        elif begin >= 0 and is_key:
            top[2] = bytes(data[begin : min(at, begin + 64)])
        elif begin >= 0 and top[2] in _KEYS:
            if len(found.values) >= _MOST_KEPT:
                raise ValueError("it holds more arrays than are followed")
            found.values.append((top[2], begin, at))
    found.end = at
    return found


def _one(data: Any, at: int, end: int, found: Packed) -> tuple[int, int, tuple[int, bool] | None]:
    """Step over a value: where it ends, where its bytes begin (-1 for none), and what it opens."""
    if at >= end:
        raise ValueError("it is cut short")
    byte = data[at]
    at += 1
    if byte < 0x80 or byte >= 0xE0:
        return at, -1, None
    if byte < 0x90:
        return at, -1, (byte & 15, True)
    if byte < 0xA0:
        return at, -1, (byte & 15, False)
    if byte < 0xC0:
        return _over(at, byte & 31, end), at, None
    if byte in _FIXED:
        return _over(at, _FIXED[byte], end), -1, None
    if byte in _SIZED:
        size, at = _size(data, at, _SIZED[byte], end)
        return _over(at, size, end), at, None
    if byte in _EXT or byte in _FIXEXT:
        size = _FIXEXT.get(byte, 0)
        if byte in _EXT:
            size, at = _size(data, at, _EXT[byte], end)
        stop = _over(at, 1 + size, end)
        kind = data[at] - 256 if data[at] > 127 else data[at]
        if len(found.extensions) >= _MOST_KEPT:
            raise ValueError("it holds more extension types than are followed")
        found.extensions.append((kind, at + 1, stop))
        return stop, -1, None
    if byte in (0xDC, 0xDD, 0xDE, 0xDF):
        size, at = _size(data, at, 2 if byte in (0xDC, 0xDE) else 4, end)
        return at, -1, (size, byte >= 0xDE)
    raise ValueError(f"a value begins with the byte {byte:#x}")


def _size(data: Any, at: int, width: int, end: int) -> tuple[int, int]:
    stop = _over(at, width, end)
    return int.from_bytes(data[at:stop], "big"), stop


def _over(at: int, size: int, end: int) -> int:
    if at + size > end:
        raise ValueError("a value is longer than what holds it")
    return at + size
