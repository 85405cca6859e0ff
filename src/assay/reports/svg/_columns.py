"""Upright columns that touch: a distribution."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from assay.kernel.report import Chart
from assay.reports.numbers import number
from assay.reports.svg._canvas import CHARACTER, FAINT, colour, legend, line, rect, text, value

_MOST = 200


def columns(chart: Chart, width: int) -> tuple[str, float]:
    """Return a column a bin; several series stand one over the other, and can be seen through.

    Bins of one whole number each are named under their columns, others at both ends.
    """
    parts: dict[str, list[Mapping[str, Any]]] = {}
    for row in chart.data:
        parts.setdefault(str(row.get(chart.series)) if chart.series else "", []).append(row)
    kept = {name: rows[:_MOST] for name, rows in parts.items()}
    rows = next(iter(kept.values()))
    most = max((value(r, chart.y) or 0.0 for part in kept.values() for r in part), default=0) or 1.0
    top, bottom, left = 20.0, 130.0, 8.0
    step = (width - 2 * left) / max(len(part) for part in kept.values())
    out = [text(left, 13, number(most), extra=FAINT), line(left, top, width - left, top, 1, 0.12)]
    whole = _whole(rows, chart)
    for at, (name, part) in enumerate(kept.items()):
        for index, row in enumerate(part):
            count = value(row, chart.y) or 0.0
            tall = count / most * (bottom - top)
            tip = f"{name} {_range(row, chart, whole)}: {number(count)}".strip()
            box = (left + index * step, bottom - tall, max(step - 1, 0.8), tall)
            out.append(rect(*box, colour(at), tip, 1 if len(kept) == 1 else 0.55))
    out.append(line(left, bottom, width - left, bottom))
    if whole:
        out += _named(rows, chart, left, step, bottom + 15)
    else:
        out.append(text(left, bottom + 15, _edge(rows[0].get(chart.x)), extra=FAINT))
        last = _edge(rows[-1].get(chart.high or chart.x))
        out.append(text(width - left, bottom + 15, last, "end", FAINT))
    if len(kept) == 1:
        return "".join(out), bottom + 22
    drawn, height = legend([(name, colour(i)) for i, name in enumerate(kept)], bottom + 22, width)
    return "".join([*out, drawn]), height


def _whole(rows: Sequence[Mapping[str, Any]], chart: Chart) -> bool:
    """Whether each bin is one whole number: from it to the next."""
    pairs = [(value(r, chart.x), value(r, chart.high)) for r in rows]
    return all(
        low is not None and high is not None and low.is_integer() and high - low == 1 for low, high in pairs
    )


def _named(rows: Sequence[Mapping[str, Any]], chart: Chart, left: float, step: float, y: float) -> list[str]:
    names = [_edge(r.get(chart.x)) for r in rows]
    room = max(len(n) for n in names) * CHARACTER + 8
    every = max(1, -int(-room // step))
    return [
        text(left + (i + 0.5) * step, y, name, "middle", FAINT)
        for i, name in enumerate(names)
        if i % every == 0
    ]


def _range(row: Mapping[str, Any], chart: Chart, whole: bool) -> str:
    low = _edge(row.get(chart.x))
    return low if whole or not chart.high else f"{low} to {_edge(row.get(chart.high))}"


def _edge(given: Any) -> str:
    """A year is 2015, not 2,015: below ten thousand nothing is set apart."""
    if isinstance(given, (int, float)) and not isinstance(given, bool) and abs(given) < 10_000:
        return number(given).replace(",", "")
    return number(given) if isinstance(given, (int, float)) else str(given)
