"""What masking took away, and what it leaves: values and how rare they are, before and after, counted as rows go by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from assay.methods.masking.tally import Tally, joint
from assay.methods.rowhash import column_hashes

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass
class Loss:
    """A column's values before and after; or, with columns, the rows of several after."""

    before: Tally = field(default_factory=Tally)
    after: Tally = field(default_factory=Tally)
    columns: Sequence[str] = ()

    @classmethod
    def of_rows(cls, columns: Sequence[str]) -> Loss:
        """Return a count of rows by several columns together."""
        return cls(columns=tuple(columns))

    def add(self, before: pa.Array, after: pa.Array) -> None:
        """Count a batch of a column; nulls are not values."""
        self.before.add(column_hashes(before.drop_null()))
        self.after.add(column_hashes(after.drop_null()))

    def add_rows(self, batch: pa.RecordBatch) -> None:
        """Count a batch's rows by the columns; a null is a value here."""
        if self.columns and batch.num_rows:
            self.after.add(joint([column_hashes(batch.column(c)) for c in self.columns]))

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "distinct_before": self.before.distinct,
            "distinct_after": self.after.distinct,
            "smallest_group_after": self.after.smallest,
            "unique_share_after": round(self.after.unique_share, 6),
            "exact": self.before.exact and self.after.exact,
        }
