"""How far a window lies from its baseline, as Deequ and SageMaker Model Monitor measure it.

Numbers: the greatest difference of inclusive ranks over the items of both sketches (linf_simple). Categories: the greatest
difference of shares over the union of values. linf_robust: less what samples of such sizes may differ by chance. Chi-square of
categories, where small expected counts are merged first.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from assay.methods.drift.distances import linf_robust
from assay.methods.monitor.kll import Kll

LEAST_OF_TWO = 10  # expected, in each of two categories
LEAST = 5  # expected, in all but a fifth of more categories
FEW = 0.2
CHI_SQUARED = "ChiSquared"


def numerical(old: Kll, new: Kll, *, robust: bool) -> float:
    """Return the distance of two sketches, 0 to 1; NaN where either is empty."""
    n, m = old.n, new.n
    if not n or not m:
        return math.nan
    points = np.unique(np.concatenate([*old.levels, *new.levels]))
    simple = float(np.max(np.abs(old.ranks(points) / n - new.ranks(points) / m)))
    return linf_robust(simple, n, m) if robust else simple


def categorical(old: Mapping[str, int], new: Mapping[str, int], *, robust: bool) -> float:
    """Return the distance of two counts of values, 0 to 1; NaN where either is empty."""
    n, m = sum(old.values()), sum(new.values())
    if not n or not m:
        return math.nan
    simple = max(abs(old.get(k, 0) / n - new.get(k, 0) / m) for k in old.keys() | new.keys())
    return linf_robust(simple, n, m) if robust else simple


def chi_squared(old: Mapping[str, int], new: Mapping[str, int]) -> tuple[float, float]:
    """Return the statistic and its p-value, of what was observed against what the baseline lets expect; NaN without either.

    Values that the baseline does not know, or names with a count of 0, are left out, and its shares are scaled to what remains. The smallest category is
    merged into the next smallest while too many are expected too seldom: of two, both at least 10 times; of more, no more
    than a fifth of them (rounded down) less than 5 times. Fewer than two categories say nothing.
    """
    from scipy.stats import chi2

    old = {k: count for k, count in old.items() if count > 0}  # of one expected never, chi-square is infinite
    total = sum(old.values())
    seen = sum(new.get(k, 0) for k in old)
    if not total or not seen:
        return math.nan, math.nan
    cells = sorted((old[k] * seen / total, new.get(k, 0)) for k in old)
    while len(cells) >= 2 and not _enough([e for e, _ in cells]):
        (a, b), (c, d), *rest = cells
        cells = sorted([(a + c, b + d), *rest])
    if len(cells) < 2:
        return math.nan, math.nan
    statistic = sum((o - e) ** 2 / e for e, o in cells)
    return statistic, float(chi2.sf(statistic, len(cells) - 1))


def _enough(expected: list[float]) -> bool:
    if len(expected) == 2:
        return min(expected) >= LEAST_OF_TWO
    return sum(e < LEAST for e in expected) <= math.floor(FEW * len(expected))
