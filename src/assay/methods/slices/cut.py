"""A column cut into pieces that can be named: its commonest values, or fifths of its numbers; missing is a piece of its own."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from assay.kernel.errors import UsageError
from assay.methods.facets import coded, is_number, plain, present
from assay.methods.values import spelled

_PIECES = 5
_FEW = 10  # whole numbers of so few values are values, not amounts
_VALUES = 20
_NAMES_EACH = (
    0.5  # where more rows than this have a value that is among no common ones, the column names rows
)


@dataclass(frozen=True, slots=True)
class Cut:
    """name: the column's. codes: each row's piece, -1 for none that is looked at. pieces: their conditions in words."""

    name: str
    codes: Any
    pieces: tuple[str, ...]


def cut(name: str, column: pa.ChunkedArray) -> Cut | None:
    """Cut a column; None where it has one piece, names each row, or holds what has no order and no names."""
    try:
        column = plain(column, name)
    except UsageError:
        return None
    known = present(column)
    if is_number(column):
        numbers = np.asarray(pc.cast(column, pa.float64(), safe=False).to_numpy(zero_copy_only=False))
        known &= np.isfinite(numbers)
        values = np.unique(numbers[known])
        if len(values) > _FEW:
            return _numbers(name, numbers, known, whole=pa.types.is_integer(column.type))
    return _values(name, column, known)


def _numbers(name: str, numbers: Any, known: Any, *, whole: bool) -> Cut | None:
    # Of three digits, and cut where they say: a condition can be read, written down and used again as it is
    fifths = np.quantile(numbers[known], np.arange(1, _PIECES) / _PIECES)
    edges = np.unique([float(f"{e:.3g}") for e in fifths])
    edges = edges[(edges >= numbers[known].min()) & (edges < numbers[known].max())]
    if not len(edges):
        return None
    codes = np.full(len(numbers), -1)
    codes[known] = np.searchsorted(edges, numbers[known], side="left")
    shown = [_number(e, whole) for e in edges]
    pieces = [f"{name} <= {shown[0]}"]
    pieces += [f"{low} < {name} <= {high}" for low, high in pairwise(shown)]
    pieces.append(f"{name} > {shown[-1]}")
    return _with_missing(name, codes, pieces, ~known)


def _number(value: float, whole: bool) -> str:
    return str(int(value)) if whole and value.is_integer() else spelled(float(value))


def _values(name: str, column: pa.ChunkedArray, known: Any) -> Cut | None:
    codes, held = coded(column)
    codes = np.where(known, codes, -1)
    counts = np.bincount(codes[known], minlength=len(held))
    order = np.argsort(-counts, kind="stable")[:_VALUES]
    order = order[counts[order] > 0]
    if counts[order].sum() < _NAMES_EACH * max(int(known.sum()), 1):
        return None
    place = np.full(len(held) + 1, -1)
    place[order] = np.arange(len(order))
    pieces = [f"{name} = {spelled(held[int(c)].as_py())[:40]}" for c in order]
    return _with_missing(name, place[codes], pieces, ~known)


def _with_missing(name: str, codes: Any, pieces: list[str], missing: Any) -> Cut | None:
    if missing.any():
        codes = np.where(missing, len(pieces), codes)
        pieces = [*pieces, f"{name} is missing"]
    return Cut(name, codes, tuple(pieces)) if len(pieces) > 1 else None
