"""How good a classifier is on rows whose labels are not there yet: confidence-based performance estimation.

A calibrated score says how likely each answer is right, so the confusion matrix to expect is known before any label is
(NannyML's CBPE). Of a row with calibrated probability p and answer y the cells are p y (true positive), (1 − p) y, p (1 − y)
and (1 − p)(1 − y); with labels in place of p the same sums are the matrix that came true. So one function serves both, and
each measure comes with its influence function, whose spread over √n is its sampling error (delta method; of the area
DeLong's).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from assay.methods.drift.counted import Floats, Ints

MEASURES = ("accuracy", "precision", "recall", "f1", "specificity", "roc_auc")
_BINS = 10


@dataclass(frozen=True)
class Measured:
    """A measure and each row's influence on it: its sampling error over n rows is that of ``influence`` over √n."""

    value: float
    influence: Floats

    @property
    def error(self) -> float:
        """Return the standard error over these rows."""
        n = len(self.influence)
        return float(np.std(self.influence)) / math.sqrt(n) if n else math.nan

    def of(self, rows: int) -> float:
        """Return the standard error over ``rows`` rows like these."""
        return float(np.std(self.influence)) / math.sqrt(rows) if rows else math.nan


def binary(p: Floats, said: Any, score: Floats | None) -> dict[str, Measured]:
    """Return measures of answers. p: chance of yes (calibrated, or the truth as 0 and 1); said: bool; score: of yes.

    A measure that divides by nothing, such as the precision where nobody is said yes, is NaN.
    """
    y = np.asarray(said, np.float64)
    cells = np.column_stack([p * y, (1 - p) * y, p * (1 - y), (1 - p) * (1 - y)])
    right = cells[:, 0] + cells[:, 3]
    accuracy = float(right.mean()) if len(p) else math.nan
    out = {
        "accuracy": Measured(accuracy, right - accuracy),
        "precision": _ratio(cells[:, 0], cells[:, 0] + cells[:, 1]),
        "recall": _ratio(cells[:, 0], cells[:, 0] + cells[:, 2]),
        "f1": _ratio(2 * cells[:, 0], 2 * cells[:, 0] + cells[:, 1] + cells[:, 2]),
        "specificity": _ratio(cells[:, 3], cells[:, 3] + cells[:, 1]),
    }
    if score is not None:
        out["roc_auc"] = area(p, score)
    return out


def _ratio(above: Floats, below: Floats) -> Measured:
    """Return Σ above / Σ below; the influence is (above − value · below) / mean(below)."""
    whole = float(below.mean()) if len(below) else 0.0
    if not whole > 0:
        return Measured(math.nan, np.full(len(above), math.nan))
    value = float(above.mean()) / whole
    return Measured(value, (above - value * below) / whole)


def area(p: Floats, score: Floats) -> Measured:
    """Return the area under the ROC curve to expect: the chance that a yes scores above a no, ties half.

    Σ_i Σ_j p_i (1 − p_j) [s_i > s_j] / (Σ p Σ (1 − p)), a row and itself counted as a tie.
    """
    yes, no = float(p.sum()), float((1 - p).sum())
    if not yes > 0 or not no > 0:
        return Measured(math.nan, np.full(len(p), math.nan))
    _, at = np.unique(score, return_inverse=True)
    ups, downs = np.bincount(at, weights=p), np.bincount(at, weights=1 - p)
    below = (np.cumsum(downs) - downs / 2) / no  # of each score: the share of no that it beats
    above = (yes - np.cumsum(ups) + ups / 2) / yes  # and of yes that beats it
    value = float(np.dot(ups, below)) / yes
    n = len(p)
    influence = p * (below[at] - value) * n / yes + (1 - p) * (above[at] - value) * n / no
    return Measured(value, influence)


def multiclass(p: Floats, said: Ints, scores: Floats | None) -> dict[str, Measured]:
    """Return measures of answers among k classes. p: n × k chances that add up to 1; said: n codes; scores: n × k.

    All but accuracy are means over the classes, each against the others; a class of which one is NaN is left out of it.
    """
    n, k = p.shape
    right = p[np.arange(n), said] if n else np.empty(0)
    each = [binary(p[:, c], said == c, None if scores is None else scores[:, c]) for c in range(k)]
    out = {"accuracy": Measured(float(right.mean()) if n else math.nan, right - (right.mean() if n else 0))}
    for name in MEASURES[1:]:
        held = [one[name] for one in each if name in one and not math.isnan(one[name].value)]
        if held:
            out[name] = Measured(
                float(np.mean([m.value for m in held])), np.mean([m.influence for m in held], axis=0)
            )
    return out


