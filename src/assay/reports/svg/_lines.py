"""Lines over a grid: ROC and calibration curves, quantities over time."""

from __future__ import annotations

from html import escape

from assay.kernel.report import Chart
from assay.reports.numbers import number
from assay.reports.svg._canvas import CHARACTER, FAINT, colour, legend, line, span, text, ticks, value, wide

_GUIDES = ("chance", "perfect", "ideal", "diagonal", "guess")
_TOP, _BOTTOM, _LEFT = 26.0, 250.0, 30.0

Point = tuple[float, float]


def lines(chart: Chart, width: int) -> tuple[str, float]:
    """Return a line a series; what is only a guide to the eye is dashed and has no colour."""
    groups: dict[str, list[Point]] = {}
    for row in chart.data:
        x, y = value(row, chart.x), value(row, chart.y)
        if x is not None and y is not None:
            groups.setdefault(str(row.get(chart.series)) if chart.series else "", []).append((x, y))
    points = [p for g in groups.values() for p in g]
    if not points:
        return text(8, 20, "no value to draw", room=width), 32
    across, up = span([p[0] for p in points], zero=False), span([p[1] for p in points], zero=False)
    left = max(_LEFT, wide([number(t) for t in ticks(*up, 5)], 0.3 * width) + 10)
    right = width - 14.0

    def place(point: Point) -> str:
        x = left + (point[0] - across[0]) / (across[1] - across[0]) * (right - left)
        y = _BOTTOM - (point[1] - up[0]) / (up[1] - up[0]) * (_BOTTOM - _TOP)
        return f"{x:.1f},{y:.1f}"

    out = [text(4, 14, chart.y_title or chart.y, extra=FAINT, room=width), *_grid(across, up, left, right)]
    shades = {n: "" if n.lower() in _GUIDES else colour(i) for i, n in enumerate(groups)}
    for name, found in groups.items():
        path = " ".join(place(p) for p in sorted(found))
        style = f'style="stroke:{shades[name]}" stroke-width="2.5"'
        if not shades[name]:
            style = 'stroke="currentColor" stroke-width="1.5" stroke-dasharray="4 4" stroke-opacity="0.55"'
        title = f"<title>{escape(name)}</title>"
        out.append(f'<polyline points="{path}" fill="none" {style}>{title}</polyline>')
        if len(found) == 1:
            cx, cy = place(found[0]).split(",")
            out.append(f'<circle cx="{cx}" cy="{cy}" r="4" style="fill:{shades[name] or "currentColor"}"/>')
    out.append(text((left + right) / 2, _BOTTOM + 33, chart.x_title or chart.x, "middle", FAINT, room=width))
    height = _BOTTOM + 40
    if len(groups) > 1:
        drawn, height = legend(list(shades.items()), height, width)
        out.append(drawn)
    return "".join(out), height


def _grid(across: Point, up: Point, left: float, right: float) -> list[str]:
    """Lines and numbers at round values; a number that would stand out of the picture is drawn inside it."""
    out = []
    for tick in ticks(*up, 5):
        y = _BOTTOM - (tick - up[0]) / (up[1] - up[0]) * (_BOTTOM - _TOP)
        out.append(line(left, y, right, y, 1, 0.14))
        out.append(text(left - 6, y + 4, number(tick), "end", FAINT))
    for tick in ticks(*across, 5):
        x = left + (tick - across[0]) / (across[1] - across[0]) * (right - left)
        said = number(tick)
        edge = x + len(said) * CHARACTER / 2 > right + 10
        out.append(text(x, _BOTTOM + 16, said, "end" if edge else "middle", FAINT))
    return out
