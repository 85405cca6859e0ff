"""Thresholds a group that hold a parity at the least loss (Hardt, Price, Srebro 2016, "Equality of opportunity in supervised
learning"): by lot between two thresholds, where it is held exactly, or one threshold a group, within a tolerance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from assay.methods.mitigation.rules import EVERYBODY, NOBODY, Cut, Thresholds

Parity = Literal["demographic_parity", "equalized_odds", "equal_opportunity", "false_positive_rate_parity"]
Objective = Literal["accuracy", "balanced_accuracy"]
GRID = 1000  # steps of a rate, as fairlearn takes by default
MOST = 400  # thresholds of a group that are looked at where one is chosen
_SQUARE = 120  # windows each way

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Curve:
    """What each threshold of a group makes of it. selected, tpr, fpr: rates; gain: of the objective, in its share of all rows.

    The thresholds fall from one that nobody passes to one that everybody does.
    """

    thresholds: Floats
    selected: Floats
    tpr: Floats
    fpr: Floats
    gain: Floats

    def rate(self, parity: Parity) -> Floats:
        """Return the rate that is to be alike."""
        return {
            "demographic_parity": self.selected, "equal_opportunity": self.tpr, "false_positive_rate_parity": self.fpr,
            "equalized_odds": self.fpr,
        }[parity]  # fmt: skip


def curve(score: Floats, truth: Any, weigh: tuple[float, float]) -> Curve:
    """Return a group's curve. weigh: what a true positive and a true negative are worth of the objective.

    Thresholds lie half-way between neighbouring scores, so that equal scores fall alike.
    """
    order = np.argsort(-score, kind="stable")
    held, yes = score[order], np.asarray(truth, dtype=np.float64)[order]
    last = np.append(np.flatnonzero(np.diff(held)), len(held) - 1)
    tp, fp = np.cumsum(yes)[last], np.cumsum(1 - yes)[last]
    tp, fp = np.append(0.0, tp), np.append(0.0, fp)
    middle = (held[last[:-1]] + held[last[:-1] + 1]) / 2
    thresholds = np.concatenate([[NOBODY], middle, [EVERYBODY]])
    positives, negatives = tp[-1], fp[-1]
    gain = tp * weigh[0] + (negatives - fp) * weigh[1]
    return Curve(thresholds, (tp + fp) / len(held), tp / max(positives, 1), fp / max(negatives, 1), gain)


def worth(truth: Any, objective: Objective) -> tuple[float, float]:
    """Return what a true positive and a true negative are worth: of all rows, or of their own class's half."""
    yes, n = float(np.sum(truth)), len(truth)
    if objective == "accuracy":
        return 1 / n, 1 / n
    return 0.5 / max(yes, 1), 0.5 / max(n - yes, 1)


def hull(x: Floats, y: Floats) -> NDArray[np.int64]:
    """Return the places of the points on the upper hull, from the least x to the greatest."""
    kept: list[int] = []
    for at in np.lexsort((y, x)).tolist():
        while kept and x[kept[-1]] == x[at]:
            kept.pop()
        while len(kept) > 1:
            a, b = kept[-2], kept[-1]
            if (x[b] - x[a]) * (y[at] - y[a]) - (y[b] - y[a]) * (x[at] - x[a]) < 0:
                break
            kept.pop()
        kept.append(at)
    return np.array(kept, dtype=np.int64)


def by_lot(curves: Sequence[Curve], parity: Parity, shares: Sequence[float] | None = None) -> list[Cut]:
    """Return each group's cut that holds the parity exactly at the greatest gain.

    A point between two thresholds is reached by deciding by lot between them. For equalised odds the point that all groups'
    ROC curves reach is found, and groups above it answer by lot, whatever the score, as often as brings them down to it.
    """
    grid = np.linspace(0, 1, GRID + 1)
    if parity == "equalized_odds":
        return _odds(curves, grid)
    hulls = [hull(c.rate(parity), c.gain) for c in curves]
    total = sum(np.interp(grid, c.rate(parity)[h], c.gain[h]) for c, h in zip(curves, hulls, strict=True))
    best = float(grid[int(np.argmax(total))])
    return [_between(c, h, c.rate(parity), best) for c, h in zip(curves, hulls, strict=True)]


def _between(
    curve: Curve, kept: Any, rate: Floats, at: float, ignore: float = 0.0, constant: float = 0.0
) -> Cut:
    x = rate[kept]
    right = min(int(np.searchsorted(x, at, side="left")), len(x) - 1)
    left = max(right - 1, 0)
    low, high = float(curve.thresholds[kept[right]]), float(curve.thresholds[kept[left]])
    span = float(x[right] - x[left])
    p = float(np.clip((at - x[left]) / span, 0, 1)) if span > 0 else 1.0
    return Cut(low, high, p, ignore, constant)


