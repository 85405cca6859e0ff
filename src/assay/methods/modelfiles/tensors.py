"""safetensors written by hand: a JSON header of names, types, shapes and places, then the numbers, nothing between."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

_TYPES = {
    "float64": "F64", "float32": "F32", "float16": "F16", "bfloat16": "BF16", "int64": "I64", "int32": "I32", "int16": "I16",
    "int8": "I8", "uint8": "U8", "uint16": "U16", "uint32": "U32", "uint64": "U64", "bool": "BOOL", "complex64": "C64",
    "float8_e4m3fn": "F8_E4M3", "float8_e5m2": "F8_E5M2",
}  # fmt: skip


def dumped(
    arrays: Mapping[str, Any],
    types: Mapping[str, str] | None = None,
    metadata: Mapping[str, str] | None = None,
) -> bytes:
    """Return arrays (numpy's) as a file. types: names of types that numpy has none for, such as bfloat16 held as uint16.

    metadata: text by name that stands in the header; that it is PyTorch's, where none is given.

    ValueError for values that are no numbers.
    """
    header: dict[str, Any] = {"__metadata__": dict(metadata or {"format": "pt"})}
    parts: list[bytes] = []
    at = 0
    for name in sorted(arrays):
        array = arrays[name]
        kind = (types or {}).get(name, str(array.dtype))
        if kind not in _TYPES:
            raise ValueError(f"{name} holds values of the type {kind}")
        raw = array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes(order="C")
        header[name] = {
            "dtype": _TYPES[kind],
            "shape": list(array.shape),
            "data_offsets": [at, at + len(raw)],
        }
        parts.append(raw)
        at += len(raw)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + b"".join(parts)
