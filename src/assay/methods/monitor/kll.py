"""The KLL sketch of a stream of numbers: ranks within a proven error, in bounded memory (Karnin, Lang, Liberty 2016).

With Deequ's parameters, and in the form in which SageMaker Model Monitor keeps it: a list a level, an item of level i
standing for 2**i numbers. Level i of H holds ceil(k c**(H - 1 - i)) + 1 items at most; the fullest is sorted and every second of
its items goes one level up, from the first or the second by lot. Numbers that come together are sorted together, so that
many are taken in a few passes of numpy, and with a smaller error than one by one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
SIZE, SHRINKING = 2048, 0.64


class Kll:
    """A sketch. n: how many numbers it has seen. NaN and infinities are no numbers, and are left out."""

    def __init__(self, size: int = SIZE, shrinking: float = SHRINKING, seed: int = 7) -> None:
        self.size, self.shrinking = size, shrinking
        self.levels: list[Floats] = [np.empty(0)]
        self._random = np.random.default_rng(seed)

    @property
    def n(self) -> int:
        """Return the weight of all items, which is how many numbers were seen."""
        return sum(len(level) << i for i, level in enumerate(self.levels))

    def update(self, values: Any) -> Kll:
        """Take numbers, and return the sketch."""
        given = np.asarray(values, np.float64)
        given = given[np.isfinite(given)]
        if len(given):
            self.levels[0] = np.concatenate([self.levels[0], given])
            self._compress()
        return self

    def merge(self, other: Kll) -> Kll:
        """Take all that another has seen, and return the sketch."""
        while len(self.levels) < len(other.levels):
            self.levels.append(np.empty(0))
        for i, level in enumerate(other.levels):
            self.levels[i] = np.concatenate([self.levels[i], level])
        self._compress()
        return self

    def _capacity(self, level: int) -> int:
        return math.ceil(self.size * self.shrinking ** (len(self.levels) - 1 - level)) + 1

    def _compress(self) -> None:
        """Bring each level within its capacity, from the lowest up; a level more makes those below it smaller."""
        at = 0
        while at < len(self.levels):
            held = self.levels[at]
            if len(held) <= self._capacity(at):
                at += 1
                continue
            if at + 1 == len(self.levels):
                self.levels.append(np.empty(0))
            held = np.sort(held)
            odd = len(held) % 2  # one that has no pair stays, so that no weight is lost
            kept, paired = held[:odd], held[odd:]
            self.levels[at] = kept
            self.levels[at + 1] = np.concatenate(
                [self.levels[at + 1], paired[int(self._random.integers(2)) :: 2]]
            )
            at = 0

    def items(self) -> tuple[Floats, NDArray[np.int64]]:
        """Return the items in order, and how many numbers are at or below each (inclusive ranks)."""
        values = np.concatenate(self.levels)
        weights = np.repeat(1 << np.arange(len(self.levels), dtype=np.int64), [len(x) for x in self.levels])
        order = np.argsort(values, kind="stable")
        return values[order], np.cumsum(weights[order])

    def ranks(self, points: Any) -> NDArray[np.int64]:
        """Return how many numbers are at or below each point."""
        values, ranks = self.items()
        places = np.searchsorted(values, np.asarray(points, np.float64), side="right")
        return np.concatenate([[0], ranks])[places].astype(np.int64)

    def quantile(self, share: float) -> float:
        """Return the least item at or below which that share of the numbers is; NaN where there is none."""
        values, ranks = self.items()
        if not len(values):
            return math.nan
        place = int(np.searchsorted(ranks, share * ranks[-1], side="left"))
        return float(values[min(place, len(values) - 1)])

    @property
    def error(self) -> float:
        """Return the rank error, as a share of n, that is exceeded with a probability of at most 1 in 1,000.

        A compaction of a level of weight w errs by at most w, either way as likely. Each takes more than k c**d items of the
        level d below the top, so there are at most n / (k c**d w) of them, and the top's weight is at most 2 n / k: squared
        and added up, less than 2 (n / k)**2 / (2 c - 1) for c > 1/2. Hoeffding's inequality gives the rest.
        """
        c, k = self.shrinking, self.size
        return math.sqrt(2 * math.log(2_000) * 2 / (2 * c - 1)) / k

    def to_dict(self) -> dict[str, Any]:
        """Return it as Model Monitor writes it."""
        return {
            "parameters": {"c": self.shrinking, "k": float(self.size)},
            "data": [[float(v) for v in level] for level in self.levels],
        }

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> Kll:
        """Read a sketch that Model Monitor, or Deequ, wrote; ValueError where it is none."""
        parameters: Any = raw.get("parameters") or {}
        if isinstance(parameters, Sequence) and not isinstance(
            parameters, str
        ):  # Deequ's own order: c, then k
            parameters = dict(zip(("c", "k"), parameters, strict=False))
        try:
            sketch = cls(int(parameters.get("k", SIZE)), float(parameters.get("c", SHRINKING)))
            levels = [np.asarray(level, np.float64) for level in raw["data"]]
        except (TypeError, ValueError, KeyError, AttributeError) as error:
            raise ValueError("it is no KLL sketch") from error
        if any(x.ndim != 1 or not np.isfinite(x).all() for x in levels) or len(levels) > 60:
            raise ValueError("it is no KLL sketch")
        sketch.levels = levels or [np.empty(0)]
        return sketch
