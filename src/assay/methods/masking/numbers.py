"""Numbers rounded, or with noise added. Neither is differential privacy."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation, localcontext
from typing import TYPE_CHECKING, Any

import numpy as np

from assay.methods.masking.way import Hidden

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

_FITS = float(1 << 63)


@dataclass(frozen=True)
class Rounded:
    """Numbers rounded to the nearest multiple of ``to`` (a half to the even one), of the type that they were.

    Whole numbers come back as 64-bit ones, decimals with 38 digits.
    """

    to: Decimal

    def hide(self, batch: pa.RecordBatch, name: str, first: int) -> Hidden:
        """Return the numbers rounded; NaN and infinities stay as they are."""
        import pyarrow as pa

        array = batch.column(name)
        there = array.is_valid().to_numpy(zero_copy_only=False)
        if pa.types.is_decimal(array.type):
            return self._decimals(array, there)
        if pa.types.is_integer(array.type):
            return self._integers(array, there)
        floats = array.cast(pa.float64()).fill_null(0).to_numpy(zero_copy_only=False)
        with np.errstate(invalid="ignore", over="ignore"):
            done = np.where(np.isfinite(floats), self._rounded(floats), floats) + 0.0
        return Hidden(_masked(pa.array(done), there))

    def _decimals(self, array: Any, there: NDArray[np.bool_]) -> Hidden:
        import pyarrow as pa

        encoded = array.dictionary_encode()
        kind = pa.decimal128(38, max(array.type.scale, 0))
        step = Decimal(1).scaleb(-kind.scale)
        with localcontext(prec=80):
            exact = [self._exact(v) for v in encoded.dictionary.to_pylist()]
            most = Decimal(10) ** 37 * step
            values = [None if v is None or abs(v) >= most else v.quantize(step) for v in exact]
        done = pa.DictionaryArray.from_arrays(encoded.indices, pa.array(values, kind)).cast(kind)
        return Hidden(done, there & done.is_null().to_numpy(zero_copy_only=False))

    def _integers(self, array: Any, there: NDArray[np.bool_]) -> Hidden:
        import pyarrow as pa

        values, fit = _whole(array)
        to, most, least = int(self.to), (1 << 63) - 1, -(1 << 63)
        over = values % to  # above the multiple below
        up = (over > to - over) | ((over == to - over) & (values // to % 2 == 1))
        fit &= there & np.where(up, values <= most - (to - over), values >= least + over)
        with np.errstate(over="ignore"):
            done = np.where(up, values + (to - over), values - over)
        return Hidden(_masked(pa.array(done), fit), there & ~fit)

    def _rounded(self, floats: NDArray[np.float64]) -> NDArray[np.float64]:
        digits = -int(self.to.normalize().as_tuple().exponent)
        if self.to == Decimal(1).scaleb(-digits):
            rounded = np.round(floats, digits)
        else:
            rounded = np.round(np.round(floats / float(self.to)) * float(self.to), max(digits, 0))
        # From there on a double has no digit to be rounded away, and scaling may leave what one holds.
        out: NDArray[np.float64] = np.where(np.abs(floats) < 2.0**53 * float(self.to), rounded, floats)
        return out

    def _exact(self, value: Decimal) -> Decimal | None:
        with localcontext(prec=80):
            try:
                return (value / self.to).to_integral_value(ROUND_HALF_EVEN) * self.to
            except InvalidOperation:
                return None


@dataclass
class Noise:
    """Numbers with Laplace or Gaussian noise of a scale (in their own unit) added, row after row from one stream.

    A null takes its draw too, so that the same rows get the same noise in any batches. low, high: where results end; digits: to how many decimals
    they are rounded.
    Whole numbers come back whole, in 64 bits; decimals with the places that they had.
    """

    rng: np.random.Generator
    scale: float
    kind: str = "laplace"
    low: float | None = None
    high: float | None = None
    digits: int | None = None

    def hide(self, batch: pa.RecordBatch, name: str, first: int) -> Hidden:
        """Return the numbers with noise; NaN and infinities are unfit."""
        import pyarrow as pa

        array = batch.column(name)
        there = array.is_valid().to_numpy(zero_copy_only=False)
        values = array.cast(pa.float64(), safe=False).fill_null(0).to_numpy(zero_copy_only=False)
        draw = self.rng.laplace if self.kind == "laplace" else self.rng.normal
        with np.errstate(over="ignore", invalid="ignore"):
            noisy = values + draw(0.0, self.scale, len(values))
        noisy = np.clip(noisy, self.low, self.high) if (self.low, self.high) != (None, None) else noisy
        noisy = noisy if self.digits is None else np.round(noisy, self.digits)
        fit = np.isfinite(values) & np.isfinite(noisy)
        if pa.types.is_integer(array.type):
            fit &= np.abs(noisy) < _FITS
            out = pa.array(np.round(np.where(fit, noisy, 0)).astype(np.int64))
        elif pa.types.is_decimal(array.type):
            kind = pa.decimal128(38, max(array.type.scale, 0))
            fit &= np.abs(noisy) < 10.0 ** min(15, 37 - kind.scale)
            places = kind.scale
            out = pa.array([Decimal(f"{v:.{places}f}") for v in np.where(fit, noisy, 0).tolist()], kind)
        else:
            out = pa.array(np.where(fit, noisy, 0))
        return Hidden(_masked(out, there & fit), there & ~fit)


def _whole(array: Any) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return whole numbers in 64 bits, and which fit."""
    import pyarrow as pa

    values = array.fill_null(0).to_numpy(zero_copy_only=False)
    if not pa.types.is_uint64(array.type):
        return values.astype(np.int64), np.ones(len(values), bool)
    fit = values <= np.uint64((1 << 63) - 1)
    return np.where(fit, values, 0).astype(np.int64), fit


def _masked(array: Any, keep: NDArray[np.bool_]) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    return pc.if_else(pa.array(keep), array, pa.scalar(None, array.type))
