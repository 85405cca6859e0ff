"""What crosses between a gateway and a replica: a head of 20 bytes and a payload, several at a time on one connection.

Head, little-endian: length of the payload (u32), number (u32, the asker's, given back with the answer), kind (u8), flags
(u8), two bytes of nothing, and a time (f64): of a question its deadline, of an answer the seconds that the model took. The
clock is the machine's monotonic one, which a sandbox shares.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

HEAD = struct.Struct("<IIBB2xd")
SHAPE = struct.Struct("<II")  # of a matrix: rows, columns; its numbers follow, row by row, as f64
LARGEST = 256 << 20  # bytes of a question, which a gateway of ours makes
LARGEST_ANSWER = 64 << 20  # of an answer, which untrusted code makes
LARGEST_INFO = 16 << 20

MATRIX, CELLS, TABLE, BODY, DESCRIBE, PING, FORM = range(1, 8)
ANSWER, ANSWER_BODY, FAILED, SAID, PONG, STARTED = range(16, 22)
SUSPECT = 1  # flag of a question: say STARTED before it is put to the model


class Frame(NamedTuple):
    """One message. payload: a view or bytes."""

    number: int
    kind: int
    flags: int
    time: float
    payload: bytes


class Garbage(ValueError):
    """What came is no message: whoever sent it is not spoken to any more."""


def packed(number: int, kind: int, payload: bytes = b"", *, time: float = 0.0, flags: int = 0) -> bytes:
    """Return a message's bytes."""
    return HEAD.pack(len(payload), number, kind, flags, time) + payload


class Reader:
    """Cuts what comes into messages. largest: bytes that a payload may have."""

    def __init__(self, largest: int = LARGEST) -> None:
        self.largest = largest
        self._held = bytearray()

    def feed(self, data: bytes) -> list[Frame]:
        """Return the messages that are whole now; Garbage where one is larger than any is."""
        held = self._held
        if not held and len(data) >= HEAD.size:  # most often it is one message, whole
            length, number, kind, flags, time = HEAD.unpack_from(data)
            if len(data) == HEAD.size + length:
                return [Frame(number, kind, flags, time, data[HEAD.size :])]
        held += data
        out, at, end = [], 0, len(held)
        while end - at >= HEAD.size:
            length, number, kind, flags, time = HEAD.unpack_from(held, at)
            if length > self.largest:
                raise Garbage(f"a message of {length} bytes")
            if end - at - HEAD.size < length:
                break
            at += HEAD.size
            out.append(Frame(number, kind, flags, time, bytes(held[at : at + length])))
            at += length
        if at:
            del held[:at]
        return out
