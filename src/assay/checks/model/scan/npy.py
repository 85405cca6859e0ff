"""NumPy's .npy: a header, then raw numbers, or a pickle when the items are objects."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from assay.checks.model.scan._view import View

if TYPE_CHECKING:
    from assay.checks.model.scan._ground import Ground

_PLAIN = re.compile(r"[<>|=]?([biufcSVaUmM?])(\d*)(\[\w+\])?")
_HEADER_LIMIT = 1 << 16


def sniff(view: View) -> bool:
    """The magic bytes."""
    return view.head.startswith(b"\x93NUMPY")


def examine(view: View, ground: Ground) -> bool:
    """Check that the data is as long as the header says, and follow the pickle of an object array."""
    from assay.checks.model.scan import pickle

    width = 2 if view.head[6:7] == b"\x01" else 4
    start = 8 + width
    length = int.from_bytes(view.data[8:start], "little")
    if length > _HEADER_LIMIT or start + length > view.size:
        return ground.not_understood(view, "its header is longer than a NumPy header may be")
    header = ast.literal_eval(bytes(view.data[start : start + length]).decode("latin-1").strip())
    shape, size = header["shape"], _item(header["descr"])
    at = start + length
    if size is None:
        return pickle.stream(view, ground, at)
    for n in shape:
        if type(n) is not int or n < 0:
            return ground.not_understood(view, "its shape is no shape")
        size *= n
    if at + size < view.size:
        more = view.size - at - size
        return ground.not_understood(view, f"{more:,} bytes follow its array", offset=at + size)
    if at + size > view.size:
        return ground.not_understood(view, "its array is cut short", offset=view.size)
    return True


def _item(descr: object) -> int | None:
    """Return the bytes of an item, None for objects."""
    if isinstance(descr, str):
        found = _PLAIN.fullmatch(descr)
        if found is None:
            if descr.lstrip("<>|=")[:1] == "O":
                return None
            raise ValueError(f"the type {descr[:40]} is not known")
        size = int(found[2] or (1 if found[1] == "?" else 8 if found[1] in "mM" else 0))
        return 4 * size if found[1] == "U" else size
    total = 0
    for field in descr if isinstance(descr, list) else [None]:
        if not isinstance(field, tuple) or len(field) not in (2, 3):
            raise ValueError("its type is no type")
        size_ = _item(field[1])
        if size_ is None:
            return None
        for n in (field[2] if isinstance(field[2], tuple) else (field[2],)) if len(field) == 3 else ():
            size_ *= int(n)
        total += size_
    return total
