"""A table made of another, batch by batch: bounded memory, the same row order, the same bytes each time."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from assay.kernel.asset import Asset
from assay.kernel.handles import Table, Work

if TYPE_CHECKING:
    import pyarrow as pa

GROUP = 131_072


def rewrite(
    table: Table,
    work: Work,
    name: str,
    change: Callable[[pa.RecordBatch, int], pa.RecordBatch | None],
    columns: Sequence[str] | None = None,
) -> Asset:
    """Store what ``change(batch, first_row)`` makes of each batch, and return it as a table.

    first_row counts from 0. Every batch must come back with one schema; None leaves a batch out.
    """

    def changed() -> Iterable[pa.RecordBatch]:
        first, total = 0, table.rows
        made = False
        for batch in table.batches(columns):
            work.progress(first, total, name)
            result = change(batch, first)
            first += batch.num_rows
            if result is not None:
                made = True
                yield result
        if not made:  # no rows at all: the schema still has to be said
            empty = table.arrow(columns, limit=0)
            import pyarrow as pa

            blank = pa.RecordBatch.from_arrays(
                [pa.array([], type=f.type) for f in empty.schema], schema=empty.schema
            )
            result = change(blank, 0)
            if result is not None:
                yield result

    return store_batches(changed(), work, name)


def store_batches(batches: Iterable[pa.RecordBatch], work: Work, name: str) -> Asset:
    """Store batches of one schema as Parquet, without holding them all, and return the table."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = work.scratch / f"rewrite-{hashlib.sha256(name.encode()).hexdigest()[:12]}.parquet"
    writer: pq.ParquetWriter | None = None
    held: list[pa.RecordBatch] = []
    rows = 0
    try:
        for batch in batches:
            batch = batch.replace_schema_metadata(None)
            if writer is None:
                writer = pq.ParquetWriter(path, batch.schema, compression="zstd")
            held.append(batch)
            rows += batch.num_rows
            if rows >= GROUP:
                writer.write_table(pa.Table.from_batches(held), row_group_size=GROUP)
                held, rows = [], 0
        if writer is not None and (held or rows == 0):
            left = pa.Table.from_batches(held) if held else None
            if left is not None:
                writer.write_table(left, row_group_size=GROUP)
    except BaseException:
        if writer is not None:
            writer.close()
        path.unlink(missing_ok=True)
        raise
    if writer is not None:
        writer.close()
    asset = replace(work.put(name, path, "parquet"), kind="table", format="parquet")
    path.unlink(missing_ok=True)
    return asset
