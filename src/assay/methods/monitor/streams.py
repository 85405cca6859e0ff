"""Streams of errors in which a change is looked for as they come: ADWIN, Page-Hinkley and DDM.

All three are compared with river's, element by element.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from assay.methods.drift.counted import Floats

_MOST_STEPS = 200  # of halving an interval


@dataclass
class Adwin:
    """Adaptive windowing (Bifet and Gavaldà 2007): the longest recent window whose parts have one mean.

    Values lie in 0 to 1. They are kept as an exponential histogram: of each size 2^i at most ``most`` buckets (sum, sum of
    squared deviations), so that n values take most · log2(n) of them. Every ``clock`` values each cut between buckets is
    looked at: where the means of the older part (n0 values) and the newer (n1) differ by more than

        ε = √(2 σ² d / m) + 2 d / (3 m),   d = ln(2 ln(n) / delta),   1/m = 1/(n0 − l + 1) + 1/(n1 − l + 1),

    σ² being the window's variance and l the shortest part, the oldest bucket is dropped, and the cuts are looked at anew.
    delta: the chance of a false cut, of one look.
    """

    delta: float = 0.002
    clock: int = 32
    most: int = 5
    shortest: int = 5
    grace: int = 10
    width: int = 0
    total: float = 0.0
    spread: float = 0.0
    _seen: int = 0
    _sums: list[list[float]] = field(default_factory=lambda: [[]])
    _squares: list[list[float]] = field(default_factory=lambda: [[]])

    @property
    def mean(self) -> float:
        """Return the mean of the window, 0 where it is empty."""
        return self.total / self.width if self.width else 0.0

    def update(self, value: float) -> bool:
        """Take in a value; whether the window was cut."""
        if self.width:
            apart = value - self.total / self.width
            self.spread += self.width * apart * apart / (self.width + 1)
        self.width += 1
        self.total += value
        self._sums[0].append(value)
        self._squares[0].append(0.0)
        if len(self._sums[0]) > self.most:
            self._merge()
        self._seen += 1
        if self._seen % self.clock or self.width <= self.grace:
            return False
        cut = False
        while self._cut():
            cut = True
        return cut

    def _merge(self) -> None:
        level = 0
        while len(self._sums[level]) > self.most:
            if level + 1 == len(self._sums):
                self._sums.append([])
                self._squares.append([])
            sums, squares, size = self._sums[level], self._squares[level], 1 << level
            apart = (sums[0] - sums[1]) / size
            self._sums[level + 1].append(sums[0] + sums[1])
            self._squares[level + 1].append(squares[0] + squares[1] + size * apart * apart / 2)
            del sums[:2], squares[:2]
            level += 1

    def _cut(self) -> bool:
        """Drop the oldest bucket where some cut parts two means; whether one does."""
        width, shortest = self.width, self.shortest
        if width < 2:
            return False
        d = math.log(2 * math.log(width) / self.delta)
        variance = 2 * self.spread / width * d
        n0, u0 = 0, 0.0
        for level in range(len(self._sums) - 1, -1, -1):
            size = 1 << level
            for place, part in enumerate(self._sums[level]):
                n0 += size
                u0 += part
                n1 = width - n0
                if n1 < shortest or (level == 0 and place == len(self._sums[0]) - 1):
                    return False
                if n0 < shortest:
                    continue
                m = 1 / (n0 - shortest + 1) + 1 / (n1 - shortest + 1)
                if abs(u0 / n0 - (self.total - u0) / n1) > math.sqrt(max(0.0, variance * m)) + 2 / 3 * d * m:
                    self._drop()
                    return True
        return False

    def _drop(self) -> None:
        sums, squares, size = self._sums[-1], self._squares[-1], 1 << (len(self._sums) - 1)
        gone, own = sums.pop(0), squares.pop(0)
        self.width -= size
        self.total -= gone
        apart = gone / size - (self.total / self.width if self.width else 0.0)
        self.spread = max(0.0, self.spread - own - size * self.width * apart * apart / (size + self.width))
        while len(self._sums) > 1 and not self._sums[-1]:
            self._sums.pop()
            self._squares.pop()


@dataclass(frozen=True)
class Change:
    """A change that was noticed after value ``seen`` (from 0) and began about value ``start``."""

    seen: int
    start: int
    by: str


def adwin(values: Floats, delta: float = 0.002, clock: int = 32) -> Iterator[Change]:
    """Give the changes of a stream of values in 0 to 1; after one, what is left of the window goes on."""
    detector = Adwin(delta=delta, clock=clock)
    for place, value in enumerate(values.tolist()):
        if detector.update(value):
            yield Change(place, place + 1 - detector.width, "ADWIN")


def page_hinkley(
    values: Floats,
    *,
    least: int = 30,
    delta: float = 0.005,
    threshold: float = 50.0,
    alpha: float = 0.9999,
) -> Iterator[Change]:
    """Give the changes by Page's test in Hinkley's form (1971), both ways; after one it begins anew.

    With the running mean x̄: U_t = alpha U_(t−1) + x_t − x̄_t − delta, alarm where U_t − min U > threshold; the other way
    likewise with + delta and max U − U_t. Nothing is said of the first ``least`` values. The whole stream is filtered at
    once, a stretch at a time, so that a million values take a fraction of a second.
    """
    from scipy.signal import lfilter

    first, length = 0, 4096
    while first < len(values):
        part = values[first : first + length]
        apart = part - np.cumsum(part) / np.arange(1, len(part) + 1)
        up = lfilter([1.0], [1.0, -alpha], apart - delta)
        down = lfilter([1.0], [1.0, -alpha], apart + delta)
        over = up - np.minimum.accumulate(up) > threshold
        over |= np.maximum(np.maximum.accumulate(down), -1.0) - down > threshold
        over[: least - 1] = False
        at = int(np.argmax(over)) if over.any() else -1
        if at >= 0:
            rise = up[at] - np.min(up[: at + 1]) > threshold
            began = int(np.argmin(up[: at + 1])) if rise else int(np.argmax(down[: at + 1]))
            yield Change(first + at, first + min(began + 1, at), "Page-Hinkley")
            first, length = first + at + 1, 4096
        elif first + length >= len(values):
            return
        else:
            length *= 4


def ddm(errors: Floats, *, least: int = 30, level: float = 3.0) -> Iterator[Change]:
    """Give the rises of a stream of 0 (right) and 1 (wrong) by the drift detection method (Gama and others 2004).

    After n values, p being their mean and s = √(p (1 − p) / n), the lowest p + s so far is kept with its p and s; alarm where
    p + s > p_min + level · s_min. Nothing is said of the first ``least`` values, and after an alarm it begins anew. It dates a
    change at the value after the lowest p + s. A stretch is looked at as a whole, so that a million values take milliseconds.
    """
    first, length = 0, 4096
    while first < len(errors):
        part = errors[first : first + length]
        n = np.arange(1, len(part) + 1)
        p = np.clip(np.cumsum(part) / n, 0.0, 1.0)
        s = np.sqrt(p * (1 - p) / n)
        both = p + s
        both[:least] = np.inf
        fresh = both <= np.minimum.accumulate(np.r_[np.inf, both[:-1]])
        lowest = np.maximum.accumulate(np.where(fresh, np.arange(len(part)), 0))
        over = both > p[lowest] + level * s[lowest]
        over[:least] = False
        if over.any():
            at = int(np.argmax(over))
            yield Change(first + at, first + min(int(lowest[at]) + 1, at), "DDM")
            first, length = first + at + 1, 4096
        elif first + length >= len(errors):
            return
        else:
            length *= 4


def quiet_threshold(spread: float, delta: float, values: int, alpha: float) -> float:
    """Return the threshold at which Page-Hinkley alarms on ``values`` unchanged values with a chance of ``alpha``.

    By Siegmund's run length of a one-sided sum of normal steps of drift −delta (Sequential Analysis, 1985): with
    d = delta / spread and b = threshold / spread + 1.166, (e^(2db) − 2db − 1) / (2d²) values; the two ways halve it.
    """
    if not spread > 0 or not values:
        return math.inf
    d, wanted = delta / spread, 2 * values / alpha
    low, high = 0.0, 1.0
    while _length(d, high) < wanted:
        high *= 2
    for _ in range(_MOST_STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if _length(d, middle) < wanted else (low, middle)
    return high * spread


def _length(d: float, b: float) -> float:
    x = 2 * d * (b + 1.166)
    return (math.exp(x) - x - 1) / (2 * d * d) if x < 700 else math.inf


def onset(values: Floats) -> int:
    """Return the place from which the mean is most likely another: max |S_k − k S_n / n| / √(k (n − k) / n)."""
    n = len(values)
    if n < 2:
        return 0
    k = np.arange(1, n)
    sums = np.cumsum(values - values.mean())[:-1]
    return int(np.argmax(np.abs(sums) / np.sqrt(k * (n - k) / n))) + 1
