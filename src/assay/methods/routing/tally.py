"""What one variant has answered: how long it took, and which values; in counts that add up over processes."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from assay.methods.routing.sketch import Sketch

MOST = 64  # labels that are told apart; of more, values are numbers or nothing
_LONGEST = 64
_MANY = 1 << 53  # up to which a float is a whole number for certain


@dataclass(slots=True)
class Tally:
    """seconds: that answers took. rows: values of answers that were looked at. labels: texts, booleans and whole numbers → how
    often; numbers: all that are finite. others: texts beyond the first 64; missing: null, not finite, or no value at all.
    """

    seconds: Sketch = field(default_factory=Sketch)
    rows: int = 0
    labels: dict[str, int] = field(default_factory=dict)
    numbers: Sketch = field(default_factory=Sketch)
    others: int = 0
    missing: int = 0

    def values(self, found: Iterable[Any]) -> None:
        """Count the values of an answer, one a row: CSV's texts as what they spell."""
        for value in found:
            self.rows += 1
            self._value(plain(value))

    def _value(self, value: Any) -> None:
        if value is None or (isinstance(value, float) and not math.isfinite(value)):
            self.missing += 1
            return
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            self.numbers.add(value)
            if value != int(value) or abs(value) > _MANY:
                return
            value = int(value)
        self._label(str(value).lower() if isinstance(value, bool) else str(value)[:_LONGEST], 1)

    def _label(self, label: str, number: int) -> None:
        if label in self.labels or len(self.labels) < MOST:
            self.labels[label] = self.labels.get(label, 0) + number
        else:
            self.others += number

    def dump(self) -> list[Any]:
        """Return it as JSON."""
        return [
            [list(p) for p in self.seconds.counts.items()], self.rows, self.labels,
            [list(p) for p in self.numbers.counts.items()], self.others, self.missing,
        ]  # fmt: skip

    def load(self, dumped: list[Any]) -> None:
        """Add what another process dumped."""
        seconds, rows, labels, numbers, others, missing = dumped
        self.seconds.load({int(k): int(n) for k, n in seconds})
        self.numbers.load({int(k): int(n) for k, n in numbers})
        self.rows += int(rows)
        self.others += int(others)
        self.missing += int(missing)
        for label, number in labels.items():
            self._label(str(label), int(number))

    def since(self, before: Tally) -> Tally:
        """Return what was counted since it was ``before``."""
        return Tally(
            self.seconds.since(before.seconds),
            max(0, self.rows - before.rows),
            _less(self.labels, before.labels),
            self.numbers.since(before.numbers),
            max(0, self.others - before.others),
            max(0, self.missing - before.missing),
        )

    def copy(self) -> Tally:
        """Return one that counts on by itself."""
        return Tally().plus(self)

    def plus(self, other: Tally) -> Tally:
        """Add what another counted, and return this one."""
        self.load(other.dump())
        return self


def _less(now: Mapping[str, int], before: Mapping[str, int]) -> dict[str, int]:
    left = {label: number - before.get(label, 0) for label, number in now.items()}
    return {label: number for label, number in left.items() if number > 0}


def plain(value: Any) -> Any:
    """Return a value as it is meant: CSV spells numbers, and missing ones, as texts."""
    if not isinstance(value, str):
        return value if isinstance(value, (int, float, bool)) or value is None else str(value)
    text = value.strip()
    if not text or text.lower() in ("nan", "null", "none"):
        return None
    if len(text) > 32 or text[0] not in "+-.0123456789iI":
        return text
    try:
        return float(text)
    except ValueError:
        return text
