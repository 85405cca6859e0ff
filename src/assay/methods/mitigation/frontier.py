"""The trade between accuracy and fairness: points of a loss and a gap, with intervals, and which none dominates."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from assay.methods import fairness, resample
from assay.methods.bias import Counts, ratio

Gap = Literal["demographic_parity_difference", "equalized_odds_difference", "equal_opportunity_difference"]
GAPS: tuple[Gap, ...] = (
    "demographic_parity_difference", "equalized_odds_difference", "equal_opportunity_difference",
)  # fmt: skip
WORDS = {
    "demographic_parity_difference": "difference in the rate of good decisions",
    "equalized_odds_difference": "difference in error rates (equalised odds)",
    "equal_opportunity_difference": "difference in true positive rates",
}
_LEAST = 30  # rows of a group whose rates are compared


@dataclass(frozen=True, slots=True)
class Point:
    """A way to decide: how well, and how unequally. values: of measure; intervals: 95 % of them, where there are any.

    name: which treatment, learner or model; strength: of the treatment, None where there is none to set.
    """

    name: str
    strength: float | None
    values: dict[str, float]
    intervals: dict[str, tuple[float, float]]
    untreated: bool = False
    dominated: bool = False


def measure(*groups: Counts) -> dict[str, Any]:
    """Return accuracy, balanced accuracy and the three gaps of groups' counts; arrays where the counts are draws."""
    whole = Counts(*(sum(getattr(g, c) for g in groups) for c in ("tp", "fp", "fn", "tn")))
    right = ratio(whole.tp, whole.tp + whole.fn), ratio(whole.tn, whole.tn + whole.fp)
    found: dict[str, Any] = {
        "accuracy": ratio(whole.tp + whole.tn, whole.n),
        "balanced_accuracy": (right[0] + right[1]) / 2,
        "selection_rate": whole.predicted,
    }
    return found | {n: v for n, v in fairness.between(*groups).items() if n in GAPS}


def judged(
    name: str,
    strength: float | None,
    truth: Any,
    said: Any,
    groups: Any,
    rng: np.random.Generator,
    *,
    untreated: bool = False,
    least: int = _LEAST,
    weights: Any = None,
) -> Point:
    """Return the point of decisions on rows. truth, said: booleans; groups: codes, -1 for rows of no known group.

    Accuracy is that of all rows; gaps are between the groups of ``least`` rows or more, NaN where there are no two.
    """
    tallies = [_tally(truth, said, groups == g, weights) for g in np.unique(groups)]
    large = [t for g, t in zip(np.unique(groups), tallies, strict=True) if t.n >= least and g >= 0]
    small = [t for g, t in zip(np.unique(groups), tallies, strict=True) if t.n < least or g < 0]

    def both(*counts: Counts) -> dict[str, Any]:
        found = measure(*counts)
        if len(large) < 2:
            return {n: v for n, v in found.items() if n not in GAPS}
        return found | {n: v for n, v in measure(*counts[: len(large)]).items() if n in GAPS}

    ordered = [*large, *small]
    values = {n: float(v) for n, v in both(*(t.counts for t in ordered)).items()}
    values |= {n: math.nan for n in GAPS if n not in values}
    return Point(name, strength, values, resample.intervals(ordered, both, rng), untreated)


def _tally(truth: Any, said: Any, rows: Any, weights: Any) -> resample.Tally:
    """Return the tally of some rows, each of which counts for its weight, or for 1 where there are none."""
    cell = np.where(said, np.where(truth, 0, 1), np.where(truth, 2, 3))[rows]
    counted = tuple(np.bincount(cell, minlength=4).astype(float).tolist())
    if weights is None:
        return resample.Tally(counted, counted, counted)
    held = weights[rows]
    sums, squares = (tuple(np.bincount(cell, w, minlength=4).tolist()) for w in (held, held**2))
    return resample.Tally(sums, counted, squares)


def dominance(points: Sequence[Point], gap: str, gain: str = "balanced_accuracy") -> list[Point]:
    """Return the points, those marked for which another is as good in both and better in one. A point without a number is."""
    out = []
    for one in points:
        x, y = one.values[gap], one.values[gain]
        beaten = not (math.isfinite(x) and math.isfinite(y)) or any(
            other.values[gap] <= x and other.values[gain] >= y
            and (other.values[gap] < x or other.values[gain] > y)
            for other in points
            if math.isfinite(other.values[gap]) and math.isfinite(other.values[gain])
        )  # fmt: skip
        out.append(replace(one, dominated=beaten))
    return out
