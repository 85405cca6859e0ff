"""A matrix of shaded cells: correlations, a confusion matrix."""

from __future__ import annotations

import math

from assay.kernel.report import Chart
from assay.reports.numbers import number
from assay.reports.svg._canvas import CHARACTER, FAINT, colour, cut, rect, text, value, wide

_MOST = 30
_LARGEST = 72.0  # pixels of a cell
_READABLE = 34.0  # from this size on, the number stands in the cell
_STRONG = 0.5  # from this opacity on, text on a cell takes the colour of the ground


def heatmap(chart: Chart, width: int) -> tuple[str, float]:
    """Return a cell for each pair, the stronger the further from 0; below 0 in another colour."""
    xs = list(dict.fromkeys(str(r.get(chart.x)) for r in chart.data))[:_MOST]
    ys = list(dict.fromkeys(str(r.get(chart.y)) for r in chart.data))[:_MOST]
    field = chart.series or "value"
    cells = {(str(r.get(chart.x)), str(r.get(chart.y))): value(r, field) for r in chart.data}
    most = max((abs(v) for v in cells.values() if v is not None), default=1) or 1.0
    titles = [t for t in (chart.x_title or chart.x, chart.y_title or chart.y) if len(t) > 1]
    top = 26.0 if titles else 6.0
    left = max(wide(ys, 0.38 * width) + 12, 40)
    size = min(_LARGEST, (width - left - 8) / max(len(xs), 1))
    out = []
    if len(titles) == 2:
        out.append(text(6, 14, f"{titles[1]} ↓", extra=FAINT))
        out.append(text(left + size * len(xs) / 2, 14, f"{titles[0]} →", "middle", FAINT))
    for down, y in enumerate(ys):
        middle = top + (down + 0.5) * size
        out.append(text(left - 6, middle + 4, y, "end", room=left - 8))
        for across, x in enumerate(xs):
            found = cells.get((x, y))
            if found is None:
                continue
            strength = 0.06 + 0.94 * abs(found) / most
            place = (left + across * size, top + down * size)
            tip = f"{x} × {y}: {number(found)}"
            shade = colour(0 if found >= 0 else 1)
            out.append(rect(*place, size - 1, size - 1, shade, tip, strength))
            if size >= _READABLE:
                on = ' style="fill:var(--bg,#fff)" font-weight="600"' if strength >= _STRONG else ""
                said = number(round(found, 2))
                out.append(text(place[0] + size / 2, middle + 4, said, "middle", on, room=size))
    return "".join(out + _below(xs, left, size, top + size * len(ys))), _bottom(
        xs, size, top + size * len(ys)
    )


def _below(xs: list[str], left: float, size: float, y: float) -> list[str]:
    """Names under the columns: level where they fit, else aslant."""
    if _level(xs, size):
        return [text(left + (i + 0.5) * size, y + 16, x, "middle", room=size) for i, x in enumerate(xs)]
    out = []
    for index, x in enumerate(xs):
        at = left + (index + 0.5) * size
        out.append(text(at, y + 10, cut(x, 110), "end", f' transform="rotate(-40 {at:.1f} {y + 10:.1f})"'))
    return out


def _level(xs: list[str], size: float) -> bool:
    return all(len(x) * CHARACTER <= size for x in xs)


def _bottom(xs: list[str], size: float, y: float) -> float:
    if _level(xs, size):
        return y + 24
    return y + 18 + math.sin(math.radians(40)) * wide(xs, 110)
