"""Scores of predictions: classification and regression, their bootstrap intervals, and the constant guess.

The balanced F-score is F1, the harmonic mean of precision and recall, of the positive class; ``macro_f1`` is its mean
over the classes. scikit-learn computes what it has.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from assay.methods.resample import percentiles

Scores = dict[str, float]


def binary(truth: Any, said: Any, score: Any = None) -> Scores:
    """Return the scores of yes-or-no predictions. truth, said: booleans; score: of yes, or None.

    Scores outside 0 to 1 are no probabilities: of them the two areas under curves alone are given.
    """
    t, p = np.asarray(truth, dtype=bool), np.asarray(said, dtype=bool)
    tp, fp, fn, tn = (float(x.sum()) for x in (t & p, ~t & p, t & ~p, ~t & ~p))
    n = tp + fp + fn + tn
    recall, precision, specificity = _of(tp, tp + fn), _of(tp, tp + fp), _of(tn, tn + fp)
    out = {
        "accuracy": _of(tp + tn, n),
        "balanced_accuracy": (recall + specificity) / 2,
        "precision": precision,
        "recall": recall,
        "f1": _of(2 * tp, 2 * tp + fp + fn),
        "macro_f1": (_of(2 * tp, 2 * tp + fp + fn) + _of(2 * tn, 2 * tn + fp + fn)) / 2,
        "mcc": _of(tp * tn - fp * fn, math.sqrt((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn))),
    }
    if score is not None:
        out |= _ranked(t, np.asarray(score, dtype=np.float64))
    return out


def _of(x: float, y: float) -> float:
    return x / y if y else math.nan


def _ranked(t: Any, score: Any) -> Scores:
    from sklearn.metrics import average_precision_score, roc_auc_score

    out: Scores = {}
    if chances(score):
        parts = brier_parts(t, score)
        out = {"brier": float(np.mean((score - t) ** 2)), **parts}
        # Of scores that differ within a bin: what is left, so that the four add up (Stephenson, Coelho and Jolliffe 2008)
        binned = parts["brier_reliability"] - parts["brier_resolution"] + parts["brier_uncertainty"]
        out["brier_within_bins"] = out["brier"] - binned
        out["ece"] = calibration_error(t, score)
        clipped = np.clip(score, 1e-15, 1 - 1e-15)
        out["log_loss"] = float(-np.mean(np.where(t, np.log(clipped), np.log1p(-clipped))))
    both = bool(t.any() and not t.all())
    out["roc_auc"] = float(roc_auc_score(t, score)) if both else math.nan
    out["pr_auc"] = float(average_precision_score(t, score)) if both else math.nan
    return out


def chances(score: Any) -> bool:
    """Whether scores can be probabilities: none outside 0 to 1."""
    return bool(len(score)) and bool(score.min() >= 0) and bool(score.max() <= 1)


def calibration(truth: Any, score: Any, bins: int = 10) -> list[tuple[float, float, int]]:
    """Return (mean score, share of yes, rows) of equal-width bins that hold rows."""
    t, s = np.asarray(truth, dtype=bool), np.asarray(score, dtype=np.float64)
    at = np.minimum((s * bins).astype(int), bins - 1)
    return [
        (float(s[at == b].mean()), float(t[at == b].mean()), int((at == b).sum()))
        for b in range(bins)
        if (at == b).any()
    ]


def brier_parts(truth: Any, score: Any, bins: int = 10) -> Scores:
    """Return the reliability (0 is best), the resolution (more is better) and the uncertainty of the Brier score.

    Over equal-width bins (Murphy 1973): reliability - resolution + uncertainty is the Brier score of each bin's mean.
    """
    found = calibration(truth, score, bins)
    share = float(np.mean(truth))
    total = sum(n for _, _, n in found)
    return {
        "brier_reliability": sum(n * (m - s) ** 2 for m, s, n in found) / total,
        "brier_resolution": sum(n * (s - share) ** 2 for _, s, n in found) / total,
        "brier_uncertainty": share * (1 - share),
    }


def entropy(share: float) -> float:
    """Return the log loss of a chance that is the same for every row, the share of yes (between 0 and 1)."""
    return -(share * math.log(share) + (1 - share) * math.log(1 - share))


def calibration_error(truth: Any, score: Any, bins: int = 10, weights: Any = None) -> float:
    """Return the expected calibration error over equal-width bins (Naeini et al. 2015).

    weights: what each row counts for, or None where each counts for one.
    """
    t, s = np.asarray(truth, dtype=np.float64), np.asarray(score, dtype=np.float64)
    w = np.ones(len(s)) if weights is None else np.asarray(weights, dtype=np.float64)
    if not w.sum():
        return math.nan
    at = np.minimum((s * bins).astype(int), bins - 1)
    return float(np.abs(np.bincount(at, w * (s - t), minlength=bins)).sum() / w.sum())


def multiclass(truth: Sequence[str], said: Sequence[str]) -> Scores:
    """Return the scores of predictions among several classes."""
    from sklearn.metrics import f1_score, matthews_corrcoef

    t, p = np.asarray(truth), np.asarray(said)
    labels = sorted(set(truth))
    return {
        "accuracy": float((t == p).mean()),
        "balanced_accuracy": _recall(t, p),
        "macro_f1": float(f1_score(t, p, labels=labels, average="macro", zero_division=0)),
        "weighted_f1": float(f1_score(t, p, labels=labels, average="weighted", zero_division=0)),
        # Of a single class the matrix has one cell and the coefficient no spread: 0 by its convention.
        "mcc": float(matthews_corrcoef(t, p)) if len({*truth, *said}) > 1 else 0.0,
    }


def _recall(t: Any, p: Any) -> float:
    """Return the mean over the true classes of the share of each that was found: balanced accuracy."""
    return float(np.mean([(p[t == c] == c).mean() for c in np.unique(t)]))


def regression(truth: Any, said: Any) -> Scores:
    """Return the scores of predicted numbers."""
    t, p = np.asarray(truth, dtype=np.float64), np.asarray(said, dtype=np.float64)
    error = t - p
    spread = float(((t - t.mean()) ** 2).sum())
    return {
        "rmse": float(np.sqrt((error**2).mean())),
        "mae": float(np.abs(error).mean()),
        "r2": 1 - float((error**2).sum()) / spread if spread else math.nan,
    }


def pinball(truth: Any, said: Any, quantile: float) -> float:
    """Return the mean pinball loss of predicted quantiles (Koenker and Bassett 1978)."""
    gap = np.asarray(truth, dtype=np.float64) - np.asarray(said, dtype=np.float64)
    return float(np.maximum(quantile * gap, (quantile - 1) * gap).mean())


def bootstrap(
    measure: Callable[[Any], Scores],
    draw: Callable[[np.random.Generator], Any],
    rng: np.random.Generator,
    times: int = 200,
) -> dict[str, tuple[float, float]]:
    """Return 95 % percentile intervals of what ``measure`` says of the row numbers that ``draw`` gives."""
    found: dict[str, list[float]] = {}
    for _ in range(times):
        for name, value in measure(draw(rng)).items():
            found.setdefault(name, []).append(value)
    return percentiles(found)


def stratified_folds(truth: Sequence[Any], folds: int, rng: np.random.Generator) -> Any:
    """Return each row's fold, so that every fold has its share of every class."""
    values = np.asarray(truth)
    out = np.zeros(len(values), dtype=int)
    for value in np.unique(values):
        rows = rng.permutation(np.flatnonzero(values == value))
        out[rows] = np.arange(len(rows)) % folds
    return out


def roc(truth: Any, score: Any, most: int = 80) -> list[tuple[float, float]]:
    """Return points (false positive rate, true positive rate), thinned to ``most``."""
    from sklearn.metrics import roc_curve

    fpr, tpr, _ = roc_curve(truth, score)
    keep = np.unique(np.linspace(0, len(fpr) - 1, min(most, len(fpr))).astype(int))
    return [(float(fpr[i]), float(tpr[i])) for i in keep]
