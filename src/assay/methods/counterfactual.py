"""The smallest changes that turn an answer: a beam search over values that the data holds, each answer asked for.

A change's size is counted first in features changed, then in distance: a number's by the middle half of its column's
values (or their standard deviation, where that half is all the same), any other value's by 1 (Wachter, Mittelstadt and
Russell 2018, with their scaled L1). Numbers are then brought back towards where they were while the answer holds, and
changes that turned out not to be needed are taken back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from assay.methods.effects import floats, grid, number, replaced

Ask = Callable[
    [pa.Table], Any
]  # a table to how wanted each row's answer is: at least 0 where it is the one wanted
_VALUES = 24
_BEAM = 12
_HALVINGS = 12
_EPSILON = 1e-12


class Change(NamedTuple):
    """What is changed (column to new value), how far that is, and how wanted the answer then is."""

    changes: Mapping[str, Any]
    distance: float
    wanted: float


class Search:
    """A search from one row. table: the data, whose values and ranges are used; free: the columns that may change."""

    def __init__(self, table: pa.Table, row: int, free: Sequence[str], ask: Ask) -> None:
        self.table, self.ask = table, ask
        self.start = table.slice(row, 1)
        self.own = {n: self.start.column(n)[0].as_py() for n in table.column_names}
        self.values = {
            n: [v for v in grid(table.column(n), _VALUES).to_pylist() if v != self.own[n]] for n in free
        }
        self.scale = {n: _scale(table.column(n)) for n in free}

    def found(self, deepest: int, most: int) -> list[Change]:
        """Return up to ``most`` changes of different sets of features, smallest first; empty where none is found."""
        beam: list[dict[str, Any]] = [{}]
        best: dict[frozenset[str], Change] = {}
        for _ in range(deepest):
            tried = [
                {**held, n: v} for held in beam for n in self.values if n not in held for v in self.values[n]
            ]
            tried = [t for t in tried if not any(k <= t.keys() for k in best)]
            if not tried:
                break
            scores = self._wanted(tried)
            for changes, score in zip(tried, scores, strict=True):
                if score >= 0:
                    self._keep(best, changes, score)
            if len(best) >= most:
                break
            near = np.argsort(-scores, kind="stable")
            beam = _apart([tried[i] for i in near if scores[i] < 0], _BEAM)
        made = [self._nearer(c) for c in sorted(best.values(), key=_size)[: 2 * most]]
        unique = {frozenset(c.changes): c for c in sorted(made, key=_size, reverse=True)}
        return sorted(unique.values(), key=_size)[:most]

    def _keep(self, best: dict[frozenset[str], Change], changes: dict[str, Any], score: float) -> None:
        key = frozenset(changes)
        new = Change(changes, self.distance(changes), float(score))
        if key not in best or new.distance < best[key].distance:
            best[key] = new

    def distance(self, changes: Mapping[str, Any]) -> float:
        """Return the sum of the changes' sizes."""
        return sum(self._far(n, v) for n, v in changes.items())

    def _far(self, name: str, value: Any) -> float:
        scale, own = self.scale[name], self.own[name]
        return 1.0 if scale is None or own is None else abs(float(value) - float(own)) / scale

    def _wanted(self, tried: Sequence[Mapping[str, Any]]) -> Any:
        """Ask about the row with each set of changes."""
        rows = self.start.take(pa.array(np.zeros(len(tried), dtype=int)))
        for name in {n for changes in tried for n in changes}:
            values = [changes.get(name, self.own[name]) for changes in tried]
            rows = replaced(rows, name, pa.array(values, type=self.table.schema.field(name).type))
        return np.asarray(self.ask(rows), dtype=np.float64)

    def _nearer(self, change: Change) -> Change:
        """Take back what is not needed, and bring numbers back while the answer is still the one wanted."""
        changes, score = dict(change.changes), change.wanted
        for name in sorted(changes, key=lambda n: -self._far(n, changes[n])):
            rest = {n: v for n, v in changes.items() if n != name}
            if rest and (without := float(self._wanted([rest])[0])) >= 0:
                changes, score = rest, without
        for name in changes:
            own, kind = self.own[name], self.table.schema.field(name).type
            if self.scale[name] is None or own is None or pa.types.is_decimal(kind):
                continue
            whole = pa.types.is_integer(kind)
            near, far = own, changes[name]
            for _ in range(_HALVINGS):
                middle = (near + far) / 2
                middle = round(middle) if whole else _short(middle, self.scale[name] or 1)
                if middle in (near, far):
                    break
                reached = float(self._wanted([{**changes, name: middle}])[0])
                if reached >= 0:
                    far, score = middle, reached
                else:
                    near = middle
            changes[name] = far
        return Change(changes, self.distance(changes), score)


def _size(change: Change) -> tuple[int, float]:
    return len(change.changes), change.distance


def _scale(column: pa.ChunkedArray) -> float | None:
    """Return the width of the middle half of a column's numbers; None where it holds no numbers.

    Their standard deviation where that half is all the same, as of gains that few have: by their whole width the largest
    of them would make every change of it small.
    """
    if not number(column):
        return None
    held = floats(column)
    held = held[np.isfinite(held)]
    if not len(held):
        return None
    low, high = np.percentile(held, [25, 75])
    return float(high - low) or float(held.std()) or 1.0


def _short(value: float, scale: float) -> float:
    """Return a number with no more digits than a thousandth of the scale asks for."""
    digits = max(0, int(np.ceil(3 - np.log10(max(abs(scale), _EPSILON)))))
    return round(value, min(digits, 15))


def _apart(tried: list[dict[str, Any]], most: int) -> list[dict[str, Any]]:
    """Keep the first of each set of features, so that the beam does not hold one feature's values alone."""
    seen: set[frozenset[str]] = set()
    out = []
    for changes in tried:
        key = frozenset(changes)
        if key not in seen:
            seen.add(key)
            out.append(changes)
        if len(out) == most:
            break
    return out
