"""The shortest way to ask a model behind its preparation: only the columns that a step looks at become a table.

Runs inside the sandbox only.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from assay.engines.serving.inside.quick import Quick, fill
from assay.kernel.errors import UsageError
from assay.methods.preparing.preparation import NUMBERS

_EXACT = 2.0**53  # below which a float is the whole number that was sent


class QuickPrepared(Quick):
    """A model asked with raw rows. behind: the shortest way to ask the model itself."""

    def __init__(self, loaded: Any, behind: Quick) -> None:
        super().__init__(loaded)
        self.behind, self.before = behind, loaded.preparation
        self.kinds: dict[str, str] = dict(self.before.columns)
        self.numbers = behind.numbers and set(self.kinds.values()) <= set(NUMBERS)
        self.reads = list(self.before.reads)

    def table(self, table: Any) -> dict[str, Any]:
        """Return the answers about the rows of an Arrow table."""
        lost = [n for n in self.names if n not in table.column_names]
        if lost:
            raise ValueError(f"it wants the column {lost[0][:60]!r}")
        return self.behind.table(self.loaded.treated(table))

    def matrix(self, x: Any) -> dict[str, Any]:
        """Return the answers about a matrix, rows × raw columns."""
        if x.shape[1] != len(self.names):
            raise ValueError(f"it takes {len(self.names)} columns, not {x.shape[1]}")
        ready = self._treated({n: x[:, at] for at, n in enumerate(self.names)}, len(x))
        return self.behind.matrix(np.column_stack([np.asarray(ready[n], np.float64) for n in self.reads]))

    def cells(self, names: Sequence[str], rows: list[list[Any]]) -> dict[str, Any]:
        """Return the answers about rows of values."""
        named = list(names) or self.names
        place = {name: at for at, name in enumerate(named)}
        lost = [n for n in self.names if n not in place]
        if lost:
            raise ValueError(f"it wants the column {lost[0][:60]!r}")
        columns = list(zip(*rows, strict=True))
        ready = self._treated({n: columns[place[n]] for n in self.names}, len(rows))
        held = [v.tolist() if hasattr(v, "tolist") else list(v) for v in (ready[n] for n in self.reads)]
        return self.behind.cells(self.reads, [list(row) for row in zip(*held, strict=True)])

    def _treated(self, columns: dict[str, Any], rows: int) -> dict[str, Any]:
        """Return columns as the model reads them: those that a step looks at through a table, the others as they came."""
        import pyarrow as pa

        touched = {n: self._typed(n, columns[n], rows) for n in self.before.touched}
        try:
            made = self.before.apply(pa.table(touched))
        except (UsageError, pa.ArrowException) as error:
            raise ValueError(f"it cannot be prepared: {str(error).splitlines()[0][:200]}") from None
        return columns | {n: _plain(made.column(n)) for n in made.column_names}

    def _typed(self, name: str, values: Any, rows: int) -> Any:
        import pyarrow as pa

        kind = self.kinds[name]
        if kind not in NUMBERS:
            return pa.array(
                [None if v is None else v if type(v) is str else str(v) for v in values], pa.string()
            )
        held = np.empty((rows, 1))
        given: Any = values if isinstance(values, np.ndarray) else list(values)
        fill(held, 0, given, name)
        if kind == "integer":
            there = np.isfinite(held[:, 0])
            known = np.where(there, held[:, 0], 0.0)
            if (
                (np.abs(known) < _EXACT).all()
                and (known == np.floor(known)).all()
                and not np.isinf(held).any()
            ):
                return pa.array(known.astype(np.int64), mask=None if there.all() else ~there)
        column = pa.array(held[:, 0], from_pandas=True)
        if kind == "number":
            return column
        try:
            return column.cast(pa.int64()).cast(pa.bool_() if kind == "boolean" else pa.int64())
        except pa.ArrowInvalid:  # 2.5, where training had whole numbers
            return column


def _plain(column: Any) -> Any:
    """Return a column as values that a model is asked with, missing ones as None, of numbers as NaN."""
    import pyarrow as pa

    if pa.types.is_floating(column.type):
        return column.to_numpy()
    return column.to_pylist()
