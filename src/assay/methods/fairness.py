"""The wider field's measures of fairness between groups, from their counts: parities, odds, and the four-fifths rule.

Differences between several groups are the largest rate less the smallest, and ratios the smallest over the largest, as
fairlearn tells them: 0 and 1 are neutral. ``average_odds_difference`` is AIF360's, d less a. A rate of nothing over
nothing is undefined (NaN), and so is what is made of it. Sources: Hardt, Price, Srebro 2016 (equalised odds and equal
opportunity); Chouldechova 2017 (predictive parity); EEOC Uniform Guidelines, 29 CFR 1607.4(D) (the four-fifths rule).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from assay.methods.bias import Counts, difference, one, ratio

BETWEEN = (
    "demographic_parity_difference", "demographic_parity_ratio", "equalized_odds_difference", "equalized_odds_ratio",
    "equal_opportunity_difference", "equal_opportunity_ratio", "predictive_parity_difference", "predictive_parity_ratio",
)  # fmt: skip
PAIR = (
    "equalized_odds_difference",
    "equalized_odds_ratio",
    "average_odds_difference",
)  # the thirteen tell the others
GROUP = ("impact_ratio", "impact_p_value", "calibration_error", "counterfactual_change")
FACET = (*BETWEEN, "calibration_error_difference", "counterfactual_change")
WHOLE = ("consistency",)
FOUR_FIFTHS = 0.8
OTHERS = "(others)"  # all but the group that was named
SIGNIFICANT = 0.05  # two-sided; the guidelines' "statistically significant", as the agencies' Q&A 18 reads it
_LEAST = 1e-99  # of a p-value that is written out
TINY = float(np.finfo(np.float64).tiny)  # told of a p-value that a float no longer tells from 0
_FEW = 5.0  # expected in a cell: below it the normal approximation is not used (Cochran 1954)
_MOST_EXACT = 1_000_000


def between(*groups: Counts) -> dict[str, Any]:
    """Return the parities of two groups or more, named in BETWEEN; arrays of draws where the counts are."""
    selected = _apart([g.predicted for g in groups])
    found = _apart([ratio(g.tp, g.tp + g.fn) for g in groups])
    alarmed = _apart([ratio(g.fp, g.fp + g.tn) for g in groups])
    precise = _apart([ratio(g.tp, g.tp + g.fp) for g in groups])
    return {
        "demographic_parity_difference": selected[0],
        "demographic_parity_ratio": selected[1],
        "equalized_odds_difference": one(np.maximum(found[0], alarmed[0])),
        "equalized_odds_ratio": one(np.minimum(found[1], alarmed[1])),
        "equal_opportunity_difference": found[0],
        "equal_opportunity_ratio": found[1],
        "predictive_parity_difference": precise[0],
        "predictive_parity_ratio": precise[1],
    }


def _apart(rates: Sequence[Any]) -> tuple[Any, Any]:
    """Return the largest less the smallest, and the smallest over the largest; NaN where any is undefined."""
    stacked = np.stack([np.asarray(r, dtype=np.float64) for r in rates])
    low, high = stacked.min(axis=0), stacked.max(axis=0)
    return one(high - low), ratio(low, high)


def pair(a: Counts, d: Counts) -> dict[str, Any]:
    """Return the equalised odds of a group and the others, and their average odds difference: half of the differences of
    the false and the true positive rates, d less a.
    """
    found = difference(ratio(d.tp, d.tp + d.fn), ratio(a.tp, a.tp + a.fn))
    alarmed = difference(ratio(d.fp, d.fp + d.tn), ratio(a.fp, a.fp + a.tn))
    odds = {name: value for name, value in between(a, d).items() if name in PAIR}
    return odds | {"average_odds_difference": one((found + alarmed) / 2)}


@dataclass(frozen=True, slots=True)
class Impact:
    """A group's rate of good outcomes over the highest group's, and whether chance explains the difference.

    ratio: 1 for the highest group itself. p: two-sided, NaN where there is nothing to test. test: ``z`` or ``Fisher``.
    """

    ratio: float
    p: float
    test: str

    @property
    def adverse(self) -> bool:
        """Whether the rate is under four fifths of the highest, and significantly so."""
        return self.ratio < FOUR_FIFTHS and self.p < SIGNIFICANT

    def words(self, best: str) -> str:
        """Return it in words beside the group with the highest rate."""
        whose = "the others'" if best == OTHERS else f"that of {best}"
        return (
            f"their rate of good outcomes is {self.ratio:.0%} of {whose}, under four fifths, and chance does "
            f"not explain it ({self.test} test, p {f'= {self.p:.2g}' if self.p > _LEAST else f'< {_LEAST:g}'})"
        )


def four_fifths(selected: Sequence[float], rows: Sequence[float]) -> list[Impact]:
    """Return each group's impact beside the group with the highest rate. selected, rows: of each group, rows > 0."""
    rates = [s / n for s, n in zip(selected, rows, strict=True)]
    best = max(range(len(rates)), key=lambda i: rates[i])
    out = []
    for i, rate in enumerate(rates):
        p, test = two_proportions(selected[i], rows[i], selected[best], rows[best])
        out.append(Impact(1.0 if i == best else ratio(rate, rates[best]), math.nan if i == best else p, test))
    return out


def two_proportions(x: float, n: float, y: float, m: float) -> tuple[float, str]:
    """Return the two-sided p-value of x of n against y of m, and the test it is from.

    The pooled z-test; Fisher's exact test where fewer than five are expected in a cell and all are whole numbers. A p-value
    that underflows is TINY, and not 0: chance is never ruled out.
    """
    if not n or not m:
        return math.nan, "z"
    pooled = (x + y) / (n + m)
    expected = min(n * pooled, n * (1 - pooled), m * pooled, m * (1 - pooled))
    whole = all(float(v).is_integer() for v in (x, n, y, m))
    if expected < _FEW and whole and n + m <= _MOST_EXACT:
        from scipy.stats import fisher_exact

        exact = float(fisher_exact([[int(x), int(n - x)], [int(y), int(m - y)]]).pvalue)
        return max(exact, TINY), "Fisher"
    spread = math.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m))
    if not spread:
        return 1.0, "z"
    return max(math.erfc(abs(x / n - y / m) / spread / math.sqrt(2)), TINY), "z"
