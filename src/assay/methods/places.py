"""Arrow's numbers as numpy's and back, by their buffers: Arrow's own ways import pandas, a tenth of a second, to see
whether they were given something of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc


def numbers(array: pa.Array) -> Any:
    """Return an Arrow array of whole numbers or floats without nulls as a numpy array of the same memory."""
    kind = np.dtype(array.type.to_pandas_dtype())
    data = array.buffers()[1]
    if data is None or not len(array):
        return np.empty(0, kind)
    return np.frombuffer(data, kind)[array.offset : array.offset + len(array)]


def true(mask: pa.Array) -> Any:
    """Return the places, from 0, where an Arrow array of Booleans is true; null is not."""
    return numbers(pc.indices_nonzero(mask)).astype(np.int64)


def take(array: pa.Array, places: Any) -> pa.Array:
    """Return the values at a numpy array of places."""
    whole = np.ascontiguousarray(places, np.int64)
    return array.take(pa.Array.from_buffers(pa.int64(), len(whole), [None, pa.py_buffer(whole)]))
