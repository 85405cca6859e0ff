"""Rows of words and numbers, the words whole: on as many lines as they need."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assay.kernel.report import Chart
from assay.reports.numbers import number
from assay.reports.svg._canvas import CHARACTER, FAINT, colour, line, rect, text, value, wide

_MOST = 40
_LINE = 16
_GAP = 14
_NARROW = 10  # letters of a column that is not broken
_LONGEST = 600  # letters of a cell


def table(chart: Chart, width: int) -> tuple[str, float]:
    """Return a row a row: every field a column, numbers to the right, and under each row a bar of its size."""
    rows = chart.data[:_MOST]
    fields = list(dict.fromkeys(f for r in rows for f in r))
    said = [[_cell(r, f) for f in fields] for r in rows]
    numbers = {f for f in fields if any(value(r, f) is not None for r in rows)}
    rooms = _rooms(fields, numbers, said, width)
    out: list[str] = []
    places: list[float] = []
    y, x = 4.0, 8.0
    for room in rooms:
        places.append(x)
        x += room + _GAP
    if numbers:  # a single column of words needs no head
        for name, place, room in zip(fields, places, rooms, strict=True):
            out.append(_put(name, place, room, y + 13, name in numbers, FAINT))
        y += 22
    most = max((abs(value(r, chart.y) or 0.0) for r in rows), default=0.0)
    for row, cells in zip(rows, said, strict=True):
        lines = [
            [cell] if name in numbers else _broken(cell, room)
            for name, cell, room in zip(fields, cells, rooms, strict=True)
        ]
        for name, place, room, parts in zip(fields, places, rooms, lines, strict=True):
            for at, part in enumerate(parts):
                out.append(_put(part, place, room, y + 13 + at * _LINE, name in numbers))
        y += max(map(len, lines), default=1) * _LINE + 4
        if most:
            out.append(_bar(row, chart.y, places[0], width, y, most))
            y += 5
        out.append(line(8, y, width - 8, y, 1, 0.14))
        y += 3
    if len(chart.data) > _MOST:
        out.append(text(8, y + 14, f"and {len(chart.data) - _MOST} more", room=width))
        y += 18
    return "".join(out), y + 4


def _cell(row: Mapping[str, Any], field: str) -> str:
    found = value(row, field)
    if found is not None:
        return number(found)
    return "–" if row.get(field) is None else str(row[field])[:_LONGEST]


def _rooms(fields: list[str], numbers: set[str], said: list[list[str]], width: int) -> list[float]:
    """Return how wide each column is: numbers and short words as wide as they are, the other words share what is left."""
    longest = [max(len(f), *(len(cells[i]) for cells in said)) for i, f in enumerate(fields)]
    held = [
        wide(["x" * longest[i]], 0.25 * width) if f in numbers or longest[i] <= _NARROW else 0.0
        for i, f in enumerate(fields)
    ]
    free = [i for i, room in enumerate(held) if not room]
    left = width - 16 - sum(held) - _GAP * (len(fields) - 1)
    for i in free:
        held[i] = max(left / len(free), 8 * CHARACTER)
    return held


def _put(said: str, x: float, room: float, y: float, right: bool, extra: str = "") -> str:
    return text(x + room if right else x, y, said, "end" if right else "start", extra, room=room + CHARACTER)


def _broken(said: str, room: float) -> list[str]:
    """Return a text on lines that fit, broken between words where there are any."""
    most = max(6, int(room / CHARACTER))
    out, held = [], ""
    for word in said.split():
        while len(word) > most:
            if held:
                out.append(held)
            out.append(word[:most])
            word, held = word[most:], ""
        if held and len(held) + 1 + len(word) > most:
            out.append(held)
            held = word
        else:
            held = f"{held} {word}".strip()
    return [*out, held] if held or not out else out


def _bar(row: Mapping[str, Any], field: str, x: float, width: int, y: float, most: float) -> str:
    found = value(row, field)
    if found is None:
        return ""
    return rect(
        x, y - 1, abs(found) / most * (width - 2 * x), 3, colour(0 if found >= 0 else 1), number(found)
    )
