"""What one caller asks over time: walks that read a model off, and probes that shake one input.

Of each caller the last 128 rows are kept, as sketches of 32 numbers, and the very last whole; of at most 500 callers (fewer
where rows have more than 4,000 numbers), the longest silent are forgotten. A row is first scaled by the input schema's ranges, so that 1 is a whole range.

Four patterns are told, each a share of what was kept:

- lines: steps from one row to the next that change one number alone, or go on in a straight line, while rows of data differ
  in most numbers and directions (one feature read off after the other; a boundary searched for by halving between two points);
- grid: rows whose numbers lie on few, equally spaced levels in each of several features, and nearly never repeat;
- spread: rows that fill the schema's ranges evenly, where data is dense in some places and empty in most (random queries;
  Tramer et al., Stealing machine learning models via prediction APIs, USENIX Security 2016);
- probes: rows that nearly repeat one another, each number shaken a little (Chen, Carlini and Wagner, Stateful detection of
  black-box adversarial attacks, SPAI 2020, who count near neighbours among past queries).
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from assay.kernel.serving import Rows
from assay.methods.inputschema.schema import Schema

if TYPE_CHECKING:
    import numpy as np

KEPT = 128  # rows of a caller
MOST_CALLERS = 500
MOST_HELD = (
    4_000_000  # numbers of their last rows and steps; where rows are so wide, fewer callers are remembered
)
SKETCH = 32  # numbers a row is kept as
MOST_ROWS = 64  # of one question that are looked at
MOST_NUMBERS = 50_000
EVERY = 64  # rows after which patterns are looked for again
ENOUGH = 64  # rows before anything is told
LINES = 0.6  # share of steps along one feature, or on in a straight line
STRAIGHT = 0.9999  # cosine between two steps
NEAR = 0.02  # of a range, as the root of the mean square: a row shaken by less is a near repeat
PROBES = 0.5  # share of rows that have at least 8 near repeats
NEIGHBOURS = 8
SHAKEN = 0.5  # share of a row's numbers that a near repeat has changed
LEVELS = 12  # at most on a grid
SPREAD = 0.12  # distance of Kolmogorov and Smirnov to even, at most, in each of the features
WIDE = 0.25  # of a schema's range, which is two to three times what was seen at training
FEATURES = 4  # numeric ones, at least, for lines, grid and spread


@dataclass(slots=True)
class _Caller:
    """One caller's last rows. z: scaled rows where they are narrow; sketch: of all; alone: steps along one feature."""

    z: Any
    sketch: Any
    alone: Any
    exact: Any
    at: int = 0
    seen: int = 0
    last: Any = None
    step: Any = None  # the last one, of length 1
    told: dict[str, str] = field(default_factory=dict)


