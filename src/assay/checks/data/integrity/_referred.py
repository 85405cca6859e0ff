"""The keys that a table's columns may refer to: its own, and those of other tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from assay.kernel.handles import Table, Work

if TYPE_CHECKING:
    from assay.methods.integrity.column import Sampled
    from assay.methods.integrity.inclusion import Referred

SAMPLE = 50_000
MOST_ROWS = 20_000_000
MOST_COLUMNS = 200  # of one other table
MOST_VALUES = 40_000_000  # of all keys together


def referred(
    table: Table, columns: Sequence[Sampled], others: Mapping[str, Table], work: Work
) -> tuple[list[Referred], list[str]]:
    """Return the keys with all their values, and what was not read, in words.

    A key is a column of whole numbers or text that is different in nearly every row of a sample, and then of all rows.
    """
    from assay.engines.sampling import evenly, sampled
    from assay.methods.integrity.inclusion import own, unique

    out: list[Referred] = []
    unread: list[str] = []
    room = MOST_VALUES
    for name, other in [*others.items(), ("", table)]:
        if name:
            able = [c for c in other.columns if c.type in ("integer", "text")]
            if len(able) > MOST_COLUMNS:
                unread.append(f"{len(able) - MOST_COLUMNS} of {len(able)} columns of {name} as keys")
            some = sampled(other, work, able[:MOST_COLUMNS], evenly(other.rows, SAMPLE))
            names = [c.name for c in some if unique(c)]
        else:
            names = own(columns)
        if other.rows > MOST_ROWS:
            unread.append(f"the keys of {name or 'the table itself'}, which has {other.rows:,} rows")
            continue
        for column in names:
            key = _read(other, name, column)
            if key is None:
                continue
            room -= len(key.values)
            if room < 0:
                unread.append(f"keys beyond {MOST_VALUES:,} values, from {name or 'the table itself'} on")
                return out, unread
            out.append(key)
    return out, unread


def _read(table: Table, name: str, column: str) -> Referred | None:
    import pyarrow as pa

    from assay.methods.integrity.inclusion import LEAST_UNIQUE, Referred

    array = table.arrow([column]).column(column)
    if pa.types.is_dictionary(array.type):
        array = array.cast(array.type.value_type)
    known = len(array) - array.null_count
    values = array.unique().drop_null()
    if known < 2 or len(values) < LEAST_UNIQUE * known:
        return None
    kind = next(c.type for c in table.columns if c.name == column)
    return Referred(name, column, kind, values)
