"""Bootstrap intervals of metrics that are functions of counts: resampled as multinomials, all at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from assay.methods.bias import Counts

if TYPE_CHECKING:
    from assay.methods.cells import Cells

TIMES = 400


@dataclass(frozen=True, slots=True)
class Tally:
    """A group's rows by observed and predicted outcome: their weights' sum, how many they are, their weights' squares.

    Each of three has four cells: true and false positives, false and true negatives. Without weights they are the same.
    """

    sums: tuple[float, ...]
    rows: tuple[float, ...]
    squares: tuple[float, ...]

    @property
    def counts(self) -> Counts:
        """Return the weights' sums as counts."""
        return Counts(*self.sums)

    @property
    def n(self) -> int:
        """Return how many rows there are, whatever they weigh."""
        return int(sum(self.rows))

    @property
    def effective(self) -> float:
        """Return how many equal rows would tell as much (Kish 1965): Σw² over which (Σw)² is."""
        if self.sums == self.rows:
            return sum(self.rows)
        squares = sum(self.squares)
        return sum(self.sums) ** 2 / squares if squares else 0.0

    @property
    def selected(self) -> float:
        """Return how many of the effective rows are told yes."""
        if self.sums == self.rows:
            return self.sums[0] + self.sums[1]
        return float(self.counts.predicted * self.effective) if self.effective else 0.0

    def draw(self, rng: np.random.Generator, times: int) -> Counts:
        """Return the counts of ``times`` resamples of the rows, as arrays.

        Resampling rows and counting them is drawing the counts from a multinomial, so no row is touched. The weights of
        the k rows that a cell then has add up to k times their mean, spread as k of them are (a normal one).
        """
        rows = np.array(self.rows)
        n = int(rows.sum())
        if not n:
            return Counts(*np.zeros((4, times)))
        drawn = rng.multinomial(n, rows / n, size=times).astype(float).T
        if self.sums == self.rows:
            return Counts(*drawn)
        some = np.maximum(rows, 1)
        mean = np.array(self.sums) / some
        spread = np.maximum(np.array(self.squares) / some - mean**2, 0)
        noise = rng.standard_normal(drawn.shape) * np.sqrt(drawn * spread[:, None])
        return Counts(*np.maximum(drawn * mean[:, None] + noise, 0))


def tally(observed: Any, said: Any, rows: Any, cells: Cells) -> Tally:
    """Return the tally of some rows. observed, said, rows: masks of combinations, of which there are as ``cells`` says."""
    cell = np.where(said, np.where(observed, 0, 1), np.where(observed, 2, 3))[rows]
    counted, *weighed = (
        tuple(np.bincount(cell, held[rows], minlength=4).tolist())
        for held in (cells.times, cells.sums, cells.squares)
        if held is not None
    )
    sums, squares = weighed or (counted, counted)
    return Tally(sums, counted, squares)


def intervals(
    groups: Sequence[Tally],
    measure: Callable[..., Mapping[str, Any]],
    rng: np.random.Generator,
    times: int = TIMES,
) -> dict[str, tuple[float, float]]:
    """Return 95 % percentile intervals of what ``measure`` says of the groups' counts, by resampling each group's rows.

    A metric that is not finite in more than a tenth of the draws has no interval, nor one that is the same in all.
    """
    found = measure(*(g.draw(rng, times) for g in groups))
    return {name: (low, high) for name, (low, high) in percentiles(found).items() if high > low}


def percentiles(found: Mapping[str, Any]) -> dict[str, tuple[float, float]]:
    """Return the 2.5th and 97.5th percentile of each name's draws, where nine tenths of them are finite."""
    out = {}
    for name, draws in found.items():
        values = np.asarray(draws, dtype=np.float64)
        finite = values[np.isfinite(values)]
        if len(finite) and len(finite) >= 0.9 * len(values):
            low, high = np.percentile(finite, [2.5, 97.5])
            out[name] = (float(low), float(high))
    return out
