"""Weights of rows, checked, and as a column."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.kernel.errors import UsageError

if TYPE_CHECKING:
    import pyarrow


def checked(weights: Any, rows: int) -> Any:
    """Return weights as floats; UsageError unless there is a finite one at or above 0 for each row, and not all are 0."""
    import numpy as np

    found = np.asarray(weights, dtype=np.float64)
    if found.shape != (rows,):
        raise UsageError(f"there are {found.size:,} weights for {rows:,} rows", remedy="give one a row")
    if not np.isfinite(found).all() or (found < 0).any() or not found.any():
        raise UsageError("weights are finite, at or above 0, and not all 0")
    return found


def weighed(rows: pyarrow.Table, weights: Any, column: str) -> pyarrow.Table:
    """Return rows with their weights as a last column; UsageError where there is one of that name."""
    import pyarrow as pa

    if column in rows.column_names:
        raise UsageError(
            f"there is a column {column!r} already", where=column, remedy="name another for weights"
        )
    return rows.append_column(column, pa.array(checked(weights, rows.num_rows)))
