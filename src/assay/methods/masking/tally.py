"""How many values a column has and how rare they are, counted as they stream by, in bounded memory.

Distinct sampling (Gibbons, VLDB 2001): while there are few values all are counted; beyond the bound those whose hash lies in
the first half of what is left are, and so on. A value that is kept has been counted from its first row, so its count is exact;
how many there are is estimated.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from assay.methods.rowhash import mixed

if TYPE_CHECKING:
    from numpy.typing import NDArray

KEPT = 262_144  # values whose rows are counted; how many there are is then known to about a quarter per cent


def joint(columns: list[NDArray[np.uint64]]) -> NDArray[np.uint64]:
    """Return a hash per row of several columns' hashes, in their order."""
    out = columns[0]
    for column in columns[1:]:
        with np.errstate(over="ignore"):
            out = mixed(out * np.uint64(1099511628211) ^ column)
    return out


class Tally:
    """Counts of values by their hash."""

    def __init__(self, kept: int = KEPT) -> None:
        self.kept = kept
        self.level = 0
        self._values = np.zeros(0, np.uint64)
        self._counts = np.zeros(0, np.int64)

    def add(self, values: NDArray[np.uint64]) -> None:
        """Count a batch of hashes."""
        values, counts = np.unique(mixed(self._sampled(values)), return_counts=True)
        both = np.concatenate([self._values, values])
        weights = np.concatenate([self._counts, counts])
        order = np.argsort(both, kind="stable")
        both, weights = both[order], weights[order]
        if not len(both):
            return
        starts = np.flatnonzero(np.concatenate([[True], both[1:] != both[:-1]]))
        self._values, self._counts = both[starts], np.add.reduceat(weights, starts)
        while len(self._values) > self.kept:
            self.level += 1
            keep = self._values < np.uint64(1 << (64 - self.level))
            self._values, self._counts = self._values[keep], self._counts[keep]

    def _sampled(self, values: NDArray[np.uint64]) -> NDArray[np.uint64]:
        if not self.level:
            return values
        return values[mixed(values) < np.uint64(1 << (64 - self.level))]

    @property
    def exact(self) -> bool:
        """Whether every value was counted."""
        return self.level == 0

    @property
    def distinct(self) -> int:
        """Return how many values there are, nulls as one; estimated where it is not exact."""
        return len(self._values) << self.level

    @property
    def smallest(self) -> int:
        """Return in how many rows the rarest value is (k); 0 without rows; of those counted where it is not exact."""
        return int(self._counts.min()) if len(self._counts) else 0

    @property
    def unique_share(self) -> float:
        """Return the share of rows whose value no other row has."""
        total = int(self._counts.sum())
        return int((self._counts == 1).sum()) / total if total else 0.0
