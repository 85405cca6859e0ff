"""When a difference between groups is worth a finding, and how grave it is.

A metric beyond its threshold is medium; high where it is extreme and certain: the whole interval lies beyond the
extreme one. Thresholds: 0.1 for differences of rates, 0.8 to 1.25 for ratios (the four-fifths rule); extreme 0.5, and
0.5 to 2. Groups under 30 rows are shown and not judged.
"""

from __future__ import annotations

import math

SMALL = 30  # rows of a group, by default
RATIOS = ("DI",)
REVERSED = ("DRR", "SD")  # d - a
JUDGED = ("DPL", "CDDL", "DPPL", "DI", "AD", "RD", "DAR", "DRR", "SD", "CDDPL")
WORDS = {
    "CI": "class imbalance",
    "DPL": "difference in proportions of labels",
    "KL": "Kullback-Leibler divergence",
    "JS": "Jensen-Shannon divergence",
    "LP": "L2 norm",
    "TVD": "total variation distance",
    "KS": "Kolmogorov-Smirnov distance",
    "CDDL": "conditional demographic disparity of labels",
    "DPPL": "difference in positive proportions of predicted labels",
    "DI": "disparate impact",
    "DCA": "difference in conditional acceptance",
    "DCR": "difference in conditional rejection",
    "AD": "accuracy difference",
    "RD": "recall difference",
    "DAR": "difference in acceptance rates",
    "DRR": "difference in rejection rates",
    "SD": "specificity difference",
    "TE": "treatment equality",
    "CDDPL": "conditional demographic disparity of predicted labels",
    "FT": "counterfactual flip test",
    "GE": "generalised entropy",
    "demographic_parity_difference": "demographic parity difference",
    "demographic_parity_ratio": "demographic parity ratio",
    "equalized_odds_difference": "equalised odds difference",
    "equalized_odds_ratio": "equalised odds ratio",
    "equal_opportunity_difference": "equal opportunity difference",
    "equal_opportunity_ratio": "equal opportunity ratio",
    "predictive_parity_difference": "predictive parity difference",
    "predictive_parity_ratio": "predictive parity ratio",
    "average_odds_difference": "average odds difference",
    "impact_ratio": "rate of good outcomes over the highest group's",
    "impact_p_value": "p-value of the four-fifths rule's test",
    "calibration_error": "calibration error",
    "calibration_error_difference": "difference in calibration error",
    "counterfactual_change": "share of answers that another value of the facet changes",
    "consistency": "consistency",
    "mean_difference": "difference of means",
    "standardized_mean_difference": "standardised mean difference",
    "ks_statistic": "Kolmogorov-Smirnov statistic",
    "mae_difference": "difference in mean absolute error",
}


def distance(name: str, value: float) -> float:
    """Return how far a metric is from neutral: |value|, or of a ratio 1 - the smaller of it and its inverse."""
    if name in RATIOS:
        if value <= 0:
            return 1.0
        return 1 - min(value, 1 / value) if math.isfinite(value) else 1.0
    return abs(value)


def harms(name: str, value: float) -> bool:
    """Whether a metric says that the disadvantaged group is worse off, and not better."""
    if name in RATIOS:
        return value < 1
    return value < 0 if name in REVERSED else value > 0


def judge(
    name: str, value: float, interval: tuple[float, float] | None, threshold: float, *, either: bool = True
) -> str:
    """Return '' (not worth a finding), 'medium' or 'high'.

    either: a group that is better off is worth one too; where each group takes its turn, the others' harm says it.
    """
    if name not in JUDGED or not math.isfinite(value) or not (either or harms(name, value)):
        return ""
    bound = 1 - 0.8 if name in RATIOS else threshold
    if distance(name, value) <= bound:
        return ""
    if interval is None:
        return "medium"
    low, high = interval
    neutral = 1.0 if name in RATIOS else 0.0
    if low <= neutral <= high:
        return ""  # it may as well be chance
    nearest = min(distance(name, low), distance(name, high))
    return "high" if nearest > 0.5 else "medium"
