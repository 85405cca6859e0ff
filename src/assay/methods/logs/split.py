"""A file of log records taken apart as it is read: lines, one document, or documents one after another; in bounded memory.

What is small enough is taken as a whole; lines are taken as they come; of a document that is larger than ``WHOLE`` the
records of its array are cut out one by one. What cannot be taken apart is told, with where it begins, and what stands
before it is not lost.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import msgspec

from assay.methods.logs.source import MAX_RECORD

WHOLE = 64 << 20  # bytes of a document that is taken as a whole
_BLOCK = 4 << 20
_ARRAY = re.compile(r'"(?:Records|items|events|logEvents)"\s*:\s*\[')
_BETWEEN = re.compile(r"[\s,]*")
_raw = msgspec.json.Decoder(msgspec.Raw).decode
_array = msgspec.json.Decoder(list[msgspec.Raw]).decode

Read = Callable[[int], bytes]


@dataclass(frozen=True, slots=True)
class Piece:
    """A document or line, and where it stands; reason: why it cannot be read."""

    data: bytes
    place: str
    reason: str | None = None


def pieces(read: Read, *, text: bool) -> Iterator[Piece]:
    """Give the pieces of a file. read: gives up to so many bytes, and none at the end. text: lines, whatever they hold."""
    head = _fill(read, b"", _BLOCK)
    if text or head.lstrip()[:1] not in (b"{", b"["):
        yield from _lines(read, head)
        return
    line, newline, _ = head.partition(b"\n")
    if newline and _is_json(line):
        yield from _lines(read, head)
        return
    head = _fill(read, head, WHOLE)
    if len(head) < WHOLE:
        if head.lstrip().startswith(b"[") and (found := _listed(head)) is not None:
            yield from found
            return
        if _is_json(head):
            yield Piece(head, "document 1")
            return
        line, newline, _ = head.partition(b"\n")
        if newline and _is_json(line):
            yield from _lines(read, head)
            return
    yield from _scanned(read, head)


def _fill(read: Read, held: bytes, size: int) -> bytes:
    parts, have = [held], len(held)
    while have < size and (block := read(min(_BLOCK, size - have))):
        parts.append(block)
        have += len(block)
    return b"".join(parts)


def _is_json(data: bytes) -> bool:
    try:
        _raw(data)
    except (msgspec.MsgspecError, RecursionError):
        return False
    return bool(data.strip())


def _listed(data: bytes) -> Iterator[Piece] | None:
    try:
        found = _array(data)
    except (msgspec.MsgspecError, RecursionError):
        return None
    return (Piece(bytes(r), f"record {n}") for n, r in enumerate(found, 1))


def _lines(read: Read, held: bytes) -> Iterator[Piece]:
    """Give lines; one longer than a document may be is told and passed over in blocks."""
    number, passing = 0, False
    block: bytes = held.removeprefix(b"\xef\xbb\xbf")
    rest = b""
    while block:
        *whole, rest = (rest + block).split(b"\n")
        for line in whole:
            number += 1
            if passing:
                passing = False
            elif line.strip():
                yield Piece(line.rstrip(b"\r"), f"line {number}")
        if len(rest) > WHOLE:
            if not passing:
                yield Piece(rest[:4096], f"line {number + 1}", f"the line has more than {WHOLE} bytes")
            rest, passing = b"", True
        block = read(_BLOCK)
    if rest.strip() and not passing:
        yield Piece(rest.rstrip(b"\r"), f"line {number + 1}")


class _Window:
    """A stretch of text that moves along a file."""

    def __init__(self, read: Read, held: bytes) -> None:
        self._read, self._bytes = read, b""
        self.text, self.at, self.passed, self.ended = "", 0, 0, False
        self._take(held)

    def _take(self, block: bytes) -> None:
        data = self._bytes + block
        keep = next(
            (n for n in range(1, min(4, len(data)) + 1) if data[-n] >= 0xC0), 0
        )  # a letter cut in two
        whole, self._bytes = (data[:-keep], data[-keep:]) if keep else (data, b"")
        self.text += whole.decode("utf-8", "surrogateescape")

    def more(self) -> bool:
        """Read on; False at the end of the file."""
        self.passed += self.at
        self.text, self.at = self.text[self.at :], 0
        block = self._read(_BLOCK)
        if block:
            self._take(block)
        elif self._bytes:
            self.text += self._bytes.decode("utf-8", "surrogateescape")
            self._bytes = b""
        self.ended = not block
        return not self.ended


def _scanned(read: Read, held: bytes) -> Iterator[Piece]:
    """Cut values out one by one: elements of the array that a document is about, or whole documents."""
    closed = False  # whether the array stands in an object, which has to be closed too
    window, decode, number, inside = (
        _Window(read, held),
        json.JSONDecoder(parse_int=str, parse_float=str).raw_decode,
        0,
        False,
    )
    while True:
        found = _BETWEEN.match(window.text, window.at)
        window.at = found.end() if found else window.at
        if window.at >= len(window.text):
            if window.more():
                continue
            if inside:
                yield Piece(
                    b"", f"after record {number}", "the file ends in the middle: its array is not closed"
                )
            return
        if window.text[window.at] == "]" and inside:
            window.at, inside = window.at + 1, False
            shut, inside = _after(window)
            if closed and not shut:
                yield Piece(
                    b"", f"after record {number}", "the file ends in the middle: its document is not closed"
                )
            if not inside:
                return
            continue
        if not inside and number == 0:
            if window.text[window.at] == "[":
                window.at, inside = window.at + 1, True
                continue
            first = _ARRAY.search(window.text, window.at, window.at + (1 << 16))
            whole = None if first is None else _end(decode, window)
            if first is not None and whole is None:
                window.at, inside, closed = first.end(), True, True
                continue
        end = _end(decode, window)
        if end is None and len(window.text) - window.at <= MAX_RECORD and window.more():
            continue
        number += 1
        if end is None:
            rest = window.text[window.at : window.at + 4096].encode("utf-8", "surrogateescape")
            reason = "what stands here cannot be read as JSON, nor is what follows it read"
            yield Piece(rest, f"record {number}, character {window.passed + window.at}", reason)
            return
        yield Piece(window.text[window.at : end].encode("utf-8", "surrogateescape"), f"record {number}")
        window.at = end


def _after(window: _Window) -> tuple[bool, bool]:
    """Go to the array of the next document; return whether a bracket closed the one before, and whether there is one."""
    shut = False
    while True:
        shut = shut or "}" in window.text[window.at :]
        found = _ARRAY.search(window.text, window.at)
        if found is not None:
            window.at = found.end()
            return shut, True
        window.at = max(window.at, len(window.text) - 64)  # its name may be cut in two
        if not window.more():
            return shut, False


def _end(decode: Callable[[str, int], tuple[object, int]], window: _Window) -> int | None:
    """Return where the value that begins here ends; None where it is none, or not whole yet."""
    try:
        return decode(window.text, window.at)[1]
    except (ValueError, RecursionError):
        return None
