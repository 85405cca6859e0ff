"""Correlation remover: what facets tell of each number, in a straight line, taken out of it, as fairlearn's does."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Straight:
    """mean: of each column of the facets. slopes: facets × columns, of least squares."""

    mean: Floats
    slopes: Floats

    @classmethod
    def learnt(cls, facets: Floats, values: Floats) -> Straight:
        """Return the slopes of values on facets, each column's of the rows in which it is there."""
        mean = facets.mean(axis=0)
        centred = facets - mean
        slopes = np.zeros((facets.shape[1], values.shape[1]))
        whole = np.isfinite(values).all(axis=0)
        if whole.any():
            slopes[:, whole] = np.linalg.lstsq(centred, values[:, whole], rcond=None)[0]
        for at in np.flatnonzero(~whole):
            rows = np.isfinite(values[:, at])
            if rows.any():
                own = centred[rows]
                slopes[:, at] = np.linalg.lstsq(own - own.mean(axis=0), values[rows, at], rcond=None)[0]
        return cls(mean, slopes)

    def removed(self, facets: Floats, values: Floats, alpha: float) -> Floats:
        """Return values less ``alpha`` of what the facets tell of them: x - alpha · (s - mean s) · slopes."""
        out: Floats = values - alpha * ((facets - self.mean) @ self.slopes)
        return out
