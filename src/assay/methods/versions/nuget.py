"""NuGet's order of versions: Semantic Versioning 2.0 with a fourth number, and words whatever their case.

https://learn.microsoft.com/nuget/concepts/package-versioning
"""

from __future__ import annotations

import re
from typing import Any

_VERSION = re.compile(
    r"v?([0-9]+)(?:\.([0-9]+))?(?:\.([0-9]+))?(?:\.([0-9]+))?(?:-([0-9a-z.-]+))?(?:\+[0-9a-z.-]*)?"
)


def key(text: str) -> tuple[Any, ...]:
    """Return what sorts as NuGet sorts; ValueError where it is no version."""
    match = _VERSION.fullmatch(text.strip().lower())
    if match is None:
        raise ValueError(f"{text[:60]!r} is no version of NuGet's")
    release = tuple(int(n or 0) for n in match.groups()[:4])
    if not match[5]:
        return (release, 1, ())
    return (release, 0, tuple((0, int(w), "") if w.isdigit() else (1, 0, w) for w in match[5].split(".")))


key.spellings = True  # type: ignore[attr-defined]  # 1.0 and 1.0.0.0 are one version
