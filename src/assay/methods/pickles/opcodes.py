"""The opcodes of pickle protocols 0 to 5, and constants read lazily from where they stand.

Sources: the comments of CPython's Lib/pickletools.py and the behaviour of Modules/_pickle.c.
"""

from __future__ import annotations

import codecs
import struct
from mmap import mmap
from typing import Any

Buffer = bytes | mmap

NAMES: dict[int, str] = {
    0x28: "MARK", 0x29: "EMPTY_TUPLE", 0x2E: "STOP", 0x30: "POP", 0x31: "POP_MARK", 0x32: "DUP", 0x42: "BINBYTES",
    0x43: "SHORT_BINBYTES", 0x46: "FLOAT", 0x47: "BINFLOAT", 0x49: "INT", 0x4A: "BININT", 0x4B: "BININT1",
    0x4C: "LONG", 0x4D: "BININT2", 0x4E: "NONE", 0x50: "PERSID", 0x51: "BINPERSID", 0x52: "REDUCE", 0x53: "STRING",
    0x54: "BINSTRING", 0x55: "SHORT_BINSTRING", 0x56: "UNICODE", 0x58: "BINUNICODE", 0x5D: "EMPTY_LIST",
    0x61: "APPEND", 0x62: "BUILD", 0x63: "GLOBAL", 0x64: "DICT", 0x65: "APPENDS", 0x67: "GET", 0x68: "BINGET",
    0x69: "INST", 0x6A: "LONG_BINGET", 0x6C: "LIST", 0x6F: "OBJ", 0x70: "PUT", 0x71: "BINPUT", 0x72: "LONG_BINPUT",
    0x73: "SETITEM", 0x74: "TUPLE", 0x75: "SETITEMS", 0x7D: "EMPTY_DICT", 0x80: "PROTO", 0x81: "NEWOBJ",
    0x82: "EXT1", 0x83: "EXT2", 0x84: "EXT4", 0x85: "TUPLE1", 0x86: "TUPLE2", 0x87: "TUPLE3", 0x88: "NEWTRUE",
    0x89: "NEWFALSE", 0x8A: "LONG1", 0x8B: "LONG4", 0x8C: "SHORT_BINUNICODE", 0x8D: "BINUNICODE8", 0x8E: "BINBYTES8",
    0x8F: "EMPTY_SET", 0x90: "ADDITEMS", 0x91: "FROZENSET", 0x92: "NEWOBJ_EX", 0x93: "STACK_GLOBAL",
    0x94: "MEMOIZE", 0x95: "FRAME", 0x96: "BYTEARRAY8", 0x97: "NEXT_BUFFER", 0x98: "READONLY_BUFFER",
}  # fmt: skip

# Constants whose whole opcode has a fixed length.
FIXED = [0] * 256
for _code, _length in {0x47: 9, 0x4A: 5, 0x4B: 2, 0x4D: 3, 0x4E: 1, 0x88: 1, 0x89: 1, 0x29: 1}.items():
    FIXED[_code] = _length

SHORT = frozenset({0x43, 0x55, 0x8C, 0x8A})  # a length of one byte follows
LONG_LENGTH = {0x42: 4, 0x54: 4, 0x58: 4, 0x8B: 4, 0x8D: 8, 0x8E: 8, 0x96: 8}
BYTES = frozenset({0x42, 0x43, 0x8E, 0x96, 0x54, 0x55})  # what may hold a pickle within
TEXT = frozenset({0x8C, 0x58, 0x8D, 0x56, 0x53, 0x54, 0x55})
LINES = frozenset({0x46, 0x49, 0x4C, 0x53, 0x56})  # protocol 0: the rest of the line


def line_end(data: Buffer, at: int, end: int) -> int:
    """Return where the line that begins at ``at`` ends (the newline, or ``end`` when there is none)."""
    found = data.find(b"\n", at, end)
    return end if found < 0 else found


class TooLong(ValueError):
    """A constant longer than the caller wants to hold."""


def constant(data: Buffer, at: int, limit: int = 4096) -> Any:
    """Return the value that the constant opcode at ``at`` pushes; TooLong past ``limit`` bytes of text."""
    code = data[at]
    if code in TEXT or code in BYTES:
        raw = _content(data, at, code, limit)
        return _text(raw, code) if code in TEXT else raw
    if code == 0x4E:
        return None
    if code in (0x88, 0x89):
        return code == 0x88
    if code == 0x29:
        return ()
    if code == 0x4B:
        return data[at + 1]
    if code == 0x4D:
        return int.from_bytes(data[at + 1 : at + 3], "little")
    if code == 0x4A:
        return int.from_bytes(data[at + 1 : at + 5], "little", signed=True)
    if code == 0x47:
        return struct.unpack(">d", data[at + 1 : at + 9])[0]
    if code in (0x8A, 0x8B):
        width = 1 if code == 0x8A else 4
        size = int.from_bytes(data[at + 1 : at + 1 + width], "little")
        if size > limit:
            raise TooLong
        return int.from_bytes(data[at + 1 + width : at + 1 + width + size], "little", signed=True)
    return _number_line(data, at, code, limit)


def _content(data: Buffer, at: int, code: int, limit: int) -> bytes:
    if code in LINES:
        stop = data.find(b"\n", at + 1, at + 2 + limit)
        if stop < 0:
            raise TooLong
        return bytes(data[at + 1 : stop])
    width = 1 if code in SHORT else LONG_LENGTH[code]
    size = int.from_bytes(data[at + 1 : at + 1 + width], "little")
    if size > limit:
        raise TooLong
    return bytes(data[at + 1 + width : at + 1 + width + size])


def _text(raw: bytes, code: int) -> str:
    if code == 0x56:
        return raw.decode("raw-unicode-escape", "replace")
    if code == 0x53:
        body = raw.strip()
        body = body[1:-1] if len(body) >= 2 and body[:1] == body[-1:] and body[:1] in b"'\"" else body
        try:
            return codecs.escape_decode(body)[0].decode("latin-1")
        except ValueError:
            return body.decode("latin-1")
    if code in (0x54, 0x55):
        return raw.decode("latin-1")
    return raw.decode("utf-8", "surrogatepass") if _utf8(raw) else raw.decode("utf-8", "replace")


def _utf8(raw: bytes) -> bool:
    try:
        raw.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return False
    return True


def _number_line(data: Buffer, at: int, code: int, limit: int) -> Any:
    stop = data.find(b"\n", at + 1, at + 2 + limit)
    if stop < 0:
        raise TooLong
    raw = bytes(data[at + 1 : stop]).strip()
    if code == 0x49 and raw in (b"00", b"01"):
        return raw == b"01"
    try:
        return float(raw) if code == 0x46 else int(raw.rstrip(b"L"))
    except (ValueError, OverflowError):
        return None


def number_line(data: Buffer, at: int, stop: int, code: int) -> bool:
    """Whether the line of an INT, LONG or FLOAT opcode holds a number (only its first 64 bytes are read)."""
    raw = bytes(data[at + 1 : min(stop, at + 65)]).strip()
    if not raw:
        return False
    try:
        if code == 0x46:
            float(raw)
        elif stop - at <= 65:
            digits = raw.rstrip(b"L")
            int(digits, 10 if digits.lstrip(b"-+").isdigit() else 0)
        else:
            return raw.lstrip(b"-").isdigit()
    except ValueError:
        return False
    return True
