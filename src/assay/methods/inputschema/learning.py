"""A schema learnt from the rows that a model was trained on, in one pass and bounded memory.

Ranges have a margin: the range that was seen, once more on either side (five times where fewer than 100 rows were seen), never past zero where nothing seen was (a price that
was never negative is refused below zero). Values of a text are told where at least 5 rows hold them, so that no single
person's stand in a package; they are closed, so that another is refused, where there are at most 32 of them, every one was
seen at least 5 times and in the first half of at least 100 rows. By Good and Turing (I. J. Good, Biometrika 40, 1953), the
chance that the next row holds one never seen is about the share of rows whose value was seen once, and here there is none;
that holds of rows in no order, and the halves tell where there is one: the months of a season are not all the months.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from assay.methods.inputschema.schema import Feature, Kind, Schema

if TYPE_CHECKING:
    import pyarrow

MARGIN = 1.0  # of the range seen, on either side
FEW = 5.0  # times that, where fewer than 100 rows were seen
LEAST = 5  # rows that hold a value which is told
MOST_CLOSED = 32
MOST_VALUES = 256
ENOUGH = 100  # rows
_LONGER = 2  # times the longest text seen
_ROOM = 64  # characters that any text may have
_HELD = 4096  # different texts counted before a column is no set of categories


def learn(
    schema: pyarrow.Schema,
    batches: Iterable[pyarrow.RecordBatch],
    *,
    reads: Sequence[str] = (),
    label: Sequence[str] = (),
    margin: float = MARGIN,
) -> Schema:
    """Return the schema of a table's rows.

    reads: the features that the model says it reads, in its order; they are required, and other columns ignored. Where it
    does not say, every column but those of ``label`` is a feature, in the table's order, and none is required. margin: in
    ranges. Columns in ``reads`` that the table lacks (made by the training script itself) may hold anything.
    """
    seen = {f.name: _Seen(f.name, kind_of(f.type)) for f in schema}
    rows = 0
    for batch in batches:
        for name, column in zip(batch.schema.names, batch.columns, strict=True):
            seen[name].take(column, rows)
        rows += batch.num_rows
    margin *= FEW if rows < ENOUGH else 1.0
    told = {name: one.feature(rows, margin) for name, one in seen.items()}
    wanted = [n for n in reads if n in told]
    if not wanted:
        features = [f for n, f in told.items() if n not in label]
        return Schema(tuple(features), rows, True, tuple(n for n in told if n in label))
    features = [
        _required(told[n]) if n in told else Feature(n, "any", nullable=True, required=True) for n in reads
    ]
    return Schema(tuple(features), rows, True, tuple(n for n in told if n not in set(reads)))


def _required(feature: Feature) -> Feature:
    return replace(feature, required=True)


def kind_of(type_: pyarrow.DataType) -> Kind:
    """Return what a column of an Arrow type holds."""
    import pyarrow.types as t

    if t.is_dictionary(type_):
        return kind_of(type_.value_type)
    if t.is_boolean(type_):
        return "boolean"
    if t.is_integer(type_):
        return "integer"
    if t.is_floating(type_) or t.is_decimal(type_):
        return "number"
    if t.is_string(type_) or t.is_large_string(type_) or t.is_string_view(type_):
        return "text"
    if t.is_temporal(type_):
        return "moment"
    if t.is_list(type_) or t.is_large_list(type_) or t.is_fixed_size_list(type_):
        inner = type_.value_type
        return "list" if t.is_integer(inner) or t.is_floating(inner) else "any"
    return "any"


@dataclass
class _Seen:
    """What was seen of one column so far."""

    name: str
    kind: Kind
    nulls: int = 0
    low: float = math.inf
    high: float = -math.inf
    shortest: int = 1 << 62
    longest: int = -1
    latest: int = 0  # row at which a text was first seen that none before held
    counts: Counter[str] | None = field(default_factory=Counter)

    def take(self, column: Any, before: int) -> None:
        """Look at a batch of it. before: rows seen so far."""
        import pyarrow as pa
        import pyarrow.compute as pc

        if pa.types.is_dictionary(column.type):
            column = column.dictionary_decode()
        self.nulls += column.null_count
        if self.kind == "list":
            self._lengths(pc.list_value_length(column))
            column = pc.list_flatten(column)
        if self.kind in ("integer", "number", "list"):
            self._numbers(column)
        elif self.kind == "text":
            self._lengths(pc.utf8_length(column))
            self._texts(column, before)

    def _numbers(self, column: Any) -> None:
        import numpy as np

        values = column.drop_null().cast("float64", safe=False).to_numpy(zero_copy_only=False)
        if self.kind != "list":
            self.nulls += int(np.isnan(values).sum())
        values = values[np.isfinite(values)]
        if len(values):
            self.low, self.high = min(self.low, float(values.min())), max(self.high, float(values.max()))

    def _lengths(self, column: Any) -> None:
        import pyarrow.compute as pc

        ends = pc.min_max(column).as_py()
        if ends["min"] is not None:
            self.shortest, self.longest = min(self.shortest, ends["min"]), max(self.longest, ends["max"])

    def _texts(self, column: Any, before: int) -> None:
        import pyarrow.compute as pc

        if self.counts is None:
            return
        for one in column.drop_null().value_counts():
            value = one["values"].as_py()
            if value not in self.counts:
                self.latest = max(self.latest, before + pc.index(column, value).as_py())
            self.counts[value] += one["counts"].as_py()
            if len(self.counts) > _HELD:
                self.counts = None
                return

    def feature(self, rows: int, margin: float) -> Feature:
        """Return what may come of it."""
        nullable = self.nulls > 0 or rows < ENOUGH
        if self.kind in ("integer", "number") and self.low <= self.high:
            low, high = _bounds(self.low, self.high, margin, whole=self.kind == "integer")
            return Feature(self.name, self.kind, nullable, minimum=low, maximum=high)
        if self.kind == "list" and self.longest >= 0:
            low_, high_ = (
                _bounds(self.low, self.high, margin, whole=False) if self.low <= self.high else (None, None)
            )
            return Feature(
                self.name, "list", nullable, False, low_, high_, {}, False, self.shortest, self.longest
            )
        if self.kind == "text" and self.longest >= 0:
            return self._text(rows, nullable)
        if self.kind in ("boolean", "moment"):
            return Feature(self.name, self.kind, nullable)
        return Feature(self.name, "any", True)

    def _text(self, rows: int, nullable: bool) -> Feature:
        longest = max(_ROOM, _LONGER * self.longest)
        counts = self.counts if self.counts is not None and len(self.counts) <= MOST_VALUES else {}
        told = {v: n for v, n in sorted(counts.items()) if n >= LEAST}
        closed = bool(told) and len(told) == len(counts) <= MOST_CLOSED and rows >= ENOUGH
        closed = closed and self.latest < rows / 2
        return Feature(self.name, "text", nullable, values=told, closed=closed, longest=longest)


def _bounds(low: float, high: float, margin: float, *, whole: bool) -> tuple[float, float]:
    """Return the range with its margin; what was seen on one side of zero alone stays there."""
    room = margin * ((high - low) or max(abs(high), 1.0))
    below = low - room if low < 0 else max(0.0, low - room)
    above = high + room if high > 0 or low >= 0 else min(0.0, high + room)
    if whole:
        return math.floor(below), math.ceil(above)
    below = below if math.isfinite(below) else low
    return below, above if math.isfinite(above) else high
