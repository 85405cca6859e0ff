"""The eight bias metrics before training and twelve of the thirteen after it (the flip test is methods/flip.py).

a is the advantaged group, d the disadvantaged one. Ratios x/0 are infinite and 0/0 undefined (NaN); under Clarify's
convention 0/0 is 0. Definitions: Amazon SageMaker Clarify, "Measure pre-training bias" and "Measure post-training data
and model bias". Logarithms are natural; KL, JS, LP, TVD and KS leave out outcomes that a group lacks.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

PRE_TRAINING = ("CI", "DPL", "KL", "JS", "LP", "TVD", "KS", "CDDL")
POST_TRAINING = ("DPPL", "DI", "DCA", "DCR", "AD", "RD", "DAR", "DRR", "SD", "TE", "CDDPL", "FT", "GE")


@dataclass(frozen=True, slots=True)
class Counts:
    """One group's rows by observed and predicted outcome; before training tp = positives and tn = negatives."""

    tp: float
    fp: float
    fn: float
    tn: float

    @property
    def n(self) -> float:
        """Return how many rows."""
        return self.tp + self.fp + self.fn + self.tn

    @property
    def observed(self) -> float:
        """Return the share observed positive."""
        return ratio(self.tp + self.fn, self.n)

    @property
    def predicted(self) -> float:
        """Return the share predicted positive."""
        return ratio(self.tp + self.fp, self.n)


def ratio(x: float, y: float, *, zero: bool = False) -> float:
    """Return x / y; x/0 is infinite; 0/0 is NaN, or 0 under Clarify's convention (``zero``)."""
    if y:
        return x / y
    if x:
        return math.copysign(math.inf, x)
    return 0.0 if zero else math.nan


def difference(x: float, y: float) -> float:
    """Return x - y; two infinities of one sign differ by nothing."""
    return 0.0 if math.isinf(x) and x == y else x - y


def pre_training(a: Counts, d: Counts) -> dict[str, float]:
    """Return CI, DPL, KL, JS, LP, TVD, KS of two groups by their observed outcomes."""
    pairs = _common(a.observed, d.observed)
    return {
        "CI": ratio(a.n - d.n, a.n + d.n) if a.n and d.n else math.nan,
        "DPL": difference(a.observed, d.observed),
        "KL": sum(p * math.log(p / q) for p, q in pairs) if pairs else math.nan,
        "JS": 0.5 * sum(_js(p, q) for p, q in pairs) if pairs else math.nan,
        "LP": math.sqrt(sum((p - q) ** 2 for p, q in pairs)) if pairs else math.nan,
        "TVD": 0.5 * sum(abs(p - q) for p, q in pairs) if pairs else math.nan,
        "KS": max((abs(p - q) for p, q in pairs), default=math.nan),
    }


def _common(pa: float, pd: float) -> list[tuple[float, float]]:
    """The probabilities of the outcomes that both groups have; they are not made to add up to 1 again."""
    if math.isnan(pa) or math.isnan(pd):
        return []
    return [(p, q) for p, q in ((pa, pd), (1 - pa, 1 - pd)) if p > 0 and q > 0]


def _js(p: float, q: float) -> float:
    middle = (p + q) / 2
    return p * math.log(p / middle) + q * math.log(q / middle)


def post_training(a: Counts, d: Counts, *, zero: bool = False) -> dict[str, float]:
    """Return DPPL, DI, DCA, DCR, AD, RD, DAR, DRR, SD and TE. DCR, DRR, SD and TE are d - a; the others a - d."""

    def r(x: float, y: float) -> float:
        return ratio(x, y, zero=zero)

    def minus(x: float, y: float) -> float:
        return difference(x, y)

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


def refused(values: dict[str, float], a: Counts, d: Counts) -> dict[str, float]:
    """Return the metrics, all undefined (NaN) where a group is empty: the reference library tells nothing of it."""
    return values if a.n and d.n else dict.fromkeys(values, math.nan)


def generalised_entropy(tp: float, fp: float, fn: float, tn: float, alpha: float = 2.0) -> float:
    """Return GE of the whole data set: benefits b = predicted - observed + 1, (1/(N·α(α-1))) Σ((b/mean)^α - 1)."""
    n = tp + fp + fn + tn
    mean = (tp + tn + 2 * fp) / n if n else 0.0
    if not mean:
        return math.nan
    total = (tp + tn) * ((1 / mean) ** alpha - 1) + fp * ((2 / mean) ** alpha - 1) + fn * -1
    return float(total / (n * alpha * (alpha - 1)))


def cddl(strata: Sequence[tuple[float, float, float, float]]) -> float:
    """Return the conditional demographic disparity: Σ n_i·DD_i / n.

    A stratum is (rejected of d, rejected, accepted of d, accepted); within one an empty denominator counts as 0.
    NaN where no row at all is accepted, or none rejected.
    """
    rejected, accepted = sum(s[1] for s in strata), sum(s[3] for s in strata)
    if not rejected or not accepted:
        return math.nan
    disparity = ((r + a) * ((rd / r if r else 0.0) - (ad / a if a else 0.0)) for rd, r, ad, a in strata)
    return sum(disparity) / (rejected + accepted)
