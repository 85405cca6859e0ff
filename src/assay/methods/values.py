"""When a value in a table is the one a person named."""

from __future__ import annotations

import math
from typing import Any

_TRUE = frozenset({"true", "1"})
_FALSE = frozenset({"false", "0"})


def spelled(value: Any) -> str:
    """Return one spelling of a value: ``True``, ``1``, ``1.0`` and ``"1"`` are ``"1"``; text is stripped.

    None and NaN are the empty string.
    """
    if value is None:
        return ""
    if isinstance(value, str):
        text = value.strip()
        low = text.lower()
        if low in _TRUE:
            return "1"
        if low in _FALSE:
            return "0"
        try:
            number = float(text)
        except ValueError:
            return text
        return _number(number) if math.isfinite(number) and text[-1:].isdigit() else text
    if hasattr(value, "item"):  # a NumPy scalar
        return spelled(value.item())
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, (int, float)):
        return _number(value)
    return str(value)


def _number(value: float) -> str:
    if isinstance(value, int):
        return str(value)
    if math.isnan(value):
        return ""
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)


def same(value: Any, given: Any) -> bool:
    """Whether a value of the data is the one given, whatever type each was written in."""
    return spelled(value) == spelled(given)
