"""MessagePack, as Flax saves its weights: arrays are extension types that are known; any other is told.

msgpack-numpy keeps arrays of objects as pickles: those are followed as pickles.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from assay.checks.model.scan._view import View
from assay.kernel.severity import Severity
from assay.methods.modelfiles.msgpack import Packed, walk

if TYPE_CHECKING:
    from assay.checks.model.scan._ground import Ground

_ARRAY, _COMPLEX, _SCALAR = 1, 2, 3
_WIDTHS = {"bool": 1, "int8": 1, "uint8": 1, "float8_e4m3fn": 1, "float8_e5m2": 1, "int16": 2, "uint16": 2, "float16": 2, "bfloat16": 2,
           "int32": 4, "uint32": 4, "float32": 4, "int64": 8, "uint64": 8, "float64": 8, "complex64": 8, "complex128": 16, "V2": 2}  # fmt: skip
_KEY = re.compile(rb"[\w./:@ -]{1,60}")


def sniff(view: View) -> bool:
    """A map whose first key is a name, walked to the very end."""
    head = view.head
    if view.size < 4 or not (0x81 <= head[0] <= 0x8F or head[0] in (0xDE, 0xDF)):
        return False
    at = {0xDE: 3, 0xDF: 5}.get(head[0], 1)
    kind = head[at] if at < len(head) else 0
    start = at + {0xD9: 2, 0xC4: 2}.get(kind, 1)
    size = (
        kind & 31
        if 0xA1 <= kind <= 0xBF
        else head[at + 1]
        if kind in (0xD9, 0xC4) and at + 1 < len(head)
        else 0
    )
    return size > 0 and bool(_KEY.fullmatch(head[start : start + min(size, 60)]))


def examine(view: View, ground: Ground) -> bool:
    """Walk it; each extension is looked into."""
    try:
        found = walk(view.data, 0, view.size)
    except ValueError as error:
        return ground.lie(view, f"it is MessagePack in which {error}")
    if found.end < view.size:
        return ground.not_understood(
            view, f"{view.size - found.end:,} bytes follow its value", offset=found.end
        )
    good = True
    for kind, begin, end in found.extensions:
        wrong = _extension(view, kind, begin, end)
        if wrong is None:
            ground.find("extension_type", Severity.HIGH,
                        f"{view.place} holds the extension type {kind}, which a reader's own code turns into something.", view,
                        remedy="ask what writes it, and for the weights as safetensors", refs=("CWE-502",), offset=begin)  # fmt: skip
            good = False
        elif wrong:
            return ground.lie(view, wrong, offset=begin)
    return _objects(found, view, ground) and good


def _extension(view: View, kind: int, begin: int, end: int) -> str | None:
    """Return what is wrong with one, empty where nothing is, None where it is not known."""
    if kind == -1:
        return "" if end - begin in (4, 8, 12) else "a time has another length"
    if kind == _COMPLEX:
        return _fits(view, begin, end)
    if kind not in (_ARRAY, _SCALAR):
        return None
    try:
        inner = walk(view.data, begin, end)
    except ValueError as error:
        return f"in an array {error}"
    if inner.end != end or inner.extensions:
        return "an array holds more than an array"
    return _array(view, begin, end)


def _fits(view: View, begin: int, end: int) -> str:
    try:
        return "" if walk(view.data, begin, end).end == end else "a number holds more than a number"
    except ValueError as error:
        return f"in a number {error}"


def _array(view: View, begin: int, end: int) -> str:
    """An array is (shape, name of its type, bytes): they must agree."""
    data, at = view.data, begin
    if data[at] != 0x93 or not (0x90 <= data[at + 1] <= 0x9F or data[at + 1] == 0xDC):
        return "an array is not made of shape, type and bytes"
    count, at = (
        (data[at + 1] & 15, at + 2)
        if data[at + 1] != 0xDC
        else (int.from_bytes(data[at + 2 : at + 4], "big"), at + 4)
    )
    items = 1
    for _ in range(min(count, 64)):
        width = {0xCC: 1, 0xCD: 2, 0xCE: 4, 0xCF: 8}.get(data[at], 0)
        if not width and data[at] > 0x7F:
            return "a shape is no list of sizes"
        items *= int.from_bytes(data[at + 1 : at + 1 + width], "big") if width else data[at]
        at += 1 + width
    if not 0xA1 <= data[at] <= 0xBF:
        return "an array names no type"
    name = bytes(data[at + 1 : at + 1 + (data[at] & 31)]).decode("latin-1")
    at += 1 + (data[at] & 31)
    if name not in _WIDTHS:
        return f"an array is of the type {ascii(name)[:40]}"
    width = {0xC4: 1, 0xC5: 2, 0xC6: 4}.get(data[at], 0)
    size = int.from_bytes(data[at + 1 : at + 1 + width], "big")
    if not width or at + 1 + width + size != end or size != items * _WIDTHS[name]:
        return f"an array says it has {items:,} items of {name}, and has {size:,} bytes"
    return ""


def _objects(found: Packed, view: View, ground: Ground) -> bool:
    """Arrays of objects of msgpack-numpy are pickles."""
    good = True
    kinds = [(k, bytes(view.data[a:b])) for k, a, b in found.values if b - a < 8 and k in (b"kind", b"type")]
    if any(v in (b"O", b"|O") for _, v in kinds):
        for key, begin, end in found.values:
            if key == b"data" and end - begin > 1:
                good = ground.examine(view.inside(bytes(view.data[begin:end]), f"array@{begin}")) and good
    return good
