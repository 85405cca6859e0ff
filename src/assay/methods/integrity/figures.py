"""The numeric columns of a sample side by side, with how finely each is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from assay.methods.integrity.column import Sampled

PROBES = 12
LEAST_ROWS = 50
MOST_BROKEN = 0.05
ROUNDING = 1.02  # halves of a last digit that binary fractions miss


@dataclass(frozen=True)
class Figures:
    """columns: what they are. matrix: rows by columns, NaN where nothing. unit: half the last decimal that a column
    writes; 0 for whole numbers and long fractions. whole: whether it holds whole numbers only. rows: the probes, rows
    that can tell most.
    """

    columns: tuple[Sampled, ...]
    matrix: Any
    unit: Any
    whole: Any
    rows: Any

    @property
    def probe(self) -> Any:
        """Return the matrix at the probe rows."""
        return self.matrix[self.rows]

    def only(self, places: Sequence[int], rng: np.random.Generator) -> Figures:
        """Return the figures of some of the columns, with probes of their own."""
        at = list(places)
        matrix = self.matrix[:, at]
        return Figures(
            tuple(self.columns[k] for k in at), matrix, self.unit[at], self.whole[at], probes(matrix, rng)
        )

    def slack(self, target: int, others: Sequence[tuple[int, float]] = ()) -> Any:
        """Return how far a value may be from what it is computed as: its own rounding, and that of what it is made of."""
        own = self.unit[target]
        rest = sum(abs(k) * self.unit[c] for c, k in others)
        return (own + rest) * ROUNDING + 1e-9 * np.abs(self.matrix[:, target])


def figures(columns: Sequence[Sampled], rng: np.random.Generator) -> Figures:
    """Put columns of numbers side by side."""
    matrix = (
        np.column_stack([c.numbers for c in columns if c.numbers is not None])
        if columns
        else np.empty((0, 0))
    )
    unit = np.array([_unit(matrix[:, k]) for k in range(matrix.shape[1])])
    known = [matrix[:, k][np.isfinite(matrix[:, k])] for k in range(matrix.shape[1])]
    whole = np.array([bool(np.all(v == np.round(v))) for v in known], bool)
    return Figures(tuple(columns), matrix, unit, whole, probes(matrix, rng))


def _unit(values: Any) -> float:
    known = values[np.isfinite(values)]
    known = known[:: max(1, len(known) // 2_000)]
    for digits in range(7):
        with np.errstate(over="ignore", invalid="ignore"):
            scaled = known * 10.0**digits
        if np.all(np.isfinite(scaled)) and np.all(
            np.abs(scaled - np.round(scaled)) < 1e-6 * np.maximum(1, np.abs(known))
        ):
            return 0.0 if digits == 0 else 0.5 * 10.0**-digits
    return 0.0


def probes(matrix: Any, rng: np.random.Generator) -> Any:
    """Choose the rows that can tell most: those with the fewest zeros, ones and nulls, and by lot among them."""
    if not matrix.size:
        return np.empty(0, np.int64)
    telling = np.sum(np.isfinite(matrix) & (matrix != 0) & (matrix != 1), axis=1)
    order = np.argsort(-(telling + rng.random(len(telling)) * 0.999), kind="stable")
    best = order[: max(PROBES * 4, len(order) // 10)]
    return np.sort(rng.choice(best, size=min(PROBES, len(best)), replace=False))


def middle(values: Any) -> Any:
    """Return the median over the first axis of what is known, NaN where nothing is; of an even number the lower one."""
    ascending = np.sort(values, axis=0)  # NaN comes last
    known = np.sum(~np.isnan(ascending), axis=0)
    place = np.maximum(known - 1, 0) // 2
    return np.take_along_axis(ascending, place[None], axis=0)[0]


@dataclass(frozen=True)
class Fit:
    """How well a target is what it is computed as. quality: of several ways to write one law, the greater is the better."""

    support: int
    broken: int
    told: int
    broken_told: int
    chance: float
    loose: bool

    @property
    def quality(self) -> float:
        """Return how much less often it fails than by chance."""
        return self.chance - 4 * self.broken / max(1, self.support) - 0.05 * self.loose


def fit(
    target: Any,
    made: Any,
    telling: Any,
    strict: Any,
    loose: Any,
    rng: np.random.Generator,
    least: int = 5,
) -> Fit | None:
    """Hold a computed column against its target: rows known, and rows that tell (no term idle).

    strict and loose are slacks (one a row): the looser is taken only where the stricter does not hold. None where it holds
    neither, where fewer than 30 rows tell or there are fewer than ``least`` values, or where it would hold by chance too: the target's values in another order.
    """
    known = np.isfinite(target) & np.isfinite(made)
    telling = telling & known
    support, told = int(known.sum()), int(telling.sum())
    if support < LEAST_ROWS or told < max(30, 0.02 * support):
        return None
    if min(len(np.unique(v[telling][:5_000])) for v in (target, made)) < least:
        return None
    away = np.abs(made - target)
    for place, slack in enumerate((strict, loose)):
        wrong = known & (away > slack)
        broken, broken_told = int(wrong.sum()), int((wrong & telling).sum())
        if broken / support > MOST_BROKEN or broken_told / told > MOST_BROKEN:
            continue
        order = rng.permutation(np.flatnonzero(telling))
        chance = float(np.mean(np.abs(made[telling] - target[order]) > slack[telling]))
        if chance < 0.5:
            return None
        return Fit(support, broken, told, broken_told, chance, place == 1)
    return None


def simplest(low: float, high: float) -> float:
    """Return the number with the fewest digits between two; the middle where they are no farther apart than a float's grain."""
    if not (np.isfinite(low) and np.isfinite(high)) or low > high:
        return float((low + high) / 2)
    middle = (low + high) / 2
    if low <= 0 <= high:
        return 0.0
    top = int(np.floor(np.log10(max(abs(low), abs(high))))) + 1
    for digits in range(top, top - 16, -1):
        step = 10.0**digits
        near_by = round(middle / step) * step
        value = float(f"{near_by:.15g}")
        if low <= value <= high:
            return value
    return float(middle)


def agreed(low: Any, high: Any) -> tuple[float, float]:
    """Return the stretch that most of many intervals share, from their lower and upper ends; (1, 0) of none."""
    if not len(low):
        return 1.0, 0.0
    edges = np.concatenate([low, high])
    turns = np.concatenate([np.ones(len(low)), -np.ones(len(high))])
    order = np.lexsort((-turns, edges))
    top = int(np.argmax(np.cumsum(turns[order])))
    return float(edges[order][top]), float(edges[order][min(top + 1, len(edges) - 1)])


def plain(value: float) -> str:
    """Return a number as rules write it."""
    return str(int(value)) if abs(value) < 1e15 and value == int(value) else f"{value:.12g}"
