"""Which rows go to the test part."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Mask = NDArray[np.bool_]
    Codes = NDArray[np.int64]


def shares(counts: Codes, test: float) -> Codes:
    """Return how many rows of each stratum go to the test part: largest remainders, the total rounded half up.

    Every stratum's number is ``test`` times its count, rounded down or up; a stratum of two or more rows keeps one in each
    part where rounding allows it.
    """
    exact = counts * test
    out: Codes = np.floor(exact).astype(np.int64)
    missing = int(np.floor(counts.sum() * test + 0.5)) - int(out.sum())
    if missing > 0:
        order = np.lexsort((np.arange(len(counts)), -(exact - out)))
        out[order[:missing]] += 1
    return out


def stratified(codes: Codes, test: float, rng: np.random.Generator) -> Mask:
    """Return the mask of the test rows, with exact shares of each stratum, drawn by lot within it."""
    mask = np.zeros(len(codes), bool)
    if not len(codes):
        return mask
    lot = rng.permutation(len(codes))
    _, inverse, counts = np.unique(codes, return_inverse=True, return_counts=True)
    order = lot[np.argsort(inverse[lot], kind="stable")]
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    for start, take in zip(starts, shares(counts, test), strict=True):
        mask[order[start : start + take]] = True
    return mask


def grouped(groups: Codes, test: float, rng: np.random.Generator, strata: Codes | None = None) -> Mask:
    """Return a mask that keeps each group whole: groups are drawn by lot while they fit the test share.

    With strata, the groups are taken in the order that brings the strata's counts closest to their shares.
    Rows whose group is -1 (null) are groups of their own.
    """
    rows = len(groups)
    own = groups.copy()
    alone = own < 0
    own[alone] = own.max(initial=-1) + 1 + np.arange(int(alone.sum()))
    _, inverse, sizes = np.unique(own, return_inverse=True, return_counts=True)
    order = rng.permutation(len(sizes))
    wanted = int(np.floor(rows * test + 0.5))
    chosen = np.zeros(len(sizes), bool)
    if strata is None:
        held = 0
        for group in order:
            if held + sizes[group] <= wanted or abs(held + sizes[group] - wanted) < wanted - held:
                chosen[group] = True
                held += int(sizes[group])
            if held >= wanted:
                break
        return chosen[inverse]
    _, place = np.unique(strata, return_inverse=True)
    wide = int(place.max(initial=0)) + 1
    cells, counts = np.unique(inverse * wide + place, return_counts=True)
    starts = np.searchsorted(cells // wide, np.arange(len(sizes) + 1))
    target = np.bincount(place, minlength=wide) * test
    now = np.zeros(wide)
    big = order[np.argsort(-sizes[order], kind="stable")]
    for group in big:  # large groups first, so that small ones can even things out
        span = slice(starts[group], starts[group + 1])
        at, count = cells[span] % wide, counts[span]
        before = now[at] - target[at]
        if float(((before + count) ** 2 - before**2).sum()) < 0:
            chosen[group] = True
            now[at] += count
    return chosen[inverse]


def latest(times: NDArray[np.float64] | Any, test: float) -> tuple[Mask, int]:
    """Return the mask of the latest rows, and how many rows have no time (they stay in training).

    Rows of one instant are never parted: the cut moves up to the next instant where that keeps a row in each part, so
    nothing in training is later than anything in test.
    """
    known = np.flatnonzero(~np.isnan(times))
    wanted = int(np.floor(len(times) * test + 0.5))
    mask = np.zeros(len(times), bool)
    if not len(known) or not wanted:
        return mask, len(times) - len(known)
    values = np.unique(times[known])
    later = np.array([len(known) - n for n in np.searchsorted(np.sort(times[known]), values)])
    cut = values[int(np.argmin(np.abs(later - wanted)))]
    mask[known] = times[known] >= cut
    return mask, len(times) - len(known)
