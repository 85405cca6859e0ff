"""A picture, and beside it the same with its regions shaded by what they bring, the greatest numbered."""

from __future__ import annotations

import re

from assay.kernel.report import Chart
from assay.reports.svg._canvas import colour, legend, text, value

_BASE64 = re.compile(r"[A-Za-z0-9+/]{1,4000000}={0,2}")
_NUMBERED = 5


def picture(chart: Chart, width: int) -> tuple[str, float]:
    """Return both, embedded as PNG. The first row holds them, the others regions with their place and number."""
    head, rows = chart.data[0], chart.data[1:]
    wide, high = value(head, "width") or 1.0, value(head, "height") or 1.0
    room = (width - 24) / 2
    tall = min(room * high / wide, 4 * room)
    out = []
    for at, name in enumerate(("picture", "shaded")):
        said = str(head.get(name) or "")
        if _BASE64.fullmatch(said):  # a report may come from elsewhere
            out.append(
                f'<image x="{8 + at * (room + 8):.1f}" y="6" width="{room:.1f}" height="{tall:.1f}" '
                f'preserveAspectRatio="none" href="data:image/png;base64,{said}"/>'
            )
    for row in rows[:_NUMBERED]:
        x, y, found = value(row, "x"), value(row, "y"), value(row, chart.y)
        if x is not None and y is not None and found:
            place = (16 + room + x * room, 10 + y * tall)
            halo = ' font-size="11" font-weight="700" paint-order="stroke" stroke="#fff" stroke-width="3" style="fill:#000"'
            out.append(text(*place, f"{found:+.2g}", "middle", halo))
    drawn, height = legend([("raises", colour(1)), ("lowers", colour(0))], tall + 12, width)
    return "".join(out) + drawn, height
