"""How far windows of a reference lie from the rest of it, though all was well: what a new window is held against.

Requests are not drawn by lot: one caller sends a hundred alike, one day is hot. Tests that count each row as news would
alarm on such traffic whatever their level; windows of the reference show how much it moves by itself.
"""

from __future__ import annotations

import numpy as np

from assay.methods.drift.counted import Floats, Ints
from assay.methods.monitor.onset import Cells

LEAST = 8  # windows of the reference from which its own spread is known
MOST = 400
_DEVIATIONS = 3.0


def windows(window: Floats | None, reference: Floats | None) -> Ints | None:
    """Return which window, as long as the one given, each row of the reference falls into; None of fewer than eight.

    -1 are rows without a time, and those of a last window that is cut off.
    """
    if window is None or reference is None:
        return None
    mine, theirs = window[np.isfinite(window)], reference[np.isfinite(reference)]
    if len(mine) < 2 or not len(theirs):
        return None
    length = float(mine.max() - mine.min())
    span = float(theirs.max() - theirs.min())
    if length <= 0 or span < LEAST * length:
        return None
    many = min(int(span / length), MOST)
    start = float(theirs.max()) - many * length
    place = np.floor((np.where(np.isfinite(reference), reference, -np.inf) - start) / length)
    place = np.where(np.isfinite(place), np.minimum(place, many - 1), -1)
    out: Ints = np.maximum(place, -1).astype(np.int64)
    return out


def usual(cells: Cells, of: Ints, slots: Ints) -> tuple[float, float, int]:
    """Return the window's distance from the reference, the greatest that is usual, and of how many windows that is.

    of: each row of the whole reference's window, -1 none; slots: its hour of the season. The distance is total variation
    between shares of cells, less what chance alone makes of n and m rows, ½ Σ √(2 p (1 − p) (1/n + 1/m) / π). Each window of
    the reference lies so far from the others' rows of its hours; usual is up to their mean + 3 standard deviations.
    """
    own = _distance(
        np.bincount(cells.window, minlength=cells.size)[None, :],
        np.bincount(cells.reference, minlength=cells.size)[None, :] / max(1, len(cells.reference)),
        np.array([float(len(cells.reference))]),
    )[0]
    held = (of >= 0) & (slots >= 0)
    if not held.any():
        return float(own), 0.0, 0
    size, kinds = cells.size, int(slots.max()) + 1
    cell, slot = cells.whole[held], slots[held]
    pairs, at = np.unique(of[held] * kinds + slot, return_inverse=True)
    counts = np.bincount(at * size + cell, minlength=len(pairs) * size).reshape(len(pairs), size)
    whole = np.bincount(slot * size + cell, minlength=kinds * size).reshape(kinds, size)
    mine = counts.sum(axis=1)
    others = whole[pairs % kinds] - counts
    rest = others.sum(axis=1)
    starts = np.flatnonzero(np.r_[True, np.diff(pairs // kinds) > 0])
    n = np.add.reduceat(mine, starts)
    weight = mine / np.repeat(n, np.diff(np.r_[starts, len(pairs)]))
    expected = np.add.reduceat(weight[:, None] * others / np.maximum(rest, 1)[:, None], starts, axis=0)
    m = 1 / np.add.reduceat(weight**2 / np.maximum(rest, 1), starts)
    good = (np.minimum.reduceat(rest, starts) > 0) & (n >= max(10.0, 0.1 * float(np.median(n))))
    if good.sum() < LEAST:
        return float(own), 0.0, int(good.sum())
    theirs = _distance(np.add.reduceat(counts, starts, axis=0)[good], expected[good], m[good])
    return float(own), float(theirs.mean() + _DEVIATIONS * theirs.std()), len(theirs)


def _distance(counts: Ints, p: Floats, m: Floats) -> Floats:
    """Return the distance of each row of counts from the shares p that m rows gave."""
    n, p = np.maximum(counts.sum(axis=1), 1), np.minimum(p, 1.0)  # shares add up to a hair more than 1
    chance = np.sqrt(2 * p * (1 - p) / np.pi * (1 / n + 1 / m)[:, None]).sum(axis=1) / 2
    out: Floats = np.abs(counts / n[:, None] - p).sum(axis=1) / 2 - chance
    return out
