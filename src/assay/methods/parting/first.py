"""The first cell in which two tables part, row by row as they stand, and how far they part in all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from assay.methods.listed import listed

if TYPE_CHECKING:
    import pyarrow as pa

_SHOWN = 80  # characters of a value


@dataclass(frozen=True, slots=True)
class FirstParting:
    """Where two tables part first. row: from 1, 0 where it is of no row. column: "" where it is of none.

    before, after: that cell as JSON. cells: how many part; columns: those that have one. gap: the largest relative gap of
    two numbers, None where something other than numbers parts. reordered: the same rows stand in another order.
    """

    said: str
    row: int
    column: str
    before: Any
    after: Any
    cells: int
    columns: tuple[str, ...]
    gap: float | None
    reordered: bool = False

    def within(self, tolerance: float) -> bool:
        """Whether nothing but numbers parts, and none by more."""
        return self.gap is not None and self.gap <= tolerance


def gaps(one: Any, other: Any) -> Any:
    """Return |a − b| / max(1, |a|, |b|) of two arrays of floats; infinite where one is no number and the other is."""
    import numpy as np

    with np.errstate(invalid="ignore", over="ignore"):
        out = np.abs(one - other) / np.maximum(1.0, np.maximum(np.abs(one), np.abs(other)))
    out = np.where((one == other) | (np.isnan(one) & np.isnan(other)), 0.0, out)
    return np.where(np.isnan(out), np.inf, out)


def first_parting(
    one: Iterable[pa.RecordBatch], other: Iterable[pa.RecordBatch], schemas: tuple[pa.Schema, pa.Schema]
) -> FirstParting | None:
    """Return where two tables part first, None where every cell is the same; batches may be cut differently.

    schemas: of both, for tables without a row. Columns are held against one another by name.
    """
    a, b = schemas
    if sorted(a.names) != sorted(b.names):
        gone = [n for n in a.names if n not in b.names]
        come = [n for n in b.names if n not in a.names]
        words = [f"the column `{n}` is gone" for n in gone] + [f"the column `{n}` is new" for n in come]
        return FirstParting("; ".join(words[:4]), 0, (gone or come)[0], None, None, 0, (*gone, *come), None)
    found = _Found(list(a.names))
    for x, y in _aligned(one, other):
        found.take(x, y)
    return found.told(a, b)


class _Found:
    """What two tables' rows have shown so far."""

    def __init__(self, names: list[str]) -> None:
        self.names, self.rows = names, [0, 0]
        self.sums = [0, 0]  # of each row's hash: the same rows have the same sum in whichever order
        self.cells: dict[str, int] = {}
        self.first: tuple[int, str, Any, Any] | None = None
        self.gap: float | None = 0.0

    def take(self, one: pa.RecordBatch | None, other: pa.RecordBatch | None) -> None:
        from assay.methods.rowhash import row_hashes

        for place, batch in enumerate((one, other)):
            if batch is not None:
                hashes = row_hashes(batch.select(self.names))
                self.sums[place] = (self.sums[place] + int(hashes.sum(dtype="uint64"))) % (1 << 64)
        if one is not None and other is not None:
            for name in self.names:
                self._column(name, one.column(name), other.column(name))
        for place, batch in enumerate((one, other)):
            self.rows[place] += 0 if batch is None else batch.num_rows

    def _column(self, name: str, a: Any, b: Any) -> None:
        import numpy as np

        apart, gap = _apart(a, b)
        places = np.flatnonzero(apart)
        if not len(places):
            return
        self.cells[name] = self.cells.get(name, 0) + len(places)
        if self.gap is not None:
            self.gap = None if gap is None else max(self.gap, float(gap))
        row = self.rows[0] + int(places[0]) + 1
        if self.first is None or row < self.first[0]:
            at = int(places[0])
            self.first = (row, name, _shown(a[at : at + 1]), _shown(b[at : at + 1]))

    def told(self, a: Any, b: Any) -> FirstParting | None:
        columns = tuple(n for n in self.names if n in self.cells)
        count = sum(self.cells.values())
        if self.rows[0] != self.rows[1]:
            said = f"{self.rows[1]:,} rows (recorded: {self.rows[0]:,})"
            row, column, before, after = self.first or (min(self.rows) + 1, "", None, None)
            return FirstParting(said, row, column, before, after, count, columns, None)
        if self.first is not None:
            row, column, before, after = self.first
            order = self.sums[0] == self.sums[1]
            said = "the same rows in another order"
            if not order:
                said = f"{count:,} of {self.rows[0] * len(self.names):,} cells differ"
            return FirstParting(
                said, row, column, before, after, count, columns, None if order else self.gap, order
            )
        odd = [n for n in self.names if a.field(n).type != b.field(n).type]
        if odd:
            was, now = a.field(odd[0]).type, b.field(odd[0]).type
            said = f"every value is the same; `{odd[0]}` is {now} (recorded: {was})"
            return FirstParting(said, 0, odd[0], str(was), str(now), 0, tuple(odd), 0.0)
        if a.names != b.names:
            place = next(i for i, (x, y) in enumerate(zip(a.names, b.names, strict=True)) if x != y)
            said = f"every value is the same; the columns stand in another order, from `{b.names[place]}` on"
            return FirstParting(said, 0, b.names[place], None, None, 0, (), 0.0)
        return None


