"""A 64-bit hash of each whole row, the same in whichever batch the row lies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from assay.methods.listed import listed

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

_NOTHING = np.uint64(0x9E3779B97F4A7C15)
_NUMBER = np.uint64(0xD1B54A32D192ED03)


def row_hashes(batch: pa.RecordBatch) -> NDArray[np.uint64]:
    """Return a hash per row, of every column's value and place; equal rows have equal hashes."""
    out = np.full(batch.num_rows, np.uint64(1469598103934665603))
    for column in batch.columns:
        with np.errstate(over="ignore"):
            out = mixed(out * np.uint64(1099511628211) ^ column_hashes(column))
    return out


def column_hashes(array: Any) -> NDArray[np.uint64]:
    """Return a hash per value: of numbers, dates and times by their value whatever their width, of others as text."""
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = array.type
    if pa.types.is_integer(kind) or pa.types.is_boolean(kind):
        plain = array.cast(pa.uint64() if kind == pa.uint64() else pa.int64())
    elif pa.types.is_floating(kind):
        plain = pc.add(array.cast(pa.float64()), 0.0)  # -0.0 is 0.0
    elif pa.types.is_date32(kind):
        plain = array.cast(pa.int32()).cast(pa.int64())
    elif pa.types.is_timestamp(kind):
        plain = array.cast(pa.timestamp("us", kind.tz), safe=False).cast(pa.int64())
    else:
        return _texts(array)
    if plain.null_count:
        plain = pc.fill_null(plain, pa.scalar(0, plain.type))
    return _without(array, mixed(plain.to_numpy(zero_copy_only=False).view(np.uint64) ^ _NUMBER))


def _without(array: Any, hashes: NDArray[np.uint64]) -> NDArray[np.uint64]:
    if array.null_count:
        return np.where(array.is_null().to_numpy(zero_copy_only=False), _NOTHING, hashes)
    return hashes


def _texts(array: Any) -> NDArray[np.uint64]:
    import pandas as pd
    import pyarrow as pa

    encoded = array if pa.types.is_dictionary(array.type) else None
    if encoded is None:
        try:
            encoded = array.dictionary_encode()
        except pa.ArrowNotImplementedError:  # lists, structs
            encoded = pa.array([repr(v) for v in listed(array)]).dictionary_encode()
    values = np.array([repr(v) for v in listed(encoded.dictionary)] or [""], dtype=object)
    hashes = pd.util.hash_array(values, categorize=False)
    places = encoded.indices.fill_null(0).to_numpy(zero_copy_only=False)
    out: NDArray[np.uint64] = hashes[places]
    return _without(array, out)


def mixed(value: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return splitmix64's finaliser of each value."""
    with np.errstate(over="ignore"):
        return _finalised(value)


def _finalised(value: NDArray[np.uint64]) -> NDArray[np.uint64]:
    value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    out: NDArray[np.uint64] = value ^ (value >> np.uint64(31))
    return out
