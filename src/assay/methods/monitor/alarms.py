"""How seldom monitors cry wolf: chances of many questions taken together, and false alarms in a month."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

# Chance that one execution of one monitor alarms on healthy traffic: five monitors asked every hour of a month of 31 days
# are 3,720 executions, which give 0.37 false alarms.
ALPHA = 1e-4
EXECUTIONS = 5 * 24 * 31


def holm(values: Sequence[float]) -> list[float]:
    """Return p-values adjusted so that the chance of any false one stays what is asked (Holm 1979); NaN stays NaN.

    The k p-values ascending: the running maximum of (k - i) p_i for i from 0. It holds whatever they have to do with one
    another, and is never larger than Bonferroni's.
    """
    given = np.asarray(values, dtype=np.float64)
    out = given.copy()
    known = np.flatnonzero(~np.isnan(given))
    if len(known):
        order = known[np.argsort(given[known], kind="stable")]
        raised = given[order] * (len(known) - np.arange(len(known)))
        out[order] = np.minimum(1.0, np.maximum.accumulate(raised))
    return [float(v) for v in out]


def normal_tail(z: float) -> float:
    """Return the two-sided p-value of a standard normal deviate."""
    return math.nan if math.isnan(z) else math.erfc(abs(z) / math.sqrt(2))


def at_most(alarms: int, windows: int, confidence: float = 0.95) -> float:
    """Return the upper limit of the rate, where ``alarms`` of ``windows`` healthy ones alarmed (Clopper and Pearson 1934).

    With none it is 1 - (1 - confidence)^(1 / windows), about 3 / windows.
    """
    low, high = alarms / windows, 1.0
    for _ in range(200):
        middle = (low + high) / 2
        if _at_most(alarms, windows, middle) > 1 - confidence:
            low = middle
        else:
            high = middle
    return high


def _at_most(k: int, n: int, p: float) -> float:
    """Return the chance of k or fewer of n."""
    if p <= 0:
        return 1.0
    if p >= 1:
        return 1.0 if k >= n else 0.0
    logs = [
        math.lgamma(n + 1)
        - math.lgamma(i + 1)
        - math.lgamma(n - i + 1)
        + i * math.log(p)
        + (n - i) * math.log1p(-p)
        for i in range(k + 1)
    ]
    return min(1.0, sum(math.exp(v) for v in logs))
