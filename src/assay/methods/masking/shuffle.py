"""Columns shuffled: every value stays in the table, and none in its row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from assay.methods.masking.way import Hidden

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

WINDOW = 1_000_000  # rows that are held and shuffled among one another


class Deck:
    """Columns read a second time and shuffled together, window by window. batches: their rows in the table's order."""

    def __init__(
        self, batches: Iterable[pa.RecordBatch], rng: np.random.Generator, window: int = WINDOW
    ) -> None:
        self._source: Iterator[pa.RecordBatch] = iter(batches)
        self.rng, self.window = rng, window
        self.windows = 0
        self._over: Any = None  # what was read past the window
        self._left: Any = None  # the window's rows that were not dealt yet
        self._dealt: tuple[int, Any] = (-1, None)

    def deal(self, first: int, count: int) -> Any:
        """Return ``count`` shuffled rows from number ``first`` on, as a table; asked again, the same ones."""
        import pyarrow as pa

        if self._dealt[0] == first:
            return self._dealt[1]
        parts = []
        while count:
            if self._left is None or not self._left.num_rows:
                self._left = self._next()
            part = self._left.slice(0, count)
            if not part.num_rows:
                break
            self._left = self._left.slice(part.num_rows)
            parts.append(part)
            count -= part.num_rows
        self._dealt = (first, pa.concat_tables(parts))
        return self._dealt[1]

    def _next(self) -> Any:
        import pyarrow as pa

        held: list[Any] = [] if self._over is None else [self._over]
        rows = sum(h.num_rows for h in held)
        while rows < self.window:
            batch = next(self._source, None)
            if batch is None:
                break
            held.append(pa.Table.from_batches([batch]))
            rows += batch.num_rows
        whole = pa.concat_tables(held)
        self._over = whole.slice(self.window) if rows > self.window else None
        whole = whole.slice(0, self.window)
        self.windows += 1
        return whole.take(pa.array(self.rng.permutation(whole.num_rows)))


class Shuffled:
    """A column of a deck."""

    def __init__(self, deck: Deck) -> None:
        self.deck = deck

    def hide(self, batch: pa.RecordBatch, name: str, first: int) -> Hidden:
        """Return the column's shuffled values for these rows."""
        import pyarrow as pa

        if not batch.num_rows:
            return Hidden(batch.column(name))
        column = self.deck.deal(first, batch.num_rows).column(name).combine_chunks()
        if isinstance(column, pa.ChunkedArray):
            column = pa.concat_arrays(column.chunks)
        return Hidden(column)


def groups(named: Sequence[tuple[str, str]]) -> dict[str, list[str]]:
    """Return group → its columns; a column without a group is one of its own."""
    out: dict[str, list[str]] = {}
    for column, group in named:
        out.setdefault(group or f"column {column}", []).append(column)
    return out
