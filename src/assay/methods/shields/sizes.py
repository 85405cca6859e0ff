"""Arrays larger than any model takes, and floods of values that are no numbers."""

from __future__ import annotations

import math
from typing import Any

from assay.kernel.serving import Rows

MOST_WIDTH = 100_000  # values of one row
MOST_CELLS = 5_000_000
MOST_DEPTH = 8  # of lists in lists, as the gateway's own reader of payloads has it bounded too
ENOUGH = 32  # values from which on a share is told
SHARE = 0.5  # of NaN


def oversized(rows: Rows) -> str:
    """Return how rows are larger than they may be, as a sentence goes on; nothing where they are not."""
    if rows.table is not None:
        cells, width = rows.table.num_rows * rows.table.num_columns, rows.table.num_columns
    else:
        width = max((len(r) for r in rows.cells or ()), default=0)
        cells = sum(_count(r, 0) for r in rows.cells or ())
        if cells < 0:
            return f"lists that nest deeper than {MOST_DEPTH}"
    if width > MOST_WIDTH:
        return f"rows of more than {MOST_WIDTH:,} values"
    return f"more than {MOST_CELLS:,} values" if cells > MOST_CELLS else ""


def _count(row: Any, depth: int) -> int:
    """Return how many values a list holds; far below zero where it nests too deep."""
    if depth > MOST_DEPTH:
        return -(1 << 60)
    total = len(row)
    for value in row:
        if type(value) is list:
            total += _count(value, depth + 1)
    return total


def flood(rows: Rows) -> str:
    """Return what floods rows, as a sentence goes on: infinities, or NaN in more than half of at least 32 numbers."""
    numbers = nans = infinities = 0
    if rows.table is not None:
        numbers, nans, infinities = _of_table(rows.table)
    else:
        for row in rows.cells or ():
            a, b, c = _of_row(row)
            numbers, nans, infinities = numbers + a, nans + b, infinities + c
    if infinities:
        return "an infinite number"
    if numbers >= ENOUGH and nans > SHARE * numbers:
        return "more values that are no number than numbers"
    return ""


def _of_row(row: Any) -> tuple[int, int, int]:
    try:
        total = sum(row)
        if type(total) in (int, float) and math.isfinite(total):
            return len(row), 0, 0
    except (TypeError, OverflowError):
        pass
    numbers = nans = infinities = 0
    stack = [row]
    while stack:
        for value in stack.pop():
            kind = type(value)
            if kind is float:
                numbers += 1
                if value != value:
                    nans += 1
                elif value in (math.inf, -math.inf):
                    infinities += 1
            elif kind is int:
                numbers += 1
            elif kind is list:
                stack.append(value)
    return numbers, nans, infinities


def _of_table(table: Any) -> tuple[int, int, int]:
    import pyarrow as pa
    import pyarrow.compute as pc

    numbers = nans = infinities = 0
    for column in table.columns:
        if pa.types.is_floating(column.type):
            numbers += len(column)
            nans += pc.sum(pc.is_nan(column)).as_py() or 0
            infinities += pc.sum(pc.is_inf(column)).as_py() or 0
        elif pa.types.is_integer(column.type):
            numbers += len(column)
    return numbers, nans, infinities
