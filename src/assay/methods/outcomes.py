"""How a model's answers are matched with the labels of the data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from assay.methods.facets import Mask, above, matches
from assay.methods.values import spelled


def distinct(column: pa.ChunkedArray, most: int = 1000) -> list[Any]:
    """Return the values of a column, in order of their spelling."""
    found = [v for v in column.unique().to_pylist()[:most] if v is not None and v == v]
    return sorted(found, key=lambda v: (len(spelled(v)), spelled(v)))


def positive_rows(column: pa.ChunkedArray, positive: Sequence[str], threshold: float | None) -> Mask:
    """Return which rows have the good outcome: one of the values, or above the threshold."""
    return above(column, threshold) if threshold is not None else matches(column, positive)


def predicted_rows(
    prediction: pa.ChunkedArray, label: pa.ChunkedArray, positive: Sequence[str], threshold: float | None
) -> Mask:
    """Return which rows are predicted to have the good outcome.

    A model trained on 0 and 1 for labels of other names (``<=50K``, ``>50K``) says 1 for the positive one.
    """
    if threshold is not None:
        return above(prediction, threshold)
    said = {spelled(v) for v in prediction.unique().to_pylist() if v is not None}
    known = {spelled(v) for v in label.unique().to_pylist() if v is not None}
    if positive and said <= {"0", "1"} and not said & known:
        return matches(prediction, ["1"])
    return matches(prediction, positive)


def aligned(
    prediction: pa.ChunkedArray, label: pa.ChunkedArray, positive: Sequence[str]
) -> tuple[list[str], list[str]]:
    """Return labels and predictions spelled alike; a model's 0 and 1 become the labels' own two names."""
    truth = [spelled(v) for v in label.to_pylist()]
    said = [spelled(v) for v in prediction.to_pylist()]
    names = set(truth)
    if positive and set(said) <= {"0", "1"} and not set(said) & names and len(names) == 2:
        yes = spelled(positive[0])
        no = next(iter(names - {yes}))
        said = [yes if v == "1" else no for v in said]
    return truth, said


def counts(observed: Mask, predicted: Mask, rows: Mask) -> tuple[float, float, float, float]:
    """Return (tp, fp, fn, tn) among ``rows``."""
    o, p = observed[rows], predicted[rows]
    return float((o & p).sum()), float((~o & p).sum()), float((o & ~p).sum()), float((~o & ~p).sum())


def finite(column: pa.ChunkedArray) -> Any:
    """Return a column as floats, missing as NaN."""
    return np.asarray(column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False), dtype=np.float64)
