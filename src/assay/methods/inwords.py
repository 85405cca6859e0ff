"""Numbers in sentences."""

from __future__ import annotations

import math


def number(value: float) -> str:
    """Return a number with three significant digits."""
    if math.isinf(value):
        return "infinite"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def share(fraction: float) -> str:
    """Return a fraction as a percentage a person can read; small ones are never shown as none."""
    percent = 100 * fraction
    if percent == 0 or percent >= 0.95:
        return f"{percent:.0f} %"
    return f"{percent:.2g} %" if percent >= 0.001 else "under 0.001 %"


def p_value(p: float) -> str:
    """Return a p-value: ``= 0.012``, or ``< 0.001``."""
    return "< 0.001" if p < 0.001 else f"= {p:.2g}"
