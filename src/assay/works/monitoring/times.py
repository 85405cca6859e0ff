"""Moments as the office writes them, and as seconds since 1970."""

from __future__ import annotations

from datetime import UTC, datetime

from assay.kernel.errors import UsageError
from assay.methods.search.moments import span, written


def text(seconds: float) -> str:
    """Return a moment as the office writes it, in UTC."""
    return written(moment(seconds))


def moment(seconds: float) -> datetime:
    """Return seconds since 1970 as a moment of UTC."""
    return datetime.fromtimestamp(seconds, UTC)


def seconds(said: str) -> float:
    """Return the seconds since 1970 of a moment that the office wrote."""
    return datetime.fromisoformat(said).timestamp()


def said(word: str, now: float, what: str) -> float:
    """Return the first moment of what a person says: a day, a moment, ``3h`` ago; UsageError where it is no time."""
    found = span(word, moment(now))
    if found is None:
        raise UsageError(
            f"{what} cannot be {word[:40]!r}", remedy="write 2026-01-31, 2026-01-31T12:00:00Z or 3h (ago)"
        )
    return found[0].timestamp()
