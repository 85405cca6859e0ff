"""Columns counted where the table lies: distinct values and how often each comes, never the rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.kernel.handles import ColumnInfo, Table, Work

if TYPE_CHECKING:
    import pyarrow as pa

    from assay.methods.drift.counted import Counted

MOST_NUMBERS = 4_000_000  # distinct numbers held exactly
MOST_TEXTS = 100_000  # distinct texts held
NUMERIC = ("integer", "number", "date", "time", "timestamp")


def counted(table: Table, column: ColumnInfo, most: int | None = None) -> Counted | None:
    """Return a column's distinct values and counts, exactly; None where there are more than ``most``."""
    import numpy as np

    from assay.methods.drift import counted as methods

    numeric = column.type in NUMERIC
    limit = most or (MOST_NUMBERS if numeric else MOST_TEXTS)
    found = table.counts([column.name], limit)
    if found is None:
        return None
    values, counts = found.column(0), plain_numbers(found.column(1)).astype("int64")
    if numeric:
        return methods.numbers(plain_numbers(values), counts, table.rows)
    held = [(_text(v), c) for v, c in zip(values.to_pylist(), counts.tolist(), strict=True) if v is not None]
    return methods.texts([v for v, _ in held], np.array([c for _, c in held], np.int64), table.rows)


def rounded(table: Table, column: ColumnInfo, work: Work, centre: float) -> Counted:
    """Return a column of numbers counted after rounding to four significant digits of the distance from ``centre``.

    The table is streamed, so that any number of different values is held in bounded memory.
    """
    import numpy as np

    from assay.methods.drift import counted as methods

    held: list[tuple[Any, Any]] = []
    waiting, read = 0, 0
    for batch in table.batches([column.name]):
        work.progress(read, table.rows, column.name)
        read += batch.num_rows
        values = plain_numbers(batch.column(0))
        values = np.where(np.isfinite(values), methods.coarse(values, centre), values)
        values = values[~np.isnan(values)]
        found, counts = np.unique(values, return_counts=True)
        held.append((found, counts.astype(np.int64)))
        waiting += len(found)
        if waiting > MOST_NUMBERS:
            held = [methods.merged(held)]
            waiting = len(held[0][0])
    values, counts = methods.merged(held)
    return methods.numbers(values, counts, table.rows)


def plain_numbers(array: pa.Array | pa.ChunkedArray) -> Any:
    """Return numbers, days (dates, timestamps) or seconds (times of day) as float64, null as NaN."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    kind, array = array.type, whole(array)
    unit = 1.0
    if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        array = pc.cast(pc.cast(array, pa.timestamp("us", getattr(kind, "tz", None)), safe=False), pa.int64())
        unit = 86_400e6
    elif pa.types.is_time(kind):
        array = pc.cast(pc.cast(array, pa.time64("us"), safe=False), pa.int64())
        unit = 1e6
    # Arrow's own to_numpy and fill_null load pandas, which takes longer than counting does: the buffers are read as they lie.
    numbers = pc.cast(array, pa.float64(), safe=False)
    valid, data = numbers.buffers()
    start, end = numbers.offset, numbers.offset + len(numbers)
    if not len(numbers):
        return np.empty(0)
    out = np.frombuffer(data, np.float64)[start:end] / unit
    if numbers.null_count:
        known = np.unpackbits(np.frombuffer(valid, np.uint8), bitorder="little")[start:end]
        out[known == 0] = np.nan
    return out


def whole(array: pa.Array | pa.ChunkedArray) -> pa.Array:
    """Return one Arrow array."""
    import pyarrow as pa

    if not isinstance(array, pa.ChunkedArray):
        return array
    joined = array.combine_chunks()
    return pa.concat_arrays(joined.chunks) if isinstance(joined, pa.ChunkedArray) else joined


def _text(value: Any) -> str:
    return value if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else str(value)
