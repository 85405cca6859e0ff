"""Numbers as people read them."""

from __future__ import annotations

from typing import Any

from assay.kernel.report import Metric

LEAST_P = 1e-99  # of a p-value that is written out
_WORDS = {"infinite": "infinite", "-infinite": "minus infinite", "undefined": "undefined (0/0)"}


def number(value: Any) -> str:
    """Return a number with four significant digits, thousands set apart, and no more noughts than it needs."""
    if value is None:
        return "–"
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, int) or value.is_integer():
        return f"{int(value):,}" if abs(value) < 1e15 else f"{value:.4g}"
    if 1e-4 <= abs(value) < 1e6:
        digits = max(0, 4 - len(str(int(abs(value)))) if abs(value) >= 1 else 4)
        said = f"{value:,.{digits}f}"
        return said.rstrip("0").rstrip(".") if digits else said
    return f"{value:.3e}"


def bare(found: Metric) -> str:
    """Return a metric's value alone; a p-value too small to mean anything is told as what it is below."""
    if found.name.endswith(("_p", "p_value")) and found.value is not None and found.value < LEAST_P:
        return f"<{LEAST_P:g}"
    return number(found.value)


def interval(found: Metric) -> str:
    """Return a metric's value with its interval, where it has one."""
    if not found.interval or found.value is None:
        return bare(found)
    low, high = found.interval
    return f"{bare(found)} [{number(low)}, {number(high)}]"


def remark(found: Metric) -> bool:
    """Whether a metric's unit is a remark of several words, such as by which test it is, and not what is counted."""
    return " " in (found.unit or "")


def metric(found: Metric) -> str:
    """Return a metric's value with its interval and unit, or the reason why it has none."""
    if found.value is None:
        return _WORDS.get(found.reason or "", found.reason or "")
    text = interval(found)
    if not found.unit or found.unit == found.name:
        return text
    return f"{text} {_unit(found.value, found.unit)}"


def counted(value: int, unit: str) -> str:
    """Return a count with its unit: ``1 file``, ``4,999 rows``."""
    return f"{number(value)} {_unit(value, unit)}".rstrip()


def _unit(value: float, unit: str) -> str:
    """Units are plurals (rows, files, bytes); of one thing there is no plural."""
    return unit[:-1] if value == 1 and unit.endswith("s") else unit


def seconds(value: float) -> str:
    """Return a duration."""
    if value < 1:
        return f"{value * 1000:.0f} ms"
    return f"{value:.1f} s" if value < 120 else f"{value / 60:.1f} min"


def moment(stamp: str) -> str:
    """Return a time as people read it: ``2026-11-27 22:10 UTC``; what is not one stays as it is."""
    day, t, rest = stamp.partition("T")
    return f"{day} {rest[:5]} UTC" if t and stamp.endswith("Z") and len(rest) >= 5 else stamp


def about(of: Any) -> str:
    """Return what a metric is about: ``sex = Female``; of two columns, ``a ~ b``."""
    if tuple(of) == ("a", "b"):
        return f"{of['a']} ~ {of['b']}"
    return ", ".join(
        f"{k} = {' / '.join(map(str, v)) if isinstance(v, (list, tuple)) else v}" for k, v in dict(of).items()
    )
