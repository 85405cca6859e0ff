"""Debian's order of versions: [epoch:]upstream[-revision], digits as numbers, ~ before the end, letters before the rest.

Debian Policy 5.6.12, and dpkg's own lib/dpkg/version.c as measured by `dpkg --compare-versions`.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

_PIECE = re.compile(r"([^0-9]*)([0-9]*)")
_VERSION = re.compile(r"(?:([0-9]+):)?(.+?)(?:-([^-]*))?", re.S)


def key(text: str) -> tuple[Any, ...]:
    """Return what sorts as dpkg sorts; ValueError where it is no version."""
    match = _VERSION.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text[:60]!r} is no version of Debian's")
    return (int(match[1] or 0), _parts(match[2]), _parts(match[3] or ""))


def _parts(text: str) -> tuple[Any, ...]:
    """Letters and digits by turns. Each non-digit is its weight: ~ is -1, the end 0, a letter itself, all else above."""
    out: list[Any] = []
    for letters, digits in _PIECE.findall(text):
        if not letters and not digits:
            break
        out.append(_weights(letters))
        out.append(int(digits) if digits else 0)
    # A version that ends goes on as the empty text and 0 for ever, which is what ends each comparison.
    while len(out) >= 2 and out[-1] == 0 and out[-2] == (0,):
        del out[-2:]
    return (*(out or ((0,), 0)), (0,), 0)


@lru_cache(2_048)  # nearly all versions are dots, and the few endings of a distribution
def _weights(letters: str) -> tuple[int, ...]:
    return (*(_weight(c) for c in letters), 0)


def _weight(char: str) -> int:
    if char == "~":
        return -1
    return ord(char) if char.isascii() and char.isalpha() else ord(char) + 256
