"""Bounds that a number, a date or a text has to keep."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class Bounds:
    """From low to high, both inclusive unless open; or one of ``among``; all turned round by ``negated``.

    An end that is None is not bounded.
    """

    low: Any = None
    high: Any = None
    low_open: bool = False
    high_open: bool = False
    among: tuple[Any, ...] = ()
    negated: bool = False

    @property
    def given(self) -> bool:
        """Whether anything is bounded."""
        return self.low is not None or self.high is not None or bool(self.among)

    def hold(self, value: Any) -> bool:
        """Return whether a value keeps them. None keeps none."""
        return value is not None and self._inside(value) != self.negated

    def _inside(self, value: Any) -> bool:
        if self.among:
            return any(value == a for a in self.among)
        if self.low is not None and not (value > self.low if self.low_open else value >= self.low):
            return False
        return self.high is None or bool(value < self.high if self.high_open else value <= self.high)

    def each(self, change: Callable[[Any], Any]) -> Bounds:
        """Return them with every end that is given changed."""

        def one(value: Any) -> Any:
            return None if value is None else change(value)

        return replace(self, low=one(self.low), high=one(self.high), among=tuple(map(one, self.among)))

    @property
    def shown(self) -> str:
        """Return them in words, to be read after "is expected"."""
        word = "not " if self.negated else ""
        if self.among:
            if len(self.among) == 1:
                return f"{word}{say(self.among[0])}"
            return f"{word}one of {', '.join(say(a) for a in self.among[:8])}"
        if self.low is not None and self.high is not None:
            if self.low == self.high and not (self.low_open or self.high_open):
                return f"{word}{say(self.low)}"
            ends = " (both excluded)" if self.low_open and self.high_open else ""
            ends = ends or (" (the lower excluded)" if self.low_open else "")
            ends = ends or (" (the upper excluded)" if self.high_open else "")
            return f"{word}between {say(self.low)} and {say(self.high)}{ends}"
        if self.low is not None:
            return f"{word}{'above' if self.low_open else 'at least'} {say(self.low)}"
        if self.high is not None:
            return f"{word}{'below' if self.high_open else 'at most'} {say(self.high)}"
        return "anything"


UNBOUNDED = Bounds()
TRUE = Bounds(low=True)
ALL = Bounds(low=1.0)  # every row


def equal(value: Any) -> Bounds:
    """Return the bounds that only ``value`` keeps."""
    return Bounds(low=value, high=value)


def say(value: Any) -> str:
    """Return a value as a sentence shows it: numbers short, everything else bounded."""
    if isinstance(value, bool) or value is None:
        return str(value).lower()
    if isinstance(value, int):
        return f"{value:,}" if abs(value) >= 10_000 else str(value)
    if isinstance(value, float):
        whole = value.is_integer() and abs(value) < 1e15
        return say(int(value)) if whole else f"{value:.6g}"
    text = str(value)
    return repr(text if len(text) <= 60 else text[:57] + "…") if isinstance(value, str) else text[:60]
