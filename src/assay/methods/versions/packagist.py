"""Composer's order of versions: PHP's version_compare of versions that are made four numbers long.

https://getcomposer.org/doc/articles/versions.md, composer/semver's VersionParser::normalize, and
https://www.php.net/manual/function.version-compare.php: other words < dev < alpha < beta < RC < a number < patch. A branch
(``dev-main``, ``2.x-dev``) is in no order: what of it is installed is a commit.
"""

from __future__ import annotations

import re
from typing import Any

_VERSION = re.compile(r"v?([0-9]+(?:\.[0-9]+)*)((?:[._-]?[0-9a-z#]+)*)(?:\+[0-9a-z.+_-]*)?")
_PART = re.compile(r"[0-9]+|[a-z#]+")
_WORDS = (("dev", 0), ("a", 1), ("b", 2), ("rc", 3), ("p", 5))
_NUMBER, _OTHER = 4, -1


def key(text: str) -> tuple[Any, ...]:
    """Return what sorts as Composer sorts; ValueError where it is no version, or a branch."""
    low = text.strip().lower()
    match = _VERSION.fullmatch(low)
    if match is None or low.endswith((".x-dev", ".x")):
        raise ValueError(f"{text[:60]!r} is no version of Composer's that has an order")
    numbers = [int(n) for n in match[1].split(".")]
    numbers += [0] * (4 - len(numbers))
    out: list[tuple[int, int]] = [(_NUMBER, n) for n in numbers]
    for part in _PART.findall(match[2].removesuffix("-stable")):
        out.append((_NUMBER, int(part)) if part.isdigit() else (_rank(part), 0))
    return (*out, (_NUMBER, -1))  # the end is below a number and patch, and above what comes before a release


def _rank(word: str) -> int:
    return next((rank for begin, rank in _WORDS if word.startswith(begin)), _OTHER)


key.spellings = True  # type: ignore[attr-defined]  # v1.0 and 1.0.0 are one version
