"""How good answers were against the truth, in the documents of SageMaker Model Monitor's model quality.

Every metric is a value with a standard deviation: that of five repeats, each on four fifths of the rows by lot (with four
degrees of freedom), and ``"NaN"`` below 200 rows. Ratios whose denominator is 0 are 0. ``…_best_constant_classifier`` is the
best that a model which always gives the same answer would reach.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Problem = Literal["binary", "multiclass", "regression"]
Metrics = dict[str, float]
Codes = NDArray[np.int64]
LEAST = 200  # rows of which a standard deviation can be told
REPEATS, SHARE = 5, 0.8
POINTS = 200  # of a curve that is written
KEYS: Mapping[Problem, str] = {
    "binary": "binary_classification",
    "multiclass": "multiclass_classification",
    "regression": "regression",
}
GREATER = ("mae", "mse", "rmse", "false_positive_rate", "false_negative_rate")  # of which more is worse
CONSTANT = "_best_constant_classifier"
_BETAS = (("f0_5", 0.5), ("f1", 1.0), ("f2", 2.0))


def _ratio(above: float, below: float) -> float:
    return above / below if below else 0.0


def _f(precision: float, recall: float, beta: float) -> float:
    return _ratio((1 + beta**2) * precision * recall, beta**2 * precision + recall)


def binary(truth: Codes, said: Codes, score: NDArray[np.float64] | None = None) -> Metrics:
    """Return the metrics of answers of yes (1) and no (0). score: of yes, for the area under the curve."""
    tp, fp = int((truth & said).sum()), int(((1 - truth) & said).sum())
    fn, n = int((truth & (1 - said)).sum()), len(truth)
    tn = n - tp - fp - fn
    out = counted(tp, fp, fn, tn)
    if score is not None:
        out["auc"] = area(truth, score)
    yes = int(truth.sum())
    best: Metrics = {}
    for constant in (counted(yes, n - yes, 0, 0), counted(0, 0, yes, n - yes)):
        for name in ("recall", "precision", "accuracy", "f0_5", "f1", "f2"):
            best[name + CONSTANT] = max(best.get(name + CONSTANT, 0.0), constant[name])
    return out | best


def counted(tp: int, fp: int, fn: int, tn: int) -> Metrics:
    """Return the metrics of two classes that are told from counts alone."""
    recall, precision = _ratio(tp, tp + fn), _ratio(tp, tp + fp)
    return {
        "recall": recall,
        "precision": precision,
        "accuracy": _ratio(tp + tn, tp + fp + fn + tn),
        "true_positive_rate": recall,
        "true_negative_rate": _ratio(tn, tn + fp),
        "false_positive_rate": _ratio(fp, tn + fp),
        "false_negative_rate": _ratio(fn, tp + fn),
        **{name: _f(precision, recall, beta) for name, beta in _BETAS},
    }


def area(truth: Codes, score: NDArray[np.float64]) -> float:
    """Return the area under the ROC curve: the share of pairs in order, ties counting half. 0 where one class is missing."""
    order = np.argsort(score, kind="stable")
    values, t = score[order], truth[order]
    starts = np.flatnonzero(np.r_[True, values[1:] != values[:-1]])
    sizes = np.diff(np.r_[starts, len(values)])
    ranks = np.repeat(starts + (sizes + 1) / 2, sizes)
    yes = int(t.sum())
    no = len(t) - yes
    return _ratio(float(ranks[t == 1].sum()) - yes * (yes + 1) / 2, yes * no)


def multiclass(truth: Codes, said: Codes, classes: int) -> Metrics:
    """Return the metrics of answers among classes 0, 1, …, averaged by how often each is true."""
    matrix = confusion(truth, said, classes)
    out = weighted(matrix)
    counts, best = matrix.sum(1), dict.fromkeys((n + CONSTANT for n in out), 0.0)
    for constant in range(classes):
        alone = np.zeros_like(matrix)
        alone[:, constant] = counts
        for name, value in weighted(alone).items():
            best[name + CONSTANT] = max(best[name + CONSTANT], value)
    return out | best


def weighted(matrix: Codes) -> Metrics:
    """Return the metrics of many classes, each averaged by how often a class is true. matrix: true class × answer."""
    hits, true, told, n = np.diag(matrix), matrix.sum(1), matrix.sum(0), int(matrix.sum())
    recall = [_ratio(h, t) for h, t in zip(hits.tolist(), true.tolist(), strict=True)]
    precision = [_ratio(h, t) for h, t in zip(hits.tolist(), told.tolist(), strict=True)]
    weights = (true / n).tolist() if n else [0.0] * len(true)

    def mean(values: Sequence[float]) -> float:
        return float(sum(w * v for w, v in zip(weights, values, strict=True)))

    return {
        "accuracy": _ratio(float(hits.sum()), n),
        "weighted_recall": mean(recall),
        "weighted_precision": mean(precision),
        **{
            f"weighted_{name}": mean([_f(p, r, beta) for p, r in zip(precision, recall, strict=True)])
            for name, beta in _BETAS
        },
    }


def confusion(truth: Codes, said: Codes, classes: int) -> Codes:
    """Return how often each class (rows: the true one) was answered with each."""
    return np.bincount(truth * classes + said, minlength=classes * classes).reshape(classes, classes)


def regression(truth: NDArray[np.float64], said: NDArray[np.float64]) -> Metrics:
    """Return the errors of predicted numbers, and r²: 0 where the truth does not vary."""
    error = said - truth
    mse = float((error**2).mean())
    spread = float(((truth - truth.mean()) ** 2).sum())
    return {
        "mae": float(np.abs(error).mean()),
        "mse": mse,
        "rmse": math.sqrt(mse),
        "r2": 1 - float((error**2).sum()) / spread if spread else 0.0,
    }


def deviations(measure: Callable[[Codes], Metrics], rows: int, rng: np.random.Generator) -> Metrics:
    """Return each metric's standard deviation; NaN below LEAST rows. measure: the metrics of some rows, by their places."""
    if rows < LEAST:
        return dict.fromkeys(measure(np.arange(rows)), math.nan)
    repeats = [measure(rng.choice(rows, int(rows * SHARE), replace=False)) for _ in range(REPEATS)]
    return {n: float(np.std([r[n] for r in repeats], ddof=1)) for n in repeats[0]}


