"""Which row of one table is which row of another: by a key, or by their place where enough columns are equal there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from assay.methods.parting.columns import Held

_ENOUGH = 0.5  # of the columns that both have must be equal row for row for places to be believed
_OVERLAP = 0.02  # of the smaller table's keys must stand in both
_REACH = 2_000_000


@dataclass(frozen=True)
class Alignment:
    """old, new: row numbers that belong together. by: the key's name, or "" where by their place.

    removed, added: rows of one side only, by key; None where no key tells.
    """

    old: Any
    new: Any
    by: str
    removed: int | None = None
    added: int | None = None


def align(old: Mapping[str, Held], new: Mapping[str, Held], rows: tuple[int, int]) -> Alignment | None:
    """Return how rows belong together, or None where nothing tells."""
    shared = [n for n in old if n in new and old[n].numeric == new[n].numeric]
    if not shared or not min(rows) or max(rows) > _REACH:
        return None
    if rows[0] == rows[1]:
        equal = sum(_equal(old[n], new[n]) for n in shared)
        if equal and (equal >= _ENOUGH * len(shared) or equal >= len(shared) - 1):
            every = np.arange(rows[0])
            return Alignment(every, every, "", 0, 0)
    best: Alignment | None = None
    for name in shared:
        found = _by_key(old[name], new[name], name)
        if found is not None and (best is None or len(found.old) > len(best.old)):
            best = found
    return best


def _equal(a: Held, b: Held) -> bool:
    if a.numeric:
        return bool(np.array_equal(a.floats, b.floats, equal_nan=True))
    return bool(np.array_equal(a.strings, b.strings))


def _by_key(a: Held, b: Held, name: str) -> Alignment | None:
    """Return the rows that a column joins, where it is a key in both: whole numbers or texts, each once, none missing."""
    if a.type in ("number", "boolean", "other") or b.type in ("number", "boolean", "other"):
        return None
    if any(c.counted.distinct < len(c.array) or not c.counted.distinct for c in (a, b)):
        return None
    one, other = (a.floats, b.floats) if a.numeric else (a.strings.astype(str), b.strings.astype(str))
    _, at, where = np.intersect1d(one, other, assume_unique=True, return_indices=True)
    if len(at) < max(20, _OVERLAP * min(len(one), len(other))):
        return None
    return Alignment(at, where, name, len(one) - len(at), len(other) - len(at))
