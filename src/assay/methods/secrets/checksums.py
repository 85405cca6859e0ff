"""Checksums that issuers put into their tokens: CRC-32 in base 62, and Bech32."""

from __future__ import annotations

import zlib

_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)


def base62(number: int, width: int = 6) -> str:
    """Return a number in base 62 (digits, upper case, lower case), padded with 0."""
    out = ""
    while number:
        number, digit = divmod(number, 62)
        out = _BASE62[digit] + out
    return out.rjust(width, "0")


def crc62(body: bytes) -> bytes:
    """Return the six characters that GitHub and npm put after 30 random ones: the CRC-32 of those, in base 62."""
    return base62(zlib.crc32(body)).encode()


def bech32(text: str) -> bool:
    """Whether the six last characters are the Bech32 checksum of a text in one case (BIP 173)."""
    text = text.lower()
    prefix, one, data = text.rpartition("1")
    if not one or not prefix or len(data) < 6 or any(c not in _BECH32 for c in data):
        return False
    values = [ord(c) >> 5 for c in prefix] + [0] + [ord(c) & 31 for c in prefix]
    check = 1
    for value in [*values, *(_BECH32.index(c) for c in data)]:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for bit, factor in enumerate(_GENERATOR):
            check ^= factor if top >> bit & 1 else 0
    return check == 1
