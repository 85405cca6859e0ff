"""What is known of a table at a glance: its rows, and of each column the type, what is missing, how many values, and range.

Of a text its lengths are told and not its values: this is kept for good, and a profile that may hold people's data is not.
"""

# ruff: noqa: S608 - SQL is made here of quoted names
from __future__ import annotations

from typing import Any

from assay.engines.tables.handle import DATA, DuckTable
from assay.engines.tables.seam import seam
from assay.kernel.handles import ColumnInfo, Table
from assay.methods.sqltext import quoted

MOST_COLUMNS = 2_000
MOST_CELLS = 200_000_000
_AT_ONCE = 200  # columns that one question is about


def describe(table: Table) -> dict[str, Any]:
    """Return rows and columns as JSON; ``skipped`` says why columns are told by name and type alone."""
    columns, rows = table.columns[:MOST_COLUMNS], table.rows
    out: dict[str, Any] = {"rows": rows, "columns": [{"name": c.name, "type": c.type} for c in columns]}
    if len(table.columns) > MOST_COLUMNS:
        out["left_out"] = len(table.columns) - MOST_COLUMNS
    if not isinstance(table, DuckTable):
        return out | {"skipped": f"it lies in {table.engine}; `assay check data.profile` looks into it"}
    if rows * len(columns) > MOST_CELLS:
        return out | {
            "skipped": f"it has more than {MOST_CELLS:,} cells; `assay check data.profile` looks into it"
        }
    for start in range(0, len(columns), _AT_ONCE):
        part = columns[start : start + _AT_ONCE]
        asked = [sql for c in part for sql in _asked(c)]
        with seam(table.asset.uri or table.asset.name):
            found = table.cursor().execute(f"SELECT {', '.join(asked)} FROM {DATA}").fetchone()
        for told, column, place in zip(out["columns"][start:], part, range(0, len(asked), 5), strict=False):
            present, values, low, high, mean = (found or [None] * len(asked))[place : place + 5]
            told["missing"] = rows - (present or 0)
            if values is not None:  # by a sketch: a few percent off where there are many
                told["values"] = min(values, present or 0)
            ends = ("shortest", "longest") if column.type == "text" else ("min", "max")
            told |= {k: v for k, v in (*zip(ends, (low, high), strict=True), ("mean", mean)) if v is not None}
    return out | {"profiled": True}


def _asked(column: ColumnInfo) -> list[str]:
    """Return five expressions: how many are there, how many different, the least, the greatest, the mean."""
    name, none = quoted(column.name), "NULL"
    if column.type in ("other", "binary"):
        return [f"count({name})", none, none, none, none]
    counts = [f"count({name})", f"approx_count_distinct({name})"]
    if column.type == "text":
        return [*counts, f"min(length({name}::VARCHAR))", f"max(length({name}::VARCHAR))", none]
    if column.type in ("integer", "number"):
        real = f"CASE WHEN isfinite({name}::DOUBLE) THEN {name}::DOUBLE END"
        return [*counts, f"min({real})", f"max({real})", f"avg({real})"]
    if column.type in ("date", "time", "timestamp"):
        return [*counts, f"min({name})::VARCHAR", f"max({name})::VARCHAR", none]
    return [*counts, none, none, none]
