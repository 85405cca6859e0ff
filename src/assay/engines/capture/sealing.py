"""Captured events at rest: frames of AES-256-GCM, each of which is whole or not there, under a key of the home.

A file begins with ``ASSAYCAP``, its version, and 16 random bytes that name it. Its own key is HKDF-SHA256 of the home's key
with that name, so that a frame's number is a nonce that never comes twice. A frame is 4 bytes of length, one of how it is
packed, and the ciphertext with its tag; its number and the file's head are authenticated, so that frames cannot be moved,
left out from the middle, or taken from another file. What was being written when its process was killed has no tag yet, and
is no frame.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterator
from typing import Any, BinaryIO

from assay.kernel.errors import BadInput

MAGIC = b"ASSAYCAP\x01\n"
NAMED = 16  # bytes of a file's name
HEAD = len(MAGIC) + NAMED
LARGEST = 64 << 20  # bytes of a frame
PLAIN, DEFLATED = 0, 1
_FRAME = struct.Struct(">IB")
_TAG = 16
_INFO = b"assay.capture/1"


class Sealer:
    """Makes the frames of one file. secret: 32 bytes."""

    def __init__(self, secret: bytes) -> None:
        self.head = MAGIC + os.urandom(NAMED)
        self._cipher = _cipher(secret, self.head)
        self._number = 0

    def frame(self, data: bytes, *, packed: bool = True) -> bytes:
        """Return data as the file's next frame; ValueError for more than LARGEST bytes."""
        if len(data) > LARGEST:
            raise ValueError("a frame is too large")
        how = DEFLATED if packed else PLAIN
        body = zlib.compress(data, 1) if packed else data
        begin = _FRAME.pack(len(body) + _TAG, how)
        number = self._number.to_bytes(12, "big")
        self._number += 1
        sealed: bytes = self._cipher.encrypt(number, body, self.head + begin + number)
        return begin + sealed


def _cipher(secret: bytes, head: bytes) -> Any:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return AESGCM(HKDF(hashes.SHA256(), 32, head[len(MAGIC) :], _INFO).derive(secret))


def frames(opened: BinaryIO, secret: bytes) -> Iterator[bytes]:
    """Give what the frames of a file hold. A last one that is not whole is none: its writer had not said that it was.

    BadInput where the file is none of these, or a frame was changed or sealed under another key.
    """
    head = _exactly(opened, HEAD)
    if len(head) < HEAD and MAGIC.startswith(head[: len(MAGIC)]):
        return  # killed before its head was written
    if not head.startswith(MAGIC):
        raise BadInput("it is no sealed capture", remedy="give the file as the endpoint wrote it")
    cipher, number = _cipher(secret, head), 0
    while True:
        begin = _exactly(opened, _FRAME.size)
        if len(begin) < _FRAME.size:
            return
        size, how = _FRAME.unpack(begin)
        if not _TAG <= size <= LARGEST + (1 << 20) or how not in (PLAIN, DEFLATED):
            raise _damaged()
        body = _exactly(opened, size)
        if len(body) < size:
            return
        yield _opened(cipher, head, begin, number, body)
        number += 1


def _opened(cipher: Any, head: bytes, begin: bytes, number: int, body: bytes) -> bytes:
    from cryptography.exceptions import InvalidTag

    nonce = number.to_bytes(12, "big")
    try:
        data: bytes = cipher.decrypt(nonce, body, head + begin + nonce)
    except InvalidTag:
        raise _damaged() from None
    if begin[4] == PLAIN:
        return data
    packed = zlib.decompressobj()
    out = packed.decompress(data, LARGEST)
    if packed.unconsumed_tail:
        raise _damaged()
    return out


def _damaged() -> BadInput:
    return BadInput(
        "a captured frame was changed, or sealed under another key",
        remedy="restore the file and the home's key `capture` from a backup",
    )


def _exactly(opened: BinaryIO, size: int) -> bytes:
    """Return so many bytes, or as many as there are."""
    out = opened.read(size)
    while len(out) < size:
        more = opened.read(size - len(out))
        if not more:
            break
        out += more
    return out


def whole(opened: BinaryIO) -> int:
    """Return how many bytes of a file are whole frames, after its head; no key is needed."""
    opened.seek(0, os.SEEK_END)
    end, at = opened.tell(), HEAD
    if end < HEAD:
        return 0
    while at + _FRAME.size <= end:
        opened.seek(at)
        size, _ = _FRAME.unpack(opened.read(_FRAME.size))
        if at + _FRAME.size + size > end:
            break
        at += _FRAME.size + size
    return at