@dataclass(frozen=True)
class Calibrator:
    """Scores made chances by isotonic regression: steps that only rise (Zadrozny and Elkan 2002). No steps: as they are."""

    at: Floats
    chance: Floats

    def __call__(self, scores: Floats) -> Floats:
        """Return the chances of scores: between two steps on the line, beyond the ends as at the ends."""
        if not len(self.at):
            return np.clip(scores, 0.0, 1.0)
        out: Floats = np.interp(scores, self.at, self.chance)
        return out


AS_IT_IS = Calibrator(np.empty(0), np.empty(0))


def calibrated(scores: Floats, truth: Floats) -> Calibrator:
    """Return the isotonic regression of truth (0 or 1) on scores."""
    from sklearn.isotonic import IsotonicRegression

    made = IsotonicRegression(out_of_bounds="clip", y_min=0.0, y_max=1.0).fit(scores, truth)
    return Calibrator(np.asarray(made.X_thresholds_, np.float64), np.asarray(made.y_thresholds_, np.float64))


def calibration_error(chance: Floats, truth: Floats, bins: int = _BINS) -> float:
    """Return the expected calibration error: |mean chance − share of yes| over bins of equal count, weighted."""
    order = np.argsort(chance, kind="stable")
    parts = [part for part in np.array_split(order, bins) if len(part)]
    return float(sum(abs(chance[i].mean() - truth[i].mean()) * len(i) for i in parts) / max(1, len(chance)))


def fitted(scores: Floats, truth: Floats, rng: np.random.Generator) -> tuple[Calibrator, Floats]:
    """Return a calibrator and the reference's own chances, each row's by a calibrator that has not seen it.

    Scores that are chances already, and no worse than calibrated ones on rows held out, are left as they are.
    """
    half = np.zeros(len(scores), bool)
    half[rng.permutation(len(scores))[: len(scores) // 2]] = True
    out = np.empty(len(scores))
    for side in (half, ~half):
        out[~side] = calibrated(scores[side], truth[side])(scores[~side])
    chances = scores.min(initial=0.0) >= 0 and scores.max(initial=0.0) <= 1
    if chances and calibration_error(scores, truth) <= calibration_error(out, truth):
        return AS_IT_IS, scores
    return calibrated(scores, truth), out


def fitted_many(
    scores: Floats, truth: Ints, rng: np.random.Generator
) -> tuple[tuple[Calibrator, ...], Floats]:
    """Return a calibrator for each of k classes, and the reference's own chances, n × k, which add up to 1."""
    pairs = [fitted(scores[:, c], (truth == c).astype(np.float64), rng) for c in range(scores.shape[1])]
    return tuple(c for c, _ in pairs), shares(np.column_stack([own for _, own in pairs]))


def shares(chances: Floats) -> Floats:
    """Return rows that add up to 1; a row of zeros becomes even."""
    total = chances.sum(axis=1, keepdims=True)
    even = np.full_like(chances, 1 / chances.shape[1])
    out: Floats = np.divide(chances, total, out=even, where=total > 0)
    return out


@dataclass(frozen=True)
class Band:
    """What a measure may be: from ``low`` to ``high``, by chunks of the reference."""

    low: float
    high: float
    chunks: int


def band(
    values: Sequence[float], error: float, whole: float, deviations: float = 3.0, most: float = 1.0
) -> Band:
    """Return mean ± deviations · standard deviation of a measure's values over chunks, within 0 and ``most``.

    Of fewer than six chunks the deviation is not told: ``whole`` ± deviations · ``error``, the sampling error, then.
    """
    known = [v for v in values if not math.isnan(v)]
    middle, spread = (float(np.mean(known)), float(np.std(known))) if len(known) >= 6 else (whole, error)
    return Band(max(0.0, middle - deviations * spread), min(most, middle + deviations * spread), len(known))


def apart(
    window: Mapping[str, Measured], reference: Mapping[str, Measured]
) -> dict[str, tuple[float, float]]:
    """Return by measure how far the window's lies from the reference's, and the standard error of that.

    Rows of both sides are taken to spread as those of the side where they spread more: a few rows of which nearly all are
    right would else seem to be known to be so.
    """
    out = {}
    for name in window:
        if name in reference:
            a, b = window[name], reference[name]
            spread = max(float(np.std(a.influence)), float(np.std(b.influence)))
            rows = 1 / max(1, len(a.influence)) + 1 / max(1, len(b.influence))
            out[name] = a.value - b.value, spread * math.sqrt(rows)
    return out
