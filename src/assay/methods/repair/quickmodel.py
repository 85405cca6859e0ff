"""A quick model of a sample: gradient-boosted trees over histograms, with a fixed seed and one held-out quarter.

It is no model to use. It answers one question: does the analysis change, where the table is repaired?
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from assay.methods.facets import coded, is_number, matches, plain, present
from assay.methods.values import spelled

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

ROWS = 10_000  # sampled
LEAST = 100  # rows, below which nothing is told
TEST = 0.25
MOST_VALUES = 50  # of a column of texts; one of more names rows rather than tells of them
SURE = 0.999  # a column that alone tells so many labels gives the answer away


@dataclass(frozen=True, slots=True)
class Features:
    """How columns become numbers: read from the table before it is repaired, and used for each version of it.

    levels: the spellings of a column of texts, in order; None for one of numbers. left: columns that are not seen, and why.
    """

    levels: dict[str, tuple[str, ...] | None]
    left: dict[str, str]


def features(sample: pa.Table, label: str, positive: Sequence[str], without: Sequence[str]) -> Features:
    """Choose the columns that the model sees: numbers, truth values, times, texts of few values, and none that gives the label away."""
    levels: dict[str, tuple[str, ...] | None] = {}
    left = dict.fromkeys((w for w in without if w in sample.column_names), "it was left out by name")
    truth = matches(plain(sample.column(label), label), positive)
    for name in sample.column_names:
        if name == label or name in left:
            continue
        column = sample.column(name)
        held = _levels(column)
        if held == ():
            left[name] = "it holds no numbers, and not a few values"
            continue
        if _tells(column, truth):
            left[name] = "it gives the label away"
            continue
        levels[name] = held
    return Features(levels, left)


def _number_like(kind: Any) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_boolean(kind) or (pa.types.is_temporal(kind) and not pa.types.is_time(kind)))


def _levels(column: pa.ChunkedArray) -> tuple[str, ...] | None:
    import pyarrow as pa

    kind = column.type
    if is_number(column) or (_number_like(kind) and not pa.types.is_duration(kind)):
        return None
    if not (pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_dictionary(kind)):
        return ()
    _, held = coded(plain(column, ""))
    names = sorted({spelled(v) for v in held.to_pylist()} - {""})
    return tuple(names) if 0 < len(names) <= MOST_VALUES else ()


def _tells(column: pa.ChunkedArray, truth: NDArray[np.bool_]) -> bool:
    """Whether the commonest label of each value is right nearly always, and the values are few enough for that to mean something."""
    try:
        codes, held = coded(plain(column, ""))
    except Exception:  # noqa: BLE001 - what names no groups tells nothing by its values
        return False
    rows = codes >= 0
    if not rows.any() or len(held) > max(20, rows.sum() // 20):
        return False
    yes = np.bincount(codes[rows], weights=truth[rows], minlength=len(held))
    all_ = np.bincount(codes[rows], minlength=len(held))
    right = np.maximum(yes, all_ - yes).sum() / rows.sum()
    usual = max(truth[rows].mean(), 1 - truth[rows].mean())
    return bool(right >= SURE > usual)


def matrix(sample: pa.Table, seen: Features) -> NDArray[np.float64]:
    """Return the columns as numbers, missing as NaN; a text that was not seen before is missing."""
    import pyarrow as pa

    out = np.full((sample.num_rows, len(seen.levels)), np.nan)
    for place, (name, levels) in enumerate(seen.levels.items()):
        column = sample.column(name)
        if levels is None:
            if pa.types.is_date32(column.type):
                column = column.cast(pa.int32())
            elif pa.types.is_temporal(column.type):
                column = column.cast(pa.timestamp("us", getattr(column.type, "tz", None))).cast(pa.int64())
            numbers = column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
            out[:, place] = np.where(np.isinf(numbers), np.nan, numbers)
            continue
        places = {text: float(n) for n, text in enumerate(levels)}
        codes, held = coded(plain(column, name))
        known = np.array([*(places.get(spelled(v), np.nan) for v in held.to_pylist()), np.nan])
        out[:, place] = known[codes]
    return out


def scores(
    sample: pa.Table | None,
    rows: NDArray[np.int64],
    held_out: NDArray[np.int64],
    label: str,
    positive: Sequence[str],
    seen: Features,
    seed: int,
) -> dict[str, float]:
    """Return balanced F-score (f1) and roc_auc on the held-out rows; empty where there are too few rows or one class.

    rows: the sampled rows' numbers in the table; held_out: those that are judged on, the same for every version.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier

    from assay.methods.scores import binary

    if sample is None or not seen.levels:
        return {}
    truth = plain(sample.column(label), label)
    known = present(truth)
    y = matches(truth, positive)
    test = np.isin(rows, held_out) & known
    train = ~np.isin(rows, held_out) & known
    if test.sum() < LEAST * TEST or train.sum() < LEAST or len(set(y[train].tolist())) < 2:
        return {}
    x = matrix(sample, seen)
    model = HistGradientBoostingClassifier(max_iter=60, early_stopping=False, random_state=seed)
    model.fit(x[train], y[train])
    chance = model.predict_proba(x[test])[:, 1]
    found = binary(y[test], chance >= 0.5, chance)
    return {name: found[name] for name in ("f1", "roc_auc")}
