"""The eight bias metrics before training and twelve of the thirteen after it (the flip test is methods/flip.py).

a is the advantaged group, d the disadvantaged one. Ratios x/0 are infinite and 0/0 undefined (NaN); under Clarify's
convention 0/0 is 0. Definitions: Amazon SageMaker Clarify, "Measure pre-training bias" and "Measure post-training data
and model bias". Logarithms are natural; KL, JS, LP, TVD and KS leave out outcomes that a group lacks.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

PRE_TRAINING = ("CI", "DPL", "KL", "JS", "LP", "TVD", "KS", "CDDL")
POST_TRAINING = ("DPPL", "DI", "DCA", "DCR", "AD", "RD", "DAR", "DRR", "SD", "TE", "CDDPL", "FT", "GE")
_ROUNDED = 1e-12  # by which two shares of the same sums of weights, added up in another order, may differ


@dataclass(frozen=True, slots=True)
class Counts:
    """One group's rows by observed and predicted outcome; before training tp = positives and tn = negatives.

    Each is a number, or an array of as many draws of it as every other; what is computed of them is then one too.
    """

    tp: Any
    fp: Any
    fn: Any
    tn: Any

    @property
    def n(self) -> Any:
        """Return how many rows."""
        return self.tp + self.fp + self.fn + self.tn

    @property
    def observed(self) -> Any:
        """Return the share observed positive."""
        return ratio(self.tp + self.fn, self.n)

    @property
    def predicted(self) -> Any:
        """Return the share predicted positive."""
        return ratio(self.tp + self.fp, self.n)


def ratio(x: Any, y: Any, *, zero: bool = False) -> Any:
    """Return x / y; x/0 is infinite; 0/0 is NaN, or 0 under Clarify's convention (``zero``)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        found = np.true_divide(x, y)
    return one(np.where(np.equal(x, 0) & np.equal(y, 0), 0.0, found) if zero else found)


def difference(x: Any, y: Any) -> Any:
    """Return x - y; two infinities of one sign differ by nothing, and neither do shares of sums of weights that differ by rounding."""
    with np.errstate(invalid="ignore"):
        return one(np.where((np.isinf(x) & np.equal(x, y)) | _alike(x, y), 0.0, np.subtract(x, y)))


def _alike(x: Any, y: Any) -> Any:
    """Whether finite numbers differ by no more than what the summing of weights rounds off."""
    return (
        np.isfinite(x)
        & np.isfinite(y)
        & (np.abs(np.subtract(x, y)) <= _ROUNDED * np.maximum(np.abs(x), np.abs(y)))
    )


def one(values: Any) -> Any:
    """Return a plain float where there is one value, and an array of draws as it is."""
    return float(values) if np.ndim(values) == 0 else values


def pre_training(a: Counts, d: Counts) -> dict[str, Any]:
    """Return CI, DPL, KL, JS, LP, TVD, KS of two groups by their observed outcomes."""
    p, q = (np.stack([np.asarray(g.observed), 1 - np.asarray(g.observed)]) for g in (a, d))
    # The outcomes that both groups have; their probabilities are not made to add up to 1 again.
    common = (p > 0) & (q > 0)
    q = np.where(_alike(p, q), p, q)
    p, q = (np.where(common, x, 1.0) for x in (p, q))  # what is left out adds nothing: ln 1 = 0, 1 - 1 = 0
    middle, apart = (p + q) / 2, np.abs(p - q)
    told = {
        "KL": (p * np.log(p / q)).sum(axis=0),
        "JS": 0.5 * (p * np.log(p / middle) + q * np.log(q / middle)).sum(axis=0),
        "LP": np.sqrt((apart**2).sum(axis=0)),
        "TVD": 0.5 * apart.sum(axis=0),
        "KS": apart.max(axis=0),
    }
    both, some = np.logical_and(a.n, d.n), common.any(axis=0)
    return {
        "CI": one(np.where(both, ratio(a.n - d.n, a.n + d.n), math.nan)),
        "DPL": difference(a.observed, d.observed),
    } | {name: one(np.where(some, value, math.nan)) for name, value in told.items()}


def post_training(a: Counts, d: Counts, *, zero: bool = False) -> dict[str, Any]:
    """Return DPPL, DI, DCA, DCR, AD, RD, DAR, DRR, SD and TE. DCR, DRR, SD and TE are d - a; the others a - d."""

    def r(x: Any, y: Any) -> Any:
        return ratio(x, y, zero=zero)

    minus = difference

    return {
        "DPPL": minus(a.predicted, d.predicted),
        "DI": r(d.predicted, a.predicted),
        "DCA": minus(r(a.tp + a.fn, a.tp + a.fp), r(d.tp + d.fn, d.tp + d.fp)),
        "DCR": minus(r(d.tn + d.fp, d.tn + d.fn), r(a.tn + a.fp, a.tn + a.fn)),
        "AD": minus(r(a.tp + a.tn, a.n), r(d.tp + d.tn, d.n)),
        "RD": minus(r(a.tp, a.tp + a.fn), r(d.tp, d.tp + d.fn)),
        "DAR": minus(r(a.tp, a.tp + a.fp), r(d.tp, d.tp + d.fp)),
        "DRR": minus(r(d.tn, d.tn + d.fn), r(a.tn, a.tn + a.fn)),
        "SD": minus(r(d.tn, d.tn + d.fp), r(a.tn, a.tn + a.fp)),
        "TE": minus(r(d.fn, d.fp), r(a.fn, a.fp)),
    }


def refused(values: dict[str, Any], a: Counts, d: Counts) -> dict[str, Any]:
    """Return the metrics, all undefined (NaN) where a group is empty: the reference library tells nothing of it."""
    if np.all(a.n) and np.all(d.n):
        return values
    return {name: one(np.full(np.shape(value), math.nan)) for name, value in values.items()}


def generalised_entropy(tp: Any, fp: Any, fn: Any, tn: Any, alpha: float = 2.0) -> Any:
    """Return GE of the whole data set: benefits b = predicted - observed + 1, (1/(N·α(α-1))) Σ((b/mean)^α - 1).

    Counts are numbers, or arrays of draws. NaN where the mean benefit is 0.
    """
    n = np.asarray(tp + fp + fn + tn, dtype=np.float64)
    mean = np.asarray(ratio(tp + tn + 2 * fp, n))
    with np.errstate(divide="ignore", invalid="ignore"):
        total = (tp + tn) * ((1 / mean) ** alpha - 1) + fp * ((2 / mean) ** alpha - 1) - fn
        return one(np.where(np.nan_to_num(mean) > 0, total / (n * alpha * (alpha - 1)), math.nan))


def cddl(strata: Any) -> Any:
    """Return the conditional demographic disparity: Σ n_i·DD_i / n.

    strata: of each (rejected of d, rejected, accepted of d, accepted), as s × 4 numbers, or s × 4 × draws; within one an
    empty denominator counts as 0. NaN where no row at all is accepted, or none rejected.
    """
    counted = np.asarray(strata, dtype=np.float64)
    rejected_d, rejected, accepted_d, accepted = (counted[:, i] for i in range(4))
    apart = ratio(rejected_d, rejected, zero=True) - ratio(accepted_d, accepted, zero=True)
    whole = ((rejected + accepted) * apart).sum(axis=0)
    both = (rejected.sum(axis=0) > 0) & (accepted.sum(axis=0) > 0)
    return one(np.where(both, ratio(whole, (rejected + accepted).sum(axis=0)), math.nan))
