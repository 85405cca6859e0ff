"""What a learning curve and a complexity curve say: under-fitting, over-fitting, whether more data would help.

Scores are oriented: higher is better. The rules are the ones that model.validate's page states; the simplest value within
one standard error of the best is after Breiman et al. (1984), Classification and Regression Trees, section 3.4.3.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from assay.methods import comparing

STEPS = 5  # sizes of a learning curve, each twice the one before
GAP = 0.1  # of a score, or of an error's size: over-fitting
GAIN = 0.1  # of the way from the guess to perfection: under-fitting
RISE = 0.005  # of a score, or of an error's size: what is worth twice the data


class Point(NamedTuple):
    """Scores at one place of a curve, one a fold. at: the rows, or the hyperparameter's value. trained: on training rows."""

    at: Any
    held: tuple[float, ...]
    trained: tuple[float, ...]

    @property
    def mean(self) -> float:
        """Return the mean score on rows held out."""
        return float(np.mean(self.held))

    @property
    def own(self) -> float:
        """Return the mean score on the rows trained on."""
        return float(np.nanmean(self.trained)) if np.isfinite(self.trained).any() else float("nan")

    def error(self, tested: float, trained: float) -> float:
        """Return the standard error of the mean, corrected for what folds share; 0 of one fold."""
        return comparing.corrected_error(self.held, tested, trained) if len(self.held) > 1 else 0.0


def sizes(rows: int, steps: int = STEPS) -> list[int]:
    """Return training sizes, the last all rows, each about twice the one before; at least 10 rows."""
    found = [int(np.ceil(rows / 2**k)) for k in range(steps - 1, -1, -1)]
    return [n for n in found if n >= 10] or [rows]


def fitting(own: float, held: float, guess: float, *, error: bool) -> str:
    """Return ``over-fitting``, ``under-fitting`` or nothing. error: they are errors, of which less is better.

    Over: on training rows it is better by more than 0.1 (errors: by more than a tenth of the error there). Under: on training
    rows it goes less than a tenth of the way from the constant guess to perfection.
    """
    gap = (held - own) / (abs(own) or 1.0) if error else own - held
    room = guess if error else 1 - guess
    gain = (guess - own) if error else (own - guess)
    if np.isfinite(gap) and gap > GAP:
        return "over-fitting"
    return "under-fitting" if np.isfinite(gain) and room > 0 and gain / room < GAIN else ""


def more_data(before: Point, last: Point, tested: float, *, error: bool) -> tuple[str, float, float]:
    """Return whether more data would help (``yes``, ``no``, ``unclear``), what the last doubling gained, and its p-value.

    yes: the gain is real by the corrected resampled t-test (p < 0.05) and worth telling (0.005, errors: 0.5 %). no: the
    upper end of its 95 % interval is not worth telling. Of one fold alone it is unclear.
    """
    sign = -1 if error else 1
    gains = [sign * (b - a) for a, b in zip(before.held, last.held, strict=True)]
    gain = float(np.mean(gains))
    worth = RISE * (abs(last.mean) if error else 1.0)
    bounds = comparing.corrected_interval(gains, tested, last.at)
    if bounds is None:
        return "unclear", gain, float("nan")
    p = comparing.corrected_t(gains, tested, last.at)[1]
    if p < 0.05 and gain >= worth:
        return "yes", gain, p
    return ("no" if bounds[1] < worth else "unclear"), gain, p


class Places(NamedTuple):
    """The places of a complexity curve: the best, the simplest within one standard error of it, and the two sides of it."""

    best: int
    simplest: int
    under: tuple[int, ...]
    over: tuple[int, ...]


def complexity(points: Sequence[Point], tested: float, trained: float, *, error: bool) -> Places:
    """Read a complexity curve. More complex is what scores better on the rows it was trained on.

    A value is told as under-fitting or over-fitting where on rows held out it is worse than the best by more than one
    standard error: under, where it is simpler than the best, over, where it is more complex. Over-fitting is also told of a
    more complex value that is not better and whose gap between the two scores exceeds that of the best by more than 0.1
    (errors: a tenth), so that few folds do not hide it.
    """
    sign = -1 if error else 1
    held = np.array([sign * p.mean for p in points])
    own = np.array([sign * p.own for p in points])
    best = int(held.argmax())
    worse = held < held[best] - points[best].error(tested, trained)
    near = np.flatnonzero(~worse)
    simplest = int(near[np.argmin(own[near])])
    under = tuple(int(i) for i in np.flatnonzero(worse & (own < own[best])))
    gap = (own - held) / (np.maximum(np.abs(held), 1e-12) if error else 1)
    learnt_by_heart = (own > own[best]) & (held <= held[best]) & (gap > gap[best] + GAP)
    learnt_by_heart[best] = False
    over = tuple(int(i) for i in np.flatnonzero((worse & (own >= own[best])) | learnt_by_heart))
    return Places(best, simplest, under, over)
