"""What a table's columns hold, as Model Monitor's statistics: a column after another, as many at once as there are cores."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from assay.kernel.handles import Table, Work
from assay.methods.monitor.statistics import Column, Statistics, counted

_ROWS = 1 << 20


def statistics(table: Table, work: Work | None = None, columns: Sequence[str] | None = None) -> Statistics:
    """Return the statistics of a table, or of the named columns of it, in its order."""
    names = [c.name for c in table.columns if columns is None or c.name in columns]

    def one(name: str) -> Column:
        return counted(name, (batch.column(0) for batch in table.batches([name], size=_ROWS)))

    out: dict[str, Column] = {}
    cores = max(1, work.cores if work is not None else 1)
    with ThreadPoolExecutor(cores) as pool:
        for place, (name, column) in enumerate(zip(names, pool.map(one, names), strict=True), 1):
            out[name] = column
            if work is not None:
                work.progress(place, len(names), "columns")
    return Statistics(table.rows, out)
