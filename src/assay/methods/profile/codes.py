"""A column as codes: each distinct value once, how often it comes, and for each row which one it holds.

Everything a profile says follows exactly from these three, whatever engine the column came from.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from assay.methods.floats import settled
from assay.methods.listed import listed

if TYPE_CHECKING:
    from collections.abc import Callable

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.unsignedinteger[Any]]
Nature = Literal["number", "boolean", "time", "text"]


@dataclass(frozen=True)
class Encoded:
    """A column of n rows with k distinct values.

    nature: number (values ascending, int64 or float64), boolean, time (int64 since 1970 in the type's unit, shown
    by ``show``), text (an Arrow array in order of first appearance). codes: n codes below k, and k itself where a
    row has no value; None where the values were counted elsewhere and which row holds which is not known.
    counts: k counts. NaN counts as missing, -0.0 as 0.0. exact: the distinct numbers as they are, where 64 bits do not
    hold them all; ``values`` are then their nearest floats, of which some may be equal.
    """

    nature: Nature
    values: Any
    counts: Ints
    codes: Codes | None
    missing: int
    show: Callable[[Any], Any]
    exact: Any = None

    @property
    def rows(self) -> int:
        """Return the number of rows."""
        return self.present + self.missing

    @cached_property
    def present(self) -> int:
        """Return the number of rows with a value."""
        return int(self.counts.sum())

    @property
    def distinct(self) -> int:
        """Return the number of different values."""
        return len(self.counts)

    @cached_property
    def floats(self) -> Floats:
        """Return the distinct values as numbers (text has none)."""
        return np.asarray(self.values, dtype=np.float64)

    @property
    def places(self) -> Codes:
        """Return the codes of the rows; ValueError where they are not known."""
        if self.codes is None:
            raise ValueError("the column was counted, and its rows are not known")
        return self.codes

    def first(self, code: int) -> int | None:
        """Return the first row, from 0, that holds a distinct value; None where the rows are not known."""
        return None if self.codes is None else int(np.argmax(self.codes == code))

    def value(self, code: int) -> Any:
        """Return a distinct value as a plain Python object."""
        got = self.values[code] if self.exact is None else self.exact[code]
        return self.show(got.as_py() if isinstance(got, pa.Scalar) else got.item())


def encode(column: pa.ChunkedArray) -> Encoded:
    """Return an Arrow column as codes."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        column = pc.cast(column, kind.value_type)
        kind = column.type
    if pa.types.is_decimal(kind) or kind == pa.uint64():
        return _wide(column)
    if pa.types.is_integer(kind):
        return _numbers(column.cast(pa.int64()), _same)
    if pa.types.is_floating(kind):
        return _numbers(_float(column), _same)
    if pa.types.is_boolean(kind):
        return _numbers(column.cast(pa.int64()), bool, "boolean")
    if pa.types.is_date32(kind):
        return _numbers(column.cast(pa.int32()).cast(pa.int64()), _shower(pa.date32()), "time")
    if pa.types.is_timestamp(kind) or pa.types.is_date64(kind) or pa.types.is_time64(kind):
        return _numbers(column.cast(pa.int64()), _shower(kind), "time")
    if not (pa.types.is_string(kind) or pa.types.is_large_string(kind)):
        column = _text(column)
    return _texts(column)


def _wide(column: pa.ChunkedArray) -> Encoded:
    """Encode decimals and unsigned whole numbers, of which a float does not tell every two apart."""
    kind, ends = column.type, pc.min_max(column)
    low, high = ends["min"].as_py(), ends["max"].as_py()
    if (kind == pa.uint64() or kind.scale == 0) and (low is None or (low >= -(1 << 63) and high < 1 << 63)):
        return _numbers(column.cast(pa.int64()), _same)
    if pa.types.is_decimal(kind) and kind.precision <= 15:
        return _numbers(_float(column), _same)
    whole = _dictionary(column)
    order = pc.sort_indices(whole.dictionary)
    place = np.empty(len(order) + 1, np.int64)
    place[order.to_numpy()] = np.arange(len(order))
    place[-1] = len(order)
    codes = _take(whole, place)
    exact = whole.dictionary.take(order)
    values = np.asarray(exact.cast(pa.float64(), safe=False))
    counts = _bincount(codes, len(order) + 1)[: len(order)]
    return Encoded("number", values, counts, codes, column.null_count, _plain_number, exact)


def _plain_number(value: Any) -> Any:
    """Return a number as one of Python's own, or as text where a float would not hold it."""
    if isinstance(value, int) or value == value.to_integral_value():
        return int(value)
    near = float(value)
    return near if Decimal(repr(near)) == value else str(value)


def _same(value: Any) -> Any:
    return value


def _shower(kind: pa.DataType) -> Callable[[Any], Any]:
    def show(value: int) -> str:
        whole = pa.array([value], pa.int64())
        return str(listed((whole.cast(pa.int32()) if kind == pa.date32() else whole).cast(kind))[0])

    return show


def _float(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return settled(column.cast(pa.float64(), safe=False))


def _text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    kind = column.type
    if pa.types.is_null(kind):
        return pa.chunked_array([pa.nulls(len(column), pa.string())])
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind):
        return _each(column, lambda v: v.hex())
    try:
        return column.cast(pa.string())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return _each(column, str)


def _each(column: pa.ChunkedArray, write: Callable[[Any], str]) -> pa.ChunkedArray:
    chunks = [
        pa.array([None if v is None else write(v) for v in listed(chunk)], pa.string())
        for chunk in column.chunks
    ]
    return pa.chunked_array(chunks, type=pa.string())


