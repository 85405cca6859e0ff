r"""Characters written as escapes, ``\x41``, ``\u0041``, ``\u{41}``, ``\101``, and lists of their numbers, read as the text that they are."""

from __future__ import annotations

import re
from collections.abc import Iterator

_SIGNS = (
    b"\\x",
    b"\\u",
    b"\\U",
    b"\\/",
    b"\\1",
    b"\\0",
    b"\\n",
    b"bytes([",
    b"bytearray([",
    b"(chr,",
    b"fromCharCode(",
)
_ONE = re.compile(
    rb"\\(?:x(?P<two>[0-9A-Fa-f]{2})|u(?P<four>[0-9A-Fa-f]{4})|u\{(?P<any>[0-9A-Fa-f]{1,6})\}|U(?P<eight>[0-9A-Fa-f]{8})|(?P<octal>[01][0-7]{2})|(?P<slash>/))"
)
_NUMBERS = re.compile(
    rb"(?:bytes\(\[|bytearray\(\[|\(chr,[ \t]{0,8}[\[(]|fromCharCode\()(?P<all>[ \t\r\n]{0,80}\d{2,3}(?:,[ \t\r\n]{0,80}\d{2,3}){7,1000})"
)
_LINES = 2_000


def escaped(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Give (where a line begins, the line with its escapes read) of each line with printable ones."""
    if not any(sign in data for sign in _SIGNS):
        return
    last, lines = -1, 0
    for found in _ONE.finditer(data):
        if found.start() < last:
            continue
        start = data.rfind(b"\n", max(0, found.start() - 8_000), found.start()) + 1
        start = max(start, found.start() - 8_000)
        stop = data.find(b"\n", found.start(), start + 16_000)
        last = stop if stop >= 0 else min(len(data), start + 16_000)
        line = data[start:last]
        text = _ONE.sub(_read, line)
        if text != line:
            yield start, text
            lines += 1
            if lines > _LINES:
                return
    for found in _NUMBERS.finditer(data):
        numbers = [int(one) for one in found["all"].split(b",")]
        if all(32 <= one < 127 for one in numbers):
            start = data.rfind(b"\n", max(0, found.start() - 200), found.start()) + 1
            yield start, data[max(start, found.start() - 200) : found.start()] + b' "' + bytes(numbers) + b'"'


def _read(found: re.Match[bytes]) -> bytes:
    if found["slash"] is not None:
        return b"/"
    digits = found["two"] or found["four"] or found["any"] or found["eight"]
    value = int(digits, 16) if digits is not None else int(found["octal"], 8)
    return bytes([value]) if 32 <= value < 127 and value not in b"\"'`\\" else found[0]
