"""How far two samples lie apart: of shares, whatever the values are, and of numbers in order.

Shares p (baseline) and q (new) of the same k bins or categories, as counts a and b. Logarithms are natural unless said
otherwise. Names and thresholds are the field's; each function names its source.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from assay.methods.drift.counted import Floats, Ints, Pair

EMPTY = 1e-4  # the share that an empty bin counts as in PSI and KL, as is usual, so that they stay finite
ROBUST = 1.8  # c(alpha) of linf_robust for alpha = 0.003


def psi(a: Ints, b: Ints) -> float:
    """Return the population stability index, Σ (q - p) ln(q / p), of counts; an empty share counts as 0.0001.

    0.1 is commonly read as some shift and 0.25 as a great one (Siddiqi, Credit Risk Scorecards, 2006).
    """
    p, q = _filled(a), _filled(b)
    return float(np.sum((q - p) * np.log(q / p))) if len(p) else math.nan


def kl(a: Ints, b: Ints) -> float:
    """Return Kullback and Leibler's divergence of the new shares from the baseline's, Σ q ln(q / p)."""
    p, q = _filled(a), _filled(b)
    return float(np.sum(q * np.log(q / p))) if len(p) else math.nan


def jensen_shannon(a: Ints, b: Ints) -> float:
    """Return Jensen and Shannon's distance: the square root of the divergence in base 2, 0 to 1 (Lin 1991)."""
    p, q = _shares(a), _shares(b)
    middle = (p + q) / 2
    total = 0.0
    for one in (p, q):
        held = one > 0
        total += float(np.sum(one[held] * np.log2(one[held] / middle[held]))) / 2
    return math.sqrt(min(1.0, max(0.0, total))) if a.sum() and b.sum() else math.nan


def hellinger(a: Ints, b: Ints) -> float:
    """Return Hellinger's distance, 0 to 1: sqrt(1 - Σ sqrt(p q))."""
    return math.sqrt(max(0.0, 1 - float(np.sum(np.sqrt(_shares(a) * _shares(b))))))


def total_variation(a: Ints, b: Ints) -> float:
    """Return the total variation distance, Σ |p - q| / 2: the share of rows that would have to change."""
    return float(np.sum(np.abs(_shares(a) - _shares(b)))) / 2


def linf_simple(a: Ints, b: Ints) -> float:
    """Return max |p - q| over the union of categories: Deequ's and Model Monitor's linf_simple of texts."""
    return float(np.max(np.abs(_shares(a) - _shares(b)), initial=0.0))


def linf_robust(simple: float, n: int, m: int, alpha: float | None = None) -> float:
    """Return linf_simple less what two samples of n and m rows may differ by chance, and 0 at least.

    max(0, simple - c sqrt((n + m) / (n m))) with c = 1.8, or sqrt(-ln(alpha / 2) / 2) where alpha is given (Deequ).
    """
    if not n or not m:
        return math.nan
    c = ROBUST if alpha is None else math.sqrt(-math.log(alpha / 2) / 2)
    return max(0.0, simple - c * math.sqrt((n + m) / (n * m)))


def ks(pair: Pair) -> float:
    """Return Kolmogorov and Smirnov's D: max |F - G| of the inclusive ranks, which is linf_simple of numbers."""
    n, m = pair.n, pair.m
    if not n or not m:
        return math.nan
    return float(np.max(np.abs(np.cumsum(pair.a) / n - np.cumsum(pair.b) / m), initial=0.0))


def wasserstein(pair: Pair) -> float:
    """Return the first Wasserstein distance ∫ |F - G| dx, in the column's own unit; infinite where that overflows."""
    if not pair.n or not pair.m:
        return math.nan
    values, scale = _scaled(pair.values)
    return float(np.sum(np.abs(_apart(pair)) * np.diff(values))) * scale


def mean(values: Floats, counts: Ints) -> float:
    """Return the mean of counted values."""
    n = counts.sum()
    scaled, scale = _scaled(values)
    return float(np.dot(scaled, counts) / n) * scale if n else math.nan


