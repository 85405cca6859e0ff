"""Numbers counted in buckets of one per cent each, so that quantiles of many processes are those of the sum.

DDSketch (Masson, Rim and Lee, VLDB 2019): bucket k holds what lies in (g^(k-1), g^k], where g = (1 + a) / (1 - a), so that each
value is known to within a share a of itself. Negative numbers have buckets of their own; what only grew is taken apart again by
subtraction.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

ACCURACY = 0.01
_GROWTH = (1 + ACCURACY) / (1 - ACCURACY)
_LOG = math.log(_GROWTH)
_FURTHEST = 2_000  # buckets on either side of 1: 4e-18 to 2e17, beyond which all are one
_SHIFT = _FURTHEST + 1  # so that a bucket's number orders as its values do, with 0 for zero


@dataclass(slots=True)
class Sketch:
    """Finite numbers by bucket. counts: bucket → how many."""

    counts: dict[int, int] = field(default_factory=dict)

    def add(self, value: float) -> None:
        """Count a finite number."""
        at = bucket(value)
        self.counts[at] = self.counts.get(at, 0) + 1

    def load(self, counts: Mapping[int, int]) -> None:
        """Add what another counted."""
        for at, number in counts.items():
            self.counts[at] = self.counts.get(at, 0) + number

    def since(self, before: Sketch) -> Sketch:
        """Return what was counted since it was ``before``."""
        left = {at: n - before.counts.get(at, 0) for at, n in self.counts.items()}
        return Sketch({at: n for at, n in left.items() if n > 0})

    @property
    def n(self) -> int:
        """Return how many numbers were counted."""
        return sum(self.counts.values())

    def rising(self) -> Iterator[tuple[int, int]]:
        """Give each bucket and how many numbers are in it, the lowest first."""
        yield from sorted(self.counts.items())

    def at(self, rank: int) -> float:
        """Return the number of a rank, 1 the least, to within the accuracy; NaN where there is none."""
        upto = 0
        for number, count in self.rising():
            upto += count
            if upto >= rank:
                return value_of(number)
        return math.nan

    def quantile(self, q: float) -> float:
        """Return the least number that a share q of all does not exceed; NaN of nothing."""
        return self.at(max(1, math.ceil(q * self.n)))


def bucket(value: float) -> int:
    """Return the number of a value's bucket; they order as their values do."""
    size = abs(value)
    if size < 1e-300:
        return 0
    at = min(max(math.ceil(math.log(size) / _LOG), -_FURTHEST), _FURTHEST) + _SHIFT
    return at if value > 0 else -at


def value_of(number: int) -> float:
    """Return the middle of a bucket: no number in it is further from it than the accuracy."""
    if not number:
        return 0.0
    size = 2 * _GROWTH ** (abs(number) - _SHIFT) / (_GROWTH + 1)
    return size if number > 0 else -size


def furthest(a: Sketch, b: Sketch) -> float:
    """Return the greatest difference of the shares at or below a number (Kolmogorov and Smirnov's D), 0 where one is empty."""
    n, m = a.n, b.n
    if not n or not m:
        return 0.0
    most = below_a = below_b = 0.0
    for number in sorted(a.counts.keys() | b.counts.keys()):
        below_a += a.counts.get(number, 0) / n
        below_b += b.counts.get(number, 0) / m
        most = max(most, abs(below_a - below_b))
    return most