def curves(truth: Codes, score: NDArray[np.float64]) -> dict[str, Any]:
    """Return the ROC and precision-recall curves, of up to POINTS thresholds."""
    order = np.argsort(-score, kind="stable")
    t, values = truth[order], score[order]
    ends = np.flatnonzero(np.r_[values[1:] != values[:-1], True])
    tp = np.cumsum(t)[ends]
    told = ends + 1
    keep = np.unique(np.linspace(0, len(ends) - 1, min(POINTS, len(ends))).astype(int))
    tp, told = tp[keep], told[keep]
    yes = max(1, int(t.sum()))
    no = max(1, len(t) - int(t.sum()))
    return {
        "receiver_operating_characteristic_curve": {
            "false_positive_rates": [0.0, *((told - tp) / no).tolist()],
            "true_positive_rates": [0.0, *(tp / yes).tolist()],
        },
        "precision_recall_curve": {
            "precisions": [1.0, *(tp / told).tolist()],
            "recalls": [0.0, *(tp / yes).tolist()],
        },
    }


def document(
    problem: Problem,
    metrics: Metrics,
    spread: Metrics,
    rows: int,
    more: Mapping[str, Any],
    times: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Return statistics.json. more: the confusion matrix and the curves. times: start, end and evaluation of the window."""
    told = {
        n: {"value": v, "standard_deviation": "NaN" if math.isnan(spread[n]) else spread[n]}
        for n, v in metrics.items()
    }
    return {
        "version": 0.0,
        "dataset": {"item_count": rows, **(times or {})},
        f"{KEYS[problem]}_metrics": {**more, **told},
    }


def matrix_of(matrix: Codes, names: Sequence[str]) -> dict[str, dict[str, int]]:
    """Return a confusion matrix as it is written: the true class outside, the answer inside."""
    return {
        a: {b: int(n) for b, n in zip(names, row, strict=True)}
        for a, row in zip(names, matrix.tolist(), strict=True)
    }


def suggested(problem: Problem, metrics: Metrics) -> dict[str, Any]:
    """Return constraints.json that the baseline itself keeps: no metric may be worse than it is now."""
    wanted = [n for n in metrics if not n.endswith(CONSTANT)]
    return {
        "version": 0.0,
        f"{KEYS[problem]}_constraints": {
            n: {
                "threshold": metrics[n],
                "comparison_operator": f"{'Greater' if n in GREATER else 'Less'}ThanThreshold",
            }
            for n in wanted
        },
    }


def constraints(raw: Any) -> tuple[Problem, dict[str, tuple[float, str]]] | None:
    """Return problem and metric → (threshold, operator) of a constraints.json of model quality; None where it is another's.

    ValueError where a constraint cannot be read.
    """
    if not isinstance(raw, Mapping):
        return None
    for problem, key in KEYS.items():
        held = raw.get(f"{key}_constraints")
        if isinstance(held, Mapping):
            out = {}
            for name, rule in held.items():
                try:
                    out[str(name)] = (float(rule["threshold"]), str(rule["comparison_operator"]))
                except (TypeError, KeyError, ValueError) as error:
                    raise ValueError(f"the constraint of {str(name)[:60]!r} cannot be read") from error
            return problem, out
    return None


def violations(
    metrics: Metrics, spread: Metrics, wanted: Mapping[str, tuple[float, str]]
) -> list[tuple[dict[str, str], float]]:
    """Return each broken constraint as it is written, and by how many standard deviations (infinite where that is unknown)."""
    out = []
    for name, (threshold, operator) in wanted.items():
        value = metrics.get(name)
        if value is None:
            continue
        worse = value - threshold if operator == "GreaterThanThreshold" else threshold - value
        if worse <= 0:
            continue
        deviation = spread.get(name, math.nan)
        told = f"{value} +/- {'NaN' if math.isnan(deviation) else deviation}"
        out.append(
            (
                {
                    "constraint_check_type": operator,
                    "description": f"Metric {name} with {told} was {operator} '{threshold}'",
                    "metric_name": name,
                },
                worse / deviation if deviation > 0 else math.inf,
            )
        )
    return out
