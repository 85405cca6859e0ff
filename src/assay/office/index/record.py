"""One thing as the index keeps it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

LONGEST = 4_000  # characters of one field's text
MOST = 2_000  # values of one thing


@dataclass(frozen=True, slots=True)
class Record:
    """A thing that can be found. key: unique in its kind; at: when it last changed, as the office writes times.

    fields: name to a value or to several: numbers, texts, true and false. text: what words are looked for in. body: what is
    told of it, JSON. is_, read, made: the urns that it is, was made from, and made; lineage goes by these.
    """

    kind: str
    key: str
    at: str
    name: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    text: str = ""
    body: Mapping[str, Any] = field(default_factory=dict)
    is_: Sequence[str] = ()
    read: Sequence[str] = ()
    made: Sequence[str] = ()

    def values(self) -> list[tuple[str, float | None, str | None]]:
        """Return (field, number, text) of every value; a text that is a number is both."""
        out: list[tuple[str, float | None, str | None]] = []
        own = {"kind": self.kind, "key": self.key, "at": self.at, "name": self.name, "urn": list(self.is_)}
        for name, held in (own | dict(self.fields)).items():
            for value in held if isinstance(held, (list, tuple)) else [held]:
                if value is not None and len(out) < MOST:
                    out.append((name, *_both(value)))
        return out


def _both(value: Any) -> tuple[float | None, str | None]:
    if isinstance(value, bool):
        return float(value), str(value).lower()
    if isinstance(value, (int, float)):
        try:
            number = float(value)
        except OverflowError:
            return None, str(value)[:LONGEST]
        return (number, None) if math.isfinite(number) else (None, str(value))
    text = str(value)[:LONGEST]
    try:
        number = float(text) if text[-1:].isdigit() and len(text) < 40 else math.nan
    except ValueError:
        number = math.nan
    return (number if math.isfinite(number) else None), text