def _numbers(column: pa.ChunkedArray, show: Callable[[Any], Any], nature: Nature = "number") -> Encoded:
    missing, rows = column.null_count, len(column)
    dtype = np.float64 if column.type == pa.float64() else np.int64
    if missing == rows:
        return Encoded(
            nature, np.empty(0, dtype), np.empty(0, np.int64), np.zeros(rows, np.uint8), rows, show
        )
    if dtype is np.int64:
        dense = _dense(column, show, nature)
        if dense is not None:
            return dense
    sample = column.slice(0, 8192)
    if 2 * len(pc.unique(sample)) > len(sample):
        return _sorted(column, nature, show)
    whole = _dictionary(column)
    found = np.asarray(whole.dictionary)
    order = np.argsort(found, kind="stable")
    place = np.empty(len(found) + 1, np.int64)
    place[order] = np.arange(len(found))
    place[-1] = len(found)
    codes = _take(whole, place)
    counts = _bincount(codes, len(found) + 1)[: len(found)]
    return Encoded(nature, found[order], counts, codes, missing, show)


def _sorted(column: pa.ChunkedArray, nature: Nature, show: Callable[[Any], Any]) -> Encoded:
    """Encode numbers of which most differ: sorting them is several times faster than hashing them."""
    rows = len(column)
    held = np.flatnonzero(pc.is_valid(column).to_numpy()) if column.null_count else None
    plain = (column.drop_null() if column.null_count else column).to_numpy()
    order = np.argsort(plain)
    ascending = plain[order]
    first = np.empty(len(plain), bool)
    first[0] = True
    np.not_equal(ascending[1:], ascending[:-1], out=first[1:])
    starts = np.flatnonzero(first)
    values = ascending[starts]
    counts = np.diff(starts, append=len(plain))
    codes = np.full(rows, len(values), _narrow(len(values)))
    codes[order if held is None else held[order]] = np.cumsum(first) - 1
    return Encoded(nature, values, counts, codes, column.null_count, show)


def _dense(column: pa.ChunkedArray, show: Callable[[Any], Any], nature: Nature) -> Encoded | None:
    """Encode whole numbers that lie close together by their distance from the least: no hashing, no sorting."""
    ends = pc.min_max(column)
    low, high = ends["min"].as_py(), ends["max"].as_py()
    width = high - low + 1
    if width > max(65_536, 2 * len(column)):
        return None
    offsets = np.empty(len(column), _narrow(width))
    at = 0
    for chunk in column.chunks:
        filled = pc.fill_null(pc.subtract(chunk, low), width)
        offsets[at : at + len(chunk)] = filled.to_numpy(zero_copy_only=False)
        at += len(chunk)
    counts = _bincount(offsets, width + 1)
    held = np.flatnonzero(counts[:width])
    place = np.zeros(width + 1, _narrow(len(held)))
    place[held] = np.arange(len(held))
    place[width] = len(held)
    return Encoded(nature, held + low, counts[held], place[offsets], column.null_count, show)


def _bincount(codes: npt.NDArray[Any], size: int) -> Ints:
    """Count codes in pieces, so that the whole is never widened at once."""
    if size > 1 << 16:
        return np.bincount(codes, minlength=size)
    out = np.zeros(size, np.int64)
    for at in range(0, len(codes), 1 << 18):
        out += np.bincount(codes[at : at + (1 << 18)], minlength=size)
    return out


def _texts(column: pa.ChunkedArray) -> Encoded:
    if column.nbytes > 1 << 30:  # one array of short offsets holds 2 GB of text
        column = column.cast(pa.large_string())
    whole = _dictionary(column)
    distinct = len(whole.dictionary)
    codes = _take(whole, np.arange(distinct + 1))
    counts = _bincount(codes, distinct + 1)[:distinct]
    return Encoded("text", whole.dictionary, counts, codes, column.null_count, _same)


def _dictionary(column: pa.ChunkedArray) -> pa.DictionaryArray:
    if not column.num_chunks:
        return pa.array([], column.type).dictionary_encode()
    encoded = column.dictionary_encode().unify_dictionaries().combine_chunks()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.chunk(0) if encoded.num_chunks else pa.array([], column.type).dictionary_encode()
    return encoded


def _take(whole: pa.DictionaryArray, place: npt.NDArray[Any]) -> Codes:
    """Return the codes of the rows through ``place``, whose last entry is the code of a missing value."""
    last = len(place) - 1
    narrow = place.astype(_narrow(int(place[last])))
    indices = whole.indices
    if indices.null_count:
        indices = indices.fill_null(last)
    codes: Codes = narrow[indices.to_numpy(zero_copy_only=False)]
    return codes


def _narrow(highest: int) -> type[np.unsignedinteger[Any]]:
    """Return the narrowest type that holds codes up to ``highest``."""
    return np.uint8 if highest < 1 << 8 else np.uint16 if highest < 1 << 16 else np.uint32


def counted(values: pa.ChunkedArray, counts: Ints) -> Encoded:
    """Return a column as codes from its distinct values and their counts, a missing one among them or not."""
    plain = encode(values)
    size = plain.distinct
    summed = np.bincount(plain.places, weights=counts, minlength=size + 1).astype(np.int64)
    return replace(plain, counts=summed[:size], codes=None, missing=int(summed[size]))