def _odds(curves: Sequence[Curve], grid: Floats) -> list[Cut]:
    hulls = [hull(c.fpr, c.tpr) for c in curves]
    lines = [np.interp(grid, c.fpr[h], c.tpr[h]) for c, h in zip(curves, hulls, strict=True)]
    lowest = np.min(lines, axis=0)
    # what a true positive rate and a false positive rate of all are worth: the slopes of the whole's gain
    up = sum(float(c.gain[-1]) for c in curves)
    down = sum(float(c.gain[0]) for c in curves)
    best = int(np.argmax(up * lowest + down * (1 - grid)))
    x, y = float(grid[best]), float(lowest[best])
    out = []
    for c, h, line in zip(curves, hulls, lines, strict=True):
        above = float(line[best]) - y
        ignore = above / (float(line[best]) - x) if above > 1e-12 and line[best] > x else 0.0
        out.append(_between(c, h, c.fpr, x, float(np.clip(ignore, 0, 1)), x))
    return out


@dataclass(frozen=True, slots=True)
class Chosen:
    """One threshold a group, and how far apart the rates then are on the rows that they were chosen on."""

    cuts: list[Cut]
    apart: float


def one_each(curves: Sequence[Curve], parity: Parity, tolerance: float) -> Chosen:
    """Return the thresholds with the greatest gain under which the rates are at most ``tolerance`` apart; where there are
    none, those of the least tolerance, by steps of half as much again, for which there are."""
    thinned = [_thinned(c, parity) for c in curves]
    wide = max(tolerance, 1e-3)
    while True:
        found = (_window2 if parity == "equalized_odds" else _window1)(thinned, parity, wide)
        if found is not None or wide >= 1:
            break
        wide = min(1.0, wide * 1.5)
    places = found or [0] * len(curves)
    cuts = [Cut(float(c.thresholds[p]), float(c.thresholds[p])) for c, p in zip(thinned, places, strict=True)]
    rates = [[float(c.rate(parity)[p]) for c, p in zip(thinned, places, strict=True)]]
    if parity == "equalized_odds":
        rates.append([float(c.tpr[p]) for c, p in zip(thinned, places, strict=True)])
    return Chosen(cuts, max(max(r) - min(r) for r in rates))


def _thinned(curve: Curve, parity: Parity) -> Curve:
    """Keep thresholds at even steps of the rate that is to be alike, and the best of all."""
    if len(curve.thresholds) <= MOST:
        return curve
    rate = curve.rate(parity)
    kept = np.searchsorted(rate, np.linspace(0, 1, MOST - 1), side="left").clip(0, len(rate) - 1)
    kept = np.unique(np.append(kept, [0, len(rate) - 1, int(np.argmax(curve.gain))]))
    return Curve(*(getattr(curve, n)[kept] for n in ("thresholds", "selected", "tpr", "fpr", "gain")))


def _window1(curves: Sequence[Curve], parity: Parity, wide: float) -> list[int] | None:
    starts = np.unique(np.concatenate([c.rate(parity) for c in curves]))
    total, picked = np.zeros(len(starts)), []
    for c in curves:
        rate = c.rate(parity)
        inside = (rate[None, :] >= starts[:, None] - 1e-12) & (
            rate[None, :] <= starts[:, None] + wide + 1e-12
        )
        gains = np.where(inside, c.gain[None, :], -np.inf)
        at = gains.argmax(axis=1)
        picked.append(at)
        total = total + gains[np.arange(len(starts)), at]
    best = int(np.argmax(total))
    return [int(p[best]) for p in picked] if np.isfinite(total[best]) else None


def _window2(curves: Sequence[Curve], parity: Parity, wide: float) -> list[int] | None:
    best: tuple[float, list[int]] | None = None
    step = 1 / _SQUARE
    for low in np.arange(0, 1 + step, step):
        inside = [np.flatnonzero((c.fpr >= low - 1e-12) & (c.fpr <= low + wide + 1e-12)) for c in curves]
        if not all(len(i) for i in inside):
            continue
        for base in np.unique(np.concatenate([c.tpr[i] for c, i in zip(curves, inside, strict=True)])):
            total, places = 0.0, []
            for c, i in zip(curves, inside, strict=True):
                own = i[(c.tpr[i] >= base - 1e-12) & (c.tpr[i] <= base + wide + 1e-12)]
                if not len(own):
                    break
                at = int(own[np.argmax(c.gain[own])])
                places.append(at)
                total += float(c.gain[at])
            if len(places) == len(curves) and (best is None or total > best[0]):
                best = total, places
    return None if best is None else best[1]


def rule(cuts: Sequence[Cut | None], otherwise: Cut) -> Thresholds:
    """Return the rule of groups' cuts; a group without one, and whoever is of none, has ``otherwise``."""
    return Thresholds((*(c or otherwise for c in cuts), otherwise))
