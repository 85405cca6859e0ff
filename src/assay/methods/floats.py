"""Floats before they are told apart: the bits of equal ones may differ, and those of no number do not make it a value."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc


def settled(array: Any) -> Any:
    """Return an Arrow array with NaN as null and -0.0 as 0.0; one that holds no floats as it is.

    Arrow's dictionaries and ``unique`` go by the bits: -0.0 and 0.0 would be two values, and NaN one.
    """
    kind = array.type
    if not pa.types.is_floating(kind):
        return array
    if pa.types.is_float16(kind):  # of which Arrow computes little
        kind, array = pa.float32(), array.cast(pa.float32())
    nan = pc.is_nan(array)
    if pc.any(nan).as_py():
        array = pc.if_else(nan, pa.scalar(None, kind), array)
    return pc.add(array, pa.scalar(0.0, kind))
