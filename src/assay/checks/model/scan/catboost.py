"""CatBoost's own files: a FlatBuffer of trees, and tables of category statistics behind it. There is no code in either.

``CBM1``, the size of the buffer, the buffer; then, where the buffer's fourth field names them, model parts. Of these the
statistics of categories (``static_provider_v1``) are followed table by table; how texts and embeddings are processed is
not, and told.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from assay.checks.model.scan._view import View

if TYPE_CHECKING:
    from assay.checks.model.scan._ground import Ground

_MAGIC, _VERSION, _STATISTICS = b"CBM1", b"FlabuffersModel_v1", b"static_provider_v1"
_MOST_PARTS = 16
_MOST_TABLES = 1_000_000


def sniff(view: View) -> bool:
    """The magic bytes."""
    return view.head.startswith(_MAGIC)


def examine(view: View, ground: Ground) -> bool:
    """Check that the buffer is CatBoost's, and that it and its parts fill the file exactly."""
    (size,) = struct.unpack_from("<I", view.data, 4)
    if 8 + size > view.size:
        return ground.lie(view, "its trees are cut short", offset=view.size)
    core = memoryview(view.data)[8 : 8 + size]
    try:
        version, parts = _root(core)
    except (struct.error, IndexError):
        return ground.lie(view, "its trees are no FlatBuffer", offset=8)
    if version != _VERSION:
        return ground.not_understood(
            view, f"its version is {ascii(version.decode('latin-1'))[:60]}", offset=8
        )
    at = 8 + size
    for part in parts:
        if part != _STATISTICS:
            shown = ascii(part.decode("latin-1"))[:60]
            return ground.not_understood(view, f"its part {shown} is not followed", offset=at)
        end = _tables(view, at)
        if end is None:
            return ground.lie(view, "its statistics of categories are cut short", offset=at)
        at = end
    if at < view.size:
        return ground.lie(view, f"{view.size - at:,} bytes follow its trees", offset=at)
    return True


def _tables(view: View, at: int) -> int | None:
    """Return where the tables of statistics end: a count, then each table's size and bytes; None where they do not fit."""
    try:
        (count,) = struct.unpack_from("<I", view.data, at)
        at += 4
        if count > _MOST_TABLES:
            return None
        for _ in range(count):
            (size,) = struct.unpack_from("<I", view.data, at)
            at += 4 + size
    except struct.error:
        return None
    return at if at <= view.size else None


def _root(core: memoryview) -> tuple[bytes, list[bytes]]:
    """Return the version and the names of the parts: fields 0 and 3 of the root table."""
    (root,) = struct.unpack_from("<I", core, 0)
    (back,) = struct.unpack_from("<i", core, root)
    table = root - back
    if table < 0:
        raise IndexError
    (long,) = struct.unpack_from("<H", core, table)
    fields = [struct.unpack_from("<H", core, table + 4 + 2 * i)[0] for i in range(min((long - 4) // 2, 8))]
    version = _text(core, root + fields[0]) if fields[0] else b""
    if len(fields) < 4 or not fields[3]:
        return version, []
    at = _followed(core, root + fields[3])
    (count,) = struct.unpack_from("<I", core, at)
    if count > _MOST_PARTS:
        raise IndexError
    return version, [_text(core, at + 4 + 4 * i) for i in range(count)]


def _followed(core: memoryview, at: int) -> int:
    (offset,) = struct.unpack_from("<I", core, at)
    return at + int(offset)


def _text(core: memoryview, at: int) -> bytes:
    start = _followed(core, at)
    (size,) = struct.unpack_from("<I", core, start)
    if start + 4 + size > len(core):
        raise IndexError
    return bytes(core[start + 4 : start + 4 + size])
