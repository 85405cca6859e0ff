"""Tables that are series in time: a column of instants that each row, or each row of a series, has by itself, evenly apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from assay.kernel.errors import UsageError
from assay.methods.facets import coded, plain

_LEAST = 20  # instants; fewer are told by chance
_EVEN = 0.9  # of the steps from one instant to the next are alike, months and years put aside
_SERIES = 0.2  # of the rows: a column of more values tells rows apart and not series


def parting(table: pa.Table, time: str, names: Sequence[str]) -> str:
    """Return the column of fewest values that, with the time, tells each row from every other; empty where none does."""
    places = coded(table.column(time))[0]
    found: list[tuple[int, str]] = []
    for name in names:
        try:
            codes = coded(plain(table.column(name), name))[0]
        except UsageError:
            continue
        many = len(np.unique(codes))
        if 1 < many <= _SERIES * len(codes) and _alone(places, codes):
            found.append((many, name))
    return min(found)[1] if found else ""


def _alone(places: Any, codes: Any) -> bool:
    return len(np.unique(np.stack([places, codes], axis=1), axis=0)) == len(codes)


def in_time(table: pa.Table, names: Sequence[str]) -> tuple[str, str]:
    """Return the column of instants and that of series, either empty, of a table whose rows are series in time.

    names: the columns to look at. It is one only where a single column holds times, its instants are evenly apart, and each
    row has its own, or has it within its series. Numbers are never taken for times.
    """
    times = [
        n for n in names if pa.types.is_temporal(table.column(n).type) and table.column(n).null_count == 0
    ]
    if len(times) != 1 or not _even(table.column(times[0])):
        return "", ""
    time = times[0]
    if int(pc.count_distinct(table.column(time)).as_py()) == table.num_rows:
        return time, ""
    series = parting(table, time, [n for n in names if n != time])
    return (time, series) if series else ("", "")


def _even(column: pa.ChunkedArray) -> bool:
    if not (pa.types.is_date(column.type) or pa.types.is_timestamp(column.type)):
        return False
    seconds = np.unique(column.cast(pa.timestamp("s"), safe=False).cast(pa.int64()).to_numpy())
    if len(seconds) < _LEAST:
        return False
    steps = np.diff(seconds)
    usual = float(np.median(steps))
    # Months have 28 to 31 days, years 365 or 366
    return bool((np.abs(steps - usual) <= 0.1 * usual).mean() >= _EVEN)
