"""A model behind its preparation: asked with raw rows, it answers as the model does about rows treated as its training data was.

Runs inside the sandbox only. Its exact contributions would be those of treated columns, so that it has none: whoever explains
it asks it about raw rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.methods.preparing.preparation import Preparation, typed

if TYPE_CHECKING:
    import pyarrow


class PreparedModel:
    """A loaded model and its preparation."""

    def __init__(self, model: Any, preparation: Preparation) -> None:
        self.model, self.preparation = model, preparation

    def describe(self) -> dict[str, Any]:
        """Return what the model says of itself; its features are the raw columns."""
        said: dict[str, Any] = dict(self.model.describe())
        names = [s for s, _, _ in self.preparation.steps]
        return said | {"features": list(self.preparation.columns), "prepared": names}

    def predict(self, table: pyarrow.Table) -> pyarrow.Table:
        """Return the model's answers about raw rows; ValueError where a column is not there or is of another kind."""
        found: pyarrow.Table = self.model.predict(self.treated(table))
        return found

    def treated(self, table: pyarrow.Table) -> pyarrow.Table:
        """Return raw rows as the model reads them, its columns alone where it names them."""
        columns = self.preparation.columns
        ready = self.preparation.apply(typed(table, {n: columns[n] for n in self.preparation.touched}))
        reads = list(self.preparation.reads)
        return ready.select(reads) if set(reads) <= set(ready.column_names) else ready

    def contributions(self, table: pyarrow.Table, of: str | None = None) -> pyarrow.Table | None:
        """Return None: see above."""
        return None
