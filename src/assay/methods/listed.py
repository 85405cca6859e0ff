"""Arrow values as Python's own, whatever they are."""

from __future__ import annotations

from typing import Any

import pyarrow as pa


def listed(array: Any) -> list[Any]:
    """Return an Arrow array's values as Python's own; times that Python's calendar does not hold are text.

    A file may hold any 64 bits as a time: the year 294,247 is one that Python has no date for.
    """
    try:
        return array.to_pylist()  # type: ignore[no-any-return]
    except (OverflowError, ValueError):
        pass
    if pa.types.is_temporal(array.type):
        try:
            return array.cast(pa.string()).to_pylist()  # type: ignore[no-any-return]
        except pa.ArrowInvalid:  # of a time zone that nobody knows
            return array.cast(pa.int64()).cast(pa.string()).to_pylist()  # type: ignore[no-any-return]
    return [_one(item) for item in array]


def _one(item: Any) -> Any:
    try:
        return item.as_py()
    except (OverflowError, ValueError):
        return "(a time that no calendar holds)"
