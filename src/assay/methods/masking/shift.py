"""Dates moved by a number of days that is one person's own: intervals between a person's dates stay.

The number comes from a keyed hash of an id column, is never 0, and is the same wherever that id and key are. A date so near
the ends of the calendar (9999-12-31 is the usual one for "never") that its move could be read off is not moved.
"""

from __future__ import annotations

import datetime as dt
import hmac
from typing import TYPE_CHECKING, Any

import numpy as np

from assay.methods.masking.way import Hidden

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

_EPOCH = dt.date(1970, 1, 1).toordinal()
_FIRST, _LAST = dt.date(1, 1, 1).toordinal() - _EPOCH, dt.date(9999, 12, 31).toordinal() - _EPOCH
_A_DAY = {"s": 86_400, "ms": 86_400_000, "us": 86_400_000_000, "ns": 86_400_000_000_000}


class Shift:
    """Dates moved by up to ``days`` days either way, those of one subject alike. by: the column of the subject's id.

    weeks: whole weeks, so that a Monday stays one. back: undo it; the id column is then as it was before masking.
    """

    def __init__(
        self, key: bytes, by: str, days: int = 365, *, weeks: bool = False, back: bool = False
    ) -> None:
        self.by, self.back = by, back
        self.step = 7 if weeks else 1
        self.most = days // self.step
        self.days = self.most * self.step
        self._begun = hmac.new(key, b"", "sha256")

    def offset(self, subject: str) -> int:
        """Return a subject's number of days."""
        begun = self._begun.copy()
        begun.update(subject.encode("utf-8", "surrogatepass"))
        drawn = int.from_bytes(begun.digest()[:8], "big") % (2 * self.most)
        return (drawn - self.most if drawn < self.most else drawn - self.most + 1) * self.step

    def hide(self, batch: pa.RecordBatch, name: str, first: int) -> Hidden:
        """Return the dates moved, of the type that they were."""
        import pyarrow as pa

        from assay.methods.recognise.scan import as_text

        array = batch.column(name)
        if pa.types.is_dictionary(array.type):
            array = array.cast(array.type.value_type)
        subjects = as_text(batch.column(self.by)).dictionary_encode()
        own = np.array([self.offset(s) for s in subjects.dictionary.to_pylist()] or [0], np.int64)
        places = subjects.indices.fill_null(0).to_numpy(zero_copy_only=False)
        moves = own[places] * (-1 if self.back else 1)
        known = subjects.indices.is_valid().to_numpy(zero_copy_only=False)
        there = array.is_valid().to_numpy(zero_copy_only=False)
        if pa.types.is_timestamp(array.type):
            out, fit = self._stamps(array, moves)
        elif pa.types.is_date(array.type):
            out, fit = self._dates(array, moves)
        else:
            out, fit = self._texts(as_text(array), moves)
        fit &= known
        return Hidden(_nulled(out, there & fit), there & ~fit)

    def _dates(self, array: Any, moves: NDArray[np.int64]) -> tuple[Any, NDArray[np.bool_]]:
        import pyarrow as pa

        days = array.cast(pa.date32()).cast(pa.int32()).cast(pa.int64()).fill_null(0)
        moved, fit = self._moved(days.to_numpy(zero_copy_only=False), moves, _FIRST, _LAST, 1)
        return pa.array(moved.astype(np.int32)).cast(pa.date32()).cast(array.type), fit

    def _stamps(self, array: Any, moves: NDArray[np.int64]) -> tuple[Any, NDArray[np.bool_]]:
        import pyarrow as pa

        day = _A_DAY[array.type.unit]
        low, high = max(_FIRST * day, -(1 << 63) + 1), min((_LAST + 1) * day - 1, (1 << 63) - 1)
        whole = array.cast(pa.int64()).fill_null(0).to_numpy(zero_copy_only=False)
        moved, fit = self._moved(whole, moves, low, high, day)
        return pa.array(moved).cast(array.type), fit

    def _moved(
        self, values: NDArray[np.int64], moves: NDArray[np.int64], low: int, high: int, day: int
    ) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Return values moved, and which lie far enough from the ends, before as well as undone."""
        edge = self.days * day
        if self.back:
            low, high = low + edge, high - edge
            with np.errstate(over="ignore"):
                moved = values + moves * day
            fit = (moved >= low) & (moved <= high) & ((moved > values) == (moves > 0))
        else:
            fit = (values >= low + edge) & (values <= high - edge)
            moved = np.where(fit, values, 0) + moves * day
        return np.where(fit, moved, 0), fit

    def _texts(self, array: Any, moves: NDArray[np.int64]) -> tuple[Any, NDArray[np.bool_]]:
        """Move dates written as 2001-02-03, with or without a time behind them."""
        import pyarrow as pa
        import pyarrow.compute as pc

        heads = pc.utf8_slice_codeunits(array, 0, 10).dictionary_encode()
        days = [_day(t) for t in heads.dictionary.to_pylist()] or [None]
        read = np.array([d is not None for d in days])
        places = heads.indices.fill_null(0).to_numpy(zero_copy_only=False)
        values = np.array([0 if d is None else d for d in days], np.int64)[places]
        moved, fit = self._moved(values, moves, _FIRST, _LAST, 1)
        tails = pc.utf8_slice_codeunits(array, 10, None)
        timed = pc.fill_null(pc.match_substring_regex(tails, r"^$|^[T ]\d"), False)
        fit &= read[places] & timed.to_numpy(zero_copy_only=False)
        dates = pa.array(np.where(fit, moved, 0).astype(np.int32)).cast(pa.date32()).cast(pa.string())
        return pc.binary_join_element_wise(dates, tails, ""), fit


def _day(text: str) -> int | None:
    if len(text) != 10 or text[4] != "-" or text[7] != "-" or not text.isascii():
        return None
    try:
        return dt.date.fromisoformat(text).toordinal() - _EPOCH
    except ValueError:
        return None


def _nulled(array: Any, keep: NDArray[np.bool_]) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    return pc.if_else(pa.array(keep), array, pa.scalar(None, array.type))
