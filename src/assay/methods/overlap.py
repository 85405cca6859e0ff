"""Rows that stand in two tables: alike to the letter, or once numbers are rounded and case and spaces put aside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from assay.kernel.errors import UsageError
from assay.methods.facets import is_number, plain
from assay.methods.rowhash import row_hashes

_DIGITS = 3


@dataclass(frozen=True, slots=True)
class Overlap:
    """Masks over the rows of ``new``: those that are rows of ``seen``, exactly or nearly (which takes in exactly).

    repeated: the share of rows of ``seen`` that are there more than once, nearly: what so few values make by chance.
    columns: those compared; aside: those that number the rows, and were put aside.
    """

    exact: Any
    near: Any
    repeated: float
    columns: tuple[str, ...]
    aside: tuple[str, ...]


def overlap(seen: pa.Table, new: pa.Table) -> Overlap:
    """Compare the columns that both tables have; UsageError where there is none."""
    shared = [n for n in new.column_names if n in seen.column_names]
    aside = [n for n in shared if _numbers_rows(seen.column(n)) and _numbers_rows(new.column(n))]
    columns = [n for n in shared if n not in aside] or shared
    if not columns:
        raise UsageError("the two tables share no column", remedy="name the training data with --training")
    exact = np.isin(_hashes(new, columns, near=False), _hashes(seen, columns, near=False))
    there = _hashes(seen, columns, near=True)
    near = np.isin(_hashes(new, columns, near=True), there)
    _, counts = np.unique(there, return_counts=True)
    repeated = float(counts[counts > 1].sum() / max(len(there), 1))
    return Overlap(exact, near | exact, repeated, tuple(columns), tuple(n for n in aside if n not in columns))


def likeness(table: pa.Table) -> Any:
    """Return a number for each row, the same where rows are nearly alike; columns that number the rows are put aside."""
    columns = [n for n in table.column_names if not _numbers_rows(table.column(n))] or table.column_names
    return _hashes(table, columns, near=True)


def _numbers_rows(column: pa.ChunkedArray) -> bool:
    """Whether each row has a value of its own that is no measurement: an integer or a text."""
    kind = column.type
    if not (pa.types.is_integer(kind) or pa.types.is_string(kind) or pa.types.is_large_string(kind)):
        return False
    return (
        len(column) > 1 and column.null_count == 0 and int(pc.count_distinct(column).as_py()) == len(column)
    )


def _hashes(table: pa.Table, columns: list[str], *, near: bool) -> Any:
    parts = {n: (_rounded if near else _alike)(table.column(n), n) for n in columns}
    return (
        row_hashes(pa.table(parts).combine_chunks().to_batches()[0])
        if table.num_rows
        else np.zeros(0, np.uint64)
    )


def _alike(column: pa.ChunkedArray, name: str) -> pa.ChunkedArray:
    """As numbers of one width, or as text: two files seldom have the same types."""
    try:
        column = plain(column, name)
    except UsageError:
        return pa.chunked_array([pa.array([str(v) for v in column.to_pylist()], pa.string())])
    if is_number(column) or pa.types.is_boolean(column.type):
        numbers = column.cast(pa.int8()) if pa.types.is_boolean(column.type) else column
        return pc.cast(numbers, pa.float64(), safe=False)
    return column.cast(pa.string())


def _rounded(column: pa.ChunkedArray, name: str) -> pa.ChunkedArray:
    column = _alike(column, name)
    if not pa.types.is_floating(column.type):
        return pc.replace_substring_regex(pc.utf8_trim_whitespace(pc.utf8_lower(column)), r"\s+", " ")
    values = column.to_numpy(zero_copy_only=False).copy()
    sized = np.isfinite(values) & (values != 0)
    scale = 10.0 ** (np.floor(np.log10(np.abs(values[sized]))) - (_DIGITS - 1))
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        rounded = np.round(values[sized] / scale) * scale
    values[sized] = np.where(np.isfinite(rounded), rounded, values[sized])
    return pa.chunked_array([pa.array(values, mask=column.is_null().to_numpy(zero_copy_only=False))])