class Callers:
    """Remembers callers, and tells the patterns of one. Threads may ask."""

    def __init__(self, schema: Schema) -> None:
        import numpy as np

        numeric = [f for f in schema.features if f.type in ("integer", "number")]
        self.names = tuple(f.name for f in numeric)
        self.order = {f.name: at for at, f in enumerate(schema.features)}
        low = np.array([0.0 if f.minimum is None else f.minimum for f in numeric])
        high = np.array([1.0 if f.maximum is None else f.maximum for f in numeric])
        self.low, self.scale = low, 1.0 / np.where(high > low, high - low, 1.0)
        self.unit = np.where(
            [f.type == "integer" for f in numeric], self.scale, 0.0
        )  # steps of one are natural
        self.varied = np.array(
            [f.type == "number" or (b - a) > LEVELS for f, a, b in zip(numeric, low, high, strict=True)], bool
        )
        width = len(numeric)
        self.most = max(8, min(MOST_CALLERS, MOST_HELD // (2 * max(width, 1))))
        draw = np.random.default_rng(
            20260101
        )  # a fixed projection: the same rows have the same sketch in every process
        self.projection = (
            draw.choice(np.array([-1.0, 1.0]), size=(width, SKETCH)) / np.sqrt(max(width, 1))
            if width > SKETCH
            else None
        )
        self._callers: OrderedDict[str, _Caller] = OrderedDict()
        self._lock = threading.Lock()

    def watch(self, caller: str, rows: Rows) -> dict[str, str]:
        """Take note of rows, and return what pattern a caller's last rows are of, each with a sentence's rest."""
        scaled = self._scaled(rows)
        if scaled is None or not len(scaled):
            return {}
        with self._lock:
            one = self._callers.pop(caller, None) or self._new()
            self._callers[caller] = one
            if len(self._callers) > self.most:
                self._callers.popitem(last=False)
            before = one.seen
            for row in scaled:
                self._keep(one, row)
            if one.seen >= ENOUGH and one.seen // EVERY != before // EVERY:
                one.told = self._patterns(one)
            return one.told

    def _new(self) -> _Caller:
        import numpy as np

        width = min(len(self.names), SKETCH)
        return _Caller(
            np.full((KEPT, width), np.nan),
            np.full((KEPT, width), np.nan),
            np.zeros(KEPT, bool),
            np.zeros(KEPT, bool),
        )

    def _scaled(self, rows: Rows) -> np.ndarray[Any, Any] | None:
        """Return the first rows' numbers, scaled; None where the schema knows fewer than two."""
        import numpy as np

        if len(self.names) < 2:
            return None
        most = max(1, min(MOST_ROWS, MOST_NUMBERS // len(self.names)))
        values: np.ndarray[Any, Any] = np.zeros((min(len(rows), most), len(self.names)))
        if rows.table is not None:
            names = set(rows.table.column_names)
            part = rows.table.slice(0, most)
            for at, name in enumerate(self.names):
                if name in names:
                    values[:, at] = _floats(part.column(name).to_pylist())
        else:
            places = {n: i for i, n in enumerate(rows.names)} if rows.names else self.order
            columns = [places.get(n, -1) for n in self.names]
            for at, row in enumerate((rows.cells or [])[:most]):
                width = len(row)
                values[at] = _floats([row[c] if 0 <= c < width else 0.0 for c in columns])
        scaled = (values - self.low) * self.scale
        np.copyto(scaled, 0.0, where=np.isnan(scaled))
        bounded: np.ndarray[Any, Any] = np.minimum(np.maximum(scaled, -2.0, out=scaled), 2.0, out=scaled)
        return bounded

    def _keep(self, one: _Caller, row: Any) -> None:
        import numpy as np

        kept = row if self.projection is None else np.einsum("i,ij->j", row, self.projection)
        if one.last is not None:
            step = row - one.last
            changed = int(np.count_nonzero(step))
            one.exact[one.at] = changed == 0
            if changed:
                size = float(np.sqrt(step @ step))
                on = one.step is not None and abs(float(step @ one.step)) > STRAIGHT * size
                one.alone[one.at] = changed == 1 or on
                one.step = step / size
            else:
                one.alone[one.at] = False
        one.last = row
        one.z[one.at] = row[:SKETCH]
        one.sketch[one.at] = kept
        one.at = (one.at + 1) % KEPT
        one.seen += 1

    def _patterns(self, one: _Caller) -> dict[str, str]:
        import numpy as np

        many = min(one.seen, KEPT)
        out: dict[str, str] = {}
        rows, sketch = one.z[:many].astype(np.float64), one.sketch[:many].astype(np.float64)
        steps = many - int(one.exact[:many].sum())
        if len(self.names) >= FEATURES and steps >= ENOUGH // 2:
            share = one.alone[:many].sum() / steps
            if share >= LINES:
                out["lines"] = (
                    f"{share:.0%} of the last {many} rows lie a step along one feature, or straight on, from the one before"
                )
            out |= self._spaced(rows)
        width = len(self.names) if self.projection is None else SKETCH
        squares = (sketch**2).sum(1)
        distance = squares[:, None] + squares[None, :] - 2 * np.einsum("ij,kj->ik", sketch, sketch)
        distance = np.maximum(distance, 0) / width
        near = (distance < NEAR**2) & (distance > 1e-12)
        shaken = (near.sum(1) >= NEIGHBOURS).mean()
        if shaken >= PROBES:  # bookings of one group are alike too, but for few of their numbers
            near &= (rows[:, None, :] != rows[None, :, :]).mean(2) >= SHAKEN
            shaken = (near.sum(1) >= NEIGHBOURS).mean()
        if shaken >= PROBES:
            out["probes"] = f"{shaken:.0%} of the last {many} rows nearly repeat at least {NEIGHBOURS} others"
        return out

    def _spaced(self, rows: Any) -> dict[str, str]:
        """Return grid and spread, told of features that may take many values."""
        import numpy as np

        varied = np.flatnonzero(self.varied[: rows.shape[1]])
        if len(varied) < FEATURES:
            return {}
        many, gridded, even = len(rows), 0, 0
        place = (np.arange(many) + 0.5) / many
        for at in varied:
            column = np.sort(rows[:, at])
            levels = np.unique(column)
            if 3 <= len(levels) <= LEVELS:
                gaps = np.diff(levels)
                gridded += bool(np.ptp(gaps) <= 0.01 * gaps.mean() and gaps.mean() > 1.5 * self.unit[at])
            low, high = column[0], column[-1]
            if high - low > WIDE and len(levels) > many // 2:
                even += bool(np.abs((column - low) / (high - low) - place).max() < SPREAD)
        out = {}
        different = len(np.unique(rows, axis=0)) / many
        if gridded >= max(FEATURES, len(varied) // 2) and different > 0.8:
            out["grid"] = f"the last {many} rows lie on a grid of equal steps in {gridded} features"
        if even >= max(FEATURES, int(0.8 * len(varied))):
            out["spread"] = f"the last {many} rows fill the ranges of {even} features evenly"
        return out


def _floats(values: Sequence[Any]) -> Any:
    """Return values as numbers, 0 for what is none."""
    import numpy as np

    try:
        return np.array(values, np.float64)
    except (ValueError, TypeError, OverflowError):
        return [_float(v) for v in values]


def _float(value: Any) -> float:
    kind = type(value)
    if kind is float:
        return value  # type: ignore[no-any-return]
    if kind is int:
        return float(value) if -(2**1000) < value < 2**1000 else 0.0
    return 0.0
