"""Python's marshal format read without marshal: constants and code of Python 2.7 to 3.14, built as plain values.

``marshal.loads`` must not be given hostile bytes (its documentation says so); this reader builds nothing but texts,
numbers and ``Code``. Type codes and the fields of code: Python/marshal.c of each version.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any

LIMIT = 8 << 20
_DEEP = 100
_MOST = 500_000


@dataclass(frozen=True, slots=True)
class Code:
    """One code object. layout: 11 for Python 3.11 and newer, 8 for 3.8 to 3.10, 3 for those before, 2 for Python 2."""

    layout: int
    code: bytes
    consts: tuple[Any, ...]
    names: tuple[str, ...]
    locals: tuple[str, ...]
    name: str
    filename: str
    firstline: int


class _Other:
    """A value that has no readable form."""

    def __repr__(self) -> str:
        return "…"


# layout → how many numbers stand before the code, and which of the fields after it are what
_LAYOUTS = {
    11: (5, ("code", "consts", "names", "locals", "kinds", "filename", "name", "qualname"), 2),
    8: (6, ("code", "consts", "names", "locals", "free", "cell", "filename", "name"), 1),
    3: (5, ("code", "consts", "names", "locals", "free", "cell", "filename", "name"), 1),
    2: (4, ("code", "consts", "names", "locals", "free", "cell", "filename", "name"), 1),
}


def read(data: bytes) -> Any:
    """Return what the bytes hold; ValueError where no version of Python wrote them."""
    if len(data) > LIMIT:
        raise ValueError("it is longer than 8 MiB")
    error = ValueError("it is empty")
    for layout in _LAYOUTS:
        reader = _Reader(data, layout)
        try:
            value = reader.value(0)
        except (ValueError, struct.error, IndexError, TypeError) as caught:
            error = ValueError(str(caught)[:100])
            continue
        if reader.at == len(data):
            return value
        error = ValueError("bytes follow its end")
    raise error


class _Reader:
    def __init__(self, data: bytes, layout: int) -> None:
        self.data, self.layout, self.at = data, layout, 0
        self.refs: list[Any] = []
        self.strings: list[Any] = []
        self.left = _MOST

    def take(self, size: int) -> bytes:
        if size < 0 or self.at + size > len(self.data):
            raise ValueError("it is cut short")
        self.at += size
        return self.data[self.at - size : self.at]

    def int32(self) -> int:
        return int(struct.unpack("<i", self.take(4))[0])

    def value(self, deep: int) -> Any:
        self.left -= 1
        if deep > _DEEP or self.left < 0:
            raise ValueError("it nests too deep or is too large")
        byte = self.take(1)[0]
        kind, kept = chr(byte & 0x7F), bool(byte & 0x80)
        place = -1
        if kept:
            place = len(self.refs)
            self.refs.append(_Other())
        value = self._value(kind, deep)
        if kept:
            self.refs[place] = value
        return value

    def _value(self, kind: str, deep: int) -> Any:
        if kind in "NFTS.":
            return {"N": None, "F": False, "T": True, "S": _Other(), ".": ...}[kind]
        if kind == "i":
            return self.int32()
        if kind == "I":
            return struct.unpack("<q", self.take(8))[0]
        if kind == "l":
            return self._long()
        if kind == "g":
            return struct.unpack("<d", self.take(8))[0]
        if kind == "y":
            return complex(*struct.unpack("<2d", self.take(16)))
        if kind == "f":
            return float(self.take(self.take(1)[0]))
        if kind == "x":
            return complex(float(self.take(self.take(1)[0])), float(self.take(self.take(1)[0])))
        if kind == "s":
            return self.take(self.int32())
        if kind in "utaAzZ":
            return self._text(kind)
        if kind == "R":
            return self.strings[self.int32()]
        if kind == "r":
            return self.refs[self.int32()]
        if kind in "()[<>":
            count = self.take(1)[0] if kind == ")" else self.int32()
            if not 0 <= count <= len(self.data):
                raise ValueError("a list is longer than the file")
            return tuple(self.value(deep + 1) for _ in range(count))
        if kind == "{":
            return self._dict(deep)
        if kind == ":":
            return tuple(self.value(deep + 1) for _ in range(3))
        if kind == "c":
            return self._code(deep)
        raise ValueError(f"a value of the kind {kind!r}")

    def _text(self, kind: str) -> str:
        raw = self.take(self.take(1)[0] if kind in "zZ" else self.int32())
        text = raw.decode("utf-8", "replace") if kind in "ut" else raw.decode("latin-1")
        if kind == "t":
            self.strings.append(text)
        return text

    def _long(self) -> int:
        count = self.int32()
        digits = struct.unpack(f"<{abs(count)}H", self.take(2 * abs(count)))
        if abs(count) > 10_000:
            raise ValueError("a number is too long")
        value = sum(int(d) << (15 * i) for i, d in enumerate(digits))
        return -value if count < 0 else value

    def _dict(self, deep: int) -> tuple[tuple[Any, Any], ...]:
        pairs = []
        while self.at < len(self.data) and self.data[self.at] & 0x7F != ord("0"):
            pairs.append((self.value(deep + 1), self.value(deep + 1)))
        self.take(1)
        return tuple(pairs)

    def _code(self, deep: int) -> Code:
        numbers, titles, after = _LAYOUTS[self.layout]
        for _ in range(numbers):
            self.int32()
        held = {title: self.value(deep + 1) for title in titles}
        first = self.int32()
        for _ in range(after):
            if not isinstance(self.value(deep + 1), (bytes, str)):
                raise ValueError("a code object has another shape")
        names, local = held["names"], held["locals"]
        if not isinstance(held["code"], bytes) or not isinstance(held["consts"], tuple):
            raise ValueError("a code object has another shape")
        if not all(isinstance(t, tuple) for t in (names, local)):
            raise ValueError("a code object has another shape")
        texts = [tuple(_readable(t) for t in group) for group in (names, local)]
        if self.layout != 11:
            texts[1] = texts[1] + tuple(_readable(t) for t in (*held["cell"], *held["free"]))
        return Code(
            self.layout, held["code"], held["consts"], texts[0], texts[1], _readable(held["name"]),
            _readable(held["filename"]), first,
        )  # fmt: skip


def _readable(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode("latin-1")
    if isinstance(value, str):
        return value
    raise ValueError("a name is no text")
