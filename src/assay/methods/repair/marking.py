"""The third remedy: rows that break a rule are marked as deleted, with the reason, and none is removed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from assay.kernel.errors import UsageError
from assay.methods.repair.mending import Mended, Mending, plain_type, replaced

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

MARKER = "_assay_deleted"
REASON = "_reason"  # what the second column's name ends in


def reason_of(marker: str) -> str:
    """Return the name of the column that says why: ``_assay_deleted`` has ``_assay_deleted_reason``."""
    return marker + REASON


def missing(columns: Collection[str], marker: str) -> list[tuple[str, str]]:
    """Return the columns that have to be added, each with its type in Assay's words."""
    wanted = [(marker, "boolean"), (reason_of(marker), "text")]
    return [(name, kind) for name, kind in wanted if name not in columns]


def marked(batch: pa.RecordBatch, marker: str) -> NDArray[np.bool_]:
    """Return which rows are marked already; UsageError where the marker is no truth value."""
    import pyarrow as pa

    if marker not in batch.schema.names:
        return np.zeros(batch.num_rows, bool)
    kind = plain_type(batch, marker)
    if not (pa.types.is_boolean(kind) or pa.types.is_integer(kind)):
        raise UsageError(
            f"the column {marker!r} holds values of type {kind}, and marks nothing",
            remedy="name another with --marker",
        )
    column = batch.column(marker).cast(kind).cast(pa.bool_())
    out: NDArray[np.bool_] = column.fill_null(False).to_numpy(zero_copy_only=False)
    return out


def mend(batch: pa.RecordBatch, mendings: Sequence[Mending], marker: str) -> Mended:
    """Mark each row that breaks a rule and is not marked yet; the reason names every rule that it breaks."""
    import pyarrow as pa

    before = marked(batch, marker)
    out = Mended(with_columns(batch, marker))
    rules = np.full(batch.num_rows, -1, np.int64)
    reasons: dict[int, str] = {}
    for place, mending in enumerate(mendings):
        wrong = mending.broken(batch) & ~before
        out.broken.append(int(wrong.sum()))
        out.changed.append(int(wrong.sum()))
        out.left.append(0)
        for row in np.flatnonzero(wrong):
            reasons[int(row)] = f"{reasons[int(row)]}; {mending.title}" if row in reasons else mending.title
        rules[wrong & (rules < 0)] = place
    rows = rules >= 0
    if rows.any():
        kind, text = plain_type(out.batch, marker), plain_type(out.batch, reason_of(marker))
        said: list[Any] = [reasons.get(i) for i in range(batch.num_rows)]
        out.batch = replaced(out.batch, marker, rows, pa.scalar(True).cast(kind))
        out.batch = replaced(out.batch, reason_of(marker), rows, pa.array(said, pa.string()).cast(text))
    for name in (marker, reason_of(marker)):
        out.by[name] = rules.copy()
    return out


def with_columns(batch: pa.RecordBatch, marker: str) -> pa.RecordBatch:
    """Return the batch with the marker and its reason, where it lacks them."""
    import pyarrow as pa

    for name, kind in missing(batch.schema.names, marker):
        fresh = (
            pa.array(np.zeros(batch.num_rows, bool))
            if kind == "boolean"
            else pa.nulls(batch.num_rows, pa.string())
        )
        batch = batch.append_column(name, fresh)
    return batch


def kept(batch: pa.RecordBatch, marker: str) -> pa.RecordBatch:
    """Return the rows that are not marked, without the two columns of marks."""
    import pyarrow as pa

    rows = batch.filter(pa.array(~marked(batch, marker)))
    return rows.drop_columns([n for n in (marker, reason_of(marker)) if n in rows.schema.names])
