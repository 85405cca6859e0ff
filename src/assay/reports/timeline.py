"""A trace drawn: as a waterfall in SVG for a page, and in bars of characters for a terminal. The slowest path stands out."""

from __future__ import annotations

from html import escape

from assay.kernel.printable import printable
from assay.kernel.timeline import Timeline, TimelineRow, spent
from assay.reports.svg._canvas import FAINT, SIZE, colour, legend, line, rect, text, ticks

WIDTH = 736  # of the drawing, in pixels
_STEP, _NAMES, _SAID = 19, 250, 62
_INDENT = 11
_COLUMNS, _LABEL, _TOOK = 80, 32, 8


def svg(found: Timeline, width: int = WIDTH) -> str:
    """Return it as an SVG element: a row a span, drawn to scale; what lies on the slowest path is drawn strong."""
    left, right = _NAMES, width - _SAID
    whole = max(found.seconds, 1e-9)

    def at(seconds: float) -> float:
        return left + max(0.0, min(seconds / whole, 1.0)) * (right - left)

    out, y = [], 6.0
    for row in found.rows:
        out.append(_drawn(row, y, at, width))
        y += _STEP
    marks = "".join(
        line(at(m), 4, at(m), y, 1, 0.12) + text(at(m), y + 13, _tick(m), "middle", FAINT)
        for m in ticks(0, whole, 6)
        if m <= whole
    )
    shades = [("on the slowest path", colour(1)), ("beside it", colour(0)), ("ended in an error", _ERROR)]
    if any(r.untrusted for r in found.rows):
        shades.append(("told from inside", _HATCHED))
    drawn, height = legend(shades, y + 18, width)
    label = escape(_clean(f"{found.spans} spans in {spent(found.seconds)}; {found.said}"), quote=True)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height:.0f}" width="{width}" '
        f'height="{height:.0f}" role="img" aria-label="{label}" font-family="system-ui,sans-serif" '
        f'font-size="{SIZE}" fill="currentColor"><title>Where the time went</title>{_PATTERN}{marks}'
        f"{''.join(out)}{drawn}</svg>"
    )


_ERROR = "var(--bad,#b3403a)"
_HATCHED = "url(#told)"
_PATTERN = (
    '<defs><pattern id="told" width="4" height="4" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<rect width="2" height="4" fill="currentColor" fill-opacity="0.5"/></pattern></defs>'
)


def _drawn(row: TimelineRow, y: float, at: object, width: int) -> str:
    place = at  # a function of seconds
    assert callable(place)
    indent = 6 + min(max(row.depth, 0), 8) * _INDENT
    strong = ' font-weight="600"' if row.depth <= 1 and not row.more else FAINT if row.more else ""
    shade = _ERROR if row.status == "error" else colour(0)
    tip = f"{row.name}: {spent(row.seconds)}" + (f", {row.message}" if row.message else "")
    out = [text(indent, y + 13, row.name, extra=strong, room=_NAMES - indent - 6)]
    start, end = place(row.start), place(row.end)
    if not row.more:  # they lie here and there between
        out.append(rect(start, y + 3, max(end - start, 1.5), 12, shade, _clean(tip), 0.45))
    for a, b in row.slow:
        out.append(rect(place(a), y + 3, max(place(b) - place(a), 1.0), 12, colour(1), _clean(tip)))
    if row.untrusted:
        out.append(rect(start, y + 3, max(end - start, 1.5), 12, _HATCHED, _clean(tip)))
    out.append(text(width - 6, y + 13, spent(row.seconds), "end", FAINT))
    return "".join(out)


def _tick(seconds: float) -> str:
    return f"{seconds:g} s" if seconds >= 1 or not seconds else spent(seconds)


def _clean(said: str) -> str:
    return "".join(c if c.isprintable() else "·" for c in said)


def lines(found: Timeline, width: int = _COLUMNS) -> list[str]:
    """Return it in lines of at most ``width`` characters: names, bars to scale (█ on the slowest path, ░ beside it), times."""
    room = width - _LABEL - _TOOK - 2
    whole = max(found.seconds, 1e-9)
    out = []
    for row in found.rows:
        name = "  " * min(max(row.depth, 0), 8) + printable(row.name) + ("*" if row.untrusted else "")
        name = name if len(name) <= _LABEL else name[: _LABEL - 1] + "…"
        bar = [" "] * room
        whole_row = (
            [] if row.more else [(row.start, row.end, "░")]
        )  # what is folded lies here and there between
        for a, b, mark in [*whole_row, *((a, b, "█") for a, b in row.slow)]:
            first = min(int(a / whole * room), room - 1)
            last = min(max(int(-(-b / whole * room // 1)), first + 1), room)
            bar[first:last] = mark * (last - first)
        failed = "✗" if row.status == "error" else " "
        out.append(f"{name:<{_LABEL}} {''.join(bar)}{failed}{spent(row.seconds):>{_TOOK}}".rstrip())
    return out


def told(found: Timeline) -> list[str]:
    """Return what the drawing says, in lines: where most of the time went, then where else."""
    out = [printable(found.said)] if found.said else []
    out += [f"  {spent(seconds):>9}  {printable(place)}" for place, seconds in found.slowest[1:]]
    if any(r.untrusted for r in found.rows):
        out.append("* told from inside of the sandbox, and not proved")
    return out
