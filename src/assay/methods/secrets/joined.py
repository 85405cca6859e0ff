"""Texts that are put together where they stand: continued lines, literals beside one another or added, base 64 and hex decoded once.

What is so written is no secret to any rule that reads lines, and one to whoever runs the program.
"""

from __future__ import annotations

import base64
import binascii
import re

LARGEST = 1 << 20
_HINTS = (
    b"secret",
    b"passw",
    b"token",
    b"api_key",
    b"apikey",
    b"credential",
    b"access_key",
    b"accesskey",
    b"private_key",
    b"akia",
)
_SIGNS = (
    b"\\\n",
    b"\\\r\n",
    b'"+',
    b"'+",
    b'" +',
    b"' +",
    b'"\n',
    b"'\n",
    b'"\r\n',
    b"'\r\n",
    b"b64decode",
    b"atob",
    b"fromhex",
    b"unhexlify",
)
_NEAR = 300  # bytes behind a word that names a secret in which its text is looked for
_PART = re.compile(
    rb"(?P<open>=[ \t]{0,8}\((?:[ \t]{0,40}\r?\n)?[ \t]{0,40}(?=[\"']))|(?P<glue>\\\r?\n[ \t]{0,200}|(?P<quote>[\"'])[ \t]{0,40}(?:\+[ \t]{0,40}|\\?\r?\n[ \t]{0,200}(?:\+[ \t]{0,40})?|\+[ \t]{0,40}\\?\r?\n[ \t]{0,200})[bfru]{0,2}(?P=quote))"
    rb"|(?:base64\.|bytes\.|binascii\.)?(?:b64decode|atob|fromhex|unhexlify)\([ \t]{0,8}b?(?P<around>[\"'])(?P<packed>[0-9A-Za-z+/=_-]{8,4000})(?P=around)[ \t]{0,8}\)"
)


def joined(data: bytes) -> bytes | None:
    """Return the lines that hold such a text with the text put together, at the numbers they had and all others empty; None where there is none."""
    if len(data) > LARGEST or not any(sign in data for sign in _SIGNS):
        return None
    near = _windows(data)
    if not near:
        return None
    out: list[bytes] = []
    at = moved = lines_out = 0
    touched: set[int] = set()
    for found in (one for begin, end in near for one in _PART.finditer(data, begin, end)):
        unpacked = _unpacked(found["packed"]) if found["packed"] is not None else b""
        if unpacked is None:
            continue
        before = _kept(data[at : found.start()], moved)
        moved = 0 if b"\n" in data[at : found.start()] else moved
        out.append(before)
        lines_out += before.count(b"\n")
        if found["open"] is not None:
            out.append(b"= ")
            moved += found[0].count(b"\n")
            at = found.end()
            continue
        touched.add(lines_out)
        if found["packed"] is not None:
            out.append(found["around"] + unpacked + found["around"])
        moved += found[0].count(b"\n")
        at = found.end()
        if len(touched) > 2_000:
            break
    if not touched:
        return None
    out.append(_kept(data[at:], moved))
    lines = b"".join(out).split(b"\n")
    return b"\n".join(line if number in touched else b"" for number, line in enumerate(lines))


def _windows(data: bytes) -> list[tuple[int, int]]:
    """Return the stretches behind words that name a secret, apart from one another and in order."""
    low = data.lower()
    places: list[int] = []
    for hint in _HINTS:
        at = low.find(hint)
        while at >= 0:
            places.append(at)
            at = low.find(hint, at + _NEAR // 4)
    windows: list[tuple[int, int]] = []
    for at in sorted(places):
        if windows and at <= windows[-1][1]:
            windows[-1] = (windows[-1][0], at + _NEAR)
        else:
            windows.append((at, at + _NEAR))
    return windows


def _kept(text: bytes, moved: int) -> bytes:
    """Return a text with the line breaks that were taken out before it behind its first own."""
    first, end, rest = text.partition(b"\n")
    return first + end + b"\n" * moved + rest if end else text


def _unpacked(text: bytes) -> bytes | None:
    """Return what base 64 or hex holds where it is a text of one line; None otherwise."""
    try:
        if re.fullmatch(rb"(?:[0-9A-Fa-f]{2})+", text):
            found = binascii.unhexlify(text)
        else:
            found = base64.urlsafe_b64decode(
                text.replace(b"+", b"-").replace(b"/", b"_") + b"=" * (-len(text) % 4)
            )
    except (binascii.Error, ValueError):
        return None
    return found if found and all(32 <= c < 127 and c not in b"\"'\\" for c in found) else None
