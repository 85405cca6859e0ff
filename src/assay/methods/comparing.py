"""Whether two models that were judged on the same rows really differ.

McNemar's test for who is right, DeLong's for areas under the ROC curve, a paired bootstrap for any other score, and the
corrected resampled t-test for models trained anew on each fold.

Sources: McNemar (1947), Psychometrika 12; DeLong, DeLong and Clarke-Pearson (1988), Biometrics 44, by the midranks of
Sun and Xu (2014), IEEE Signal Processing Letters 21; Nadeau and Bengio (2003), Machine Learning 52.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from assay.methods.resample import percentiles

_EXACT = 1_000  # of so many rows on which one alone is right, the binomial is summed


class Areas(NamedTuple):
    """Two areas under the ROC curve, the standard error of their difference, and its two-sided p-value."""

    first: float
    second: float
    error: float
    p: float


def mcnemar(first: Any, second: Any) -> tuple[int, int, float]:
    """Return the rows that the first alone has right, those that the second alone has, and the two-sided p-value.

    first, second: booleans, whether each has a row right. Exact by the binomial; past a thousand such rows by the
    normal approximation with continuity correction. 1 where both have the same rows right.
    """
    a, b = np.asarray(first, dtype=bool), np.asarray(second, dtype=bool)
    one, other = int((a & ~b).sum()), int((b & ~a).sum())
    n, least = one + other, min(one, other)
    if not n or one == other:
        return one, other, 1.0
    if n > _EXACT:
        z = (abs(one - other) - 1) / math.sqrt(n)
        return one, other, math.erfc(z / math.sqrt(2))
    half = sum(math.comb(n, k) for k in range(least + 1)) / 2**n
    return one, other, min(1.0, 2 * half)


def delong(truth: Any, first: Any, second: Any) -> Areas | None:
    """Compare the areas under the ROC curves of two scores of the same rows; None where a class has fewer than two rows.

    truth: booleans. The p-value is NaN where the difference has no variance and is not 0, 1 where it is 0.
    """
    yes = np.asarray(truth, dtype=bool)
    scores = np.vstack([np.asarray(s, dtype=np.float64) for s in (first, second)])
    m, n = int(yes.sum()), int((~yes).sum())
    if m < 2 or n < 2:
        return None
    whole = np.vstack([_midranks(s) for s in scores])
    above = (whole[:, yes] - np.vstack([_midranks(s[yes]) for s in scores])) / n
    below = 1 - (whole[:, ~yes] - np.vstack([_midranks(s[~yes]) for s in scores])) / m
    areas = above.mean(axis=1)
    spread = np.cov(above) / m + np.cov(below) / n
    gap = float(areas[0] - areas[1])
    variance = float(spread[0, 0] + spread[1, 1] - 2 * spread[0, 1])
    if variance <= 1e-18:
        return Areas(float(areas[0]), float(areas[1]), 0.0, 1.0 if abs(gap) < 1e-12 else math.nan)
    error = math.sqrt(variance)
    return Areas(float(areas[0]), float(areas[1]), error, math.erfc(abs(gap) / error / math.sqrt(2)))


def _midranks(values: Any) -> Any:
    """Return each value's rank from 1, the mean of their ranks where values are equal."""
    _, at, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return (last - (counts - 1) / 2)[at]


def paired(
    measure: Callable[[Any], tuple[float, float]],
    draw: Callable[[np.random.Generator], Any],
    rng: np.random.Generator,
    times: int = 400,
) -> tuple[float, float] | None:
    """Return the 95 % interval of how much the first score exceeds the second, both of the row numbers that ``draw`` gives.

    None where a tenth of the draws have no score.
    """
    gaps = [one - other for one, other in (measure(draw(rng)) for _ in range(times))]
    return percentiles({"gap": gaps}).get("gap")


def corrected_t(differences: Sequence[float], tested: float, trained: float) -> tuple[float, float]:
    """Return the corrected resampled t statistic and its two-sided p-value, of one difference a fold or repeat.

    tested, trained: rows of each fold that are tested on and trained on; their ratio stands for how much training sets
    overlap. NaN of fewer than two folds; p is 1 where no fold differs, 0 where all differ alike.
    """
    from scipy.stats import t as student

    values = np.asarray(differences, dtype=np.float64)
    if len(values) < 2:
        return math.nan, math.nan
    error, mean = corrected_error(values, tested, trained), float(values.mean())
    if error <= 0:
        return (0.0, 1.0) if mean == 0 else (math.copysign(math.inf, mean), 0.0)
    statistic = mean / error
    return statistic, float(2 * student.sf(abs(statistic), len(values) - 1))


def corrected_error(values: Any, tested: float, trained: float) -> float:
    """Return the standard error of the mean over folds: √(s² (1/k + tested/trained)), k scores with variance s².

    The second part is what folds have in common, since they share most of their training rows (Nadeau and Bengio).
    """
    found = np.asarray(values, dtype=np.float64)
    return math.sqrt(float(found.var(ddof=1)) * (1 / len(found) + tested / trained))


def corrected_interval(values: Sequence[float], tested: float, trained: float) -> tuple[float, float] | None:
    """Return the 95 % interval of the mean score over folds by the corrected resampled t; None of fewer than two."""
    from scipy.stats import t as student

    found = np.asarray(values, dtype=np.float64)
    if len(found) < 2 or not np.isfinite(found).all():
        return None
    mean = float(found.mean())
    half = float(student.ppf(0.975, len(found) - 1)) * corrected_error(found, tested, trained)
    return mean - half, mean + half
