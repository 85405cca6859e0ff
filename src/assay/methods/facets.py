"""From columns to groups: which rows are positive, which belong to the disadvantaged group, which are left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from assay.methods.values import same, spelled

MAX_GROUPS = 50
Mask = np.ndarray[Any, np.dtype[np.bool_]]


@dataclass(frozen=True, slots=True)
class Group:
    """A group of a facet against the others. member: in it; known: the facet is not missing there."""

    facet: str
    name: str
    member: Mask
    known: Mask
    named: bool = True  # the user named this group; else each takes its turn


def matches(column: pa.ChunkedArray, values: Sequence[Any]) -> Mask:
    """Return which rows hold one of the values, however either is spelled. Missing rows hold none."""
    encoded = (
        column.combine_chunks().dictionary_encode()
        if not pa.types.is_dictionary(column.type)
        else column.combine_chunks()
    )
    wanted = [any(same(item, v) for v in values) for item in encoded.dictionary.to_pylist()]
    codes = encoded.indices.fill_null(len(wanted)).to_numpy(zero_copy_only=False)
    found: Mask = np.array([*wanted, False], dtype=bool)[codes]
    return found


def present(column: pa.ChunkedArray) -> Mask:
    """Return which rows are not missing; NaN and empty text are missing."""
    valid = np.asarray(pc.is_valid(column).to_numpy(zero_copy_only=False), dtype=bool)
    if pa.types.is_floating(column.type):
        valid &= ~np.asarray(
            pc.fill_null(pc.is_nan(column), False).to_numpy(zero_copy_only=False), dtype=bool
        )
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        valid &= np.asarray(
            pc.fill_null(pc.not_equal(column, ""), False).to_numpy(zero_copy_only=False), dtype=bool
        )
    return valid


def above(column: pa.ChunkedArray, threshold: float) -> Mask:
    """Return which rows are strictly greater than the threshold."""
    numbers = column.cast(pa.float64(), safe=False)
    return np.asarray(
        pc.fill_null(pc.greater(numbers, threshold), False).to_numpy(zero_copy_only=False), dtype=bool
    )


def is_number(column: pa.ChunkedArray) -> bool:
    """Whether a column holds numbers."""
    return bool(
        pa.types.is_integer(column.type)
        or pa.types.is_floating(column.type)
        or pa.types.is_decimal(column.type)
    )


def groups(
    facet: str,
    column: pa.ChunkedArray,
    values: Sequence[str],
    threshold: float | None,
    *,
    missing_joins: bool,
) -> list[Group]:
    """Return the groups of a facet: the values named as one, those above a threshold, or each value against the rest.

    missing_joins: rows without the facet count as advantaged, which is the reference library's convention.
    """
    known = np.ones(len(column), dtype=bool) if missing_joins else present(column)
    if threshold is not None:
        return [Group(facet, f"> {spelled(threshold)}", above(column, threshold), known)]
    if values:
        return [Group(facet, ", ".join(map(str, values)), matches(column, values), known)]
    counts = pc.value_counts(column.filter(pa.array(present(column)))).to_pylist()
    found = sorted(counts, key=lambda c: (-c["counts"], str(c["values"])))[:MAX_GROUPS]
    return [
        Group(facet, spelled_name(c["values"]), matches(column, [c["values"]]), known, named=False)
        for c in found
    ]


def spelled_name(value: Any) -> str:
    """Return a group's name as the data spells it."""
    return str(value)
