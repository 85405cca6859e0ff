"""The rows that a load keeps out, written as text with why, whence and when; and how they are told."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from assay.engines.gate import Entry, Sorted
    from assay.engines.tables.handle import DuckTable

TOLD = 20  # rows that are told with their reasons


def write(table: DuckTable, found: Sorted, entry: Entry, scratch: Path) -> Path:
    """Write the rows that are kept out as Parquet of texts."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from assay.engines.gate import sink
    from assay.engines.inplace.files import written

    path = scratch / "quarantined.parquet"
    fields = [*((c.name, pa.string()) for c in table.columns), (sink.RULES, pa.string()), (sink.REASONS, pa.string()),
              (sink.SOURCE, pa.string()), (sink.ROW, pa.int64()), (sink.WHEN, pa.string()), (sink.RUN, pa.string())]  # fmt: skip
    first = 1
    with pq.ParquetWriter(path, pa.schema(fields), compression="zstd") as out:
        for batch in table.batches():
            rows = [r for r in range(first, first + batch.num_rows) if r in found.reasons]
            first += batch.num_rows
            if not rows:
                continue
            part = batch.take(pa.array([r - (first - batch.num_rows) for r in rows]))
            told = [found.reasons[r] for r in rows]
            columns = [written(c) for c in part.columns]
            columns += [
                pa.array(["; ".join(dict.fromkeys(n for n, _ in t)) for t in told], pa.string()),
                pa.array(["; ".join(w for _, w in t) for t in told], pa.string()),
                pa.array([entry.source] * len(rows), pa.string()),
                pa.array(rows, pa.int64()),
                pa.array([entry.at] * len(rows), pa.string()),
                pa.array([entry.run] * len(rows), pa.string()),
            ]
            out.write_table(pa.table(columns, schema=pa.schema(fields)))
    return path


def by_rule(found: Sorted) -> list[dict[str, Any]]:
    """Return how many rows break each rule, the most broken first."""
    counts: dict[str, int] = {}
    for told in found.reasons.values():
        for name in dict.fromkeys(n for n, _ in told):
            counts[name] = counts.get(name, 0) + 1
    return [{"rule": n, "rows": c} for n, c in sorted(counts.items(), key=lambda x: (-x[1], x[0]))]


def first(found: Sorted) -> list[dict[str, Any]]:
    """Return the first rows that are kept out, each with its rules and its first reason."""
    return [
        {
            "row": row,
            "rules": list(dict.fromkeys(n for n, _ in found.reasons[row])),
            "why": found.reasons[row][0][1],
        }
        for row in sorted(found.reasons)[:TOLD]
    ]
