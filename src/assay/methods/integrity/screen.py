"""Which flags a bound or a comparison may decide: all flags at once, on some rows, before each is looked at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from assay.methods.integrity.column import Sampled

ROWS = 2_000


class Screen:
    """Some rows of all flags side by side. most: the share of rows in which a flag may differ from what decides it."""

    def __init__(self, flags: Sequence[Sampled], most: float) -> None:
        rows = len(flags[0].array)
        self.rows = np.unique(np.linspace(0, max(0, rows - 1), min(rows, ROWS)).astype(np.int64))
        truth = np.column_stack([f.truth()[self.rows] for f in flags])
        self.yes, self.no = (truth > 0).astype(np.float32), (truth == 0).astype(np.float32)
        fewer = np.minimum(self.yes.sum(axis=0), self.no.sum(axis=0))
        slack = 1.0 if len(self.rows) == rows else 1.6  # a sample errs
        self.limit = slack * np.minimum(most * (self.yes + self.no).sum(axis=0), 0.6 * fewer) + 1

    def bounded(self, numbers: Any) -> list[int]:
        """Return the flags that some bound on the numbers parts nearly as they are."""
        x = numbers[self.rows]
        order = np.argsort(x, kind="stable")[: int(np.isfinite(x).sum())]
        if len(order) < 2:
            return []
        yes, no = np.cumsum(self.yes[order], axis=0), np.cumsum(self.no[order], axis=0)
        above = (yes + no[-1] - no).min(axis=0)
        below = (no + yes[-1] - yes).min(axis=0)
        return [int(k) for k in np.flatnonzero(np.minimum(above, below) <= self.limit)]

    def compared(self, gap: Any) -> list[int]:
        """Return the flags that nearly say whether a difference is above zero, at least zero, or zero, or the contrary."""
        x = gap[self.rows]
        known = np.isfinite(x)
        best = np.full(self.yes.shape[1], np.inf)
        yes, no = self.yes[known], self.no[known]
        every = yes.sum(axis=0) + no.sum(axis=0)
        for said in (x[known] > 0, x[known] >= 0, x[known] == 0):
            here = said.astype(np.float32)
            wrong = (1 - here) @ yes + here @ no
            best = np.minimum(best, np.minimum(wrong, every - wrong))
        return [int(k) for k in np.flatnonzero((best <= self.limit) & (every > 0))]