def _aligned(
    one: Iterable[pa.RecordBatch], other: Iterable[pa.RecordBatch]
) -> Iterator[tuple[pa.RecordBatch | None, pa.RecordBatch | None]]:
    """Give both tables' rows in pieces of the same rows; what one has more comes alone."""
    sides = iter(one), iter(other)
    held: list[Any] = [None, None]
    while True:
        for place, side in enumerate(sides):
            while held[place] is None or not held[place].num_rows:
                held[place] = next(side, None)
                if held[place] is None:
                    break
        a, b = held
        if a is None and b is None:
            return
        if a is None or b is None:
            yield a, b
            held = [None, None]
            continue
        rows = min(a.num_rows, b.num_rows)
        yield a.slice(0, rows), b.slice(0, rows)
        held = [a.slice(rows), b.slice(rows)]


def _apart(a: Any, b: Any) -> tuple[Any, float | None]:
    """Return which values of two columns part, and the largest gap where both hold numbers."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    missing = a.is_null().to_numpy(zero_copy_only=False), b.is_null().to_numpy(zero_copy_only=False)
    either, both = missing[0] | missing[1], missing[0] & missing[1]
    if _is_number(a.type) and _is_number(b.type):
        if a.type == b.type and pa.types.is_integer(a.type):
            apart = pc.fill_null(pc.not_equal(a, b), True).to_numpy(zero_copy_only=False) & ~both
        else:
            apart = None
        x, y = (pc.fill_null(v.cast(pa.float64(), safe=False), 0.0).to_numpy() for v in (a, b))
        gap = gaps(x, y)
        apart = ((gap > 0) & ~either) | (either & ~both) if apart is None else apart
        alone = (apart & either).any()
        return apart, None if alone else float(gap[apart].max(initial=0.0))
    try:
        same = pc.fill_null(pc.equal(a, b), False).to_numpy(zero_copy_only=False)
    except (pa.ArrowNotImplementedError, pa.ArrowInvalid):  # lists, structs, and types that do not meet
        same = np.array([repr(p) == repr(q) for p, q in zip(listed(a), listed(b), strict=True)], dtype=bool)
    return ~(same | both), None


def _is_number(kind: Any) -> bool:
    import pyarrow as pa

    return bool(
        pa.types.is_integer(kind)
        or pa.types.is_floating(kind)
        or pa.types.is_boolean(kind)
        or pa.types.is_decimal(kind)
    )


def _shown(value: Any) -> Any:
    found = listed(value)[0]
    if found is None or isinstance(found, bool | int):
        return found
    if isinstance(found, float):
        return found if found == found and abs(found) != float("inf") else str(found)
    text = str(found)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
