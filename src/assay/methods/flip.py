"""The flip test (FT): what the nearest people of the advantaged group would have been told."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from assay.methods.neighbours import votes

_MOST = 20_000
SIGNS = {
    "docs": "the documentation's: above 0, more unfavourable flips against the group",
    "clarify": "the reference library's: above 0, more favourable flips for the group",
}
UNITS = {"docs": "share flipped against the group", "clarify": "share flipped for the group"}


def flip_test(
    features: Any,
    predicted: Any,
    in_d: Any,
    rng: np.random.Generator,
    *,
    known: Any = None,
    clarify: bool = False,
) -> tuple[float, int]:
    """Return (FT, rows of d compared). features: n × p numbers; predicted, in_d: booleans; known: the rows that count.

    A 5-nearest-neighbours classifier (1 under ten rows) learns the model's own answers on the advantaged group, in
    Euclidean distance, unscaled, and answers for d. By the documentation F+ counts d told no whose neighbours were
    told yes, F- the other way, and FT = (F+ - F-)/n_d: above 0, more unfavourable flips against d. The reference
    library has the opposite sign (``clarify``), and of neighbours that are equally near takes those that its tree finds
    first; here they count alike. Above 20,000 rows a group, a sample of it is compared.
    """
    values = np.asarray(features, dtype=np.float64)
    said, member = np.asarray(predicted, dtype=bool), np.asarray(in_d, dtype=bool)
    counted = np.ones(len(member), dtype=bool) if known is None else known
    a, d = (_sample(np.flatnonzero(m & counted), rng) for m in (~member, member))
    if not len(a) or not len(d):
        return math.nan, 0
    k = 5 if len(a) > 9 else 1
    near, theirs = np.nan_to_num(values[a]), np.nan_to_num(values[d])
    if clarify:
        from sklearn.neighbors import KNeighborsClassifier

        vote = KNeighborsClassifier(n_neighbors=k).fit(near, said[a]).predict(theirs).astype(float)
    else:
        vote = votes(near, said[a], theirs, k)
    against = int((~said[d] & (vote > 0.5)).sum()) - int((said[d] & (vote < 0.5)).sum())
    return (-against if clarify else against) / len(d), len(d)


def _sample(rows: Any, rng: np.random.Generator) -> Any:
    return rows if len(rows) <= _MOST else np.sort(rng.choice(rows, _MOST, replace=False))
