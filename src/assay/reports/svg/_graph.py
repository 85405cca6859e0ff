"""A graph of what was made from what, in layers from the top: things above what was made of them.

After Sugiyama, Tagawa and Toda (1981): each node in the layer behind the last that it came from, long edges bent at every
layer they pass, the order in a layer by the mean place of the neighbours above and below, in turn.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape

from assay.kernel.printable import printable
from assay.reports.svg._canvas import SIZE, text

MOST_NODES, MOST_EDGES = 200, 1_000
_WIDE, _HIGH, _GAP, _BETWEEN, _BEND = 128.0, 38.0, 16.0, 34.0, 10.0
_MARGIN = 26.0  # for edges that go round
_SWEEPS = 8
_SHADES = {
    "data": "var(--c1,#3a7ca5)", "treat": "var(--c3,#5b9a68)", "train": "var(--c2,#d1793b)",
    "check": "var(--c5,#8a8f3c)", "do": "var(--c4,#a65b8a)", "model": "var(--c2,#d1793b)",
}  # fmt: skip
_BAD = ("fail", "error", "incomplete", "stopped", "interrupted")


@dataclass(frozen=True, slots=True)
class Node:
    """A thing or a step. about: a second line. kind: data, treat, train, check, do or model. href: where it leads."""

    name: str
    about: str = ""
    kind: str = "data"
    outcome: str = ""
    href: str = ""


@dataclass(frozen=True, slots=True)
class Graph:
    """nodes by id; edges from id to id, dashed where only a report is read."""

    nodes: Mapping[str, Node] = field(default_factory=dict)
    edges: Sequence[tuple[str, str, bool]] = ()


def graph(drawn: Graph, width: int = 820) -> str:
    """Return a graph as an SVG element; of more than 200 nodes the first, and how many are left out."""
    kept = list(drawn.nodes)[:MOST_NODES]
    edges = [e for e in dict.fromkeys(drawn.edges) if e[0] != e[1] and {e[0], e[1]} <= set(kept)][:MOST_EDGES]
    laid = _Layout(kept, [(a, b) for a, b, _ in edges], width)
    body = [_edge(laid, a, b, dashed) for a, b, dashed in edges]
    body += [_box(drawn.nodes[n], *laid.place[n]) for n in kept]
    height = laid.height
    if len(drawn.nodes) > len(kept):
        body.append(text(8, height + 14, f"and {len(drawn.nodes) - len(kept)} more", room=width))
        height += 22
    label = escape(printable(_told(drawn)), quote=True)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height:.0f}" width="{width}" height="{height:.0f}" '
        f'role="img" aria-label="{label}" font-family="system-ui,sans-serif" font-size="{SIZE}" fill="currentColor">'
        f"<title>What was made from what</title>{''.join(body)}</svg>"
    )


def _told(drawn: Graph) -> str:
    said = [
        f"{drawn.nodes[b].name} from {drawn.nodes[a].name}"
        for a, b, _ in drawn.edges[:40]
        if {a, b} <= drawn.nodes.keys()
    ]
    return "What was made from what: " + "; ".join(said)


class _Layout:
    """Where each node and each bend stands: the middle of its top edge."""

    def __init__(self, nodes: Sequence[str], edges: Sequence[tuple[str, str]], width: int) -> None:
        self.width = width - 2 * _MARGIN
        self.bends: dict[tuple[str, str], list[str]] = {}
        self.place: dict[str, tuple[float, float]] = {}
        layer = _narrow(_layers(nodes, edges), int((self.width + _GAP) // (_WIDE + _GAP)))
        self.up: dict[str, list[str]] = {n: [] for n in nodes}
        self.down: dict[str, list[str]] = {n: [] for n in nodes}
        rows: list[list[str]] = [[] for _ in range(max(layer.values(), default=-1) + 1)]
        for node in nodes:
            rows[layer[node]].append(node)
        for a, b in edges:
            self._chain(a, b, layer, rows)
        self._order(rows)
        self._spread(rows)
        self.height = len(rows) * (_HIGH + _BETWEEN) - _BETWEEN + 8 if rows else 24.0

    def _chain(self, a: str, b: str, layer: Mapping[str, int], rows: list[list[str]]) -> None:
        """Join two nodes by bends in the layers between them; an edge that goes back up has none."""
        bends = [f"\0{a}\0{b}\0{at}" for at in range(layer[a] + 1, layer[b])]
        self.bends[a, b] = bends
        if layer[a] >= layer[b]:
            return
        for at, bend in enumerate(bends, layer[a] + 1):
            rows[at].append(bend)
            self.up[bend], self.down[bend] = [], []
        for one, other in zip([a, *bends], [*bends, b], strict=True):
            self.down[one].append(other)
            self.up[other].append(one)

    def _order(self, rows: list[list[str]]) -> None:
        for sweep in range(_SWEEPS):
            toward = self.up if sweep % 2 == 0 else self.down
            at = {n: i / max(len(row), 1) for row in rows for i, n in enumerate(row)}
            for row in rows if sweep % 2 == 0 else reversed(rows):
                row.sort(key=lambda n: sum(at[m] for m in toward[n]) / len(toward[n]) if toward[n] else at[n])
                at |= {n: i / max(len(row), 1) for i, n in enumerate(row)}

    def _spread(self, rows: list[list[str]]) -> None:
        """Give each its x: near the middle of its neighbours, in order, without touching, within the width."""
        x: dict[str, float] = {}
        cells = [self._cells(row) for row in rows]
        for row, wide in zip(rows, cells, strict=True):
            left = 0.0
            free = max(self.width + _GAP - sum(wide), 0.0) / (len(row) + 1)
            for node, own in zip(row, wide, strict=True):
                x[node] = left + free + own / 2 - _GAP / 2
                left += free + own
        for turn in range(6):
            both = list(zip(rows, cells, strict=True))
            for row, wide in both if turn % 2 == 0 else reversed(both):
                self._settle(row, wide, x, self.up if turn % 2 == 0 else self.down)
        low = min((x[n] - _wide(n) / 2 for n in x), default=0.0)
        high = max((x[n] + _wide(n) / 2 for n in x), default=self.width)
        aside = _MARGIN + (self.width - low - high) / 2  # the whole in the middle
        for at, row in enumerate(rows):
            for node in row:
                self.place[node] = x[node] + aside, at * (_HIGH + _BETWEEN) + 4

    def _cells(self, row: Sequence[str]) -> list[float]:
        """Return how much of a row each takes: a node its box and a gap, the bends what is left, at most ten pixels."""
        bends = sum(n.startswith("\0") for n in row)
        free = self.width + _GAP - (len(row) - bends) * (_WIDE + _GAP)
        bend = min(_BEND, max(free, 0.0) / max(bends, 1))
        return [bend if n.startswith("\0") else _WIDE + _GAP for n in row]

    def _settle(
        self, row: list[str], wide: list[float], x: dict[str, float], toward: Mapping[str, list[str]]
    ) -> None:
        """Move a row toward its neighbours: in order, as far apart as its cells are wide, and within the width."""
        wanted = [sum(x[m] for m in toward[n]) / len(toward[n]) if toward[n] else x[n] for n in row]
        right, left = list(wanted), list(wanted)
        for i in range(1, len(row)):
            right[i] = max(right[i], right[i - 1] + (wide[i - 1] + wide[i]) / 2)
        for i in reversed(range(len(row) - 1)):
            left[i] = min(left[i], left[i + 1] - (wide[i] + wide[i + 1]) / 2)
        placed = [(a + b) / 2 for a, b in zip(left, right, strict=True)]  # as far apart as both are
        edge = -_GAP / 2
        for i, own in enumerate(wide):
            placed[i] = max(placed[i], edge + own / 2)
            edge = placed[i] + own / 2
        edge = self.width + _GAP / 2
        for i in reversed(range(len(row))):
            placed[i] = min(placed[i], edge - wide[i] / 2)
            edge = placed[i] - wide[i] / 2
        x |= dict(zip(row, placed, strict=True))


def _wide(node: str) -> float:
    return 0.0 if node.startswith("\0") else _WIDE


def _layers(nodes: Sequence[str], edges: Sequence[tuple[str, str]]) -> dict[str, int]:
    """Return each node's layer: one below the lowest it came from; what comes from nothing, just above its first use."""
    down: dict[str, list[str]] = {n: [] for n in nodes}
    waits = dict.fromkeys(nodes, 0)
    for a, b in edges:
        down[a].append(b)
        waits[b] += 1
    sources = [n for n in nodes if not waits[n]]
    layer = dict.fromkeys(nodes, 0)
    ready, seen = list(sources), set(sources)
    while ready or len(seen) < len(nodes):
        if not ready:  # a circle: it is cut at the first that waits
            ready = [next(n for n in nodes if n not in seen)]
            seen.update(ready)
        node = ready.pop(0)
        for other in down[node]:
            waits[other] -= 1
            if other in seen:
                continue
            layer[other] = max(layer[other], layer[node] + 1)
            if waits[other] <= 0:
                ready.append(other)
                seen.add(other)
    for node in sources:
        layer[node] = max(0, min((layer[b] for b in down[node]), default=1) - 1)
    return layer


