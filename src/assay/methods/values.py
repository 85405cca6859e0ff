"""When a value in a table is the one a person named."""

from __future__ import annotations

import math
import re
from decimal import Decimal
from typing import Any

_TRUE = frozenset({"true", "1"})
_FALSE = frozenset({"false", "0"})
# Digits as a number is written, and never with a leading zero: 007 is a name.
_NUMBER = re.compile(r"[+-]?(?:0|[1-9]\d*)?(?:\.\d*)?(?:[eE][+-]?\d{1,3})?", re.ASCII)
_WHOLE = re.compile(r"[+-]?(?:0|[1-9]\d*)(?:\.0*)?", re.ASCII)


def spelled(value: Any) -> str:
    """Return one spelling of a value: ``True``, ``1``, ``1.0`` and ``"1"`` are ``"1"``; text is stripped.

    No digit is lost: what a float would not hold stays as it is written. None and NaN are the empty string.
    """
    if value is None:
        return ""
    if isinstance(value, str):
        return _text(value.strip())
    if hasattr(value, "item"):  # a NumPy scalar
        return spelled(value.item())
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, Decimal):
        return _text(format(value, "f")) if value.is_finite() else str(value)
    return str(value)


def _text(text: str) -> str:
    low = text.lower()
    if low in _TRUE:
        return "1"
    if low in _FALSE:
        return "0"
    if not any(c.isdigit() for c in text[:3]) or not _NUMBER.fullmatch(text):
        return text
    if _WHOLE.fullmatch(text):
        whole = text.partition(".")[0].removeprefix("+")
        return "0" if whole == "-0" else whole
    number = float(text)
    digits = sum(c.isdigit() for c in re.split("[eE]", text)[0].strip("0"))
    return _number(number) if digits <= 15 and math.isfinite(number) else text


def _number(value: float) -> str:
    if math.isnan(value):
        return ""
    return str(int(value)) if value.is_integer() and abs(value) < 1e18 else repr(value)


def same(value: Any, given: Any) -> bool:
    """Whether a value of the data is the one given, whatever type each was written in."""
    return spelled(value) == spelled(given)
