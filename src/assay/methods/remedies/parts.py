"""The parts of a rule: which of its deeds, and of an alert which channel. ``0-alert:ops`` is its first, to the channel ops."""

from __future__ import annotations

from collections.abc import Sequence


def parts(number: int, verb: str, channels: Sequence[str] = ()) -> list[str]:
    """Return the parts of a rule's deed: one for each channel, or the deed itself where it goes to none. number: from 0."""
    return [f"{number}-{verb}:{channel}" for channel in channels] or [f"{number}-{verb}"]


def channel(part: str) -> str:
    """Return the channel that a part goes to, empty where it goes to none."""
    return part.partition(":")[2]


def named(verb: str, part: str) -> str:
    """Return what a deed is called: its verb, and the channel that it goes to."""
    return f"{verb} {channel(part)}".strip()
