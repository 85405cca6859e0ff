"""Equivalence classes: the rows that share the values of all quasi-identifiers, and what they hold of a sensitive column.

A missing value is a value like any other: two rows without an age are alike in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from assay.methods.floats import settled
from assay.methods.listed import listed

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Classes:
    """Classes of rows. of: the class of each counted combination; sizes: the rows of each class.

    first: for each class the place of one of its combinations, whose quasi-identifiers are the class's.
    """

    of: Ints
    sizes: Ints
    first: Ints

    @property
    def rows(self) -> int:
        """Return the number of rows."""
        return int(self.sizes.sum())

    @property
    def k(self) -> int:
        """Return the size of the smallest class (0 without a row): the data is k-anonymous (Samarati, Sweeney 1998)."""
        return int(self.sizes.min(initial=np.iinfo(np.int64).max)) if len(self.sizes) else 0


@dataclass(frozen=True)
class Held:
    """What classes hold of one sensitive column: ``rows`` rows of class ``of`` have the value ``value``; sorted by both.

    names: the values by number, ascending where they are numbers (``ordered``). shares: of the whole table.
    """

    of: Ints
    value: Ints
    rows: Ints
    sizes: Ints
    names: list[Any]
    ordered: bool

    @property
    def shares(self) -> npt.NDArray[np.float64]:
        """Return the share of each value in all rows."""
        total = np.bincount(self.value, weights=self.rows, minlength=len(self.names))
        out: npt.NDArray[np.float64] = total / max(total.sum(), 1)
        return out

    @property
    def part(self) -> npt.NDArray[np.float64]:
        """Return, entry by entry, the share of the class's rows that hold the value."""
        out: npt.NDArray[np.float64] = self.rows / self.sizes[self.of]
        return out


def codes(column: pa.ChunkedArray) -> tuple[Ints, list[Any]]:
    """Return each row's value as a number and the values; null is a value of its own. NaN is null, and -0.0 is 0.0."""
    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if isinstance(array, pa.ChunkedArray):
        array = pa.concat_arrays(array.chunks) if array.num_chunks else pa.array([], array.type)
    if pa.types.is_dictionary(array.type):  # which may hold values that no row has
        array = array.cast(array.type.value_type)
    encoded = settled(array).dictionary_encode()
    values = listed(encoded.dictionary)
    raw = encoded.indices.fill_null(len(values)).to_numpy(zero_copy_only=False).astype(np.int64)
    if encoded.null_count:
        values.append(None)
    return raw, values


def combined(columns: Sequence[Ints]) -> Ints:
    """Return one number a row that tells apart the rows' values in all columns."""
    out = np.zeros(len(columns[0]), np.int64) if columns else np.empty(0, np.int64)
    size = 1
    for one in columns:
        width = int(one.max(initial=0)) + 1
        if size > (1 << 62) // width:
            _, out = np.unique(out, return_inverse=True)
            size = int(out.max(initial=0)) + 1
        out = out * width + one
        size *= width
    return out


def classes(columns: Sequence[Ints], counts: Ints) -> Classes:
    """Return the classes of combinations that come ``counts`` times each."""
    key = combined(columns)
    _, first, of = np.unique(key, return_index=True, return_inverse=True)
    sizes = np.bincount(of, weights=counts, minlength=len(first)).astype(np.int64)
    return Classes(of.astype(np.int64), sizes, first.astype(np.int64))


def held(found: Classes, column: pa.ChunkedArray, counts: Ints) -> Held:
    """Return what the classes hold of a sensitive column, given as the combinations' values."""
    raw, values = codes(column)
    ordered = not isinstance(values, list) or _orders(column.type)
    order = sorted(
        range(len(values)), key=lambda i: (values[i] is None, values[i] if ordered else str(values[i]))
    )
    place = np.empty(len(values), np.int64)
    place[order] = np.arange(len(values))
    names = [values[i] for i in order]
    key = found.of * max(1, len(names)) + place[raw]
    entries, where = np.unique(key, return_inverse=True)
    rows = np.bincount(where, weights=counts, minlength=len(entries)).astype(np.int64)
    width = max(1, len(names))
    return Held(entries // width, entries % width, rows, found.sizes, names, ordered)


def _orders(kind: pa.DataType) -> bool:
    tests = (
        pa.types.is_integer,
        pa.types.is_floating,
        pa.types.is_decimal,
        pa.types.is_date,
        pa.types.is_timestamp,
    )
    return any(test(kind) for test in tests)
