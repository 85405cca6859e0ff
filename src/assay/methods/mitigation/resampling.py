"""How many rows a cell is to have, which are kept or said again, and new ones between neighbours (SMOTE: Chawla, Bowyer, Hall,
Kegelmeyer 2002; its SMOTE-NC for texts)."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

By = Literal["label", "cell"]
How = Literal["over", "under", "both", "smote"]

Ints = NDArray[np.int64]


def targets(counts: NDArray[np.float64], by: By, how: How) -> Ints:
    """Return how many rows each cell is to have. counts: groups × classes.

    By label each class has as many as the largest (``over``, ``smote``), the smallest (``under``) or their mean, each group
    in its share. By cell label and group are independent: n(g) · n(y) / n, times what lets none shrink, none grow, or the whole stay.
    """
    total, out = counts.sum(), np.zeros_like(counts)
    if by == "label":
        classes = counts.sum(axis=0)
        wanted = {"over": classes.max(), "smote": classes.max(), "under": classes.min()}.get(
            how, classes.mean()
        )
        out = counts * np.divide(wanted, classes, out=np.zeros_like(classes), where=classes > 0)
    else:
        expected = counts.sum(axis=1, keepdims=True) * counts.sum(axis=0, keepdims=True) / max(total, 1)
        there = (counts > 0) & (expected > 0)
        ratio = counts[there] / expected[there]
        scale = {"over": ratio.max(), "smote": ratio.max(), "under": ratio.min()}.get(how, 1.0)
        out = np.where(there, expected * scale, 0)
    return np.where(counts > 0, np.maximum(np.rint(out), 1), 0).astype(np.int64)


def picked(rows: Ints, wanted: int, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """Return which of a cell's rows are kept, and which are the bases of as many more as are wanted."""
    if wanted <= len(rows):
        return np.sort(rng.choice(rows, wanted, replace=False)), rows[:0]
    return rows, rng.choice(rows, wanted - len(rows), replace=True)


def between(
    numbers: NDArray[np.float64], texts: Ints, bases: Ints, neighbours: int, rng: np.random.Generator
) -> tuple[NDArray[np.float64], Ints]:
    """Return new rows of one cell, one for each base: numbers on the line from it to one of its nearest, texts the commonest
    among them. numbers: n × p, NaN where missing; texts: n × q codes; bases: places among the n rows.

    Numbers are standardised; two unlike texts are as far apart as the median column's standard deviation, as in SMOTE-NC.
    """
    from sklearn.neighbors import NearestNeighbors

    centre = (
        np.nanmean(np.where(np.isfinite(numbers), numbers, np.nan), axis=0) if numbers.size else np.zeros(0)
    )
    centre = np.nan_to_num(centre)
    filled = np.where(np.isfinite(numbers), numbers, centre)
    scale = filled.std(axis=0)
    scaled = (filled - centre) / np.where(scale > 0, scale, 1)
    parts = [
        scaled,
        *((texts[:, [i]] == np.unique(texts[:, i])[None, :]) / np.sqrt(2) for i in range(texts.shape[1])),
    ]
    space = np.hstack(parts)
    unique, inverse = np.unique(bases, return_inverse=True)
    most = min(neighbours + 1, len(space))
    near = NearestNeighbors(n_neighbors=most).fit(space).kneighbors(space[unique], return_distance=False)
    lists = [row[row != at][: most - 1] for row, at in zip(near, unique, strict=True)]
    chosen = np.array(
        [int(rng.choice(lists[i])) if len(lists[i]) else int(b) for i, b in zip(inverse, bases, strict=True)]
    )
    part = rng.random(len(bases))[:, None]
    made = filled[bases] + part * (filled[chosen] - filled[bases])
    made = np.where(np.isfinite(numbers[bases]) & np.isfinite(numbers[chosen]), made, numbers[bases])
    modes = np.array(
        [_modes(texts[near_ if len(near_) else [b]]) for near_, b in zip(lists, unique, strict=True)],
        dtype=np.int64,
    )
    return made, modes.reshape(len(unique), texts.shape[1])[inverse]


def _modes(codes: Ints) -> list[int]:
    out = []
    for column in codes.T:
        values, counts = np.unique(column, return_counts=True)
        out.append(int(values[np.argmax(counts)]))
    return out
