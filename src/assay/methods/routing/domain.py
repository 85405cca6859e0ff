"""Whether a new version answers what the one before never did, or in quite other shares.

What the one before has answered is the domain: its labels where it gave 32 or fewer and nothing else, else the range of its
numbers, once more on either side and never past zero where it never was, as input schemas learn theirs.
"""

from __future__ import annotations

from dataclasses import dataclass

from assay.methods.routing.sketch import furthest, value_of
from assay.methods.routing.tally import Tally

LEAST = 200  # values of the one before: fewer say too little of what it may answer
_CLOSED = 32


@dataclass(frozen=True, slots=True)
class Beside:
    """rows: of the new one's. outside: how many of them lie outside of the domain. unseen: the share that labels may have which the
    one before has not shown yet (Good and Turing: that of labels seen once). shift: distance of the two less chance, 0 to 1.
    """

    rows: int
    outside: int
    unseen: float
    shift: float


def compared(now: Tally, before: Tally) -> Beside | None:
    """Return how the answers of two versions compare; None where there is nothing to compare, or nothing to compare with."""
    if not now.rows or before.rows < LEAST:
        return None
    from assay.methods.drift.distances import linf_robust

    n, m = before.rows, now.rows
    said = before.rows - before.missing
    if sum(before.labels.values()) == said and 0 < len(before.labels) <= _CLOSED:
        known = sum(number for label, number in now.labels.items() if label in before.labels)
        once = sum(number == 1 for number in before.labels.values())
        labels = before.labels.keys() | now.labels.keys()
        simple = max(abs(before.labels.get(a, 0) / n - now.labels.get(a, 0) / m) for a in labels)
        return Beside(m, _outside(now, m - known, before), once / n, linf_robust(simple, n, m))
    numbers = before.numbers.n
    if numbers == said and numbers:
        low, high = _widened(before)
        known = sum(count for at, count in now.numbers.counts.items() if low <= value_of(at) <= high)
        return Beside(
            m, _outside(now, m - known, before), 0.0, linf_robust(furthest(before.numbers, now.numbers), n, m)
        )
    return None


def _outside(now: Tally, strange: int, before: Tally) -> int:
    """Count what is missing as strange, but for as large a share as was missing before."""
    usual = round(before.missing / before.rows * now.rows)
    return max(0, strange - min(usual, now.missing))


def _widened(before: Tally) -> tuple[float, float]:
    buckets = before.numbers.counts
    low, high = value_of(min(buckets)), value_of(max(buckets))
    room = max(high - low, 0.02 * max(abs(low), abs(high)))  # of buckets of a hundredth
    least, most = low - room, high + room
    return (max(least, 0.0) if low >= 0 else least), (min(most, 0.0) if high <= 0 else most)
