"""Columns of two sides as numbers that algorithms work on."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from assay.methods.drift.counted import Floats, Ints


def read_numbers(column: pa.ChunkedArray) -> Floats:
    """Return texts read as numbers, NaN where they are none."""
    encoded = column.combine_chunks().dictionary_encode()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.unify_dictionaries().combine_chunks()
    values = np.array([_number(v) for v in encoded.dictionary.to_pylist()] + [np.nan], np.float64)
    at = np.asarray(encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False), np.int64)
    out: Floats = values[at]
    return out


def _number(text: Any) -> float:
    try:
        if "_" in text:  # 12_34 is a number to Python, and to nobody else
            return np.nan
        value = float(text)
    except (TypeError, ValueError):
        return np.nan
    return value if np.isfinite(value) else np.nan


def coded(old: pa.ChunkedArray, new: pa.ChunkedArray) -> tuple[Ints, Ints, list[str]]:
    """Return two columns as codes of one list of texts, missing -1."""
    both = pa.chunked_array([*_texts(old).chunks, *_texts(new).chunks], pa.string()).dictionary_encode()
    if both.num_chunks > 1:
        both = both.unify_dictionaries()
    parts = [c.indices.fill_null(-1).to_numpy(zero_copy_only=False) for c in both.chunks]
    codes = np.concatenate(parts).astype(np.int64) if parts else np.empty(0, np.int64)
    names = both.chunk(0).dictionary.to_pylist() if both.num_chunks else []
    return codes[: len(old)], codes[len(old) :], [str(n) for n in names]


def _texts(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return column if pa.types.is_string(column.type) else pc.cast(column, pa.string())


def moment(seconds: float) -> str | None:
    """Return seconds since 1970 as RFC 3339, UTC; None where they are none."""
    if not np.isfinite(seconds) or abs(seconds) > 2e11:
        return None
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
