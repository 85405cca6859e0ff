"""Serialised objects where values are expected: pickles of any protocol, also as base64, compressed or in an archive.

Whether bytes are a pickle is told from its own operations, not from its first bytes alone: a pickle that does anything names a
global, and what begins as one and cannot be followed is taken for one where its protocol is said.
"""

from __future__ import annotations

import base64
import binascii
import pickletools
import re
import zlib
from collections.abc import Iterator

MOST = 65_536  # bytes of one candidate that are looked at
_CANDIDATES = 64  # of base64 in one payload
_PROTOCOL = re.compile(rb"\x80[\x02-\x05]")
_GLOBAL = re.compile(rb"(?:^|[\n(l.}\]tdsuaRQqh0-9])[ci][A-Za-z_][\w.]{0,120}\n[A-Za-z_][\w.]{0,120}\n")
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{20,}={0,2}")
_NUMPY_OBJECT = re.compile(rb"\x93NUMPY.{2,8}\{[^}]{0,200}'descr':\s*(?:'\|?O|\[.{0,200}'\|?O)", re.DOTALL)
_MEMBER = re.compile(rb"\.(?:pkl|pickle|joblib|dill)|/data\.pkl")
_TELLING = frozenset(
    {"GLOBAL", "STACK_GLOBAL", "INST", "REDUCE", "BUILD", "OBJ", "NEWOBJ", "EXT1", "EXT2", "EXT4"}
)
_CALLS = frozenset({"REDUCE", "BUILD", "OBJ", "NEWOBJ"})
_GROUPS = frozenset({"TUPLE", "EMPTY_TUPLE", "TUPLE1", "TUPLE2", "TUPLE3", "DICT", "EMPTY_DICT", "MARK"})


def holds(data: bytes) -> str:
    """Return what kind of serialised object bytes are, as a sentence goes on; nothing where they are none."""
    head = data[:MOST]
    if _PROTOCOL.match(head) and _follows(head):
        return "a pickle"
    if _NUMPY_OBJECT.match(head):
        return "a NumPy array of objects, which is a pickle"
    if head[:4] == b"PK\x03\x04" and _MEMBER.search(data[: 1 << 20]):
        return "an archive that holds a pickle"
    if head[:2] == b"\x1f\x8b" or head[:1] == b"\x78" or head[:3] == b"BZh" or head[:6] == b"\xfd7zXZ\x00":
        inner = _unpacked(head)
        if inner and (_PROTOCOL.match(inner) or _textual(inner)):
            return "a compressed pickle"
    return "a pickle" if _textual(head) else ""


def in_text(text: str) -> str:
    """Return what kind of serialised object a text holds, as it is or as base64; nothing where it holds none."""
    if len(text) < 8:
        return ""
    if text[0] == "\x80" and holds(text[:MOST].encode("latin-1", "replace")):
        return "a pickle"
    if "\n" in text and _textual(text[:MOST].encode("utf-8", "replace")):
        return "a pickle"
    for candidate in _base64(text):
        found = holds(candidate)
        if found:
            return f"{found}, as base64"
    return ""


def _base64(text: str) -> Iterator[bytes]:
    for number, match in enumerate(_BASE64.finditer(text[: MOST * 2])):
        if number >= _CANDIDATES:
            return
        run = match[0].replace("-", "+").replace("_", "/").rstrip("=")
        try:
            yield base64.b64decode(run[: len(run) - len(run) % 4] + _rest(run))
        except (binascii.Error, ValueError):
            continue


def _rest(run: str) -> str:
    left = run[len(run) - len(run) % 4 :]
    return left + "=" * (4 - len(left)) if len(left) > 1 else ""


def _follows(data: bytes) -> bool:
    """Whether bytes behind a protocol's mark are operations of a pickle, at least the first few of them."""
    seen = 0
    try:
        for operation, _, _ in pickletools.genops(data):
            seen += 1
            if operation.name in _TELLING or seen >= 6:
                return True
    except Exception:  # noqa: BLE001 - whatever a reader of pickles stumbles upon
        return seen >= 3
    return seen >= 3


def _textual(data: bytes) -> bool:
    """Whether bytes are a pickle of protocol 0 or 1 that names a global and calls it, or ends after it.

    A column of a CSV file may begin as a global does: ``country``, a line, ``PRT``, a line.
    """
    head = data[:4096]
    if b"\n" not in head or not _GLOBAL.search(head):
        return False
    named = grouped = False
    try:
        for operation, _, _ in pickletools.genops(data):
            name = operation.name
            if name in _CALLS and named and grouped:
                return True
            if name == "STOP":
                return named
            if name == "INST":
                return True
            named = named or name == "GLOBAL"
            grouped = grouped or name in _GROUPS
    except Exception:  # noqa: BLE001
        return False
    return False


def _unpacked(data: bytes) -> bytes:
    """Return the first bytes of what is compressed."""
    import bz2
    import lzma

    for reader in (zlib.decompressobj(47), bz2.BZ2Decompressor(), lzma.LZMADecompressor(memlimit=1 << 26)):
        try:
            return reader.decompress(data, 4096)
        except (zlib.error, OSError, lzma.LZMAError, EOFError, ValueError):
            continue
    return b""
