"""A column emptied."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay.methods.masking.way import Hidden

if TYPE_CHECKING:
    import pyarrow as pa


class Empty:
    """Every cell null, of the type that the column was."""

    def hide(self, batch: pa.RecordBatch, name: str, first: int) -> Hidden:
        """Return nulls."""
        import pyarrow as pa

        return Hidden(pa.nulls(batch.num_rows, batch.column(name).type))
