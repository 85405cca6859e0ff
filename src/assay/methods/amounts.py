"""How far two groups are apart in an amount: a salary, a price, a predicted number.

a are the others, d the group; differences are a less d, as those of the rates are. Intervals are of 95 %: of the means
Welch's, with the normal quantile; of the standardised difference Hedges and Olkin's (1985).
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from assay.methods.fairness import TINY

AMOUNTS = ("mean_difference", "standardized_mean_difference", "ks_statistic", "ks_p_value")
ERRORS = ("mae_difference",)
SMALL_EFFECT, LARGE_EFFECT = 0.2, 0.8  # Cohen 1988
_Z = 1.959963984540054


class Told(NamedTuple):
    """A value and its interval, None where it has none."""

    value: float
    interval: tuple[float, float] | None = None


def amounts(a: Any, d: Any) -> dict[str, Told]:
    """Return the differences of two groups' numbers (floats, finite); NaN where a group has fewer than two.

    The standardised difference is Cohen's, over the pooled deviation; the Kolmogorov-Smirnov statistic is the largest
    distance of the two distribution functions, with its asymptotic two-sided p-value.
    """
    if min(len(a), len(d)) < 2:
        return {name: Told(math.nan) for name in AMOUNTS}
    from scipy.stats import ks_2samp

    apart = float(a.mean() - d.mean())
    va, vd = float(a.var(ddof=1)), float(d.var(ddof=1))
    wide = _Z * math.sqrt(va / len(a) + vd / len(d))
    pooled = math.sqrt(((len(a) - 1) * va + (len(d) - 1) * vd) / (len(a) + len(d) - 2))
    effect = apart / pooled if pooled else (0.0 if not apart else math.copysign(math.inf, apart))
    found = ks_2samp(a, d, method="asymp")
    return {
        "mean_difference": Told(apart, (apart - wide, apart + wide) if wide else None),
        "standardized_mean_difference": Told(effect, _effect(effect, len(a), len(d))),
        "ks_statistic": Told(float(found.statistic)),
        "ks_p_value": Told(max(float(found.pvalue), TINY)),
    }


def _effect(effect: float, n: int, m: int) -> tuple[float, float] | None:
    if not math.isfinite(effect):
        return None
    wide = _Z * math.sqrt((n + m) / (n * m) + effect**2 / (2 * (n + m)))
    return effect - wide, effect + wide


def grave(told: Told) -> str:
    """Return '' (not worth a finding), 'medium' or 'high' of a standardised difference: Cohen's small and large effects,
    where the whole interval says so."""
    if not told.interval:
        return "" if not told.value or math.isnan(told.value) else "high"
    low, high = told.interval
    least = 0.0 if low <= 0 <= high else min(abs(low), abs(high))
    if abs(told.value) <= SMALL_EFFECT or not least:
        return ""
    return "high" if least > LARGE_EFFECT else "medium"


def error_difference(a: Any, d: Any) -> Told:
    """Return the mean absolute error of the group less that of the others, with Welch's interval. a, d: absolute errors."""
    return amounts(d, a)["mean_difference"]
