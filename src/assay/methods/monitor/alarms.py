"""How seldom monitors cry wolf: chances of many questions taken together, and false alarms in a month."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

# Chance that one execution of one monitor alarms on healthy traffic: five monitors asked every hour of a month of 31 days
# are 3,720 executions, which give 0.37 false alarms.
ALPHA = 1e-4


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
