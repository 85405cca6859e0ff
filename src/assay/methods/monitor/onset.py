"""Since when a column is other than it was, and in whose requests.

Each value is a cell: a bin of the reference, a category, missing. A row's weight is ln(q / p) of its cell: how much
commoner it is in the window than in the reference. The stretch of rows whose weights add up to most is where the change
lies: it maximises the likelihood that the rows inside follow q and the others p (Page 1954 for one end).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from assay.methods.drift.counted import Floats, Ints

BINS = 20
MOST_CELLS = 60  # categories told apart; the rarer ones are one
_ROUNDS = 4
_PERSONAL = 6.0  # ln of odds of one caller, beside that of how many there are
_EVIDENCE = (
    12.0  # ln of odds from which on an end of the stretch is told: what chance does among a million places
)


@dataclass(frozen=True)
class Cells:
    """A column of both sides as cells 0 … size - 1, the last of the missing.

    reference: of the hours of the window; whole: all of it.
    """

    reference: Ints
    window: Ints
    size: int
    whole: Ints

    def gone(self) -> Cells:
        """Return what is missing as one of two cells."""
        last = self.size - 1
        return Cells(
            (self.reference == last).astype(np.int64),
            (self.window == last).astype(np.int64),
            2,
            (self.whole == last).astype(np.int64),
        )


@dataclass(frozen=True)
class Stretch:
    """Rows from ``start`` to before ``end`` of the window's order are other. began, ended: whether that lies inside."""

    start: int
    end: int
    began: bool
    ended: bool


@dataclass(frozen=True)
class Whose:
    """Whose requests changed. callers: names, most of the change first; all_alike: it is in everybody's."""

    callers: tuple[str, ...]
    shares: tuple[float, ...]
    all_alike: bool


def number_cells(whole: Floats, rows: Any, window: Floats, bins: int = BINS) -> Cells:
    """Return numbers (NaN missing) as cells: below the reference's range, its bins of equal share, above it, missing.

    rows: of the whole reference, those of the window's hours.
    """
    reference = whole[rows]
    held = reference[np.isfinite(reference)]
    if not len(held):
        gone = [np.isnan(v).astype(np.int64) for v in (reference, window, whole)]
        return Cells(gone[0], gone[1], 2, gone[2])
    inner = np.unique(np.quantile(held, np.linspace(0, 1, bins + 1)[1:-1], method="inverted_cdf"))
    low, high = held.min(), held.max()
    edges = np.unique(np.r_[np.nextafter(low, -np.inf), inner[inner < high], high])

    def cells(values: Floats) -> Ints:
        out = np.searchsorted(edges, values, side="left")
        out[np.isnan(values)] = len(edges) + 1
        return out.astype(np.int64)

    all_of_it = cells(whole)
    return Cells(all_of_it[rows], cells(window), len(edges) + 2, all_of_it)


def text_cells(whole: Ints, rows: Any, window: Ints, size: int) -> Cells:
    """Return categories, as codes below ``size`` (-1 missing), as cells: the commonest, the others, missing."""
    reference = whole[rows]
    both = np.bincount(reference[reference >= 0], minlength=size) / max(1, len(reference))
    both = both + np.bincount(window[window >= 0], minlength=size) / max(1, len(window))
    order = np.argsort(-both, kind="stable")
    kept = min(size, MOST_CELLS)
    place = np.full(size + 1, kept, np.int64)
    place[order[:kept]] = np.arange(kept)
    place[-1] = kept + 1
    return Cells(place[reference], place[window], kept + 2, place[whole])


def weights(cells: Cells, rows: Any = slice(None)) -> Floats:
    """Return ln(q / p) of each cell, q of these rows of the window; half a row is added to each cell."""
    p = np.bincount(cells.reference, minlength=cells.size) + 0.5
    q = np.bincount(cells.window[rows], minlength=cells.size) + 0.5
    out: Floats = np.log(q / q.sum()) - np.log(p / p.sum())
    return out


def stretch(cells: Cells) -> Stretch:
    """Return where in the window the change lies."""
    n = len(cells.window)
    start, end = 0, n
    total = np.zeros(1)
    for _ in range(_ROUNDS):
        total = np.r_[0.0, np.cumsum(weights(cells, slice(start, end))[cells.window])]
        low = np.minimum.accumulate(total)
        last = int(np.argmax(total - low))
        first = int(np.argmin(total[: last + 1]))
        if last <= first or (first, last) == (start, end):
            break
        start, end = first, last
    began = bool(total[0] - total[start] > _EVIDENCE)
    ended = bool(total[end] - total[-1] > _EVIDENCE)
    return Stretch(start if began else 0, end if ended else n, began, ended)


def whose(cells: Cells, found: Stretch, callers: Ints, names: Sequence[str], least: int = 30) -> Whose:
    """Return in whose requests the change lies. callers: codes of ``names`` for each row of the window, -1 unknown.

    A caller is one of them where the weights of his rows add up to more than odds of chance; with fewer than ``least``
    rows nobody is judged by himself.
    """
    rows = slice(found.start, found.end)
    mine, at = callers[rows], cells.window[rows]
    known = mine >= 0
    score = np.clip(weights(cells, rows)[at], -5.0, 5.0)
    count = np.bincount(mine[known], minlength=len(names))
    gain = np.bincount(mine[known], score[known], minlength=len(names))
    large = count >= least
    changed = np.flatnonzero(large & (gain > _PERSONAL + np.log(max(1, int(large.sum())))))
    if not len(changed):
        return Whose((), (), True)
    order = changed[np.argsort(-gain[changed], kind="stable")]
    part = gain[order] / gain[gain > 0].sum()
    alike = bool(len(changed) >= 0.8 * large.sum()) and int(large.sum()) > 1
    return Whose(tuple(names[i] for i in order), tuple(float(v) for v in part), alike)
