"""Bootstrap intervals of metrics that are functions of counts: resampled as multinomials, all at once."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from assay.methods.bias import Counts


def intervals(
    a: Counts,
    d: Counts,
    measure: Callable[[Counts, Counts], dict[str, float]],
    rng: np.random.Generator,
    times: int = 400,
) -> dict[str, tuple[float, float]]:
    """Return 95 % percentile intervals of each metric of two groups, by resampling each group's rows.

    Resampling rows and counting them is drawing the counts from a multinomial, so no row is touched. A metric that
    is not finite in more than a tenth of the draws has no interval.
    """
    draws = [_draw(g, rng, times) for g in (a, d)]
    found: dict[str, list[float]] = {}
    for left, right in zip(*draws, strict=True):
        for name, value in measure(Counts(*left), Counts(*right)).items():
            found.setdefault(name, []).append(value)
    return {name: (low, high) for name, (low, high) in percentiles(found).items() if high > low}


def percentiles(found: Mapping[str, Sequence[float]]) -> dict[str, tuple[float, float]]:
    """Return the 2.5th and 97.5th percentile of each name's draws, where nine tenths of them are finite."""
    out = {}
    for name, values in found.items():
        finite = [v for v in values if math.isfinite(v)]
        if len(finite) >= 0.9 * len(values):
            low, high = np.percentile(finite, [2.5, 97.5])
            out[name] = (float(low), float(high))
    return out


def _draw(group: Counts, rng: np.random.Generator, times: int) -> list[list[float]]:
    counts = np.array([group.tp, group.fp, group.fn, group.tn], dtype=float)
    n = int(counts.sum())
    if not n:
        return [[0.0] * 4] * times
    drawn = rng.multinomial(n, counts / n, size=times).astype(float)
    out: list[list[float]] = drawn.tolist()
    return out