def _narrow(layer: Mapping[str, int], most: int) -> dict[str, int]:
    """Return the layers with none wider than ``most`` nodes: a wider one becomes several."""
    out: dict[str, int] = {}
    at = 0
    for number in sorted(set(layer.values())):
        row = [n for n, place in layer.items() if place == number]
        for start in range(0, len(row), max(most, 1)):
            out |= dict.fromkeys(row[start : start + max(most, 1)], at)
            at += 1
    return out


def _edge(laid: _Layout, a: str, b: str, dashed: bool) -> str:
    points = [laid.place[n] for n in (a, *laid.bends[a, b], b)]
    (x, y), *rest = points
    y += _HIGH
    path = [f"M{x:.1f} {y:.1f}"]
    for number, (to_x, to_y) in enumerate(rest):
        middle = (y + to_y) / 2
        path.append(f"C{x:.1f} {middle:.1f} {to_x:.1f} {middle:.1f} {to_x:.1f} {to_y:.1f}")
        x, y = to_x, to_y
        if number < len(rest) - 1:  # straight past the nodes of the layer
            y += _HIGH
            path.append(f"L{x:.1f} {y:.1f}")
    style = ' stroke-dasharray="4 4"' if dashed else ""
    return f'<path d="{"".join(path)}" fill="none" stroke="currentColor" stroke-width="1.4" stroke-opacity="0.45"{style}/>'


