"""Chosen rows of a table, in memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from assay.kernel.handles import ColumnInfo, Table, Work

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    from assay.methods.integrity.column import Sampled


def sampled(table: Table, work: Work, columns: Sequence[ColumnInfo], chosen: np.ndarray) -> list[Sampled]:
    """Return the columns at the chosen rows (from 0, ascending), read in one pass that holds no more than these."""
    import numpy as np
    import pyarrow as pa

    from assay.methods.integrity.column import Sampled

    if not columns:
        return []
    names = [c.name for c in columns]
    if len(chosen) == table.rows:
        data = table.arrow(names)
    else:
        first, parts = 0, []
        for batch in table.batches(names):
            work.progress(first, table.rows, "reading")
            low, high = np.searchsorted(chosen, [first, first + batch.num_rows])
            if high > low:
                parts.append(batch.take(pa.array(chosen[low:high] - first)))
            first += batch.num_rows
        data = pa.Table.from_batches(parts) if parts else table.arrow(names, limit=0)
    out = []
    for column in columns:
        array = data.column(column.name).combine_chunks()
        if isinstance(array, pa.ChunkedArray):
            array = pa.concat_arrays(array.chunks) if array.num_chunks else pa.array([], array.type)
        out.append(Sampled(column.name, column.type, array))
    return out


def evenly(rows: int, most: int) -> np.ndarray:
    """Return which rows to look at, from 0: all of them, or ``most`` of them evenly spread."""
    import numpy as np

    if rows <= most:
        return np.arange(rows)
    return np.unique(np.linspace(0, rows - 1, most).astype(np.int64))


def drawn(
    batches: Iterator[pa.RecordBatch], rng: np.random.Generator, rows: int, total: int
) -> Iterator[pa.RecordBatch]:
    """Give the batches, or what lies in them of ``rows`` rows drawn out of ``total`` without putting back."""
    if rows >= total:
        yield from batches
        return
    import numpy as np
    import pyarrow as pa

    places = np.sort(rng.choice(total, rows, replace=False))
    first = 0
    for batch in batches:
        low, high = np.searchsorted(places, [first, first + batch.num_rows])
        if high > low:
            yield batch.take(pa.array(places[low:high] - first))
        first += batch.num_rows
