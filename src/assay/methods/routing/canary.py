"""When a change that is rolled out in steps goes on, and when it is taken back."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Seen:
    """What the new variants have answered since a step began."""

    requests: int
    errors: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Limits:
    """seconds: that a step lasts at least. least: requests that it must have answered. errors: the share that may fail."""

    seconds: float = 60.0
    least: int = 20
    errors: float = 0.02


def verdict(seen: Seen, limits: Limits) -> str:
    """Return ``back``, ``on`` or ``wait``.

    Back at once where so many have failed that even if all that are still missing to ``least`` went well the share would be
    above the limit: a few failures early on are not waited out, and a single one among many takes nothing back. On after
    the step's time, with at least as many requests as asked for.
    """
    asked = max(seen.requests, limits.least, 1)
    if seen.errors > limits.errors * asked:
        return "back"
    if seen.seconds >= limits.seconds and seen.requests >= limits.least:
        return "on"
    return "wait"
