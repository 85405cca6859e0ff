"""A way to hide a column, batch by batch, and what stands in for a value that it cannot hide."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from assay.kernel.errors import UsageError

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

STARS = "****"
Change = Callable[[list[str]], Sequence[str | None]]


@dataclass(frozen=True)
class Hidden:
    """A batch's column hidden. unfit: the places whose value could not be; the array is null there."""

    array: Any
    unfit: NDArray[np.bool_] | None = None


class Way(Protocol):
    """Hides one column. The same rows give the same result however they are cut into batches."""

    def hide(self, batch: pa.RecordBatch, name: str, first: int) -> Hidden:
        """Return the column hidden. batch: the rows as they were; first: the number of the first one, from 0."""


class Texts:
    """A way that changes each distinct value, as text, by itself. change gives None for what it cannot hide."""

    def __init__(self, change: Change) -> None:
        self.change = change

    def hide(self, batch: pa.RecordBatch, name: str, first: int) -> Hidden:
        """Return the column as text, hidden."""
        return by_text(batch.column(name), self.change)


class Cells:
    """A way that changes each value, as text, by itself, so that equal ones need not come out equal."""

    def __init__(self, change: Callable[[str], str]) -> None:
        self.change = change

    def hide(self, batch: pa.RecordBatch, name: str, first: int) -> Hidden:
        """Return the column as text, hidden."""
        import pyarrow as pa

        from assay.methods.recognise.scan import as_text

        texts = as_text(batch.column(name)).to_pylist()
        return Hidden(pa.array([None if t is None else self.change(t) for t in texts], pa.string()))


def by_text(array: Any, change: Change) -> Hidden:
    """Change each distinct value of an array, as text, once; a null stays one."""
    import pyarrow as pa

    from assay.methods.recognise.scan import as_text

    encoded = as_text(array).dictionary_encode()
    after = list(change(encoded.dictionary.to_pylist()))
    out = pa.DictionaryArray.from_arrays(encoded.indices, pa.array(after, pa.string())).cast(pa.string())
    lost = np.array([a is None for a in after] or [False])
    if not lost.any():
        return Hidden(out)
    places = encoded.indices.fill_null(0).to_numpy(zero_copy_only=False)
    return Hidden(out, lost[places] & array.is_valid().to_numpy(zero_copy_only=False))


@dataclass
class Column:
    """A column being hidden, and the count of what happened. unfit: hide, null, keep or stop."""

    name: str
    way: Way
    unfit: str = "hide"
    place: str = ""
    changed: int = 0
    lost: int = 0
    values: int = 0

    def hide(self, batch: pa.RecordBatch, first: int) -> Any:
        """Return a batch's column hidden, with the stand-ins for what could not be."""
        import pyarrow as pa

        before = batch.column(self.name)
        done = self.way.hide(batch, self.name, first)
        out = done.array
        self.values += len(before) - before.null_count
        if done.unfit is not None and done.unfit.any():
            self.lost += int(done.unfit.sum())
            out = self._stood_in(before, out, pa.array(done.unfit))
        self.changed += _changed(before, out)
        return out

    def _stood_in(self, before: Any, out: Any, unfit: Any) -> Any:
        import pyarrow as pa
        import pyarrow.compute as pc

        from assay.methods.recognise.scan import as_text

        if self.unfit == "stop":
            raise UsageError(
                f"{self.lost:,} values of {self.name} cannot be masked this way, and the policy says to stop",
                where=self.place,
                remedy="choose another method, or say `unfit: hide`",
            )
        if self.unfit == "null" or not pa.types.is_string(out.type):
            return (
                pc.if_else(unfit, self._kept(before, unfit, out.type), out) if self.unfit == "keep" else out
            )
        return pc.if_else(unfit, as_text(before) if self.unfit == "keep" else STARS, out)

    def _kept(self, before: Any, unfit: Any, kind: Any) -> Any:
        import pyarrow as pa
        import pyarrow.compute as pc

        try:
            return pc.if_else(unfit, before, pa.scalar(None, before.type)).cast(kind)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            raise UsageError(
                f"values of {self.name} that cannot be masked cannot be kept either: the column becomes {kind}",
                where=self.place,
                remedy="say `unfit: null`",
            ) from None


def _changed(before: Any, after: Any) -> int:
    import pyarrow as pa
    import pyarrow.compute as pc

    from assay.methods.recognise.scan import as_text

    if isinstance(after, pa.DictionaryArray):
        after = after.cast(after.type.value_type)
    if before.type != after.type:
        before, after = as_text(before), as_text(after)
    if pa.types.is_nested(before.type):  # Arrow compares no lists and structs
        kept = sum(
            a is not None and a == b for a, b in zip(before.to_pylist(), after.to_pylist(), strict=True)
        )
        return int(len(before) - before.null_count - kept)
    same = pc.fill_null(pc.equal(before, after), False)
    kept = pc.sum(pc.and_(same, pc.is_valid(before))).as_py() or 0
    return int(len(before) - before.null_count - kept)
