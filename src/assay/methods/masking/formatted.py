"""A column encrypted in its own format: texts character by character, whole numbers as numbers."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np

from assay.methods.masking.fpe import FormatCipher, NumberCipher
from assay.methods.masking.way import Hidden, by_text

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

_EXACT = float(1 << 53)


class Formatted:
    """Whole numbers come back in 64 bits, whatever they were, so that the same id is the same everywhere."""

    def __init__(self, texts: FormatCipher, numbers: NumberCipher, *, forward: bool = True) -> None:
        self.texts, self.numbers, self.forward = texts, numbers, forward

    def hide(self, batch: pa.RecordBatch, name: str, first: int) -> Hidden:
        """Return the column encrypted, or decrypted."""
        import pyarrow as pa
        import pyarrow.compute as pc

        array = batch.column(name)
        if pa.types.is_dictionary(array.type):
            array = array.cast(array.type.value_type)
        numbers = _whole(array)
        if numbers is None:
            return by_text(array, self.texts.encrypt if self.forward else self.texts.decrypt)
        values, fit = numbers
        there = array.is_valid().to_numpy(zero_copy_only=False)
        done, could = (self.numbers.encrypt if self.forward else self.numbers.decrypt)(values)
        fit &= could
        out = pc.if_else(pa.array(there & fit), pa.array(done), pa.scalar(None, pa.int64()))
        return Hidden(out, there & ~fit)


def _whole(array: Any) -> tuple[NDArray[np.int64], NDArray[np.bool_]] | None:
    """Return whole numbers in 64 bits and which are such; None for a column that is no number."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_integer(array.type):
        values = array.fill_null(0).to_numpy(zero_copy_only=False)
        fit = values <= np.uint64((1 << 63) - 1) if values.dtype == np.uint64 else np.ones(len(values), bool)
        return np.where(fit, values, 0).astype(np.int64), fit
    if pa.types.is_floating(array.type):
        floats = array.cast(pa.float64()).fill_null(0).to_numpy(zero_copy_only=False)
        with np.errstate(invalid="ignore"):
            fit = (np.abs(floats) < _EXACT) & (np.floor(floats) == floats)
        return np.where(fit, floats, 0).astype(np.int64), fit
    if pa.types.is_decimal(array.type):
        wide = array.cast(pa.decimal256(76, max(array.type.scale, 0)))
        floor = pc.floor(wide)
        # of another scale it would be brought to more digits than there are
        most = pa.scalar(Decimal((1 << 63) - 1), wide.type)
        fit = pc.fill_null(pc.and_(pc.equal(floor, wide), pc.less(pc.abs(wide), most)), False)
        plain = (
            pc.if_else(fit, floor, pa.scalar(None, wide.type))
            .cast(pa.decimal256(76, 0), safe=False)
            .cast(pa.int64())
        )
        return plain.fill_null(0).to_numpy(zero_copy_only=False), fit.to_numpy(zero_copy_only=False)
    return None
