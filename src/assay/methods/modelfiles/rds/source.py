"""Numbers and texts of R's serialised forms, one after the other: XDR, native binary, ASCII."""

from __future__ import annotations

import re
import struct
from typing import Any

_NUMBER, _WORD = re.compile(rb"-?[0-9]{1,10}"), re.compile(rb"[!-~]{1,400}")
# R writes what is no sign of ASCII, and a space, as \\040.
_SIGN = re.compile(rb"\\[0-7]{1,3}|\\[^0-7\s]|[!-\[\]-~]")
_TEXT = re.compile(rb"(?:\\[0-7]{1,3}|\\[^0-7\s]|[!-\[\]-~])*")


class Xdr:
    """Big-endian numbers, or little-endian."""

    def __init__(self, data: Any, at: int, order: str) -> None:
        self.data, self.at, self.order = data, at, order
        self.before = at  # where the last number began

    def integer(self) -> int:
        """Read a number of four bytes."""
        if self.at + 4 > len(self.data):
            raise ValueError("it is cut short")
        (value,) = struct.unpack_from(f"{self.order}i", self.data, self.at)
        self.before = self.at
        self.at += 4
        return int(value)

    def raw(self, size: int) -> bytes:
        """Read so many bytes."""
        if size < 0 or self.at + size > len(self.data):
            raise ValueError("a text is longer than the file")
        self.at += size
        return bytes(self.data[self.at - size : self.at])

    def skip(self, count: int, width: int, _kind: int) -> None:
        """Step over a vector."""
        if count < 0 or count * width > len(self.data) - self.at:
            raise ValueError(f"a vector says it has {count:,} items, more than the file")
        self.at += count * width


class Ascii:
    """Numbers and texts, each on a line of its own.

    R reads words and counts characters, whatever the lines: what it would read otherwise than line by line is refused.
    """

    def __init__(self, data: Any, at: int) -> None:
        self.data, self.at = data, at
        self.before = at  # where the last number began

    def line(self) -> bytes:
        """Read a line."""
        end = self.data.find(b"\n", self.at, self.at + 100_000)
        if end < 0:
            raise ValueError("it is cut short")
        line = bytes(self.data[self.at : end])
        self.at = end + 1
        return line

    def integer(self) -> int:
        """Read a number; R's missing one is the least of 32 bits."""
        self.before = self.at
        text = self.line()
        if text == b"NA":
            return -(2**31)
        if not _NUMBER.fullmatch(text):
            raise ValueError("a line is no number")
        return int(text)

    def raw(self, size: int) -> bytes:
        """Read a text of so many characters, escapes and all."""
        line = self.line()
        if not _TEXT.fullmatch(line) or len(_SIGN.findall(line)) != size:
            raise ValueError("a text is not as long as it says")
        return line

    def skip(self, count: int, _width: int, kind: int) -> None:
        """Step over a vector, a line an item."""
        if count < 0 or count > len(self.data) - self.at:
            raise ValueError(f"a vector says it has {count:,} items, more than the file")
        for _ in range(count * (2 if kind == 15 else 1)):
            if not _WORD.fullmatch(self.line()):
                raise ValueError("an item of a vector is no single word")


def start(head: bytes) -> int:
    """Return where the serialised part begins (of .rds or .RData), -1 where it is none."""
    at = 5 if head[:5] in (b"RDX2\n", b"RDX3\n", b"RDA2\n", b"RDA3\n", b"RDB2\n", b"RDB3\n") else 0
    return at if head[at : at + 2] in (b"X\n", b"A\n", b"B\n") and _version(head, at) in (2, 3) else -1


def _version(head: bytes, at: int) -> int:
    kind = head[at : at + 1]
    if kind == b"A":
        text = head[at + 2 : at + 4]
        return int(text[:1]) if text[:1].isdigit() and text[1:] == b"\n" else 0
    return int.from_bytes(head[at + 2 : at + 6], "big" if kind == b"X" else "little")
