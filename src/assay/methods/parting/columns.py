"""A table's columns as counts of their values, to be held against another table's."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from assay.methods.drift.counted import Counted, numbers, texts

if TYPE_CHECKING:
    import pyarrow as pa

_NARROWER = {"boolean": 0, "integer": 1, "number": 2, "date": 2, "timestamp": 3, "text": 4}


@dataclass(frozen=True)
class Held:
    """One column of a table in memory. type: boolean, integer, number, date, timestamp, text or other."""

    name: str
    array: Any

    @cached_property
    def type(self) -> str:
        """Return its type in our words."""
        import pyarrow as pa

        kind = self.array.type
        if pa.types.is_dictionary(kind):
            kind = kind.value_type
        asked = (
            ("boolean", pa.types.is_boolean), ("integer", pa.types.is_integer), ("number", pa.types.is_floating),
            ("number", pa.types.is_decimal), ("date", pa.types.is_date), ("timestamp", pa.types.is_timestamp),
            ("text", pa.types.is_string), ("text", pa.types.is_large_string), ("text", pa.types.is_string_view),
        )  # fmt: skip
        return next((name for name, is_ in asked if is_(kind)), "other")

    @property
    def numeric(self) -> bool:
        """Whether its values are numbers."""
        return self.type in ("boolean", "integer", "number")

    @cached_property
    def floats(self) -> Any:
        """Return its values as float64, NaN for none; a column of numbers only."""
        import pyarrow as pa

        array = self.array.cast(pa.int8()) if self.type == "boolean" else self.array
        return array.cast(pa.float64()).to_numpy(zero_copy_only=False).astype(np.float64)

    @cached_property
    def strings(self) -> Any:
        """Return its values as texts, None for none: an array of objects."""
        import pyarrow as pa

        try:
            return self.array.cast(pa.string()).to_numpy(zero_copy_only=False)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            return np.array([None if v is None else repr(v) for v in self.array.to_pylist()], dtype=object)

    @cached_property
    def counted(self) -> Counted:
        """Return its distinct values and how often each comes."""
        rows = len(self.array)
        if self.numeric:
            values, counts = np.unique(self.floats, return_counts=True)
            return numbers(values, counts.astype(np.int64), rows)
        import pandas as pd

        found = pd.Series(self.strings, dtype=object).value_counts(sort=False)
        return texts([str(v) for v in found.index], found.to_numpy().astype(np.int64), rows)

    @cached_property
    def _factors(self) -> tuple[Any, Any]:
        import pandas as pd

        return pd.factorize(self.floats if self.numeric else self.strings, sort=True)

    @cached_property
    def codes(self) -> tuple[Any, list[str]]:
        """Return each row's place among the distinct values (-1: none), and those as texts in order."""
        return self._factors[0].astype(np.int64), [shown(v) for v in self._factors[1]]

    def same_values(self, other: Held) -> bool:
        """Whether two columns hold the same distinct values, whole and not as they are shown."""
        return self.numeric == other.numeric and list(self._factors[1]) == list(other._factors[1])

    def narrower(self, than: Held) -> bool:
        """Whether its type holds less than another's."""
        a, b = _NARROWER.get(self.type), _NARROWER.get(than.type)
        return a is not None and b is not None and a < b


def shown(value: Any) -> str:
    """Return a value as people write it: a whole number without its .0, a long text cut."""
    if isinstance(value, (float, np.floating)):
        number = float(value)
        return str(int(number)) if number.is_integer() and abs(number) < 1e15 else f"{number:.6g}"
    text = str(value)
    return text if len(text) <= 40 else text[:39] + "…"


def columns(table: pa.Table) -> dict[str, Held]:
    """Return a table's columns by name."""
    return {n: Held(n, table.column(n).combine_chunks()) for n in table.column_names}


def most_common(column: Held, most: int = 5) -> dict[str, float]:
    """Return the shares of the commonest values, of the rows with a value."""
    counted = column.counted
    total = max(1, counted.present)
    top = np.argsort(-counted.counts, kind="stable")[:most]
    return {shown(counted.values[i]): round(float(counted.counts[i]) / total, 6) for i in top}
