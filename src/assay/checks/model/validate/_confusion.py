"""The confusion matrix, drawn."""

from __future__ import annotations

from collections import Counter

from assay.kernel.report import Chart


def confusion(truth: list[str], said: list[str]) -> Chart:
    """Return how often each class was predicted as each, the 200 first in order of their names."""
    found = Counter(zip(said, truth, strict=True))
    rows = tuple({"predicted": p, "actual": t, "value": n} for (p, t), n in sorted(found.items())[:200])
    right = sum(n for (p, t), n in found.items() if p == t)
    alt = f"{right:,} of {len(truth):,} predictions are right."
    return Chart("Confusion matrix", "heatmap", rows, "predicted", "actual", "value", alt=alt)
