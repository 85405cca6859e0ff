"""A column of many rows looked at as a whole."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from assay.methods.inputschema.schema import Feature
from assay.methods.inputschema.telling import CONTROL, Violation, expected

if TYPE_CHECKING:
    import pyarrow

_NUMBERS = frozenset({int, float})


def look_list(feature: Feature, column: Sequence[Any]) -> bool:
    """Whether nothing is wrong with a column of plain values. False: it has to be looked at value by value."""
    import numpy as np

    if feature.type == "any":
        return True
    types = set(map(type, column))
    if feature.type in ("integer", "number"):
        if not types <= _NUMBERS:
            return False
        try:
            values = np.fromiter(column, np.float64, len(column))
        except OverflowError:
            return False
        return bool(np.all(_fine(feature, values)))
    if feature.type == "text" and types == {str}:
        different = set(column)
        if feature.closed:
            return different <= feature.values.keys()
        longest = feature.longest if feature.longest is not None else math.inf
        return all((feature.shortest or 0) <= len(v) <= longest and not CONTROL.search(v) for v in different)
    return types == {bool} if feature.type == "boolean" else False


def look(feature: Feature, column: pyarrow.ChunkedArray, found: dict[tuple[str, str], Violation]) -> None:
    """Note what is wrong with a column of an Arrow table."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if feature.type == "any":
        return
    column = column.combine_chunks()
    if isinstance(column, pa.ChunkedArray):  # no rows
        return
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    t, missing = column.type, column.is_null(nan_is_null=True)
    if not feature.nullable:
        _note(feature, "null", missing, found)
    there = pc.invert(missing)
    if feature.type in ("integer", "number"):
        if not (pa.types.is_integer(t) or pa.types.is_floating(t) or pa.types.is_decimal(t)):
            _note(feature, "type", there, found)
            return
        values = column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
        _numbers(feature, values, found)
    elif feature.type == "boolean":
        if not pa.types.is_boolean(t):
            fine = pc.is_in(column, value_set=pa.array([0, 1]).cast(t)) if pa.types.is_integer(t) else missing
            _note(feature, "type", pc.and_(there, pc.invert(fine)), found)
    elif feature.type == "text":
        if not (pa.types.is_string(t) or pa.types.is_large_string(t) or pa.types.is_string_view(t)):
            _note(feature, "type", there, found)
            return
        _texts(feature, column.cast(pa.large_string()), there, found)
    elif feature.type == "list":
        _lists(feature, column, there, found)
    elif not (pa.types.is_temporal(t) or pa.types.is_string(t) or pa.types.is_large_string(t)):
        _note(feature, "type", there, found)


def _fine(feature: Feature, values: Any) -> Any:
    import numpy as np

    low = -math.inf if feature.minimum is None else feature.minimum
    high = math.inf if feature.maximum is None else feature.maximum
    fine = (values >= low) & (values <= high) & np.isfinite(values)
    if feature.type == "integer":
        fine &= np.floor(values) == values
    return fine | np.isnan(values) if feature.nullable else fine


def _numbers(feature: Feature, values: Any, found: dict[tuple[str, str], Violation]) -> None:
    import numpy as np

    infinite = np.isinf(values)
    _note(feature, "infinite", infinite, found)
    finite = np.isfinite(values)
    broken = finite & (np.floor(values) != values) if feature.type == "integer" else np.zeros_like(finite)
    _note(feature, "type", broken, found)
    low = -math.inf if feature.minimum is None else feature.minimum
    high = math.inf if feature.maximum is None else feature.maximum
    _note(feature, "range", finite & ~broken & ((values < low) | (values > high)), found)


def _texts(feature: Feature, column: Any, there: Any, found: dict[tuple[str, str], Violation]) -> None:
    import pyarrow as pa
    import pyarrow.compute as pc

    if feature.closed:
        known = pc.is_in(column, value_set=pa.array(list(feature.values), pa.large_string()))
        _note(feature, "value", pc.and_(there, pc.invert(known)), found)
        return
    size = pc.utf8_length(column)
    longest = feature.longest if feature.longest is not None else 1 << 62
    odd = pc.or_(pc.greater(size, longest), pc.less(size, feature.shortest or 0))
    _note(feature, "length", pc.and_(there, odd), found)
    control = pc.match_substring_regex(column, CONTROL.pattern)
    _note(feature, "type", pc.and_(there, pc.and_not(control, odd)), found)


def _lists(feature: Feature, column: Any, there: Any, found: dict[tuple[str, str], Violation]) -> None:
    import pyarrow as pa
    import pyarrow.compute as pc

    t = column.type
    listed = pa.types.is_list(t) or pa.types.is_large_list(t) or pa.types.is_fixed_size_list(t)
    if not listed or not (pa.types.is_integer(t.value_type) or pa.types.is_floating(t.value_type)):
        _note(feature, "type", there, found)
        return
    size = pc.list_value_length(column)
    longest = feature.longest if feature.longest is not None else 1 << 31
    odd = pc.or_(pc.greater(size, longest), pc.less(size, feature.shortest or 0))
    _note(feature, "length", pc.and_(there, odd), found)
    import numpy as np

    items = pc.list_flatten(column).cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    owner = pc.list_parent_indices(column).to_numpy()
    one = Feature(feature.name, "number", True, minimum=feature.minimum, maximum=feature.maximum)
    bad = owner[~_fine(one, items)]
    wrong = np.zeros(len(column), bool)
    wrong[bad] = True
    _note(feature, "range", wrong, found)


def _note(feature: Feature, kind: str, mask: Any, found: dict[tuple[str, str], Violation]) -> None:
    import numpy as np

    mask = mask if isinstance(mask, np.ndarray) else mask.fill_null(False).to_numpy(zero_copy_only=False)
    count = int(mask.sum())
    if count:
        first = int(mask.argmax()) + 1
        found[feature.name, kind] = Violation(feature.name, kind, expected(feature, kind), first, count)
