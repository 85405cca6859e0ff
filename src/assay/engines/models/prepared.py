"""A model behind its preparation: asked with raw rows, it answers as the model does about rows treated as its training data was.

Runs inside the sandbox only. Where each treatment leaves a cell in its column (repairs, masks, impact), the model's exact contributions are
told of the raw columns: a cell's part is that of what it was made to be. Where columns are mixed (PCA, decorrelation) it has none, and
whoever explains it asks it about raw rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.methods.preparing.preparation import Preparation, typed

if TYPE_CHECKING:
    import pyarrow

_CELL_BY_CELL = frozenset({"data.repair", "data.mask", "data.impact"})


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

    def background(self, table: pyarrow.Table) -> None:
        """Hand the model the raw rows that its values are measured against."""
        if hasattr(self.model, "background"):
            self.model.background(self.treated(table))

    def contributions(self, table: pyarrow.Table, of: str | None = None) -> pyarrow.Table | None:
        """Return the model's own, a column a raw feature (0 for one that it does not read), then ``bias`` and ``margin``.

        None where a treatment mixes columns, or the model has none.
        """
        import pyarrow as pa

        names = list(self.preparation.columns)
        if any(t not in _CELL_BY_CELL for _, t, _ in self.preparation.steps) or not set(
            self.preparation.reads
        ) <= set(names):
            return None
        found: pa.Table | None = self.model.contributions(self.treated(table), of)
        if found is None:
            return None
        zeros = pa.array([0.0] * found.num_rows, pa.float64())
        parts = {n: found.column(n) if n in found.column_names else zeros for n in [*names, "bias", "margin"]}
        return pa.table(parts).replace_schema_metadata(found.schema.metadata)
