"""Whether columns still go together as they did: the error with which principal components give a row back.

Categories become their share of the reference, missing numbers its mean, all columns are scaled, and as many components
are kept as hold 65 % of the variance (NannyML). A row that obeys the reference's ties comes back close to what it was;
where the ties are others, it does not, though each column by itself may look the same.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from assay.methods.drift.counted import Floats, Ints

VARIANCE = 0.65
_TAIL = 0.999  # of the reference's errors: larger ones count as this where means are held against one another


def shared(codes: Ints, size: int, reference: Ints) -> Floats:
    """Return categories (codes below ``size``, -1 missing) as their share of the reference's rows."""
    counts = np.bincount(reference + 1, minlength=size + 1) / max(1, len(reference))
    out: Floats = counts[codes + 1]
    return out


@dataclass(frozen=True)
class Components:
    """Principal components of a reference of k columns. middle, scale: k; kept: k × d."""

    middle: Floats
    scale: Floats
    kept: Floats
    explained: float

    def residual(self, rows: Floats) -> Floats:
        """Return what of n × k rows (NaN missing) the components do not give back, in standard deviations."""
        scaled = (np.where(np.isnan(rows), self.middle, rows) - self.middle) / self.scale
        out: Floats = scaled - (scaled @ self.kept) @ self.kept.T
        return out


def components(reference: Floats, variance: float = VARIANCE) -> Components:
    """Return as few principal components of n × k rows as hold ``variance`` of it; constant columns weigh nothing."""
    with np.errstate(invalid="ignore"):
        known = np.isfinite(reference)
        count = np.maximum(known.sum(axis=0), 1)
        middle = np.where(known, reference, 0.0).sum(axis=0) / count
        filled = np.where(known, reference, middle)
    scale = filled.std(axis=0)
    scale = np.where(scale > 1e-12 * np.maximum(1.0, np.abs(middle)), scale, 1.0)
    scaled = (filled - middle) / scale
    values, vectors = np.linalg.eigh(scaled.T @ scaled / max(1, len(scaled)))
    values, vectors = np.maximum(values[::-1], 0.0), vectors[:, ::-1]
    whole = values.sum()
    if not whole > 0:
        return Components(middle, scale, vectors[:, :0], 1.0)
    steps = np.cumsum(values) / whole
    keep = min(int(np.searchsorted(steps, variance - 1e-12)) + 1, len(values))
    return Components(middle, scale, vectors[:, :keep], float(steps[keep - 1]))


def errors(residual: Floats) -> Floats:
    """Return each row's reconstruction error: the length of what was not given back."""
    out: Floats = np.sqrt(np.einsum("ij,ij->i", residual, residual))
    return out


@dataclass(frozen=True)
class Reconstructed:
    """Mean errors of both sides, how far apart in standard deviations of a row's, its z, and the columns behind it."""

    reference: float
    window: float
    size: float
    z: float
    by: dict[int, float]


def reconstructed(reference: Floats, window: Floats) -> Reconstructed:
    """Compare residuals (n × k and m × k) of rows that the components were not learnt from.

    by: column → its part of the change of the mean squared residual, greatest first. Errors beyond the reference's 99.9 %
    count as those in z and size, so that a single row far out is left to the outliers.
    """
    a, b = errors(reference), errors(window)
    limit = float(np.quantile(a, _TAIL)) if len(a) else math.inf
    x, y = np.minimum(a, limit), np.minimum(b, limit)
    spread = float(x.std())
    error = math.sqrt(x.var() / max(1, len(x)) + y.var() / max(1, len(y)))
    apart = float(y.mean() - x.mean())
    change = np.abs((window**2).mean(axis=0) - (reference**2).mean(axis=0))
    total = float(change.sum()) or 1.0
    order = np.argsort(-change, kind="stable")
    return Reconstructed(
        float(a.mean()),
        float(b.mean()),
        apart / spread if spread else (math.inf if apart else 0.0),
        apart / error if error else (math.inf if apart else 0.0),
        {int(i): float(change[i]) / total for i in order},
    )
