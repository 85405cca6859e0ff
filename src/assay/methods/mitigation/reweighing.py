"""Reweighing: a weight a row that makes label and group independent (Kamiran & Calders 2012, "Data preprocessing
techniques for classification without discrimination", KAIS 33, algorithm 3)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from assay.methods.mitigation.grouping import Cells

Floats = NDArray[np.float64]


def cell_weights(counts: Floats, strength: float = 1.0) -> Floats:
    """Return each cell's weight: what is expected under independence over what is there, (n_g · n_y) / (n · n_gy).

    counts: groups × classes, of rows or of weight. strength: 0 leaves every weight 1, 1 is the whole of it, between them
    in proportion. A cell without rows has the weight 1, which no row bears.
    """
    total = counts.sum()
    expected = counts.sum(axis=1, keepdims=True) * counts.sum(axis=0, keepdims=True) / max(total, 1e-300)
    whole = np.divide(expected, counts, out=np.ones_like(counts), where=counts > 0)
    out: Floats = 1 + strength * (whole - 1)
    return out


def row_weights(cells: Cells, weights: Floats, base: Floats | None = None) -> Floats:
    """Return each row's weight: its cell's, times what it weighed before; a row without a label keeps that."""
    held = np.ones(len(cells.groups)) if base is None else base.copy()
    known = cells.labelled & (cells.groups >= 0)
    held[known] *= weights[cells.groups[known], cells.labels[known]]
    return held


def empty(counts: Floats) -> list[tuple[int, int]]:
    """Return the cells that have no row, of groups and classes that have some: there independence cannot be reached."""
    return [(int(g), int(y)) for g, y in np.argwhere(counts == 0) if counts[g].sum() and counts[:, y].sum()]
