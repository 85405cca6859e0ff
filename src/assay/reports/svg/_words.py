"""A text with its words shaded by a number: what raises in one colour over a line, what lowers in another over dashes."""

from __future__ import annotations

import unicodedata
from html import escape

from assay.kernel.printable import printable
from assay.kernel.report import Chart
from assay.reports.svg._canvas import FAINT, SIZE, colour, legend, rect, value

_CELL = 7.25  # pixels of a letter in a face in which all are as wide
_LINE = 34.0
_MOST = 1_500  # words drawn
_NUMBERED = 12  # words under which their number stands
_FACE = ' font-family="ui-monospace,SFMono-Regular,Menlo,Consolas,monospace"'


def words(chart: Chart, width: int) -> tuple[str, float]:
    """Return the text, wrapped; rows hold ``text`` (a word and what follows it), the word, and its number."""
    rows = chart.data[:_MOST]
    numbers = [value(r, chart.y) or 0.0 for r in rows]
    most = max((abs(v) for v in numbers), default=0.0) or 1.0
    ranked = sorted(range(len(rows)), key=lambda i: -abs(numbers[i]))[:_NUMBERED]
    numbered = {i for i in ranked if numbers[i]}
    room = max(8, int((width - 16) / _CELL))
    shades: list[str] = []
    letters: list[str] = []
    column, line = 0, 0
    for at, (row, found) in enumerate(zip(rows, numbers, strict=True)):
        whole = printable(str(row.get("text") or row.get(chart.x) or ""))
        said = f"{found:+.2g}" if at in numbered else ""
        for part, first in _parts(" ".join(whole.split()), room):
            needed = max(_cells(part), len(said) if first else 0)
            if column and column + needed > room:
                column, line = 0, line + 1
            x, y = 8 + column * _CELL, 18 + line * _LINE
            letters.append(_letters(x, y, part))
            if found:
                tip = f"{part}: {found:+.3g}"
                shades.append(_shade(x, y, _cells(part) * _CELL, found, abs(found) / most, tip))
            if said and first:
                shades.append(_letters(x, y + 13, said, f' font-size="9.5"{FAINT}'))
            column += needed + 1
    height = 18 + line * _LINE + 18
    drawn, height = legend([("raises", colour(1)), ("lowers (dashed)", colour(0))], height, width)
    left = len(chart.data) - len(rows)
    if left:
        drawn += _letters(8, height + 10, f"and {left} more words")
        height += 16
    return "".join(shades) + "".join(letters) + drawn, height


def _parts(said: str, room: int) -> list[tuple[str, bool]]:
    """Return a piece as parts that fit a line: its words, and a long one cut. The flag is of the first."""
    out: list[str] = []
    for word in said.split() or [said]:
        out += (
            [word[i : i + room // 2] for i in range(0, len(word), room // 2)]
            if _cells(word) > room
            else [word]
        )
    return [(part, i == 0) for i, part in enumerate(out)]


def _cells(said: str) -> int:
    """Return how many letters of the ordinary width a text takes."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in said)


def _letters(x: float, y: float, said: str, extra: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}"{_FACE}{extra}>{escape(said)}</text>'


def _shade(x: float, y: float, width: float, found: float, strength: float, tip: str) -> str:
    shade = colour(1 if found > 0 else 0)
    dashes = "" if found > 0 else ' stroke-dasharray="3 2"'
    under = (
        f'<line x1="{x:.1f}" y1="{y + 3:.1f}" x2="{x + width:.1f}" y2="{y + 3:.1f}" style="stroke:{shade}" '
        f'stroke-width="{0.5 + 2 * strength:.1f}"{dashes}/>'
    )
    return rect(x - 1, y - SIZE, width + 2, SIZE + 4, shade, tip, 0.05 + 0.4 * strength) + under
