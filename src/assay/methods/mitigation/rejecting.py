"""Reject option (Kamiran, Karim, Zhang 2012, "Decision theory for discrimination-aware classification"): near the threshold,
where a model is least sure, the disadvantaged group is told yes and the others no."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assay.methods.mitigation.rules import Band

THRESHOLDS, MARGINS = 100, 50  # that are looked at, as AIF360 takes by default

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Tried:
    """Every threshold and margin that was looked at, and what each makes of the rows: balanced accuracy, and the gap of the
    favoured groups less the others, of the measure asked for. NaN where it cannot be told."""

    thresholds: Floats
    margins: Floats
    accuracy: Floats
    gap: Floats

    def best(self, bound: float) -> int:
        """Return the place with the greatest balanced accuracy whose gap is within ``bound`` of 0; else of the least gap."""
        told = np.isfinite(self.gap) & np.isfinite(self.accuracy)
        inside = told & (np.abs(self.gap) <= bound)
        if inside.any():
            return int(np.argmax(np.where(inside, self.accuracy, -np.inf)))
        return int(np.argmin(np.where(told, np.abs(self.gap), np.inf)))

    def band(self, bound: float, favoured: Sequence[bool]) -> Band:
        """Return the rule of the best place."""
        at = self.best(bound)
        return Band(tuple(favoured), float(self.thresholds[at]), float(self.margins[at]))


def tried(
    score: Floats, truth: Any, favoured: Any, measure: str, low: float = 0.01, high: float = 0.99,
    counts: tuple[int, int] = (THRESHOLDS, MARGINS),
) -> Tried:  # fmt: skip
    """Look at each threshold between low and high, and for each at margins up to where the band would leave 0 to 1.

    favoured: which rows are of the disadvantaged group. measure: statistical parity (``demographic_parity``), the difference
    of true positive rates (``equal_opportunity``), or the mean of the differences of both error rates (``average_odds``).
    Rates come from sorted scores, so that each pair costs a few look-ups whatever the number of rows.
    """
    sides = [
        (np.sort(score[rows & yes]), np.sort(score[rows & ~yes]))
        for rows in (favoured, ~favoured)
        for yes in (truth,)
    ]
    cells = [part for side in sides for part in side]  # favoured yes, favoured no, others yes, others no
    at: list[Floats] = []
    wide: list[Floats] = []
    for threshold in np.linspace(low, high, counts[0]):
        most = threshold if threshold <= 0.5 else 1 - threshold
        margins = np.linspace(0, most, counts[1])
        at.append(np.full(len(margins), threshold))
        wide.append(margins)
    thresholds, margins = np.concatenate(at), np.concatenate(wide)
    # the favoured are told yes above the lower end of the band, the others above its upper end
    told = [len(c) - np.searchsorted(c, (thresholds - margins), side="right") for c in cells[:2]]
    told += [len(c) - np.searchsorted(c, (thresholds + margins), side="right") for c in cells[2:]]
    size = [float(len(c)) for c in cells]
    with np.errstate(divide="ignore", invalid="ignore"):
        tpr = (
            [told[0] / size[0], told[2] / size[2]]
            if size[0] and size[2]
            else [np.full(len(thresholds), np.nan)] * 2
        )
        fpr = (
            [told[1] / size[1], told[3] / size[3]]
            if size[1] and size[3]
            else [np.full(len(thresholds), np.nan)] * 2
        )
        selected = [(told[0] + told[1]) / (size[0] + size[1]), (told[2] + told[3]) / (size[2] + size[3])]
        whole = (told[0] + told[2]) / (size[0] + size[2]), 1 - (told[1] + told[3]) / (size[1] + size[3])
    gap = {
        "demographic_parity": selected[0] - selected[1],
        "equal_opportunity": tpr[0] - tpr[1],
        "average_odds": ((tpr[0] - tpr[1]) + (fpr[0] - fpr[1])) / 2,
    }[measure]
    return Tried(thresholds, margins, (whole[0] + whole[1]) / 2, gap)
