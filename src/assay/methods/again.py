"""Whether one who was asked twice about the same rows gave the same answers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

ROWS = 200  # about which a model is asked again
_NEAR = 1e-6


def differing(first: pa.ChunkedArray, second: pa.ChunkedArray) -> int:
    """Count the rows that differ by more than rounding, which may depend on how many rows are computed at once."""
    if not (pa.types.is_floating(first.type) and pa.types.is_floating(second.type)):
        return sum(a != b for a, b in zip(first.to_pylist(), second.to_pylist(), strict=True))
    a, b = (np.asarray(c.to_numpy(), dtype=float) for c in (first, second))
    return int((~np.isclose(a, b, rtol=_NEAR, atol=_NEAR, equal_nan=True)).sum())


def outside(scores: Any) -> int:
    """Count the finite numbers that are below 0 or above 1: those are no probabilities."""
    return int((np.isfinite(scores) & ((scores < 0) | (scores > 1))).sum())
