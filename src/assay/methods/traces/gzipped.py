"""Gzip that anybody may have made, unpacked within bounds: of what it holds, and of how many parts it is put together."""

from __future__ import annotations

import zlib

from assay.methods.traces.protobuf import Malformed

MEMBERS = 100_000  # of a file: whoever appends to one writes a member for each batch
_SLICE = 1 << 16  # what follows a member is copied, so little of it is given at once


def unpacked(data: bytes, most: int, members: int = 1) -> bytes:
    """Return what gzip holds; Malformed where it is damaged, or holds more than ``most`` bytes: those are never unpacked.

    members: of how many it may be put together, one after another (RFC 1952, section 2.2).
    """
    out, at = bytearray(), 0
    for _ in range(members):
        member = zlib.decompressobj(wbits=31)
        while not member.eof:
            part = data[at : at + _SLICE]
            if not part:
                raise Malformed("its gzip is cut short")
            try:
                out += member.decompress(part, most + 1 - len(out))
            except zlib.error as error:
                raise Malformed(f"its gzip is damaged: {error}") from None
            if len(out) > most:
                raise Malformed(f"it unpacks to more than {most >> 20} MB")
            at += len(part) - len(member.unused_data)
        if at == len(data):
            return bytes(out)
    raise Malformed("its gzip holds more than one part" if members == 1 else "its gzip holds too many parts")
