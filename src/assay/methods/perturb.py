"""Columns made worse as life makes them: measured with noise, not filled in, all a little higher, or mixed up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from assay.methods.facets import is_number

_EXACT = 2.0**53  # larger whole numbers are identifiers rather than measurements, and no float holds them


def noisy(column: pa.ChunkedArray, rng: np.random.Generator, size: float) -> pa.ChunkedArray:
    """Add normal noise of ``size`` standard deviations to numbers; of anything else change a share ``size`` / 10 of rows."""
    if is_number(column):
        return _moved(column, lambda v, sd: v + rng.normal(0, size * sd, len(v)) if sd else v)
    taken = rng.random(len(column)) < size / 10
    places = np.arange(len(column))
    places[taken] = rng.integers(0, len(column), int(taken.sum()))
    return column.take(pa.array(places))


def blanked(column: pa.ChunkedArray, rng: np.random.Generator, share: float) -> pa.ChunkedArray:
    """Empty a share of the rows."""
    gone = pa.array(rng.random(len(column)) < share)
    return pa.chunked_array([pc.if_else(gone, pa.scalar(None, column.type), column.combine_chunks())])


def shifted(column: pa.ChunkedArray, size: float) -> pa.ChunkedArray:
    """Raise numbers by ``size`` standard deviations; anything else stays."""
    return _moved(column, lambda v, sd: v + size * sd) if is_number(column) else column


def shuffled(column: pa.ChunkedArray, rng: np.random.Generator) -> pa.ChunkedArray:
    """Deal the values out anew."""
    return column.take(pa.array(rng.permutation(len(column))))


def _moved(column: pa.ChunkedArray, move: Callable[[Any, float], Any]) -> pa.ChunkedArray:
    """Move the finite numbers; whole numbers stay whole and within their type, missing ones missing."""
    values = np.asarray(pc.cast(column, pa.float64(), safe=False).to_numpy(zero_copy_only=False))
    known = np.isfinite(values)
    if not known.any() or (pa.types.is_integer(column.type) and np.abs(values[known]).max() >= _EXACT):
        return column
    out = values.copy()
    out[known] = move(values[known], float(values[known].std()))
    kind = column.type
    missing = column.is_null().to_numpy(zero_copy_only=False)
    if pa.types.is_integer(kind):
        low, high = values[known].min(), values[known].max()
        # Within what the column held, so that no type and no code is left
        out = np.clip(np.round(np.where(known, out, low)), low, high)
        return pa.chunked_array([pa.array(out.astype(np.int64), mask=missing).cast(kind)])
    made = pa.array(out, mask=missing)
    return pa.chunked_array([made.cast(kind, safe=False) if pa.types.is_floating(kind) else made])
