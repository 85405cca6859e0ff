"""From which score on to say yes, where a false alarm and a miss have their costs.

Of scores that are calibrated the cheapest threshold is cost(false positive) / (cost(false positive) + cost(false
negative)) (Elkan 2001, "The Foundations of Cost-Sensitive Learning", IJCAI); of any others it is looked for.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np


class Cheapest(NamedTuple):
    """threshold: yes is a score above it. cost: a row's mean cost there. curve: (threshold, cost), thinned."""

    threshold: float
    cost: float
    curve: tuple[tuple[float, float], ...]


def cost(truth: Any, said: Any, false_positive: float, false_negative: float) -> float:
    """Return the mean cost of a row. truth, said: booleans; right answers cost nothing."""
    t, p = np.asarray(truth, dtype=bool), np.asarray(said, dtype=bool)
    return float((false_positive * (p & ~t).sum() + false_negative * (t & ~p).sum()) / len(t))


def cheapest(
    truth: Any, score: Any, false_positive: float, false_negative: float, points: int = 80
) -> Cheapest:
    """Return the threshold of least cost: half way between the two scores that it parts, of equal ones the lowest.

    Below every score all are yes, above every score none is; the two ends are one unit of the scores' spread outside.
    """
    t, s = np.asarray(truth, dtype=bool), np.asarray(score, dtype=np.float64)
    values, at = np.unique(s, return_inverse=True)
    yes = np.bincount(at, weights=t, minlength=len(values))
    no = np.bincount(at, minlength=len(values)) - yes
    # After k values are below the threshold: their yeses are missed, the noes above them are false alarms
    missed = np.concatenate([[0.0], np.cumsum(yes)])
    alarms = no.sum() - np.concatenate([[0.0], np.cumsum(no)])
    costs = (false_positive * alarms + false_negative * missed) / len(t)
    step = max(float(values[-1] - values[0]), 1e-9) * 0.01
    edges = np.concatenate([[values[0] - step], (values[:-1] + values[1:]) / 2, [values[-1] + step]])
    # Half way between neighbours may round to the upper one, which would then be on the wrong side
    edges[1:-1] = np.where(edges[1:-1] >= values[1:], values[:-1], edges[1:-1])
    best = int(costs.argmin())
    shown = np.unique(np.append(np.linspace(0, len(edges) - 1, min(points, len(edges))).astype(int), best))
    return Cheapest(
        float(edges[best]), float(costs[best]), tuple((float(edges[i]), float(costs[i])) for i in shown)
    )


def held_out(truth: Any, score: Any, folds: Any, false_positive: float, false_negative: float) -> float:
    """Return the mean cost of a row where each fold's threshold is chosen on the others: what it costs on new rows.

    folds: each row's fold, two or more. The cost at a threshold chosen on the same rows is too good.
    """
    t, s = np.asarray(truth, dtype=bool), np.asarray(score, dtype=np.float64)
    said = np.zeros(len(t), dtype=bool)
    for fold in np.unique(folds):
        here = folds == fold
        said[here] = s[here] > cheapest(t[~here], s[~here], false_positive, false_negative).threshold
    return cost(t, said, false_positive, false_negative)
