"""Bootstrap intervals of metrics that are functions of counts: resampled as multinomials, all at once."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from assay.methods.bias import Counts

if TYPE_CHECKING:
    from assay.methods.cells import Cells

TIMES = 400
MOST_STRATA = 200  # of a conditional measure that has an interval


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
        return Counts(*drawn(self.rows, self.sums, self.squares, rng, times))


def drawn(rows: Any, sums: Any, squares: Any, rng: np.random.Generator, times: int = TIMES) -> Any:
    """Return the weights of k cells in ``times`` resamples of the rows that they hold, k × times; as ``Tally.draw`` says.

    rows, sums, squares: of each cell how many rows, what they weigh, and their weights' squares.
    """
    rows, sums = np.asarray(rows, dtype=np.float64), np.asarray(sums, dtype=np.float64)
    n = int(rows.sum())
    if not n:
        return np.zeros((len(rows), times))
    found = rng.multinomial(n, rows / n, size=times).astype(float).T
    if np.array_equal(sums, rows):
        return found
    some = np.maximum(rows, 1)
    mean = sums / some
    spread = np.maximum(np.asarray(squares) / some - mean**2, 0)
    noise = rng.standard_normal(found.shape) * np.sqrt(found * spread[:, None])
    return np.maximum(found * mean[:, None] + noise, 0)


def conditional(
    counted: Sequence[Any], measure: Callable[[Any], Any], rng: np.random.Generator
) -> tuple[float, float] | None:
    """Return the 95 % interval of a measure of strata, by resampling the rows of the group and those of the others.

    counted: rows, weights and squared weights, each s × 4 as ``facets.strata`` gives them. measure: of s × 4 × draws. None
    above MOST_STRATA, and where ``intervals`` would have none.
    """
    if len(counted[0]) > MOST_STRATA:
        return None
    group, others = [], []  # cells: rejected, then accepted
    for held in counted:
        rejected_d, rejected, accepted_d, accepted = held.T
        group.append(np.concatenate([rejected_d, accepted_d]))
        others.append(np.concatenate([rejected - rejected_d, accepted - accepted_d]))
    (no_d, yes_d), (no_a, yes_a) = (
        drawn(rows, sums, squares, rng).reshape(2, -1, TIMES) for rows, sums, squares in (group, others)
    )
    found = measure(np.stack([no_d, no_d + no_a, yes_d, yes_d + yes_a], axis=1))
    low, high = percentiles({"": found}).get("", (0.0, 0.0))
    return (low, high) if high > low else None


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


def mean(
    values: Any, weights: Any, rng: np.random.Generator, times: int = TIMES
) -> tuple[float, tuple[float, float] | None]:
    """Return the weighted mean of a few different values with its 95 % interval, by resampling; NaN where all weigh nothing.

    values, weights: n floats. None is the interval of what is the same in all draws.
    """
    if not np.sum(weights) > 0:
        return math.nan, None
    held, place = np.unique(values, return_inverse=True)
    rows = np.bincount(place, minlength=len(held))
    sums, squares = (np.bincount(place, w, minlength=len(held)) for w in (weights, weights**2))
    found = drawn(rows, sums, squares, rng, times)
    with np.errstate(invalid="ignore"):
        low, high = percentiles({"": held @ found / found.sum(axis=0)}).get("", (0.0, 0.0))
    return float(held @ sums / sums.sum()), (low, high) if high > low else None


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