def _box(node: Node, x: float, y: float) -> str:
    shade = _SHADES.get(node.kind, _SHADES["data"])
    left, bad = x - _WIDE / 2, node.outcome in _BAD
    round_ = _HIGH / 2 if node.kind in ("data", "model") else 5
    border = "var(--fail,#b3372f)" if bad else shade
    tip = escape(printable(" · ".join(filter(None, (node.name, node.about, node.outcome))))[:200])
    box = (
        f'<rect x="{left:.1f}" y="{y:.1f}" width="{_WIDE:.0f}" height="{_HIGH:.0f}" rx="{round_:.0f}" '
        f'style="fill:{shade};stroke:{border}" fill-opacity="0.16" stroke-width="{2.4 if bad else 1.4}"><title>{tip}</title></rect>'
    )
    lines = text(
        x, y + (16 if node.about else 23), node.name, "middle", ' font-weight="600"', room=_WIDE - 14
    )
    if node.about:
        mark = "✗ " if bad else ""
        lines += text(
            x, y + 30, mark + node.about, "middle", ' font-size="10.5" fill-opacity="0.78"', room=_WIDE - 4
        )
    drawn = box + lines
    if not node.href.startswith("#"):  # a place of the page, and nowhere else
        return drawn
    return f'<a href="{escape(printable(node.href), quote=True)}">{drawn}</a>'
