"""What every chart is drawn with: text that fits, bars, lines, colours, a scale, a legend."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

SIZE = 12  # of the text, in pixels
CHARACTER = 7.0  # how wide one is on average, generously
_COLOURS = ("#3a7ca5", "#d1793b", "#5b9a68", "#a65b8a", "#8a8f3c", "#6f6fb5")
FAINT = ' fill-opacity="0.78"'


def colour(index: int) -> str:
    """Return the colour of a series."""
    at = index % len(_COLOURS)
    return f"var(--c{at + 1},{_COLOURS[at]})"


def cut(said: object, room: float) -> str:
    """Return a label on one line that fits ``room`` pixels."""
    clean = "".join(c if c.isprintable() else "·" for c in str(said))
    most = max(2, int(room / CHARACTER))
    return clean if len(clean) <= most else clean[: most - 1].rstrip() + "…"


def wide(labels: Sequence[str], most: float) -> float:
    """Return how wide labels are drawn, at most ``most`` pixels."""
    return min(most, max((len(label) for label in labels), default=0) * CHARACTER)


def text(
    x: float, y: float, said: object, anchor: str = "start", extra: str = "", *, room: float = 200
) -> str:
    """Return a label; where it was cut, the whole of it stands in its title."""
    shown = cut(said, room)
    whole = "".join(c if c.isprintable() else "·" for c in str(said))
    tip = f"<title>{escape(whole[:200])}</title>" if shown != whole else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{extra}>{escape(shown)}{tip}</text>'


def rect(
    x: float, y: float, width: float, height: float, fill: str, title: str = "", opacity: float = 1
) -> str:
    """Return a filled rectangle, at least half a pixel in each direction."""
    tip = f"<title>{escape(title[:200])}</title>" if title else ""
    faded = f' fill-opacity="{opacity:.2f}"' if opacity < 1 else ""
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width, 0.5):.1f}" height="{max(height, 0.5):.1f}" '
        f'style="fill:{fill}"{faded}>{tip}</rect>'
    )


def line(x1: float, y1: float, x2: float, y2: float, width: float = 1, opacity: float = 0.4) -> str:
    """Return a thin line in the colour of the text."""
    return (
        f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="currentColor" '
        f'stroke-width="{width}" stroke-opacity="{opacity}"/>'
    )


def value(row: Mapping[str, Any], field: str | None) -> float | None:
    """Return a row's number, or None where there is no finite one."""
    found = row.get(field) if field else None
    if isinstance(found, bool) or not isinstance(found, (int, float)) or not math.isfinite(found):
        return None
    return float(found)


def span(values: Sequence[float], zero: bool = True) -> tuple[float, float]:
    """Return the least and the greatest value, never the same; with ``zero`` the span holds 0."""
    low, high = (min([*values, 0.0]), max([*values, 0.0])) if zero else (min(values), max(values))
    return (low, high) if high > low else (low, low + 1)


def ticks(low: float, high: float, most: int = 4) -> list[float]:
    """Return round numbers between ``low`` and ``high``: 1, 2 or 5 times a power of ten apart."""
    raw = (high - low) / max(most, 1)
    if not math.isfinite(raw) or raw <= 0:
        return [low]
    power = 10.0 ** math.floor(math.log10(raw))
    step = next((m * power for m in (1, 2, 5) if m * power >= raw), 10 * power)
    first = math.ceil(low / step - 1e-9)
    return [
        round((first + i) * step, 12) for i in range(most + 2) if (first + i) * step <= high + step * 1e-9
    ]


def legend(series: Sequence[tuple[str, str]], top: float, width: int) -> tuple[str, float]:
    """Return what each colour means, and where what follows may begin. series: (name, colour or "" for a guide)."""
    out, x, y = [], 8.0, top + 14
    for name, shade in series[:8]:
        room = min(len(name), 22) * CHARACTER
        if x + 22 + room > width and x > 8:
            x, y = 8.0, y + 17
        mark = rect(x, y - 9, 10, 10, shade) if shade else _dashes(x, y - 4)
        out.append(mark + text(x + 15, y, name, room=room))
        x += 28 + room
    return "".join(out), y + 8


def _dashes(x: float, y: float) -> str:
    return (
        f'<line x1="{x:.1f}" y1="{y:.1f}" x2="{x + 11:.1f}" y2="{y:.1f}" stroke="currentColor" '
        'stroke-width="2" stroke-opacity="0.55" stroke-dasharray="3 2"/>'
    )
