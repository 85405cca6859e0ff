"""GGUF's header read to the first tensor: keys, and where each tensor lies. Arrays are stepped over and not built.

Layout: docs/gguf.md of the ggml project, versions 1 to 3, both byte orders.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import Any

MAGIC = b"GGUF"
_WIDTH = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
_FORM = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "B", 10: "Q", 11: "q", 12: "d"}
_TEXT, _ARRAY = 8, 9
# type → (items of a block, bytes of a block), from ggml's type traits
BLOCKS = {
    0: (1, 4), 1: (1, 2), 2: (32, 18), 3: (32, 20), 6: (32, 22), 7: (32, 24), 8: (32, 34), 9: (32, 36),
    10: (256, 84), 11: (256, 110), 12: (256, 144), 13: (256, 176), 14: (256, 210), 15: (256, 292),
    16: (256, 66), 17: (256, 74), 18: (256, 98), 19: (256, 50), 20: (32, 18), 21: (256, 110), 22: (256, 82),
    23: (256, 136), 24: (1, 1), 25: (1, 2), 26: (1, 4), 27: (1, 8), 28: (1, 8), 29: (256, 56), 30: (1, 2),
    34: (256, 54), 35: (256, 66), 39: (32, 17),
}  # fmt: skip
_MOST_KEYS, _MOST_TENSORS, _MOST_TEXT, _DEEP = 100_000, 1_000_000, 16 << 20, 4


@dataclass(slots=True)
class Header:
    """version; texts: key → text and where it stands; tensors: name, begin, end; start: where they begin."""

    version: int
    texts: dict[str, tuple[str, int]] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)
    tensors: list[tuple[str, int, int]] = field(default_factory=list)
    start: int = 0


class _Reader:
    def __init__(self, data: Any) -> None:
        self.data, self.at, self.order, self.wide = data, 4, "<", True

    def number(self, kind: int) -> int:
        width = _WIDTH[kind]
        if self.at + width > len(self.data):
            raise ValueError("its header is cut short")
        (value,) = struct.unpack_from(self.order + _FORM[kind], self.data, self.at)
        self.at += width
        return value if isinstance(value, int) else 0

    def size(self) -> int:
        return self.number(10 if self.wide else 4)

    def text(self) -> str:
        size = self.size()
        if size > len(self.data) - self.at:
            raise ValueError(f"a text says it has {size:,} bytes, more than the file")
        if size > _MOST_TEXT:
            raise ValueError(f"a text has {size:,} bytes")
        raw = bytes(self.data[self.at : self.at + size])
        self.at += size
        return raw.decode("utf-8", "replace")

    def skip(self, kind: int, deep: int) -> None:
        """Step over a value."""
        if kind == _TEXT:
            size = self.size()
            self._over(size)
        elif kind == _ARRAY:
            inner, count = self.number(4), self.size()
            if deep >= _DEEP:
                raise ValueError("its arrays nest too deep")
            if inner in _WIDTH:
                self._over(count * _WIDTH[inner])
                return
            if count * 4 > len(self.data) - self.at:
                raise ValueError(f"an array says it has {count:,} items, more than the file")
            for _ in range(count):
                self.skip(inner, deep + 1)
        elif kind in _WIDTH:
            self._over(_WIDTH[kind])
        else:
            raise ValueError(f"a value is of the kind {kind}")

    def _over(self, size: int) -> None:
        if size > len(self.data) - self.at:
            raise ValueError(f"a value says it has {size:,} bytes, more than the file")
        self.at += size


def read(data: Any) -> Header:
    """Read a header; ValueError where it does not hold together."""
    reader = _Reader(data)
    version = reader.number(4)
    if version > 0xFFFF:
        reader.order, reader.at = ">", 4
        version = reader.number(4)
    if version not in (1, 2, 3):
        raise ValueError(f"its version is {version}")
    reader.wide = version > 1
    tensors, keys = reader.size(), reader.size()
    if tensors > _MOST_TENSORS or keys > _MOST_KEYS:
        raise ValueError(f"it says it holds {tensors:,} tensors and {keys:,} keys")
    found = Header(version)
    for _ in range(keys):
        _key(reader, found)
    infos = [_info(reader) for _ in range(tensors)]
    step = found.numbers.get("general.alignment", 32)
    if step <= 0 or step & (step - 1) or step > 1 << 20:
        raise ValueError(f"its alignment is {step}")
    found.start = -(-reader.at // step) * step
    for name, offset, size in infos:
        if offset % step:
            raise ValueError(f"its tensor {ascii(name)[:80]} does not lie where the alignment asks")
        found.tensors.append((name, found.start + offset, found.start + offset + size))
    return found


def _key(reader: _Reader, found: Header) -> None:
    name = reader.text()
    kind = reader.number(4)
    if name in found.texts or name in found.numbers:
        raise ValueError(f"its key {ascii(name)[:80]} stands twice")
    if kind == _TEXT:
        at = reader.at
        found.texts[name] = (reader.text(), at)
    elif kind in _WIDTH:
        found.numbers[name] = reader.number(kind)
    else:
        reader.skip(kind, 0)


def _info(reader: _Reader) -> tuple[str, int, int]:
    name, dimensions = reader.text(), reader.number(4)
    if dimensions > 8:
        raise ValueError(f"its tensor {ascii(name)[:80]} has {dimensions} dimensions")
    shape = [reader.size() for _ in range(dimensions)]
    kind, offset = reader.number(4), reader.number(10)
    if kind not in BLOCKS:
        raise ValueError(f"its tensor {ascii(name)[:80]} is of the type {kind}")
    items, width = BLOCKS[kind]
    count = 1
    for n in shape:
        count *= n
    if count >= 1 << 60 or offset >= 1 << 60:
        raise ValueError(f"its tensor {ascii(name)[:80]} says it has {count:,} items")
    if shape and shape[0] % items:
        raise ValueError(f"a row of its tensor {ascii(name)[:80]} is no whole number of blocks")
    return name, offset, count // items * width
