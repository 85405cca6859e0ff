"""Universal Binary JSON, as XGBoost writes its models: walked to its end, holding nothing."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from assay.checks.model.scan import _xgboost
from assay.checks.model.scan._view import View
from assay.methods.pickles.opcodes import Buffer

if TYPE_CHECKING:
    from assay.checks.model.scan._ground import Ground

_WIDTH = {
    b"Z": 0,
    b"N": 0,
    b"T": 0,
    b"F": 0,
    b"i": 1,
    b"U": 1,
    b"I": 2,
    b"l": 4,
    b"L": 8,
    b"d": 4,
    b"D": 8,
    b"C": 1,
}
_INT = {b"i": ">b", b"U": ">B", b"I": ">h", b"l": ">i", b"L": ">q"}
_ARRAYS = ("left_children", "right_children", "split_indices")
DEPTH = 512


def sniff(view: View) -> bool:
    """An object whose first key has a length of a known width, and the words of an XGBoost model."""
    head = view.head
    return (
        head[:1] == b"{"
        and head[1:2] in _INT
        and (b"learner" in head or b"Config" in head or b"version" in head)
    )


def examine(view: View, ground: Ground) -> bool:
    """Walk it; it must end where the file ends."""
    try:
        end = _walk(view.data)
    except (ValueError, IndexError, KeyError, struct.error) as error:
        return ground.lie(view, f"it is no valid UBJSON ({ascii(str(error))[:80]})")
    if end < view.size:
        return ground.lie(view, f"{view.size - end:,} bytes follow its model", offset=end)
    for number, tree in enumerate(_trees(view.data)):
        wrong = _xgboost.wrong(tree)
        if wrong:
            return ground.lie(view, f"its tree {number} {wrong}", tree=number)
    return True


def _trees(data: Buffer) -> Iterator[dict[str, Any]]:
    """Give what matters of each tree: a mapping whose keys are found by name, one tree after the other."""
    words = {key: _key(key) for key in _ARRAYS}
    places = {key: data.find(word) for key, word in words.items()}
    at, counts = 0, data.find(_key("num_nodes"))
    while True:
        for key, word in words.items():  # what is not there, or lies further on, is not looked for again
            if 0 <= places[key] < at:
                places[key] = data.find(word, at)
        if places["left_children"] < 0:
            return
        end = data.find(words["left_children"], places["left_children"] + 1)
        end = len(data) if end < 0 else end
        begin = min(p for p in places.values() if p >= at)
        tree: dict[str, Any] = {}
        for key, word in words.items():
            if 0 <= places[key] < end:
                tree[key] = _numbers(data, places[key] + len(word))
        if 0 <= counts < begin:
            counts = data.find(_key("num_nodes"), begin)
        tree["tree_param"] = {
            "num_nodes": _text(data, counts + len(_key("num_nodes"))) if counts >= 0 else ""
        }
        yield tree
        at = max(places["left_children"], counts) + 1


def _key(name: str) -> bytes:
    return b"L" + struct.pack(">q", len(name)) + name.encode()


def _text(data: Buffer, at: int) -> str:
    if data[at : at + 1] != b"S":
        return ""
    size, at = _length(data, at + 1)
    return bytes(data[at : at + min(size, 20)]).decode("latin-1")


def _numbers(data: Buffer, at: int) -> list[int]:
    """Return a list of one type of whole numbers; of others, as many zeros. An empty one where the bytes are not there."""
    if data[at : at + 2] != b"[$" or data[at + 3 : at + 4] != b"#":
        return []
    kind = bytes(data[at + 2 : at + 3])
    count, at = _length(data, at + 4)
    width = _WIDTH.get(kind, 0)
    if not width or count * width > len(data) - at:
        return []
    if kind not in _INT:
        return [0] * count
    return list(struct.unpack_from(f">{count}{_INT[kind][1]}", data, at))


def _length(data: Buffer, at: int) -> tuple[int, int]:
    form = _INT[bytes(data[at : at + 1])]
    (value,) = struct.unpack_from(form, data, at + 1)
    if value < 0:
        raise ValueError("a negative length")
    return int(value), at + 1 + struct.calcsize(form)


def _walk(data: Buffer) -> int:
    """Return where the value that begins at 0 ends. The stack holds (is an object, items left or None, type)."""
    stack: list[tuple[bool, int | None, bytes]] = []
    at = _open(data, 0, stack, b"")
    while stack:
        is_object, left, kind = stack[-1]
        if left is None:
            if data[at : at + 1] == (b"}" if is_object else b"]"):
                stack.pop()
                at += 1
                continue
        elif left == 0:
            stack.pop()
            continue
        else:
            stack[-1] = (is_object, left - 1, kind)
        if is_object:
            size, at = _length(data, at)
            at += size
        at = _open(data, at, stack, kind)
        if at > len(data) or len(stack) > DEPTH:
            raise ValueError("it is cut short or nests too deep")
    return at


def _open(data: Buffer, at: int, stack: list[tuple[bool, int | None, bytes]], kind: bytes) -> int:
    """Step over a value, or into a container."""
    if not kind:
        kind = bytes(data[at : at + 1])
        at += 1
    if kind in (b"{", b"["):
        item, count = b"", None
        if data[at : at + 1] == b"$":
            item = bytes(data[at + 1 : at + 2])
            at += 2
        if data[at : at + 1] == b"#":
            count, at = _length(data, at + 1)
        if item and count is None:
            raise ValueError("a type without a count")
        if kind == b"[" and item in _WIDTH and count is not None:
            return at + count * _WIDTH[item]
        stack.append((kind == b"{", count, item))
        return at
    if kind in (b"S", b"H"):
        size, at = _length(data, at)
        return at + size
    return at + _WIDTH[kind]
