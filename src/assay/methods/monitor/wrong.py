"""How wrong each answer was: 0 or 1 of classes, the absolute error of amounts."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from assay.methods import outcomes
from assay.methods.drift.counted import Floats
from assay.methods.facets import coded, is_number
from assay.methods.values import spelled

_MANY = 20  # different labels from which numbers are amounts


def wrong(answers: pa.ChunkedArray, truth: pa.ChunkedArray) -> tuple[Floats, str]:
    """Return each row's loss, NaN where answer or truth is missing, and its name: ``error`` or ``absolute error``.

    Answers of 0 and 1 stand for two labels of other names, the last of which is 1.
    """
    names = outcomes.distinct(truth)
    if is_number(truth) and is_number(answers) and len(names) > _MANY:
        return np.abs(outcomes.finite(truth) - outcomes.finite(answers)), "absolute error"
    place: dict[str, int] = {}
    if len(names) == 2 and outcomes.numbered(answers, truth):
        yes = outcomes.usual_yes(names)
        place = {spelled(n): int(spelled(n) == yes) for n in names} | {"0": 0, "1": 1}
    sides = []
    for column in (answers, truth):
        codes, held = coded(column)
        spelt = [place.setdefault(spelled(v), len(place) + 2) for v in held.to_pylist()]
        sides.append(np.array([*spelt, -1], np.int64)[codes])
    a, b = sides
    empty = place.get("", -1)
    known = (a >= 0) & (b >= 0) & (a != empty) & (b != empty)
    out: Floats = np.where(known, (a != b).astype(np.float64), np.nan)
    return out, "error"
