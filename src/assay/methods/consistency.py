"""Individual fairness: are people who are alike told the same? (Zemel, Wu, Swersky, Pitassi, Dwork 2013.)"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from assay.methods.facets import coded, is_number
from assay.methods.neighbours import votes
from assay.methods.resample import percentiles

MOST_ASKED = 2_000  # rows whose neighbours are looked for
MOST_NEAR = 50_000  # rows among which they are looked for
MOST_VALUES = 50  # of a column of texts; the rarer ones are one value together
MOST_COLUMNS = 400


def consistency(
    features: Any, said: Any, rng: np.random.Generator, neighbours: int = 5, weights: Any = None
) -> tuple[float, tuple[float, float] | None, int]:
    """Return (consistency, its 95 % interval, rows asked). features: n × p numbers, said: n answers, 0 or 1.

    1 - mean |said of a row - mean said of its k nearest rows|, in Euclidean distance; a row is one of its own nearest, as
    AIF360 counts, and those equally near count alike. Above 2,000 rows a sample of them asks; the interval is of drawing rows
    to ask. NaN where there are fewer rows than neighbours. weights: of those who are asked; who is near does not depend on them.
    """
    values, told = np.asarray(features, dtype=np.float64), np.asarray(said, dtype=np.float64)
    if len(told) < neighbours:
        return float("nan"), None, 0
    asked = np.arange(len(told))
    if len(told) > MOST_ASKED:
        asked = np.sort(rng.choice(len(told), MOST_ASKED, replace=False))
    alike = 1 - np.abs(told[asked] - votes(values, told, values[asked], neighbours))
    heavy = np.ones(len(asked)) if weights is None else np.asarray(weights, dtype=np.float64)[asked]
    if not heavy.sum() > 0:
        return float("nan"), None, len(asked)
    at = rng.integers(0, len(alike), (200, len(alike)))
    with np.errstate(invalid="ignore"):
        drawn = (alike[at] * heavy[at]).sum(axis=1) / heavy[at].sum(axis=1)
    interval = percentiles({"": drawn}).get("")
    value = float((alike * heavy).sum() / heavy.sum())
    return value, interval if interval and interval[1] > interval[0] else None, len(asked)


def among(known: Any, rng: np.random.Generator) -> Any:
    """Return the rows among which neighbours are looked for: those that are known, or a sample of MOST_NEAR of them."""
    rows = np.flatnonzero(known)
    return rows if len(rows) <= MOST_NEAR else np.sort(rng.choice(rows, MOST_NEAR, replace=False))


def standardised(table: pa.Table, names: Sequence[str]) -> Any:
    """Return the named columns as n × p floats: numbers less their mean over their deviation, texts one column a value.

    A missing number is the mean; a missing text is a value of its own. Columns that never vary, and those that are neither
    numbers, truth values nor texts, are left out, as is what goes beyond MOST_COLUMNS.
    """
    made: list[Any] = []
    for name in names:
        column = table.column(name)
        if pa.types.is_dictionary(column.type):
            column = column.cast(column.type.value_type)
        if is_number(column) or pa.types.is_boolean(column.type):
            made += _number(column)
        elif pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
            made += _texts(column)
        if len(made) >= MOST_COLUMNS:
            break
    return np.column_stack(made[:MOST_COLUMNS]) if made else np.empty((table.num_rows, 0))


def _number(column: pa.ChunkedArray) -> list[Any]:
    values = np.array(column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False), dtype=np.float64)
    known = np.isfinite(values)
    if not known.any():
        return []
    mean, spread = float(values[known].mean()), float(values[known].std())
    values[~known] = mean
    return [(values - mean) / spread] if spread > 0 else []


def _texts(column: pa.ChunkedArray) -> list[Any]:
    codes, held = coded(column)
    codes = codes + 1  # 0: missing
    common = np.argsort(-np.bincount(codes, minlength=len(held) + 1), kind="stable")[:MOST_VALUES]
    made = [(codes == c).astype(np.float64) for c in common]
    return [m for m in made if m.any() and not m.all()]
