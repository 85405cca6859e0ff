"""Charts drawn as SVG by hand: no library, a few milliseconds, readable in light and in dark, on a phone and in print.

Colours are CSS variables with a mid-tone to fall back on, text is the colour of its surroundings. What a label has no
room for is cut with an ellipsis, and the whole of it shows under the pointer.
"""

from __future__ import annotations

from collections.abc import Callable
from html import escape

from assay.kernel.report import Chart
from assay.reports.svg._bars import bars, waterfall
from assay.reports.svg._canvas import SIZE, text
from assay.reports.svg._columns import columns
from assay.reports.svg._graph import Graph, Node, graph
from assay.reports.svg._heatmap import heatmap
from assay.reports.svg._lines import lines
from assay.reports.svg._picture import picture
from assay.reports.svg._points import points
from assay.reports.svg._table import table
from assay.reports.svg._words import words

__all__ = ["WIDTH", "Graph", "Node", "draw", "graph"]
WIDTH = 420
_DRAWERS: dict[str, Callable[[Chart, int], tuple[str, float]]] = {
    "bar": bars,
    "grouped_bar": bars,
    "interval": bars,
    "waterfall": waterfall,
    "histogram": columns,
    "line": lines,
    "scatter": points,
    "heatmap": heatmap,
    "table": table,
    "text": words,
    "image": picture,
}


def draw(chart: Chart, width: int = WIDTH) -> str:
    """Return a chart as an SVG element with a title and a description. width: in pixels at its natural size."""
    body, height = (
        _DRAWERS.get(chart.kind, bars)(chart, width)
        if chart.data
        else (text(8, 20, "nothing to draw", room=width), 32.0)
    )
    label = escape(chart.alt or chart.title, quote=True)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height:.0f}" width="{width}" '
        f'height="{height:.0f}" role="img" aria-label="{label}" font-family="system-ui,sans-serif" '
        f'font-size="{SIZE}" fill="currentColor"><title>{escape(chart.title)}</title>{body}</svg>'
    )
