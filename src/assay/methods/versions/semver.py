"""Semantic versions: https://semver.org, 11. A leading v, and missing minor and patch, are borne; build metadata says nothing."""

from __future__ import annotations

import re
from typing import Any

_VERSION = re.compile(
    r"[vV=]?\s*([0-9]+)(?:\.([0-9]+))?(?:\.([0-9]+))?((?:\.[0-9]+)*)(?:-?([0-9A-Za-z.\-]+))?(?:\+[0-9A-Za-z.\-~]*)?"
)


def key(text: str) -> tuple[Any, ...]:
    """Return what sorts by precedence; ValueError where it is no version. Further numbers after the patch count too."""
    match = _VERSION.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text[:60]!r} is no semantic version")
    more = [int(n) for n in match[4].split(".") if n]
    while more and more[-1] == 0:
        more.pop()
    release = (int(match[1]), int(match[2] or 0), int(match[3] or 0), tuple(more))
    if not match[5]:
        return (*release, (1,))
    # Numbers are below words, a shorter list below a longer one of which it is the beginning.
    words = tuple((0, int(w), "") if w.isdigit() else (1, 0, w) for w in match[5].split("."))
    return (*release, (0, words))
