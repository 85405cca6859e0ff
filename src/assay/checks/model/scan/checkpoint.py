"""TensorFlow's checkpoints: the index is a sorted table of where each tensor lies in the files of bare numbers beside it.

Table: the LevelDB format as TensorFlow's ``table`` library writes it, uncompressed; entries: tensor_bundle.proto.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from assay.checks.model.scan._view import View
from assay.methods.modelfiles.proto import fields, varint

if TYPE_CHECKING:
    from assay.checks.model.scan._ground import Ground

_MAGIC = (0xDB4775248B80FB57).to_bytes(8, "little")
_SIZES = {1: 4, 2: 8, 3: 4, 4: 1, 5: 2, 6: 1, 8: 8, 9: 8, 10: 1, 14: 2, 17: 2, 18: 16, 19: 2, 22: 4, 23: 8}
_MOST, _LONGEST = 1_000_000, 65_536


def sniff(view: View) -> bool:
    """The number at the end of such a table."""
    return view.size >= 48 and bytes(view.data[-8:]) == _MAGIC


def examine(view: View, ground: Ground) -> bool:
    """Read every entry; tensors must lie beside one another, and be as long as their types and shapes say."""
    spans: dict[int, list[tuple[int, int]]] = {}
    shards = 1
    try:
        for key, start, end in _entries(view):
            if not key:
                shards = next((v for n, w, v, _ in fields(view.data, start, end) if n == 1 and w == 0), 1)
                continue
            shard, begin, size, wanted = _entry(view, start, end)
            if wanted is not None and wanted != size:
                return ground.lie(
                    view,
                    f"its tensor {ascii(key[:80].decode('utf-8', 'replace'))[:80]} has {size:,} bytes, and its shape {wanted:,}",
                )
            spans.setdefault(shard, []).append((begin, begin + size))
    except ValueError as error:
        return ground.lie(view, f"its table cannot be followed ({error})")
    if not 1 <= shards <= 100_000 or any(s >= shards for s in spans):
        return ground.lie(view, f"it says that its numbers lie in {shards:,} files")
    for shard, found in spans.items():
        at = 0
        for begin, end in sorted(found):
            if begin < at:
                return ground.lie(view, "its tensors lie over one another")
            at = end
        own = (view.member or view.file).rsplit("!", 1)[-1].rsplit("/", 1)[-1]
        base = own[:-6] if own.lower().endswith(".index") else own
        ground.vouch(view, f"{base}.data-{shard:05d}-of-{shards:05d}", at)
    return True


def _entries(view: View) -> Iterator[tuple[bytes, int, int]]:
    at = view.size - 48
    _, at = varint(view.data, at, view.size)  # where the meta index lies, which says nothing of tensors
    _, at = varint(view.data, at, view.size)
    offset, at = varint(view.data, at, view.size)
    size, at = varint(view.data, at, view.size)
    count = 0
    for _, start, _ in _block(view, offset, size):
        where, at = varint(view.data, start, view.size)
        length, _ = varint(view.data, at, view.size)
        for entry in _block(view, where, length):
            count += 1
            if count > _MOST:
                raise ValueError("it holds too many tensors")
            yield entry


def _block(view: View, offset: int, size: int) -> Iterator[tuple[bytes, int, int]]:
    if size < 4 or offset + size + 5 > view.size:
        raise ValueError("a block lies outside the file")
    if view.data[offset + size]:
        raise ValueError("a block is compressed")
    restarts = int.from_bytes(view.data[offset + size - 4 : offset + size], "little")
    end = offset + size - 4 - 4 * restarts
    at, key = offset, b""
    while at < end:
        shared, at = varint(view.data, at, end)
        unshared, at = varint(view.data, at, end)
        length, at = varint(view.data, at, end)
        if shared > len(key) or shared + unshared > _LONGEST or at + unshared + length > end:
            raise ValueError("an entry is longer than its block")
        key = key[:shared] + bytes(view.data[at : at + unshared])
        at += unshared
        yield key, at, at + length
        at += length


def _entry(view: View, start: int, end: int) -> tuple[int, int, int, int | None]:
    kind = shard = offset = size = 0
    items = 1
    sliced = False
    for number, wire, begin, stop in fields(view.data, start, end):
        if wire == 0:
            kind, shard, offset, size = {
                1: (begin, shard, offset, size), 3: (kind, begin, offset, size),
                4: (kind, shard, begin, size), 5: (kind, shard, offset, begin),
            }.get(number, (kind, shard, offset, size))  # fmt: skip
        elif number == 2 and wire == 2:
            for inner, form, a, b in fields(view.data, begin, stop):
                if inner == 2 and form == 2:
                    items *= next((v for n, w, v, _ in fields(view.data, a, b) if n == 1 and w == 0), 0)
                    if items > 1 << 60:
                        raise ValueError("a tensor is larger than any file")
        elif number == 7:
            sliced = True
    if offset + size > 1 << 60:
        raise ValueError("a tensor lies past any file")
    return shard, offset, size, None if sliced or kind not in _SIZES else items * _SIZES[kind]
