"""A trace as a person reads it: a row a span or a group of them, where they lie in time, and where the time went."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TimelineRow:
    """One span, or several of one name told together. Times are seconds from the trace's beginning.

    many: how many spans it stands for. slow: the parts of it that lie on the slowest path. more: it stands for spans that are
    not shown one by one, below the row above it.
    """

    name: str
    depth: int
    start: float
    end: float
    seconds: float
    status: str = "unset"
    message: str = ""
    many: int = 1
    untrusted: bool = False
    slow: tuple[tuple[float, float], ...] = ()
    more: bool = False


@dataclass(frozen=True, slots=True)
class Timeline:
    """A trace, drawn to scale. slowest: what the slowest path was spent in, most first: (place, seconds)."""

    trace: str
    seconds: float
    rows: tuple[TimelineRow, ...]
    spans: int
    slowest: tuple[tuple[str, float], ...] = ()
    dropped: int = 0

    @property
    def said(self) -> str:
        """Return in a sentence where most of the time went: ``of 34.0 s, 21.0 s were in model: job train.py``."""
        if not self.slowest:
            return ""
        place, seconds = self.slowest[0]
        return f"of {spent(self.seconds)}, {spent(seconds)} were in {place}"


def spent(seconds: float) -> str:
    """Return a duration as a person says it."""
    if seconds >= 100:
        minutes, rest = divmod(round(seconds), 60)
        hours, minutes = divmod(minutes, 60)
        return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"
    if seconds >= 1:
        return f"{seconds:.1f} s"
    return f"{seconds * 1000:.0f} ms" if seconds >= 0.001 or not seconds else f"{seconds * 1e6:.0f} µs"
