"""A column as its distinct values and how often each comes, and two of them brought onto the same values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Counted:
    """A column of ``rows`` rows: k distinct ``values`` and their ``counts``.

    values: ascending float64 for numbers and times, else a list of texts. missing: rows without a value (null, NaN).
    infinite: rows with an infinite number, which is no value either. unread: texts that are no numbers, and how often
    they come, where a column of texts is read as numbers.
    """

    values: Any
    counts: Ints
    rows: int
    missing: int = 0
    infinite: int = 0
    unread: dict[str, int] = field(default_factory=dict)

    @property
    def present(self) -> int:
        """Return the number of rows with a value."""
        return int(self.counts.sum())

    @property
    def distinct(self) -> int:
        """Return the number of different values."""
        return len(self.counts)


@dataclass(frozen=True)
class Pair:
    """Two samples on the same k values: how often each comes in the baseline (``a``) and in the new data (``b``).

    values: ascending float64, or a tuple of texts, commonest in the baseline first.
    """

    values: Any
    a: Ints
    b: Ints

    @property
    def n(self) -> int:
        """Return the baseline's number of values."""
        return int(self.a.sum())

    @property
    def m(self) -> int:
        """Return the new data's number of values."""
        return int(self.b.sum())


def numbers(
    values: npt.NDArray[Any], counts: Ints, rows: int, unread: dict[str, int] | None = None
) -> Counted:
    """Return numbers in any order, NaN and infinity among them, as Counted; equal ones are added up."""
    plain = np.asarray(values, dtype=np.float64) + 0.0  # -0.0 becomes 0.0
    finite = np.isfinite(plain)
    infinite = int(counts[np.isinf(plain)].sum())
    plain, held = plain[finite], counts[finite]
    order = np.argsort(plain, kind="stable")
    plain, held = _added(plain[order], held[order])
    lost = sum((unread or {}).values())
    missing = rows - int(held.sum()) - infinite - lost
    return Counted(plain, held, rows, missing, infinite, unread or {})


def _added(ascending: Floats, counts: Ints) -> tuple[Floats, Ints]:
    if not len(ascending):
        return ascending, counts.astype(np.int64)
    starts = np.flatnonzero(np.r_[True, ascending[1:] != ascending[:-1]])
    return ascending[starts], np.add.reduceat(counts, starts).astype(np.int64)


def texts(values: Sequence[str], counts: Ints, rows: int) -> Counted:
    """Return texts, each once, as Counted."""
    return Counted(list(values), np.asarray(counts, np.int64), rows, rows - int(np.sum(counts)))


def as_numbers(column: Counted) -> Counted:
    """Return a column of texts read as numbers; what is none is ``unread``."""
    values = np.full(column.distinct, np.nan)
    unread: dict[str, int] = {}
    for place, text in enumerate(column.values):
        try:
            if "_" in text:  # 12_34 is a number to Python, and to nobody else
                raise ValueError(text)
            values[place] = float(text)
        except ValueError:
            if text.strip():
                unread[text] = int(column.counts[place])
    return numbers(values, column.counts, column.rows, unread)


def coarse(values: Floats, centre: float) -> Floats:
    """Return finite numbers rounded to four significant digits of their distance from ``centre``; order is kept."""
    apart = values - centre
    with np.errstate(divide="ignore"):
        scale = np.floor(np.log10(np.abs(apart)))
    unit = 10.0 ** (np.where(np.isfinite(scale), scale, 0) - 3)
    rounded: Floats = np.where(unit > 0, np.round(apart / np.where(unit > 0, unit, 1)) * unit, 0.0) + centre
    return rounded


def merged(parts: Sequence[tuple[Floats, Ints]]) -> tuple[Floats, Ints]:
    """Return several (values, counts) as one, ascending."""
    if not parts:
        return np.empty(0), np.empty(0, np.int64)
    values = np.concatenate([v for v, _ in parts])
    counts = np.concatenate([c for _, c in parts])
    order = np.argsort(values, kind="stable")
    return _added(values[order], counts[order])


def paired(old: Counted, new: Counted) -> Pair:
    """Return two columns on the union of their values."""
    if isinstance(old.values, list):
        return _paired_texts(old, new)
    both = np.concatenate([old.values, new.values])
    order = np.argsort(both, kind="stable")
    ascending = both[order]
    from_old = order < old.distinct
    counts = np.concatenate([old.counts, new.counts])[order]
    if not len(ascending):
        return Pair(ascending, counts, counts)
    starts = np.flatnonzero(np.r_[True, ascending[1:] != ascending[:-1]])
    a = np.add.reduceat(np.where(from_old, counts, 0), starts)
    b = np.add.reduceat(np.where(from_old, 0, counts), starts)
    return Pair(ascending[starts], a, b)


def _paired_texts(old: Counted, new: Counted) -> Pair:
    place = {v: i for i, v in enumerate(old.values)}
    names = list(old.values)
    for value in new.values:
        if value not in place:
            place[value] = len(names)
            names.append(value)
    a, b = np.zeros(len(names), np.int64), np.zeros(len(names), np.int64)
    a[: old.distinct] = old.counts
    if new.distinct:
        b[np.array([place[v] for v in new.values])] = new.counts
    order = sorted(range(len(names)), key=lambda i: (-int(a[i]), -int(b[i]), names[i]))
    return Pair(tuple(names[i] for i in order), a[order], b[order])
