"""A picture in a cell of an Arrow table: its height, width and channels, then a byte for each.

The field's metadata says so (MARK), so that whoever is given the table makes arrays of the cells.
"""

from __future__ import annotations

import struct
from typing import Any

MARK = {b"assay": b"pixels"}
_HEAD = struct.Struct(">HHH")


def packed(picture: Any) -> bytes:
    """Return a picture (height × width × channels, 8 bits each) as a cell."""
    return _HEAD.pack(*picture.shape) + bytes(picture.tobytes())


def unpacked(cell: bytes) -> Any:
    """Return the picture of a cell; ValueError where it is none."""
    import numpy as np

    height, width, channels = _HEAD.unpack_from(cell)
    if len(cell) != _HEAD.size + height * width * channels:
        raise ValueError("a picture's size is not that of its bytes")
    return np.frombuffer(cell, dtype=np.uint8, offset=_HEAD.size).reshape(height, width, channels)


def column(name: str, cells: list[bytes | None]) -> Any:
    """Return the field and the array of a column of pictures."""
    import pyarrow as pa

    return pa.field(name, pa.large_binary(), metadata=MARK), pa.array(cells, pa.large_binary())


def is_pixels(field: Any) -> bool:
    """Whether an Arrow field holds pictures."""
    return bool((field.metadata or {}).get(b"assay") == b"pixels")
