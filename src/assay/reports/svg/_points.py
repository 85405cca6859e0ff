"""Points over a grid, with whiskers both ways: trades, where the best lies in a corner."""

from __future__ import annotations

from html import escape

from assay.kernel.report import Chart
from assay.reports.numbers import number
from assay.reports.svg._canvas import FAINT, colour, legend, line, text, ticks, value

_TOP, _BOTTOM, _LEFT = 26.0, 250.0, 52.0
_PAD = 0.06  # of the span, on each side
_LABELLED = 24  # points that are named beside themselves


def points(chart: Chart, width: int) -> tuple[str, float]:
    """Return a dot a row; a series' dots are joined in the order of the rows.

    Of a row ``low`` and ``high`` are its interval upwards, ``x_low`` and ``x_high`` across; ``dim`` rows are pale, ``mark``
    rows are rings, and ``label`` stands beside.
    """
    rows = [r for r in chart.data if value(r, chart.x) is not None and value(r, chart.y) is not None]
    if not rows:
        return text(8, 20, "no value to draw", room=width), 32
    across = _span([v for r in rows for f in (chart.x, "x_low", "x_high") if (v := value(r, f)) is not None])
    up = _span([v for r in rows for f in (chart.y, chart.low, chart.high) if (v := value(r, f)) is not None])
    right = width - 16.0

    def at_x(v: float) -> float:
        return _LEFT + (v - across[0]) / (across[1] - across[0]) * (right - _LEFT)

    def at_y(v: float) -> float:
        return _BOTTOM - (v - up[0]) / (up[1] - up[0]) * (_BOTTOM - _TOP)

    out = [text(4, 14, chart.y_title or chart.y, extra=FAINT, room=width)]
    for tick in ticks(*up, 4):
        out += [
            line(_LEFT, at_y(tick), right, at_y(tick), 1, 0.14),
            text(_LEFT - 6, at_y(tick) + 4, number(tick), "end", FAINT),
        ]
    for tick in ticks(*across, 4):
        out += [
            line(at_x(tick), _TOP, at_x(tick), _BOTTOM, 1, 0.08),
            text(at_x(tick), _BOTTOM + 16, number(tick), "middle", FAINT),
        ]
    names = list(dict.fromkeys(str(r.get(chart.series)) if chart.series else "" for r in rows))
    for index, name in enumerate(names):
        own = [r for r in rows if not chart.series or str(r.get(chart.series)) == name]
        place = [(at_x(value(r, chart.x) or 0), at_y(value(r, chart.y) or 0)) for r in own]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in place)
        if len(own) > 1:
            out.append(
                f'<polyline points="{path}" fill="none" style="stroke:{colour(index)}" stroke-opacity="0.35"/>'
            )
        for row, (x, y) in zip(own, place, strict=True):
            dim = 0.35 if row.get("dim") else 1
            for low, high in ((value(row, chart.low), value(row, chart.high)),):
                if low is not None and high is not None:
                    out.append(line(x, at_y(low), x, at_y(high), 1, 0.3 * dim))
            low, high = value(row, "x_low"), value(row, "x_high")
            if low is not None and high is not None:
                out.append(line(at_x(low), y, at_x(high), y, 1, 0.3 * dim))
            said = f"{name}: {row.get('label', '')} ({number(value(row, chart.x) or 0)}, {number(value(row, chart.y) or 0)})"
            fill = "none" if row.get("mark") else colour(index)
            out.append(
                f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" style="fill:{fill};stroke:{colour(index)}" stroke-width="2" '
                f'opacity="{dim:g}"><title>{escape(said.strip())}</title></circle>'
            )
            if row.get("label") and len(rows) <= _LABELLED:
                room = max(20.0, right + 10 - x)
                left = x > right - 60
                out.append(
                    text(
                        x - 8 if left else x + 8,
                        y - 7,
                        row["label"],
                        "end" if left else "start",
                        FAINT,
                        room=90 if left else room,
                    )
                )
    out.append(text((_LEFT + right) / 2, _BOTTOM + 33, chart.x_title or chart.x, "middle", FAINT, room=width))
    height = _BOTTOM + 40
    if len(names) > 1:
        drawn, height = legend([(n, colour(i)) for i, n in enumerate(names)], height, width)
        out.append(drawn)
    return "".join(out), height


def _span(values: list[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    pad = (high - low) * _PAD or abs(high) * _PAD or 0.01
    return low - pad, high + pad
