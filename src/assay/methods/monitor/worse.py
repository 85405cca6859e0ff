"""How likely a metric of answers would come out so much worse by chance, were the answers as good as the constraint says.

A window is a sample, and so was the baseline where a constraint is its own value: both vary. Shares (accuracy, recall …) are
counts of rows, told by the hypergeometric tail of both (Fisher's exact test, one-sided), or by the binomial one where a
person named the constraint. F-scores and weighted means are held against the spread of tables drawn from both confusion
matrices together; the area under the curve against the larger of DeLong's (1988) and Hanley and McNeil's (1982) error;
errors of numbers against their own. Those tails are Student's t, of as many rows as the metric rests on.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assay.methods.monitor import performance
from assay.methods.monitor.performance import Codes, Metrics, Problem

FEWEST = 30  # rows below which a spread says nothing
RAREST = 5  # rows of the rarer class, likewise
DRAWS = 200
_SAME = 1e-9  # as far as a constraint may be from the baseline's own value and still be it


@dataclass(frozen=True)
class Sample:
    """Rows that were judged. matrix: true class × answer; errors: standard errors of metrics that are not counted."""

    rows: int
    matrix: Codes | None = None
    metrics: Mapping[str, float] = field(default_factory=dict)
    errors: Mapping[str, float] = field(default_factory=dict)


def chances(
    problem: Problem,
    wanted: Mapping[str, tuple[float, str]],
    found: Sample,
    before: Sample | None,
    rng: np.random.Generator,
) -> dict[str, float]:
    """Return a p-value for each constraint that the window has a metric of; 1 where too few rows say nothing.

    before: the baseline's rows, where its statistics are there; a constraint that is not its own value is a person's, and
    holds exactly.
    """
    out = {}
    drawn: dict[
        bool, tuple[Metrics, Metrics]
    ] = {}  # spreads of window and baseline, by whether they vary together
    for name, (threshold, operator) in wanted.items():
        if name not in found.metrics:
            continue
        own = before is not None and abs(before.metrics.get(name, math.nan) - threshold) <= _SAME
        old = before if own else None
        above = operator == "GreaterThanThreshold"
        share = _share(problem, name, found.matrix)
        if share is not None:
            was = _share(problem, name, old.matrix) if old is not None else None
            out[name] = _counted(share, was, threshold, above=above)
        elif name == "auc" and found.matrix is not None:
            out[name] = _area(found, old, threshold)
        elif name in found.errors:
            out[name] = _numbers(name, found, old, threshold, above=above)
        elif found.matrix is not None:
            together = _together(found, old)
            if together not in drawn:
                drawn[together] = _drawn(problem, found, old if together else None, rng)
            out[name] = _of_drawn(problem, name, found, drawn[together], threshold, above=above)
    return out


def _share(problem: Problem, name: str, matrix: Codes | None) -> tuple[int, int] | None:
    """Return a metric as so many rows of so many; None where it is no share of rows."""
    if matrix is None:
        return None
    if name in ("accuracy", "weighted_recall"):
        return int(np.trace(matrix)), int(matrix.sum())
    if problem != "binary" or matrix.shape != (2, 2):
        return None
    (tn, fp), (fn, tp) = matrix.tolist()
    known = {
        "recall": (tp, tp + fn),
        "true_positive_rate": (tp, tp + fn),
        "precision": (tp, tp + fp),
        "true_negative_rate": (tn, tn + fp),
        "false_positive_rate": (fp, tn + fp),
        "false_negative_rate": (fn, tp + fn),
    }
    return known.get(name)


def _counted(now: tuple[int, int], was: tuple[int, int] | None, threshold: float, *, above: bool) -> float:
    from scipy.stats import binom, hypergeom

    k, n = now
    if not n:
        return 1.0  # a ratio of nothing is written as 0, and says nothing
    if was is None:
        share = min(max(threshold, 0.0), 1.0)
        return float(binom.sf(k - 1, n, share) if above else binom.cdf(k, n, share))
    whole, hits = n + was[1], k + was[0]
    return float(hypergeom.sf(k - 1, whole, hits, n) if above else hypergeom.cdf(k, whole, hits, n))


def _area(found: Sample, old: Sample | None, threshold: float) -> float:
    assert found.matrix is not None
    no, yes = (int(n) for n in found.matrix.sum(1)[:2])
    if min(no, yes) < RAREST or no + yes < FEWEST:
        return 1.0
    error = max(found.errors.get("auc", 0.0), _hanley(threshold, yes, no))
    if old is not None and old.matrix is not None:
        no0, yes0 = (int(n) for n in old.matrix.sum(1)[:2])
        error = math.hypot(error, _hanley(threshold, yes0, no0) if min(no0, yes0) else 0.0)
    return _tail(threshold - found.metrics["auc"], error, min(no, yes))


def _hanley(area: float, yes: int, no: int) -> float:
    a = min(max(area, 0.5), 1.0)
    one, two = a / (2 - a), 2 * a * a / (1 + a)
    return math.sqrt(
        max(0.0, (a * (1 - a) + (yes - 1) * (one - a * a) + (no - 1) * (two - a * a)) / (yes * no))
    )


def _numbers(name: str, found: Sample, old: Sample | None, threshold: float, *, above: bool) -> float:
    if found.rows < FEWEST:
        return 1.0
    error = found.errors[name] * math.sqrt(1 + (found.rows / old.rows if old is not None and old.rows else 0))
    worse = (found.metrics[name] - threshold) * (1 if above else -1)
    return _tail(worse, error, found.rows)


def _together(found: Sample, old: Sample | None) -> bool:
    return (
        old is not None
        and old.matrix is not None
        and found.matrix is not None
        and old.matrix.shape == found.matrix.shape
    )


def _drawn(
    problem: Problem, found: Sample, old: Sample | None, rng: np.random.Generator
) -> tuple[Metrics, Metrics]:
    """Return each metric's spread over tables of the window's rows, and of the baseline's, drawn from both taken together."""
    assert found.matrix is not None
    together = found.matrix.astype(float) + 0.5
    if old is not None and old.matrix is not None:
        together += old.matrix
    now = _spread(problem, together, found.rows, rng)
    return now, _spread(problem, together, old.rows, rng) if old is not None else {}


