"""Calibrated equalised odds (Pleiss, Raghavan, Wu, Kleinberg, Weinberger 2017, "On fairness and calibration"): scores stay
calibrated, and groups that are wrong less often give up some of that, by lot, until one error rate is alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from assay.methods.mitigation.rules import Mixed

Cost = Literal["fnr", "fpr", "weighted"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Costs:
    """One group's generalised costs: the mean of 1 - score among the positives, of the score among the negatives; the base
    rate; and what answering the base rate alone would cost."""

    own: float
    trivial: float
    rate: float


def costs(score: Floats, truth: Any, cost: Cost) -> Costs:
    """Return a group's costs. ``weighted`` weighs the two errors by how common their class is in the group."""
    yes = np.asarray(truth, dtype=bool)
    rate = float(yes.mean())
    fnr = float((1 - score[yes]).mean()) if yes.any() else float("nan")
    fpr = float(score[~yes].mean()) if not yes.all() else float("nan")
    if cost == "fnr":
        return Costs(fnr, 1 - rate, rate)
    if cost == "fpr":
        return Costs(fpr, rate, rate)
    positive, negative = rate, 1 - rate
    return Costs(fpr * negative + fnr * positive, rate * negative + (1 - rate) * positive, rate)


def shares(groups: list[Costs | None], strength: float = 1.0) -> list[float]:
    """Return how often each group's scores give way to its base rate: (highest - own) / (trivial - own), so that each costs
    what the costliest does. A group that cannot be judged, and the costliest, keep theirs: 0."""
    known = [g.own for g in groups if g is not None and np.isfinite(g.own)]
    top = max(known, default=0.0)
    out = []
    for g in groups:
        if g is None or not np.isfinite(g.own) or g.own >= top or g.trivial <= g.own:
            out.append(0.0)
        else:
            out.append(float(np.clip(strength * (top - g.own) / (g.trivial - g.own), 0, 1)))
    return out


def rule(groups: list[Costs | None], threshold: float, strength: float = 1.0) -> Mixed:
    """Return the rule of groups' costs; whoever is of no group keeps the score."""
    rates = [0.0 if g is None else g.rate for g in groups]
    return Mixed((*shares(groups, strength), 0.0), (*rates, 0.0), threshold)
