"""What is wrong with rows, in words that hold none of their values."""

from __future__ import annotations

import re
from dataclasses import dataclass

from assay.methods.inputschema.schema import Feature

CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Violation:
    """What a feature of some rows is not. kind: missing, unknown, width, null, type, range, value, length or infinite.

    expected: what it should be, as a sentence goes on. row: the first that it is about, from 1, 0 where it is about none.
    count: how many. Never a value of the payload.
    """

    feature: str
    kind: str
    expected: str
    row: int = 0
    count: int = 1

    def __str__(self) -> str:
        where = (
            f" (row {self.row}{f', and {self.count - 1:,} more' if self.count > 1 else ''})"
            if self.row
            else ""
        )
        return f"{self.feature}: expected {self.expected}{where}" if self.feature else self.expected + where


def expected(feature: Feature, kind: str) -> str:
    """Return what a feature should be, as a sentence goes on."""
    if kind == "null":
        return "a value, and it is missing"
    if kind == "infinite":
        return "a finite number"
    low, high = feature.minimum, feature.maximum
    between = (
        f" from {low:,} to {high:,}"
        if low is not None and high is not None
        else f" of at least {low:,}"
        if low is not None
        else f" of at most {high:,}"
        if high is not None
        else ""
    )
    if feature.type == "integer":
        return f"a whole number{between}"
    if feature.type == "number":
        return f"a number{between}"
    if feature.type == "boolean":
        return "true or false"
    if feature.type == "list":
        size = f"{feature.shortest or 0} to {feature.longest}" if feature.longest is not None else "some"
        return f"a list of {size} numbers{between}"
    if kind == "value":
        shown = [v if len(v) <= 40 else v[:39] + "…" for v in list(feature.values)[:8]]
        more = len(feature.values) - len(shown)
        return f"one of {', '.join(map(repr, shown))}{f' or {more} others' if more else ''}"
    longest = f" of at most {feature.longest:,} characters" if feature.longest is not None else ""
    return f"a text{longest}{', without control characters' if kind == 'type' else ''}"
