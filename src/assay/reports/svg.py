"""Charts drawn as SVG by hand: no library, a few milliseconds, readable in light and in dark.

Colours are CSS variables with a mid-tone to fall back on, text is the colour of its surroundings.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any

from assay.kernel.report import Chart
from assay.reports.numbers import number

WIDTH = 460
_COLOURS = ("#3a7ca5", "#d1793b", "#5b9a68", "#a65b8a", "#8a8f3c", "#6f6fb5")
_MAX = 40
_FONT = 'font-family="system-ui,sans-serif" font-size="11"'


def draw(chart: Chart) -> str:
    """Return a chart as an SVG element with a title and a description."""
    drawers: dict[str, Callable[[Chart], tuple[str, int]]] = {
        "bar": _bars,
        "grouped_bar": _bars,
        "interval": _bars,
        "waterfall": _waterfall,
        "histogram": _columns,
        "line": _lines,
        "heatmap": _heatmap,
    }
    body, height = (
        drawers.get(chart.kind, _bars)(chart) if chart.data else (_text(8, 20, "nothing to draw"), 32)
    )
    label = escape(chart.alt or chart.title, quote=True)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
        f'role="img" aria-label="{label}" {_FONT} fill="currentColor"><title>{escape(chart.title)}</title>{body}</svg>'
    )


def _colour(index: int) -> str:
    at = index % len(_COLOURS)
    return f"var(--c{at + 1},{_COLOURS[at]})"


def _text(x: float, y: float, text: Any, anchor: str = "start", extra: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{extra}>{escape(_cut(str(text)))}</text>'


def _cut(text: str, most: int = 26) -> str:
    clean = "".join(c if c.isprintable() else "·" for c in text)
    return clean if len(clean) <= most else clean[: most - 1] + "…"


def _rect(
    x: float, y: float, width: float, height: float, fill: str, title: str = "", opacity: float = 1
) -> str:
    tip = f"<title>{escape(title)}</title>" if title else ""
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width, 0.5):.1f}" height="{max(height, 0.5):.1f}" '
        f'style="fill:{fill}" fill-opacity="{opacity:.2f}">{tip}</rect>'
    )


def _line(x1: float, y1: float, x2: float, y2: float, width: float = 1, opacity: float = 0.35) -> str:
    return (
        f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="currentColor" '
        f'stroke-width="{width}" stroke-opacity="{opacity}"/>'
    )


def _value(row: Mapping[str, Any], field: str | None) -> float | None:
    value = row.get(field) if field else None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        return None
    return float(value)


def _span(values: Sequence[float], zero: bool = True) -> tuple[float, float]:
    low, high = (min([*values, 0.0]), max([*values, 0.0])) if zero else (min(values), max(values))
    return (low, high) if high > low else (low, low + 1)


def _names(chart: Chart) -> tuple[str, str]:
    """Which field holds the name, and which the number: horizontal bars are written either way."""
    first = chart.data[0]
    numeric_x = _value(first, chart.x) is not None and _value(first, chart.y) is None
    return (chart.y, chart.x) if numeric_x else (chart.x, chart.y)


def _bars(chart: Chart) -> tuple[str, int]:
    """Horizontal bars, a row each; with low and high, dots and their intervals."""
    name, field = _names(chart)
    rows = chart.data[:_MAX]
    numbers = [v for r in rows for f in (field, chart.low, chart.high) if (v := _value(r, f)) is not None]
    if not numbers:
        return _text(8, 20, "no value to draw"), 32
    low, high = _span(numbers)
    left, right, top, step = 150, WIDTH - 62, 8, 20
    series = list(dict.fromkeys(str(r.get(chart.series or "")) for r in rows)) if chart.series else []

    def at(value: float) -> float:
        return left + (value - low) / (high - low) * (right - left)

    out = [_line(at(0), top, at(0), top + step * len(rows))]
    for index, row in enumerate(rows):
        y = top + index * step
        value = _value(row, field)
        shade = _colour(series.index(str(row.get(chart.series or "")))) if series else _colour(0)
        label = str(row.get(name)) + (
            f" · {row.get(chart.series or '')}" if series and chart.series != name else ""
        )
        out.append(_text(left - 6, y + 13, label, "end"))
        if value is None:
            out.append(_text(at(0) + 4, y + 13, row.get("reason", "–"), extra=' fill-opacity="0.7"'))
            continue
        start, end = _value(row, chart.low), _value(row, chart.high)
        tip = f"{label}: {number(value)}"
        if start is not None and end is not None:
            out.append(_line(at(start), y + 9, at(end), y + 9, 2, 0.55))
            out.append(
                f'<circle cx="{at(value):.1f}" cy="{y + 9}" r="4.5" style="fill:{shade}"><title>{escape(tip)}</title></circle>'
            )
        else:
            out.append(_rect(min(at(0), at(value)), y + 3, abs(at(value) - at(0)), 13, shade, tip))
        out.append(_text(WIDTH - 4, y + 13, number(value), "end", ' fill-opacity="0.8"'))
    height = top + step * len(rows) + 6
    if series and chart.series != name:
        legend, height = _legend(series, height)
        out.append(legend)
    if len(chart.data) > _MAX:
        out.append(_text(left, height + 10, f"and {len(chart.data) - _MAX} more"))
        height += 16
    return "".join(out), height


def _legend(series: Sequence[str], top: int) -> tuple[str, int]:
    out, x, y = [], 8.0, top + 14
    for index, name in enumerate(series[:8]):
        width = 22 + 6.4 * len(_cut(name, 18))
        if x + width > WIDTH:
            x, y = 8.0, y + 16
        out.append(_rect(x, y - 9, 10, 10, _colour(index)))
        out.append(_text(x + 14, y, _cut(name, 18)))
        x += width
    return "".join(out), y + 8


def _waterfall(chart: Chart) -> tuple[str, int]:
    """Each row adds to the one before; rows may say ``start`` themselves."""
    name, field = _names(chart)
    rows = chart.data[:_MAX]
    total, spans = 0.0, []
    for row in rows:
        value = _value(row, field) or 0.0
        start = _value(row, "start")
        start = total if start is None else start
        spans.append((start, start + value))
        total = start + value
    low, high = _span([v for s in spans for v in s], zero=False)
    left, right, top, step = 170, WIDTH - 62, 8, 20

    def at(value: float) -> float:
        return left + (value - low) / (high - low) * (right - left)

    out = []
    for index, (row, (start, end)) in enumerate(zip(rows, spans, strict=True)):
        y = top + index * step
        shade = _colour(1 if end >= start else 0)
        label = str(row.get(name))
        out.append(_text(left - 6, y + 13, label, "end"))
        out.append(
            _rect(
                min(at(start), at(end)),
                y + 3,
                abs(at(end) - at(start)),
                13,
                shade,
                f"{label}: {number(end - start)}",
            )
        )
        out.append(_line(at(end), y + 3, at(end), y + 3 + step, 1, 0.3))
        out.append(_text(WIDTH - 4, y + 13, f"{end - start:+.3g}", "end", ' fill-opacity="0.8"'))
    return "".join(out), top + step * len(rows) + 6


def _columns(chart: Chart) -> tuple[str, int]:
    """Upright columns that touch: a distribution; of several series, one over the other, both to be seen through."""
    series = list(dict.fromkeys(str(r.get(chart.series)) for r in chart.data)) if chart.series else [""]
    parts = [
        [r for r in chart.data if not chart.series or str(r.get(chart.series)) == s][:200] for s in series
    ]
    rows = parts[0]
    most = max((_value(r, chart.y) or 0.0 for part in parts for r in part), default=0) or 1.0
    top, height, left = 8, 120, 8
    width = (WIDTH - 2 * left) / max(len(part) for part in parts)
    out = []
    for number_, (name, part) in enumerate(zip(series, parts, strict=True)):
        for index, row in enumerate(part):
            count = _value(row, chart.y) or 0.0
            tall = count / most * (height - top)
            tip = f"{name} {_edge(row.get(chart.x))}: {number(count)}".strip()
            box = (left + index * width, height - tall, max(width - 1, 0.8), tall)
            out.append(_rect(*box, _colour(number_), tip, 1 if len(series) == 1 else 0.55))
    out.append(_line(left, height, WIDTH - left, height))
    out.append(_text(left, height + 14, _edge(rows[0].get(chart.x))))
    out.append(_text(WIDTH - left, height + 14, _edge(rows[-1].get(chart.high or chart.x)), "end"))
    if len(series) == 1:
        return "".join(out), height + 20
    legend, tall = _legend(series, height + 20)
    return "".join([*out, legend]), tall


def _edge(value: Any) -> str:
    return number(value) if isinstance(value, (int, float)) else str(value)


def _lines(chart: Chart) -> tuple[str, int]:
    groups: dict[str, list[tuple[float, float]]] = {}
    for row in chart.data:
        x, y = _value(row, chart.x), _value(row, chart.y)
        if x is not None and y is not None:
            groups.setdefault(str(row.get(chart.series)) if chart.series else "", []).append((x, y))
    points = [p for g in groups.values() for p in g]
    if not points:
        return _text(8, 20, "no value to draw"), 32
    x0, x1 = _span([p[0] for p in points], zero=False)
    y0, y1 = _span([p[1] for p in points], zero=False)
    left, right, top, bottom = 44, WIDTH - 12, 10, 230

    def place(point: tuple[float, float]) -> str:
        x = left + (point[0] - x0) / (x1 - x0) * (right - left)
        y = bottom - (point[1] - y0) / (y1 - y0) * (bottom - top)
        return f"{x:.1f},{y:.1f}"

    out = []
    for part in range(5):
        y = bottom - part / 4 * (bottom - top)
        x = left + part / 4 * (right - left)
        out.append(_line(left, y, right, y, 1, 0.12))
        out.append(
            _text(left - 5, y + 4, number(round(y0 + part / 4 * (y1 - y0), 6)), "end", ' fill-opacity="0.8"')
        )
        out.append(
            _text(
                x, bottom + 14, number(round(x0 + part / 4 * (x1 - x0), 6)), "middle", ' fill-opacity="0.8"'
            )
        )
    for index, (name, found) in enumerate(groups.items()):
        dash = ' stroke-dasharray="4 4" stroke-opacity="0.5"' if _guide(name) else ""
        path = " ".join(place(p) for p in sorted(found, key=lambda p: p[0]))
        shade = "currentColor" if _guide(name) else _colour(index)
        out.append(
            f'<polyline points="{path}" fill="none" style="stroke:{shade}" stroke-width="2"{dash}><title>{escape(name)}</title></polyline>'
        )
    out.append(_text((left + right) / 2, bottom + 30, chart.x_title or chart.x, "middle"))
    height = bottom + 36
    if len(groups) > 1:
        legend, height = _legend(list(groups), height)
        out.append(legend)
    return "".join(out), height


def _guide(name: str) -> bool:
    return name.lower() in ("chance", "perfect", "ideal", "diagonal", "guess")


def _heatmap(chart: Chart) -> tuple[str, int]:
    xs = list(dict.fromkeys(str(r.get(chart.x)) for r in chart.data))[:30]
    ys = list(dict.fromkeys(str(r.get(chart.y)) for r in chart.data))[:30]
    field = chart.series or "value"
    cells = {(str(r.get(chart.x)), str(r.get(chart.y))): _value(r, field) for r in chart.data}
    numbers = [abs(v) for v in cells.values() if v is not None]
    most = max(numbers, default=1) or 1.0
    left, top = 120, 8
    size = min(34.0, (WIDTH - left - 8) / max(len(xs), 1))
    out = []
    for row, y in enumerate(ys):
        out.append(_text(left - 5, top + row * size + size / 2 + 4, y, "end"))
        for column, x in enumerate(xs):
            value = cells.get((x, y))
            if value is None:
                continue
            shade = _colour(0 if value >= 0 else 1)
            box = (left + column * size, top + row * size)
            out.append(
                _rect(
                    *box,
                    size - 1,
                    size - 1,
                    shade,
                    f"{x} × {y}: {number(value)}",
                    0.06 + 0.94 * abs(value) / most,
                )
            )
            if size >= 30:
                out.append(_text(box[0] + size / 2, box[1] + size / 2 + 4, number(round(value, 2)), "middle"))
    bottom = top + size * len(ys)
    for column, x in enumerate(xs):
        at = left + column * size + size / 2
        out.append(
            _text(at, bottom + 10, _cut(x, 16), "end", f' transform="rotate(-40 {at:.1f} {bottom + 10:.1f})"')
        )
    return "".join(out), int(bottom + 84)
