"""Feature attribution drift as SageMaker Clarify's monitor tells it: the order of what answers rest on, by NDCG.

F are the features in the order of the baseline's attributions a, F' in the order of the window's:
DCG = Σ a(F'_i)/log2(i + 1), iDCG = Σ a(F_i)/log2(i + 1), i from 1; NDCG = DCG/iDCG. The weights are the baseline's, and the
window gives the order alone. Of features that are equal in the window the mean of their weights stands at each of their
places, as scikit-learn has it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

LEAST = 0.90  # below which it is drift
CHECK = "feature_attribution_drift_check"


def ndcg(baseline: Mapping[str, float], window: Mapping[str, float]) -> float:
    """Return the normalised discounted cumulative gain, 0 to 1; NaN where the baseline attributes nothing.

    Attributions are sizes, and none is negative. A feature that one side does not know counts as 0 there.
    """
    names = sorted(baseline.keys() | window.keys())
    old = np.array([abs(baseline.get(n, 0.0)) for n in names])
    new = np.array([abs(window.get(n, 0.0)) for n in names])
    discount = 1 / np.log2(np.arange(len(names)) + 2)
    ideal = float(np.sort(old)[::-1] @ discount)
    if not ideal:
        return math.nan
    order = np.argsort(-new, kind="stable")
    values, gains = new[order], old[order].copy()
    starts = np.flatnonzero(np.r_[True, values[1:] != values[:-1]])
    for start, end in zip(starts, np.r_[starts[1:], len(values)], strict=True):
        gains[start:end] = gains[start:end].mean()
    return float(gains @ discount) / ideal


def written(value: float, label: str) -> dict[str, str]:
    """Return the violation as it is written; it says "exceeds", although it is below."""
    return {
        "label": label,
        "metric_name": "shap",
        "constraint_check_type": CHECK,
        "description": f"Feature attribution drift {value} exceeds threshold {LEAST}",
    }


def constraints(raw: Any) -> dict[str, dict[str, float]]:
    """Return label → feature → attribution of an analysis.json; ValueError where it holds none."""
    try:
        held = raw["explanations"]["kernel_shap"]
        return {
            str(label): {str(n): float(v) for n, v in one["global_shap_values"].items()}
            for label, one in held.items()
        }
    except (TypeError, KeyError, AttributeError, ValueError) as error:
        raise ValueError("there are no feature attributions in it") from error


def analysis(values: Mapping[str, float], label: str, expected: float) -> dict[str, Any]:
    """Return an analysis.json of global attributions."""
    one = {"global_shap_values": dict(values), "expected_value": expected}
    return {"version": "1.0", "explanations": {"kernel_shap": {label: one}}}
