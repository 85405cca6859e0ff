"""Dart's order of versions: Semantic Versioning, but what is built later (+2 after +1) is later.

https://dart.dev/tools/pub/versioning, pub_semver's Version.compareTo: equal releases are ordered by their build, none being lowest.
"""

from __future__ import annotations

from typing import Any

from assay.methods.versions import semver


def key(text: str) -> tuple[Any, ...]:
    """Return what sorts as pub sorts; ValueError where it is no version."""
    bare, plus, build = text.strip().partition("+")
    if not plus:
        return (semver.key(bare), ())
    words = tuple((0, int(w), "") if w.isascii() and w.isdigit() else (1, 0, w) for w in build.split("."))
    return (semver.key(bare), words)
