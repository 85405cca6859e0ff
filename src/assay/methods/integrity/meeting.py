"""Two halves of a law that meet in the middle: what is left of a target, and what the rest of the terms make."""

from __future__ import annotations

from typing import Any

import numpy as np

FIRST = 3  # rows in which candidates are gathered
MOST = 400_000  # pairs that agree in one row; where there are more the row tells nothing


def meeting(left: Any, right: Any, slack: Any, least: int) -> tuple[Any, Any]:
    """Return the places of the left and right halves (rows by halves) that agree in seven of ten rows, and in ``least``.

    slack: how far each left half may be off, in each row. They must meet in two of the first three rows that tell: each
    row's right halves are sorted, and every left one is looked up among them.
    """
    none = np.empty(0, np.int64)
    width = right.shape[1]
    found: list[Any] = []
    for row in range(len(left)):
        if len(found) == FIRST:
            break
        order = np.argsort(right[row], kind="stable")[: int(np.isfinite(right[row]).sum())]
        ascending = right[row][order]
        low = np.searchsorted(ascending, left[row] - slack[row], "left")
        high = np.searchsorted(ascending, left[row] + slack[row], "right")
        many = np.where(np.isfinite(left[row]), np.maximum(high - low, 0), 0)
        if many.sum() > MOST:
            continue
        at = np.repeat(np.arange(len(many)), many)
        offset = np.arange(many.sum()) - np.repeat(np.cumsum(many) - many, many)
        found.append(at * width + order[np.repeat(low, many) + offset])
    if len(found) < FIRST:
        return none, none
    keys, often = np.unique(np.concatenate(found), return_counts=True)
    keys = keys[often >= 2]
    i, j = keys // width, keys % width
    away = np.abs(left[:, i] - right[:, j])
    known = np.isfinite(away)
    agree = np.sum(known & (away <= slack[:, i]), axis=0)
    enough = agree >= np.maximum(least, 0.7 * known.sum(axis=0))
    return i[enough], j[enough]
