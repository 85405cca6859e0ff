"""RPM's order of versions: epoch:version-release, each by rpmvercmp.

Segments of digits or letters; digits are above letters; ~ is below everything and the end, ^ above the end and below the rest.
https://github.com/rpm-software-management/rpm/blob/master/docs/manual/dependencies.md, and rpm's own tests/rpmvercmp.at.
"""

from __future__ import annotations

import re
from functools import total_ordering
from typing import Any

_SEGMENT = re.compile(r"[0-9]+|[A-Za-z]+|~|\^")
_TILDE, _END, _CARET, _LETTERS, _DIGITS = 0, 1, 2, 3, 4  # what a segment is worth, whatever it says


def key(text: str) -> tuple[Any, ...]:
    """Return what sorts as rpm sorts; a missing epoch is 0. ValueError where it is no version."""
    epoch, colon, rest = text.strip().partition(":")
    if not colon:
        epoch, rest = "0", text.strip()
    if not rest or not epoch.isascii() or not epoch.isdigit():
        raise ValueError(f"{text[:60]!r} is no version of rpm's")
    version, _, release = rest.partition("-")
    return (int(epoch), part(version), _Release(release))


def part(text: str) -> tuple[tuple[int, Any], ...]:
    """Return a version or a release without the other, as rpmvercmp orders it."""
    out: list[tuple[int, Any]] = []
    for piece in _SEGMENT.findall(text):
        if piece == "~":
            out.append((_TILDE, 0))
        elif piece == "^":
            out.append((_CARET, 0))
        elif piece[0].isdigit():
            out.append((_DIGITS, int(piece)))
        else:
            out.append((_LETTERS, piece))
    return (*out, (_END, 0))


@total_ordering
class _Release:
    """A release; where one side has none the two are equal, as rpm compares them."""

    __slots__ = ("parts",)

    def __init__(self, text: str) -> None:
        self.parts = part(text) if text else None

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, _Release):
            return NotImplemented
        return self.parts is None or other.parts is None or self.parts == other.parts

    def __lt__(self, other: _Release) -> bool:
        return self.parts is not None and other.parts is not None and self.parts < other.parts

    __hash__ = None  # type: ignore[assignment]
