"""A text on a terminal with its words marked by a number, in colour and in figures, for whoever sees no colours."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay.kernel.printable import printable
from assay.kernel.report import Chart

if TYPE_CHECKING:
    from rich.console import Console

_WIDTH = 80
_NUMBERED = 12
_MOST = 400  # words printed
_WEAK = 0.1  # of the greatest; what is weaker is not coloured


def print_words(console: Console, chart: Chart) -> None:
    """Print a chart of the kind text: the greatest words with their numbers behind them."""
    from rich.text import Text

    rows = chart.data[:_MOST]
    numbers = [float(r.get(chart.y) or 0) for r in rows]
    most = max((abs(v) for v in numbers), default=0.0) or 1.0
    ranked = sorted(range(len(rows)), key=lambda i: -abs(numbers[i]))[:_NUMBERED]
    numbered = {i for i in ranked if numbers[i]}
    body = Text()
    for at, (row, found) in enumerate(zip(rows, numbers, strict=True)):
        said = " ".join(printable(str(row.get("text") or "")).split())
        strong = abs(found) > _WEAK * most
        style = (
            ("bold " if abs(found) > most / 2 else "") + ("green" if found > 0 else "red") if strong else ""
        )
        body.append(said, style=style)
        if at in numbered:
            body.append(f" ({found:+.2g})", style=f"{style} dim".strip())
        body.append(" ")
    if len(chart.data) > len(rows):
        body.append(f"and {len(chart.data) - len(rows)} more words", style="dim")
    width = min(console.width, _WIDTH)
    lines = [*Text(printable(chart.title), style="bold").wrap(console, width - 2)]
    lines += [*body.wrap(console, width - 4, overflow="fold")]
    lines += [*Text(printable(chart.alt), style="dim").wrap(console, width - 4, overflow="fold")]
    for index, line in enumerate(lines):
        line.rstrip()
        console.print(Text("  " if not index else "    ") + line, no_wrap=True, overflow="ignore", crop=False)
