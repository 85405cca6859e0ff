"""Horizontal bars, dots with their intervals, and waterfalls: a row each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from assay.kernel.report import Chart
from assay.reports.numbers import number
from assay.reports.svg._canvas import (
    CHARACTER,
    FAINT,
    colour,
    legend,
    line,
    rect,
    span,
    text,
    ticks,
    value,
    wide,
)

_MOST = 40
_STEP = 22
_SHARE = 0.52  # of the width that the names may take


def bars(chart: Chart, width: int) -> tuple[str, float]:
    """Return a bar a row; with low and high, or of the kind interval, a dot and its interval on a scale."""
    name, field = _fields(chart)
    rows = chart.data[:_MOST]
    numbers = [v for r in rows for f in (field, chart.low, chart.high) if (v := value(r, f)) is not None]
    if not numbers:
        return text(8, 20, "no value to draw", room=width), 32
    dots = chart.kind == "interval" or any(value(r, chart.low) is not None for r in rows)
    low, high = span(numbers)
    names = [str(r.get(name)) for r in rows]
    series = list(dict.fromkeys(str(r.get(chart.series or "")) for r in rows)) if chart.series else []
    headed = bool(series) and len(set(names)) < len(rows)  # one name, several series: the name is a heading
    labels = [str(r.get(chart.series or "")) for r in rows] if headed else names
    said = [number(value(r, field)) for r in rows]
    left = wide(labels, _SHARE * width) + 12
    right = width - wide(said, 0.25 * width) - 18

    def at(given: float) -> float:
        return left + (given - low) / (high - low) * (right - left)

    out: list[str] = []
    y, before = 6.0, ""
    bands: list[tuple[float, float]] = []
    for row, label, heading, shown in zip(rows, labels, names, said, strict=True):
        if headed and heading != before:
            out.append(text(6, y + 14, heading, extra=' font-weight="600"', room=width - 12))
            y, before = y + 20, heading
            bands.append((y, y))
        shade = colour(series.index(str(row.get(chart.series or "")))) if series else colour(0)
        out.append(text(left - 8, y + 15, label, "end", room=left - 10))
        out.append(_mark(chart, row, field, at, y, shade, dots, f"{heading}: {shown}"))
        out.append(text(width - 6, y + 15, shown, "end", FAINT))
        y += _STEP
        bands = [*bands[:-1], (bands[-1][0], y)] if bands else [(6.0, y)]
    out.insert(0, _scale(low, high, at, bands, dots))
    height = y + (22 if dots else 6)
    if series and chart.series != name and not (headed and len(series) == 1):
        drawn, height = legend([(s, colour(i)) for i, s in enumerate(series)], height, width)
        out.append(drawn)
    if len(chart.data) > _MOST:
        out.append(text(left, height + 10, f"and {len(chart.data) - _MOST} more"))
        height += 16
    return "".join(out), height


def _fields(chart: Chart) -> tuple[str, str]:
    """Which field holds the name, and which the number: horizontal bars are written either way."""
    first = chart.data[0]
    numeric_x = value(first, chart.x) is not None and value(first, chart.y) is None
    return (chart.y, chart.x) if numeric_x else (chart.x, chart.y)


def _mark(
    chart: Chart, row: Mapping[str, Any], field: str, at: Any, y: float, shade: str, dots: bool, tip: str
) -> str:
    found, low, high = value(row, field), value(row, chart.low), value(row, chart.high)
    if found is None:
        return text(at(0) + 5, y + 15, row.get("reason", "–"), extra=FAINT)
    if not dots:
        return rect(min(at(0), at(found)), y + 4, abs(at(found) - at(0)), 14, shade, tip)
    if low is None or high is None:  # too few to say how sure it is
        hollow = f'style="stroke:{shade};fill:none" stroke-width="2"'
        return f'<circle cx="{at(found):.1f}" cy="{y + 11:.1f}" r="4.5" {hollow}/>'
    ends = "".join(line(at(v), y + 7, at(v), y + 15, 1.5, 0.6) for v in (low, high))
    dot = f'<circle cx="{at(found):.1f}" cy="{y + 11:.1f}" r="5" style="fill:{shade}"/>'
    return line(at(low), y + 11, at(high), y + 11, 2, 0.6) + ends + dot


def _scale(low: float, high: float, at: Any, bands: Sequence[tuple[float, float]], dots: bool) -> str:
    """Return the line at zero, beside the bars and not across their headings; for dots a scale as well."""
    zero = "".join(line(at(0), top, at(0), end) for top, end in bands)
    if not dots:
        return zero
    marks, bottom = ticks(low, high), bands[-1][1]
    drawn = "".join(line(at(m), top, at(m), end, 1, 0.12) for m in marks for top, end in bands)
    return drawn + zero + "".join(text(at(m), bottom + 14, number(m), "middle", FAINT) for m in marks)


def waterfall(chart: Chart, width: int) -> tuple[str, float]:
    """Return bars each of which begins where the one before ended; rows may say ``start`` themselves."""
    name, field = _fields(chart)
    rows = chart.data[:_MOST]
    spans = _spans(rows, field)
    low, high = span([v for s in spans for v in s], zero=False)
    said = [f"{end - start:+.3g}" for start, end in spans]
    left = wide([str(r.get(name)) for r in rows], _SHARE * width) + 12
    right = width - wide(said, 0.25 * width) - 12

    def at(given: float) -> float:
        return left + (given - low) / (high - low) * (right - left)

    out = []
    for index, (row, (start, end)) in enumerate(zip(rows, spans, strict=True)):
        y = 6 + index * _STEP
        label = str(row.get(name))
        out.append(text(left - 8, y + 15, label, "end", room=left - 10))
        shade = colour(1 if end >= start else 0)
        place = min(at(start), at(end))
        out.append(rect(place, y + 4, abs(at(end) - at(start)), 14, shade, f"{label}: {said[index]}"))
        if index + 1 < len(rows):
            out.append(line(at(end), y + 4, at(end), y + 4 + _STEP, 1, 0.35))
        out.append(text(width - 6, y + 15, said[index], "end", FAINT))
    height = 6.0 + _STEP * len(rows)
    drawn, height = legend([("raises", colour(1)), ("lowers", colour(0))], height, width)
    last = text(width - 6, height - 8, f"ends at {number(spans[-1][1])}", "end", room=20 * CHARACTER)
    return "".join(out) + drawn + last, height


def _spans(rows: Sequence[Mapping[str, Any]], field: str) -> list[tuple[float, float]]:
    total, spans = 0.0, []
    for row in rows:
        found = value(row, field) or 0.0
        given = value(row, "start")
        start = total if given is None else given
        total = start + found
        spans.append((start, total))
    return spans
