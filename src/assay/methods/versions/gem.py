"""RubyGems' order of versions: numbers and words by turns, a word below any number, missing parts zero.

https://docs.ruby-lang.org/en/master/Gem/Version.html, as Gem::Version compares; a hyphen begins what comes before a release.
"""

from __future__ import annotations

import re
from typing import Any

_VERSION = re.compile(r"[0-9]+(?:\.[0-9A-Za-z]+)*(?:-[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?")
_PART = re.compile(r"[0-9]+|[A-Za-z]+")
# What a part is worth: a word, a zero before a word, the end, a zero before a number, and a number.
_WORD, _ZERO_LOW, _END, _ZERO_HIGH, _NUMBER = range(5)


def key(text: str) -> tuple[Any, ...]:
    """Return what sorts as RubyGems sorts; ValueError where it is no version."""
    bare = text.strip()
    if _VERSION.fullmatch(bare) is None:
        raise ValueError(f"{text[:60]!r} is no version of RubyGems'")
    parts = [int(p) if p.isdigit() else p for p in _PART.findall(bare.replace("-", ".pre."))]
    first = next((n for n, p in enumerate(parts) if isinstance(p, str)), len(parts))
    head, tail = parts[:first], parts[first:]
    for one in (head, tail):  # zeros at the end of either say nothing
        while one and one[-1] == 0:
            one.pop()
    out: list[tuple[int, Any]] = [(_END, 0)]
    after = _ZERO_HIGH
    for part in reversed(head + tail):
        if isinstance(part, str):
            out.append((_WORD, part))
            after = _ZERO_LOW
        elif part:
            out.append((_NUMBER, part))
            after = _ZERO_HIGH
        else:
            out.append((after, 0))
    return tuple(reversed(out))


key.spellings = True  # type: ignore[attr-defined]  # 1.0 and 1.0.0 are one version
