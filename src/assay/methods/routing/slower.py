"""Whether a new version is slower than the one before it, by more than chance.

Compared are the 95th percentiles of what their models took. Of either the bounds are taken between which its true percentile
lies (order statistics: how many of n answers stay below it is binomial, whatever their distribution), each missed once in a
thousand; certainly slower is what is so by the bounds, slower what is so by the percentiles themselves.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from assay.methods.routing.sketch import Sketch

QUANTILE = 0.95
MISSED = 1e-3  # how often a bound lies on the wrong side
LEAST = 135  # answers before the upper bound of a 95th percentile exists at all: 0.95^135 < 0.001
FLOOR = 0.005  # seconds that do not matter, whatever the factor
_EXACT = 3_000  # answers up to which the binomial is summed; of more it is normal


@dataclass(frozen=True, slots=True)
class Slower:
    """now, before: the 95th percentiles in seconds. slower: by themselves; certain: by their bounds as well."""

    now: float
    before: float
    slower: bool
    certain: bool


def compared(now: Sketch, before: Sketch, factor: float) -> Slower | None:
    """Return how two versions compare; None where the one before has answered too little to be compared with, or the new one nothing."""
    if before.n < LEAST or not now.n:
        return None
    limit = factor * before.at(above(before.n)) + FLOOR
    seen = now.quantile(QUANTILE)
    least = below(now.n)
    certain = least > 0 and now.at(least) > limit
    there = before.quantile(QUANTILE)
    return Slower(seen, there, seen > factor * there + FLOOR, certain)


def below(n: int) -> int:
    """Return the highest rank that lies above the true percentile at most once in a thousand; 0 where none does."""
    if n > _EXACT:
        return max(0, math.floor(n * QUANTILE - _spread(n)))
    # The k-th lies above the percentile where fewer than k lie at or below it: P(Bin(n, q) <= k - 1).
    chance, rank = 0.0, 0
    for k in range(1, n + 1):
        chance += _chance(n, k - 1)
        if chance > MISSED:
            break
        rank = k
    return rank


def above(n: int) -> int:
    """Return the lowest rank that lies below the true percentile at most once in a thousand; n where there is none."""
    if n > _EXACT:
        return min(n, math.ceil(n * QUANTILE + _spread(n)) + 1)
    # The k-th lies below it where at least k do: P(Bin(n, q) >= k).
    chance, rank = 0.0, n
    for k in range(n, 0, -1):
        chance += _chance(n, k)
        if chance > MISSED:
            break
        rank = k
    return rank


def _spread(n: int) -> float:
    return 3.0902 * math.sqrt(n * QUANTILE * (1 - QUANTILE))


def _chance(n: int, k: int) -> float:
    ways = math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
    return math.exp(ways + k * math.log(QUANTILE) + (n - k) * math.log(1 - QUANTILE))
