"""safetensors: a JSON header, then raw tensors that it must cover exactly."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from assay.checks.model.scan._view import View

if TYPE_CHECKING:
    from assay.checks.model.scan._ground import Ground

LIMIT = 100_000_000
BITS = {
    "BOOL": 8, "U8": 8, "I8": 8, "F8_E4M3": 8, "F8_E5M2": 8, "F8_E8M0": 8, "I16": 16, "U16": 16, "F16": 16, "BF16": 16,
    "I32": 32, "U32": 32, "F32": 32, "I64": 64, "U64": 64, "F64": 64, "C64": 64, "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6,
}  # fmt: skip


def sniff(view: View) -> bool:
    """A length of eight bytes that fits in the file, and a brace; or one that does not fit before a header that is one."""
    head = view.head
    if len(head) <= 9 or head[8:9] != b"{":
        return False
    return 2 <= int.from_bytes(head[:8], "little") <= view.size - 8 or b'"data_offsets"' in head


def examine(view: View, ground: Ground) -> bool:
    """Check the header: sizes, no overlap, no gap, nothing twice, nothing after."""
    length = int.from_bytes(view.data[:8], "little")
    if length > view.size - 8:
        return ground.lie(view, f"its header is {length:,} bytes long, and the file {view.size:,}")
    if length > LIMIT:
        return ground.lie(view, "its header is longer than 100 MB")
    try:
        header = json.loads(bytes(view.data[8 : 8 + length]), object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        return ground.lie(view, f"its header is no valid JSON ({ascii(str(error))[:80]})")
    problem = _problem(header, view.size - 8 - length)
    return ground.lie(view, problem) if problem else True


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found


def _problem(header: Any, room: int) -> str:
    if not isinstance(header, dict):
        return "its header is no mapping"
    notes = header.pop("__metadata__", {})
    if not isinstance(notes, dict) or not all(isinstance(v, str) for v in notes.values()):
        return "its metadata is not text"
    spans = []
    for name, tensor in header.items():
        span = _span(tensor)
        if span is None:
            return f"its tensor {ascii(name)[:80]} is not as long as its type and shape say"
        spans.append(span)
    at = 0
    for begin, end in sorted(spans):
        if begin != at:
            return "its tensors overlap or leave gaps"
        at = end
    return "" if at == room else f"its tensors take {at:,} bytes and {room:,} are there"


def _span(tensor: Any) -> tuple[int, int] | None:
    if not isinstance(tensor, dict):
        return None
    bits, shape, offsets = BITS.get(str(tensor.get("dtype"))), tensor.get("shape"), tensor.get("data_offsets")
    if bits is None or not isinstance(shape, list) or not isinstance(offsets, list) or len(offsets) != 2:
        return None
    if not all(type(n) is int and n >= 0 for n in (*shape, *offsets)):
        return None
    for n in shape:
        bits *= n
        if bits > 1 << 64:
            return None
    return (offsets[0], offsets[1]) if offsets[1] - offsets[0] == -(-bits // 8) else None