def _of_drawn(
    problem: Problem,
    name: str,
    found: Sample,
    drawn: tuple[Metrics, Metrics],
    threshold: float,
    *,
    above: bool,
) -> float:
    assert found.matrix is not None
    rests = found.rows - (int(found.matrix[0, 0]) if problem == "binary" else 0)  # F looks at no true no
    if found.rows < FEWEST or rests < RAREST or name not in drawn[0]:
        return 1.0
    worse = (found.metrics[name] - threshold) * (1 if above else -1)
    return _tail(worse, math.hypot(drawn[0][name], drawn[1].get(name, 0.0)), rests)


def _spread(problem: Problem, weights: NDArray[np.float64], rows: int, rng: np.random.Generator) -> Metrics:
    share = (weights / weights.sum()).ravel()
    tables = rng.multinomial(rows, share, DRAWS).reshape(DRAWS, *weights.shape)
    told = [_measured(problem, one) for one in tables]
    return {name: float(np.std([one[name] for one in told], ddof=1)) for name in told[0]}


def _measured(problem: Problem, matrix: Codes) -> Metrics:
    if problem == "binary":
        (tn, fp), (fn, tp) = matrix.tolist()
        return performance.counted(tp, fp, fn, tn)
    return performance.weighted(matrix)


def _tail(worse: float, error: float, rows: int) -> float:
    """Return the chance of a difference that great, by Student's t; a difference without any error is none by chance."""
    from scipy.stats import t

    return float(t.sf(worse / error, max(rows - 1, 1))) if error > 0 else float(worse <= 0)


def errors_of_numbers(truth: NDArray[np.float64], said: NDArray[np.float64]) -> Metrics:
    """Return the standard errors of mae, mse, rmse and r² over rows drawn anew (each by its influence function)."""
    n = len(truth)
    if n < 2:
        return {}
    error = said - truth
    square = error**2
    mse = float(square.mean())
    away = (truth - truth.mean()) ** 2
    spread = float(away.mean())
    out = {
        "mae": float(np.abs(error).std(ddof=1)) / math.sqrt(n),
        "mse": float(square.std(ddof=1)) / math.sqrt(n),
    }
    out["rmse"] = out["mse"] / (2 * math.sqrt(mse)) if mse else 0.0
    if spread:
        out["r2"] = float((square - mse / spread * away).std(ddof=1)) / spread / math.sqrt(n)
    return out


def error_of_area(truth: Codes, score: NDArray[np.float64]) -> float:
    """Return the standard error of the area under the ROC curve (DeLong, DeLong and Clarke-Pearson 1988); 0 where one
    class has fewer than two rows.
    """
    yes, no = score[truth == 1], score[truth == 0]
    if min(len(yes), len(no)) < 2:
        return 0.0
    over = _below(np.sort(no), yes) / len(no)  # of each yes, the share of noes below it
    under = 1 - _below(np.sort(yes), no) / len(yes)
    return math.sqrt(float(over.var(ddof=1)) / len(yes) + float(under.var(ddof=1)) / len(no))


def _below(ordered: NDArray[np.float64], values: NDArray[np.float64]) -> NDArray[np.float64]:
    found = np.searchsorted(ordered, values, "left") + np.searchsorted(ordered, values, "right")
    return np.asarray(found / 2, np.float64)


def sample(document: Any) -> Sample | None:
    """Return what a statistics.json of model quality says of its rows; None where it is another document.

    A matrix that is not square over its own classes, or whose counts are no counts, is left aside.
    """
    if not isinstance(document, Mapping):
        return None
    held = next((document[f"{k}_metrics"] for k in _keys() if f"{k}_metrics" in document), None)
    rows = (
        (document.get("dataset") or {}).get("item_count")
        if isinstance(document.get("dataset"), Mapping)
        else None
    )
    if not isinstance(held, Mapping) or not isinstance(rows, int | float) or not 0 < rows < math.inf:
        return None
    values = {
        str(n): float(v["value"])
        for n, v in held.items()
        if isinstance(v, Mapping) and isinstance(v.get("value"), int | float)
    }
    return Sample(int(rows), _matrix(held.get("confusion_matrix")), values)


def _keys() -> tuple[str, ...]:
    return tuple(performance.KEYS.values())


def _matrix(raw: Any) -> Codes | None:
    if not isinstance(raw, Mapping) or not raw or len(raw) > 1_000:
        return None
    names = list(raw)
    try:
        found = np.array([[int(raw[a].get(b, 0)) for b in names] for a in names], np.int64)
    except (AttributeError, TypeError, ValueError, OverflowError):
        return None
    return found if (found >= 0).all() and found.sum() > 0 else None
