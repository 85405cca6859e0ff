"""The first remedy: the derived column is set to what its rule says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from assay.kernel.errors import UsageError
from assay.methods.repair.mending import Mended, Mending, plain_type, replaced

if TYPE_CHECKING:
    import pyarrow as pa


def mend(batch: pa.RecordBatch, mendings: Sequence[Mending], *, counted: bool = True) -> Mended:
    """Set each cell that contradicts its rule, one rule after another; what the rule does not know there stays.

    counted: whether each rule is looked at once more, for how many rows still break it.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    out = Mended(batch)
    for place, mending in enumerate(mendings):
        wrong = mending.broken(out.batch)
        out.broken.append(int(wrong.sum()))
        if mending.to is None or not wrong.any():
            out.changed.append(0)
            out.left.append(int(wrong.sum()))
            continue
        try:
            new = _wanted(mending, out.batch)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowTypeError) as error:
            raise UsageError(
                f"{mending.to.text!r} does not fit the type of {mending.column}: "
                f"{str(error).splitlines()[0][:120]}",
                remedy="state a repair whose result is of the column's own type",
                kept=f"{mending.to.text!r} does not fit the type of {mending.column}",
            ) from None
        wrong &= pc.is_valid(new).to_numpy(zero_copy_only=False)
        out.batch = replaced(out.batch, mending.column, wrong, new)
        out.note(mending.column, wrong, place)
        out.changed.append(int(wrong.sum()))
        out.left.append(int(mending.broken(out.batch).sum()) if counted else 0)
    return out


def _wanted(mending: Mending, batch: pa.RecordBatch) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    assert mending.to is not None
    value, kind = mending.to.evaluate(batch), plain_type(batch, mending.column)
    if mending.words:
        yes, no = (
            pa.scalar(w, kind) if kind == pa.string() else pa.scalar(w).cast(kind) for w in mending.words
        )
        return pc.if_else(_cast(value, pa.bool_()), yes, no)
    if pa.types.is_integer(kind) and pa.types.is_floating(value.type):
        value = _settled(value)
    return _cast(value, kind)


def _cast(value: Any, kind: pa.DataType) -> Any:
    """Return values of a type; of those that have it already none is looked at, which takes a third of a small batch's time."""
    return value if value.type == kind else value.cast(kind)


def _settled(value: Any) -> Any:
    """Return numbers with those that miss a whole one by rounding alone made whole: 1000 × 2.011 is 2010.9999999999998."""
    import pyarrow.compute as pc

    whole = pc.round(value)
    slack = pc.max_element_wise(
        pc.multiply(pc.abs(value), 1e-9), 1e-6
    )  # minutes of days since 1970 lose 1e-8
    return pc.if_else(pc.less_equal(pc.abs(pc.subtract(value, whole)), slack), whole, value)
