"""The features of both sides as matrices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from assay.checks.traffic._sides import Sides

if TYPE_CHECKING:
    from assay.methods.drift.counted import Floats

CODES = 200  # categories told apart in one column, the commonest first


@dataclass
class Matrix:
    """Features (and what else was asked for) of all rows of both sides: numbers or codes of categories, NaN missing.

    Codes are those of the reference first, so that what it never held has greater ones. left: columns that are neither.
    """

    names: list[str]
    reference: Floats
    window: Floats
    categorical: list[bool]
    left: list[str]


def matrix(sides: Sides, also: tuple[str, ...] = ()) -> Matrix:
    """Return the features of both sides; also: answers that count as features. Keys, times and free texts are left out."""
    import numpy as np

    from assay.methods.profile.column import named_as_id

    names, old, new, categorical, left = [], [], [], [], []
    for name in (*sides.features, *(n for n in also if n in sides.reference.info)):
        family = sides.family(name)
        if family == "number":
            a, b = sides.reference.numbers(name), sides.window.numbers(name)
            whole = sides.reference.info[name].type == "integer"
            if whole and named_as_id(name) and len(np.unique(a)) == len(a):
                left.append(name)
                continue
        elif family == "category":
            codes, fresh, held = sides.all_codes(name)
            distinct = len(np.unique(codes))
            if distinct > 50 and distinct > 0.5 * len(codes):
                left.append(name)
                continue
            a, b = _ranked(codes, fresh, len(held))
        else:
            left.append(name)
            continue
        names.append(name)
        old.append(a)
        new.append(b)
        categorical.append(family == "category")
    if not names:
        empty = np.empty((sides.reference.rows, 0)), np.empty((sides.window.rows, 0))
        return Matrix([], *empty, [], left)
    # A row of memory a column: what follows goes through one column at a time
    return Matrix(names, np.stack(old).T, np.stack(new).T, categorical, left)


def _ranked(old: object, new: object, size: int) -> tuple[Floats, Floats]:
    """Return codes by how common they are in the reference; its rarest ones share one, and those it lacks the next."""
    import numpy as np

    a, b = np.asarray(old), np.asarray(new)
    counts = np.bincount(a[a >= 0], minlength=size)
    held = int((counts > 0).sum())
    place = np.empty(size + 1)
    place[np.argsort(-counts, kind="stable")] = np.arange(size)
    place = np.minimum(place, CODES - 1)
    place[:-1][counts == 0] = min(held, CODES)
    place[-1] = np.nan
    return place[a], place[b]
