"""Numbers of rows as a person writes them: ``3,5-9``."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise

MOST = 50_000_000  # rows that one text may name


def written(rows: Iterable[int]) -> str:
    """Return row numbers as text, in order and without repetition."""
    numbers = sorted(set(rows))
    if not numbers:
        return ""
    cuts = [0, *(i for i, (a, b) in enumerate(pairwise(numbers), 1) if b != a + 1), len(numbers)]
    parts = [(numbers[a], numbers[b - 1]) for a, b in pairwise(cuts)]
    return ",".join(str(a) if a == b else f"{a}-{b}" for a, b in parts)


def read(text: str) -> tuple[int, ...]:
    """Return the numbers that a text names, in order; ValueError where it is none, with what is wrong."""
    out: set[int] = set()
    for part in text.split(",") if text.strip() else ():
        found = re.fullmatch(r"\s*(\d{1,18})\s*(?:-\s*(\d{1,18})\s*)?", part, re.ASCII)
        if not found:
            raise ValueError(f"{part.strip()[:40]!r} is no number of a row, nor two with - between them")
        first, last = int(found[1]), int(found[2] or found[1])
        if not 1 <= first <= last:
            raise ValueError(f"{part.strip()[:40]!r} are no rows: they are numbered from 1 upward")
        if len(out) + last - first >= MOST:
            raise ValueError(f"more than {MOST:,} rows are named")
        out.update(range(first, last + 1))
    return tuple(sorted(out))
