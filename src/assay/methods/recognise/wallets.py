"""Addresses of crypto-currencies: Base58Check, Bech32 and Ethereum's capitals (ERC-55) with their checks."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator

from assay.methods.recognise.keccak import keccak256

SIEVE = r"\b0x[0-9a-fA-F]{40}\b|\b(?:bc1|ltc1|tb1|addr1|cosmos1)[0-9a-z]{10}|\b[13LMDTrXt][1-9A-HJ-NP-Za-km-z]{24}"
_B58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_B32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_SHAPE = re.compile(
    r"(?<![0-9A-Za-z])(?:0x[0-9a-fA-F]{40}|(?:bc1|ltc1|tb1)[0-9a-z]{11,71}|[13LMDTXt][1-9A-HJ-NP-Za-km-z]{25,34})(?![0-9A-Za-z])"
)
# version byte of Base58Check: Bitcoin 0, 5; Litecoin 48, 50; Dogecoin 30, 22; Dash 76; TRON 65; Zcash 28 (two bytes)
_VERSIONS = frozenset({0, 5, 48, 50, 30, 22, 76, 16, 65, 28})


def base58(text: str) -> bool:
    """Whether the last four bytes are the double SHA-256 of the rest, and the first a known version."""
    value = 0
    for char in text:
        place = _B58.find(char)
        if place < 0:
            return False
        value = value * 58 + place
    zeros = len(text) - len(text.lstrip("1"))
    raw = b"\0" * zeros + value.to_bytes((value.bit_length() + 7) // 8, "big")
    if len(raw) not in (25, 26) or raw[0] not in _VERSIONS:
        return False
    return hashlib.sha256(hashlib.sha256(raw[:-4]).digest()).digest()[:4] == raw[-4:]


def bech32(text: str) -> bool:
    """Whether it keeps the check of Bech32 or Bech32m (BIP 173, BIP 350)."""
    low = text.lower()
    if text not in (low, text.upper()) or len(low) > 90:
        return False
    head, mark, data = low.rpartition("1")
    if not mark or len(data) < 6 or any(c not in _B32 for c in data):
        return False
    values = [ord(c) >> 5 for c in head] + [0] + [ord(c) & 31 for c in head] + [_B32.index(c) for c in data]
    check = 1
    for value in values:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for bit, mask in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
            check ^= mask if top >> bit & 1 else 0
    return check in (1, 0x2BC830A3)


def capitals(text: str) -> bool:
    """Whether the capitals of ``0x`` and 40 hexadecimal signs are those that ERC-55 writes: a letter is large where the
    hash of the small ones has a sign from 8 up in its place."""
    small = text[2:].lower()
    signs = keccak256(small.encode()).hex()
    wanted = (c.upper() if sign >= "8" else c for c, sign in zip(small, signs, strict=False))
    return text[2:] == "".join(wanted)


def unchecked(text: str) -> bool:
    """Whether it is an address of Ethereum's in letters of one size, which hold no check."""
    return text[:2] == "0x" and text[2:] in (text[2:].lower(), text[2:].upper())


def spans(text: str) -> Iterator[tuple[int, int]]:
    """Give where each address begins and ends."""
    for match in _SHAPE.finditer(text):
        one = match.group()
        if one.startswith("0x"):
            if len(set(one[2:].lower())) > 4 and (
                unchecked(one) or capitals(one)
            ):  # not all zeros, and no filler
                yield match.span()
        elif bech32(one) if one[:3] in ("bc1", "ltc", "tb1") else base58(one):
            yield match.span()
