"""Mondrian: rows parted again and again at the median of their widest column, while every part still hides its rows.

LeFevre, DeWitt and Ramakrishnan 2006. Strict: a value lies on one side only. Relaxed: rows of the median's own value are dealt
out so that both sides are of one size, which parts further.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Secret:
    """A sensitive column to be kept apart: each part holds ``l`` of its values, no further than ``t`` from the whole.

    codes: each row's value as a number, ascending for what is ordered; width: how many values there are.
    """

    codes: Ints
    width: int
    l: int | None  # noqa: E741 - the field's name
    t: float | None
    ordered: bool

    def holds(self, rows: Ints, whole: Floats) -> bool:
        """Whether these rows may be a part."""
        counts = np.bincount(self.codes[rows], minlength=self.width)
        if self.l is not None and int((counts > 0).sum()) < self.l:
            return False
        return self.t is None or distance(counts / len(rows), whole, self.ordered) <= self.t + 1e-12

    def whole(self) -> Floats:
        """Return the shares of the values in all rows."""
        out: Floats = np.bincount(self.codes, minlength=self.width) / max(1, len(self.codes))
        return out


def distance(part: Floats, whole: Floats, ordered: bool) -> float:
    """Return the earth mover's distance of two distributions: ordered (ranks) or equal; see ``diversity.closeness``."""
    apart = part - whole
    if not ordered:
        return float(np.abs(apart).sum()) / 2
    return float(np.abs(np.cumsum(apart)).sum()) / (len(apart) - 1) if len(apart) > 1 else 0.0


def partition(
    columns: Sequence[Ints],
    widths: Sequence[Floats],
    k: int,
    secrets: Sequence[Secret] = (),
    *,
    relaxed: bool = False,
    tick: Callable[[int, int], None] = lambda done, of: None,
) -> Ints | None:
    """Return each row's part, numbered from 0 in order of their first rows; None where not even all rows together may be one.

    columns: each row's value as a number in the order in which values lie together. widths: for each column where its
    values lie between 0 and 1, by which the widest is found. The same rows give the same parts.
    """
    n = len(columns[0])
    wholes = [s.whole() for s in secrets]

    def allowed(rows: Ints) -> bool:
        return len(rows) >= k and all(s.holds(rows, w) for s, w in zip(secrets, wholes, strict=True))

    everything = np.arange(n)
    if not allowed(everything):
        return None
    out = np.empty(n, np.int64)
    todo, done, number = [everything], 0, 0
    while todo:
        rows = todo.pop()
        sides = _parted(columns, widths, rows, k, allowed, relaxed) if len(rows) >= 2 * k else None
        if sides is not None:
            todo += sides[::-1]
            continue
        out[rows] = number
        number += 1
        done += len(rows)
        if number % 256 == 0:
            tick(done, n)
    return _by_first_row(out)


def _by_first_row(parts: Ints) -> Ints:
    _, first, inverse = np.unique(parts, return_index=True, return_inverse=True)
    place = np.empty(len(first), np.int64)
    place[np.argsort(first)] = np.arange(len(first))
    out: Ints = place[inverse]
    return out


def _parted(
    columns: Sequence[Ints],
    widths: Sequence[Floats],
    rows: Ints,
    k: int,
    allowed: Callable[[Ints], bool],
    relaxed: bool,
) -> list[Ints] | None:
    values = [c[rows] for c in columns]
    spans = [w[v.max()] - w[v.min()] for v, w in zip(values, widths, strict=True)]
    for place in sorted(range(len(columns)), key=lambda i: (-spans[i], i)):
        if values[place].min() == values[place].max():
            continue
        for left in _cuts(values[place], k, relaxed):
            sides = [rows[left], rows[~left]]
            if allowed(sides[0]) and allowed(sides[1]):
                return sides
    return None


def _cuts(values: Ints, k: int, relaxed: bool) -> list[Any]:
    """Return which rows may go left: up to the median, or where that is too many, below it; or exactly half of the rows."""
    middle = len(values) // 2
    if relaxed:
        order = np.argsort(values, kind="stable")
        left = np.zeros(len(values), bool)
        left[order[:middle]] = True
        return [left]
    median = np.partition(values, middle - 1)[middle - 1]
    cuts = [values <= median, values < median]
    sizes = [int(c.sum()) for c in cuts]
    fit = [(abs(s - middle), i) for i, s in enumerate(sizes) if k <= s <= len(values) - k]
    return [cuts[i] for _, i in sorted(fit)]