def deviation(values: Floats, counts: Ints) -> float:
    """Return the standard deviation (divided by n) of counted values."""
    n = counts.sum()
    if not n:
        return math.nan
    scaled, scale = _scaled(values)
    centre = float(np.dot(scaled, counts) / n)
    return math.sqrt(max(0.0, float(np.dot((scaled - centre) ** 2, counts) / n))) * scale


def _scaled(values: Floats) -> tuple[Floats, float]:
    """Values near either end of what a float holds are brought to 1, so that their sums and squares are finite and not 0."""
    most = float(np.max(np.abs(values), initial=0.0))
    return (values / most, most) if most > 1e150 or 0 < most < 1e-150 else (values, 1.0)


def normed(distance: float, spread: float) -> float:
    """Return a distance in standard deviations of the baseline; of a constant baseline 0 or infinity."""
    if spread > 0:
        return distance / spread
    return math.inf if distance > 0 else 0.0


def edges(pair: Pair, bins: int = 10) -> Floats:
    """Return the inner edges of up to ``bins`` bins of equal share of the baseline.

    An edge is a value of the baseline and belongs to the bin below it. Values so frequent that they are several quantiles
    give fewer bins; a constant baseline gives below, at and above it.
    """
    steps = np.cumsum(pair.a)
    n = int(steps[-1]) if len(steps) else 0
    if not n:
        return np.empty(0)
    at = np.searchsorted(steps, np.ceil(np.arange(1, bins) * n / bins))
    found = np.unique(pair.values[at])
    held = np.flatnonzero(pair.a)
    least, most = pair.values[held[0]], pair.values[held[-1]]
    found = found[found < most]
    if not len(found):
        found = np.array([np.nextafter(least, -np.inf), least] if least == most else [least])
    return found


def binned(pair: Pair, inner: Floats) -> tuple[Ints, Ints]:
    """Return the counts of both samples in the bins (-inf, e1], (e1, e2], … (ek, inf)."""
    at = np.searchsorted(inner, pair.values, side="left")
    size = len(inner) + 1
    return tuple(  # type: ignore[return-value]
        np.bincount(at, weights=c, minlength=size).astype(np.int64) for c in (pair.a, pair.b)
    )


def chi_square_merged(a: Ints, b: Ints) -> tuple[Any, Any]:
    """Return (observed, expected) of Deequ's test of the new counts against the baseline's shares; empty if undefined.

    Categories the baseline does not know are dropped, its counts scaled to the rest. While more categories than allowed
    expect too little, the smallest joins the second smallest: of two both must expect 10, of more at most 20 % (rounded
    down) may expect under 5.
    """
    known = a > 0
    observed = b[known].astype(np.float64)
    expected = a[known] / a.sum() * observed.sum() if known.any() else np.empty(0)
    order = np.argsort(expected, kind="stable")
    seen, due = list(observed[order]), list(expected[order])
    while len(due) >= 2:
        least, allowed = (10, 0) if len(due) == 2 else (5, int(0.2 * len(due)))
        if sum(e < least for e in due) <= allowed:
            break
        joined_due, joined_seen = due[0] + due[1], seen[0] + seen[1]
        del due[:2], seen[:2]
        at = int(np.searchsorted(due, joined_due))
        due.insert(at, joined_due)
        seen.insert(at, joined_seen)
    return (np.array(seen), np.array(due)) if len(due) >= 2 else (np.empty(0), np.empty(0))


def _apart(pair: Pair) -> Floats:
    out: Floats = (np.cumsum(pair.a) / pair.n - np.cumsum(pair.b) / pair.m)[:-1]
    return out


def _shares(counts: Ints) -> Floats:
    total = counts.sum()
    return counts / total if total else np.zeros(len(counts))


def _filled(counts: Ints) -> Floats:
    out: Floats = np.maximum(_shares(counts), EMPTY)
    return out
