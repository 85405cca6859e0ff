"""The flip test (FT): what the nearest people of the advantaged group would have been told."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from assay.methods.neighbours import votes
from assay.methods.resample import mean

_MOST = 20_000
SIGNS = {
    "docs": "the documentation's: above 0, more unfavourable flips against the group",
    "clarify": "the reference library's: above 0, more favourable flips for the group",
}
UNITS = {
    "docs": "share flipped against the group, the documentation's sign",
    "clarify": "share flipped for the group, the reference library's sign",
}


class Flipped(NamedTuple):
    """FT, of how many rows of d, and its 95 % interval: None where there is none."""

    value: float
    rows: int
    interval: tuple[float, float] | None = None


def flip_test(
    features: Any,
    predicted: Any,
    in_d: Any,
    rng: np.random.Generator,
    *,
    known: Any = None,
    weights: Any = None,
    clarify: bool = False,
) -> Flipped:
    """Return FT. features: n × p numbers; predicted, in_d: booleans; known: the rows that count; weights: of the rows.

    A 5-nearest-neighbours classifier (1 under ten rows) learns the model's own answers on the advantaged group, in
    Euclidean distance, unscaled, and answers for d. By the documentation F+ counts d told no whose neighbours were
    told yes, F- the other way, and FT = (F+ - F-)/n_d: above 0, more unfavourable flips against d. The reference
    library has the opposite sign (``clarify``), and of neighbours that are equally near takes those that its tree finds
    first; here they count alike. Above 20,000 rows a group, a sample of it is compared. Weights are those of d's rows: who
    is near to whom does not depend on them. The interval is of drawing the rows of d.
    """
    values = np.asarray(features, dtype=np.float64)
    said, member = np.asarray(predicted, dtype=bool), np.asarray(in_d, dtype=bool)
    counted = np.ones(len(member), dtype=bool) if known is None else known
    a, d = (_sample(np.flatnonzero(m & counted), rng) for m in (~member, member))
    if not len(a) or not len(d):
        return Flipped(math.nan, 0)
    k = 5 if len(a) > 9 else 1
    near, theirs = np.nan_to_num(values[a]), np.nan_to_num(values[d])
    if clarify:
        from sklearn.neighbors import KNeighborsClassifier

        vote = KNeighborsClassifier(n_neighbors=k).fit(near, said[a]).predict(theirs).astype(float)
    else:
        vote = votes(near, said[a], theirs, k)
    against = (~said[d] & (vote > 0.5)).astype(float) - (said[d] & (vote < 0.5))
    heavy = np.ones(len(d)) if weights is None else np.asarray(weights, dtype=np.float64)[d]
    value, interval = mean(-against if clarify else against, heavy, rng)
    return Flipped(value, len(d), interval)


def _sample(rows: Any, rng: np.random.Generator) -> Any:
    return rows if len(rows) <= _MOST else np.sort(rng.choice(rows, _MOST, replace=False))
