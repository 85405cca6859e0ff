"""MXNet's container of named arrays (``.params``), read without MXNet.

Source of the layout: apache/mxnet, src/ndarray/ndarray.cc (NDArray::Save, NDArray::Load) and its tensor types in
mshadow/base.h. All numbers are little-endian. Dense arrays, and row-sparse ones, which Linear Learner writes for sparse
data; compressed sparse rows are refused by name.
"""

from __future__ import annotations

import math
import struct
from typing import Any

import numpy as np

MAGIC = (0x112).to_bytes(8, "little")
_V1, _V2, _V3 = 0xF993FAC8, 0xF993FAC9, 0xF993FACA
_TYPES = {0: "<f4", 1: "<f8", 2: "<f2", 3: "u1", 4: "<i4", 5: "i1", 6: "<i8", 7: "?"}
_DENSE, _ROW_SPARSE = 0, 1
_MOST_ARRAYS, _MOST_AXES, _LARGEST = 10_000, 32, 1 << 31


def parse(content: bytes) -> dict[str, Any]:
    """Return the arrays of a container by name, ``arg:`` and ``aux:`` taken off; ValueError where it is no whole one."""
    if content[:8] != MAGIC:
        raise ValueError("it is no container of MXNet's arrays")
    found = _Reader(content, 16)
    arrays = [_array(found) for _ in range(found.count())]
    names = [found.text() for _ in range(found.count())]
    if len(names) != len(arrays):
        raise ValueError(f"it holds {len(arrays)} arrays and {len(names)} names")
    if found.at != len(content):
        raise ValueError(f"{len(content) - found.at} bytes follow its last name")
    return {
        name.removeprefix("arg:").removeprefix("aux:"): array
        for name, array in zip(names, arrays, strict=True)
        if array is not None
    }


class _Reader:
    """A place in the bytes; ValueError where they end too soon."""

    def __init__(self, content: bytes, at: int) -> None:
        self.content, self.at = content, at

    def take(self, length: int) -> memoryview:
        if length > len(self.content) - self.at:
            raise ValueError("it is cut short")
        self.at += length
        return memoryview(self.content)[self.at - length : self.at]

    def number(self, kind: str) -> int:
        (value,) = struct.unpack("<" + kind, self.take(struct.calcsize(kind)))
        return int(value)

    def count(self) -> int:
        value = self.number("Q")
        if value > _MOST_ARRAYS:
            raise ValueError(f"it claims {value} arrays; {_MOST_ARRAYS} are the most")
        return value

    def text(self) -> str:
        try:
            return str(self.take(self.number("Q")), "utf-8")
        except UnicodeDecodeError:
            raise ValueError("a name in it is no UTF-8") from None

    def shape(self, axes: int | None = None, kind: str = "q") -> tuple[int, ...]:
        axes = self.number("i") if axes is None else axes
        if not 0 <= axes <= _MOST_AXES:
            raise ValueError(f"an array in it claims {axes} dimensions")
        out = tuple(self.number(kind) for _ in range(axes))
        if any(n < 0 for n in out) or math.prod(out) > _LARGEST:
            raise ValueError(f"an array in it claims the shape {out}")
        return out

    def values(self, flag: int, shape: tuple[int, ...]) -> Any:
        if flag not in _TYPES:
            raise ValueError(f"an array in it has the type {flag}, which is not known")
        kind = np.dtype(_TYPES[flag])
        return np.frombuffer(self.take(kind.itemsize * math.prod(shape)), kind).reshape(shape)


def _array(found: _Reader) -> Any:
    """Return one array, or None for an empty one."""
    magic = found.number("I")
    if magic not in (_V2, _V3):  # before storage types: version 1, or the number of dimensions itself
        shape = found.shape() if magic == _V1 else found.shape(magic, "I")
        if not shape:
            return None
        found.take(8)  # the device it lay on
        return found.values(found.number("i"), shape)
    storage = found.number("i")
    if storage not in (_DENSE, _ROW_SPARSE):
        raise ValueError(f"an array in it is stored in the way {storage}, which is not read")
    stored = found.shape() if storage == _ROW_SPARSE else ()
    axes = found.number("i")
    if axes == (-1 if magic == _V3 else 0):  # version 3 knows scalars, and says "none" otherwise
        return None
    shape = found.shape(axes)
    found.take(8)
    flag = found.number("i")
    if storage == _DENSE:
        return found.values(flag, shape)
    index_flag, index_shape = found.number("i"), found.shape()
    rows, at = found.values(flag, stored), found.values(index_flag, index_shape)
    if (
        rows.shape[1:] != shape[1:]
        or at.shape != rows.shape[:1]
        or (at.size and not 0 <= at.min() <= at.max() < shape[0])
    ):
        raise ValueError("a sparse array in it does not fit its shape")
    out = np.zeros(shape, rows.dtype)
    out[at] = rows
    return out
