"""A column of the sample, in the forms that discovery needs."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from assay.methods.expressions import quoted
from assay.methods.floats import settled
from assay.methods.listed import listed

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_KINDS = 40
TRUE = frozenset(
    {
        "true",
        "t",
        "yes",
        "y",
        "1",
        "on",
        "ja",
        "j",
        "wahr",
        "oui",
        "o",
        "vrai",
        "si",
        "sí",
        "s",
        "sim",
        "tak",
        "да",
    }
)
FALSE = frozenset(
    {"false", "f", "no", "n", "0", "off", "nein", "falsch", "non", "faux", "não", "nao", "nie", "нет"}
)


@dataclass
class Sampled:
    """A column's name, type in Assay's words, and values (one Arrow array).

    written: how rules write it, where that is not its name alone: ``date(start, '%d.%m.%Y')`` of a column of text.
    """

    name: str
    type: str
    array: pa.Array = field(repr=False)
    written: str = ""

    @property
    def said(self) -> str:
        """Return how rules write it."""
        return self.written or quoted(self.name)

    @cached_property
    def _encoded(self) -> tuple[NDArray[np.int64], list[Any]]:
        array = self.array
        if pa.types.is_dictionary(array.type):
            array = array.cast(array.type.value_type)
        encoded = settled(array).dictionary_encode()
        codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
        return codes, listed(encoded.dictionary)

    @property
    def codes(self) -> NDArray[np.int64]:
        """Return the place of each row's value in ``values``; -1 is null."""
        return self._encoded[0]

    @property
    def values(self) -> list[Any]:
        """Return the distinct values, in order of appearance."""
        return self._encoded[1]

    @property
    def distinct(self) -> int:
        """Return how many different values there are, nulls not counted."""
        return len(self.values)

    @cached_property
    def has_nulls(self) -> bool:
        """Return whether any value is missing."""
        return bool((self.codes < 0).any())

    @cached_property
    def numbers(self) -> NDArray[np.float64] | None:
        """Return numbers (dates as days, times as seconds) with NaN for null; None for text."""
        kind = self.array.type
        if pa.types.is_boolean(kind) or pa.types.is_integer(kind) or pa.types.is_decimal(kind):
            plain: NDArray[np.float64] = self.array.cast(pa.float64(), safe=False).to_numpy(
                zero_copy_only=False
            )
            return plain
        if pa.types.is_floating(kind):
            out = self.array.cast(pa.float64()).to_numpy(zero_copy_only=False)
            return np.where(np.isfinite(out), out, np.nan)
        if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
            stamp = self.array.cast(pa.timestamp("us", getattr(kind, "tz", None)), safe=False)
            whole = pc.cast(stamp, pa.int64())
            days: NDArray[np.float64] = pc.cast(whole, pa.float64(), safe=False).to_numpy(
                zero_copy_only=False
            )
            return days / 86_400e6
        return None

    @property
    def is_number(self) -> bool:
        """Whether it is a quantity: an integer or a number, not a date or a flag."""
        return self.type in ("integer", "number") and self.numbers is not None

    @property
    def is_date(self) -> bool:
        """Whether it is a date or a timestamp."""
        return self.type in ("date", "timestamp") and self.numbers is not None

    @cached_property
    def flag(self) -> tuple[tuple[Any, ...], tuple[Any, ...]] | None:
        """Return the spellings of true and of false, when it says yes or no in any of them; else None."""
        if self.type not in ("boolean", "text", "integer", "number") or not 2 <= self.distinct <= 8:
            return None
        yes, no = [], []
        for value in self.values:
            word = _word(value)
            if word in TRUE:
                yes.append(value)
            elif word in FALSE:
                no.append(value)
            else:
                return None
        return (tuple(yes), tuple(no)) if yes and no else None

    @cached_property
    def counts(self) -> NDArray[np.int64]:
        """Return how often each value comes, in the order of ``values``."""
        return np.bincount(self.codes[self.codes >= 0], minlength=self.distinct).astype(np.int64)

    @cached_property
    def kinds(self) -> NDArray[np.int64] | None:
        """Return a small whole number a row: its value's, or its eighth's where it is a number; 0 is null.

        None where it is a text of too many values to compare rows by.
        """
        if self.distinct <= MOST_KINDS:
            return self.codes + 1
        numbers = self.numbers
        if numbers is None or np.isfinite(numbers).sum() < 16:
            return None
        known = np.isfinite(numbers)
        edges = np.unique(np.quantile(numbers[known], np.linspace(0, 1, 9)[1:-1]))
        return np.where(known, np.searchsorted(edges, numbers) + 1, 0).astype(np.int64)

    @cached_property
    def two(self) -> tuple[tuple[Any, ...], tuple[Any, ...]] | None:
        """Return the two sides of a column with but two values: yes and no where it says so, else by their order."""
        if self.flag is not None:
            return self.flag
        if self.type not in ("boolean", "text", "integer") or self.distinct != 2:
            return None
        first, second = sorted(self.values, key=str)
        return (second,), (first,)

    def truth(self) -> NDArray[np.float64]:
        """Return 1, 0 and NaN for the yes, no and null of a column that has two sides."""
        assert self.two is not None
        lookup = np.array([1.0 if v in self.two[0] else 0.0 for v in self.values] + [np.nan])
        return lookup[self.codes]

    @cached_property
    def words(self) -> tuple[str, ...]:
        """Return the words of its name: ``hasBookingChanges`` and ``has_booking_changes`` are the same three."""
        return words(self.name)


def words(name: str) -> tuple[str, ...]:
    """Return the lower-case words of a column's name."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name[:200])
    return tuple(w for w in re.split(r"[^0-9a-z]+", spaced.lower()) if w)


def _word(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).strip().lower()
