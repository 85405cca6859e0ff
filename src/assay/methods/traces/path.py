"""Where the time of a trace went: its slowest path, and its spans as rows, the important ones one by one.

The slowest (critical) path is walked backwards from the end: what ended last is what was waited for; before it began, what
ended last before that; what no child covers was spent in the span itself. Its parts never overlap, and add up to the
whole. Whatever a trace says is borne: spans without their parents, circles, ends before starts, clocks that disagree.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from assay.kernel.span import Span
from assay.kernel.timeline import Timeline, TimelineRow

MOST = 60  # rows
ALIKE = 4  # siblings of one name from which on they are told together
_NAMED = 6  # places that the slowest path names
ITSELF = "between its parts"


@dataclass(eq=False, slots=True)
class _Node:
    """A span, or several siblings of one name, in the tree. slow: its own parts of the slowest path."""

    spans: list[Span]
    start: int
    end: int
    below: list[_Node] = field(default_factory=list)
    slow: list[tuple[int, int]] = field(default_factory=list)
    whole: int = 0  # nanoseconds of the slowest path that it and all below it hold

    @property
    def name(self) -> str:
        return self.spans[0].name

    @property
    def seconds(self) -> float:
        return (
            sum(max(s.end - s.start, 0) for s in self.spans) / 1e9
            if len(self.spans) > 1
            else (self.end - self.start) / 1e9
        )


def timeline(spans: Sequence[Span], most: int = MOST) -> Timeline | None:
    """Return the timeline of a trace's spans, in at most ``most`` rows; None where there are no spans."""
    roots = _tree(spans)
    if not roots:
        return None
    start, end = min(n.start for n in roots), max(n.end for n in roots)
    top = roots[0] if len(roots) == 1 else _Node([], start, end, roots)
    _walk(top)
    placed = _slowest(top)
    order = _order(top)
    for node in reversed(order):
        node.whole = sum(b - a for a, b in node.slow) + sum(n.whole for n in node.below)
    shown, hidden = _shown(top, most)
    if hidden:  # a quarter of the rows is left to tell of what is not shown
        shown, _ = _shown(top, max(most * 3 // 4, 1))
    rows = _rows(top, shown, start, most)
    return Timeline(spans[0].trace, (end - start) / 1e9, tuple(rows), len(spans), placed)


def _tree(spans: Iterable[Span]) -> list[_Node]:
    """Return the spans as trees. A span that came twice is the one that has ended; a circle is cut at its earliest span."""
    by: dict[str, Span] = {}
    for span in spans:
        if span.id not in by or by[span.id].end <= span.end:
            by[span.id] = span
    last = max((max(s.start, s.end) for s in by.values()), default=0)
    nodes = {s.id: _Node([s], s.start, max(s.end or last, s.start)) for s in by.values()}
    ordered = sorted(nodes.values(), key=lambda n: (n.start, -n.end, n.spans[0].id))
    roots = []
    for node in ordered:
        above = nodes.get(node.spans[0].parent)
        if above is None or above is node:
            roots.append(node)
        else:
            above.below.append(node)
    reached: set[str] = set()
    _reach(roots, reached)
    for node in ordered:  # what nothing leads to goes in a circle
        if node.spans[0].id not in reached:
            above = nodes[node.spans[0].parent]
            above.below.remove(node)
            roots.append(node)
            _reach([node], reached)
    return roots


def _reach(nodes: Iterable[_Node], reached: set[str]) -> None:
    todo = list(nodes)
    while todo:
        node = todo.pop()
        reached.add(node.spans[0].id)
        todo += node.below


def _order(top: _Node) -> list[_Node]:
    out, todo = [], [top]
    while todo:
        node = todo.pop()
        out.append(node)
        todo += reversed(node.below)
    return out


def _walk(top: _Node) -> None:
    """Give each node its own parts of the slowest path."""
    todo = [(top, top.start, top.end)]
    while todo:
        node, low, high = todo.pop()
        for child in sorted(node.below, key=lambda n: (-n.end, -n.start)):
            if high <= low:
                break
            begin, stop = max(child.start, low), min(child.end, high)
            if begin >= stop:
                continue
            if stop < high:
                node.slow.append((stop, high))
            todo.append((child, begin, stop))
            high = begin
        if high > low:
            node.slow.append((low, high))
    for node in _order(top):
        node.slow.sort()


def _slowest(top: _Node) -> tuple[tuple[str, float], ...]:
    """Return the places that the slowest path was spent in: the part of the whole, and the span within it."""
    spent: dict[str, int] = {}
    todo = [(top, "")]
    while todo:
        node, part = todo.pop()
        own = sum(b - a for a, b in node.slow)
        name = node.name if node.spans else ""
        place = ITSELF if node is top else f"{part}: {name}" if part and name != part else name
        if own:
            spent[place] = spent.get(place, 0) + own
        todo += [(child, part or ("" if node is top else name)) for child in node.below]
    most = sorted(spent.items(), key=lambda kv: (-kv[1], kv[0]))[:_NAMED]
    if not top.below:
        most = [(top.name, top.end - top.start)]
    return tuple((place, nanoseconds / 1e9) for place, nanoseconds in most)


def _grouped(node: _Node) -> list[_Node]:
    """Return what is below a node, many siblings of one name as one."""
    alike: dict[str, list[_Node]] = {}
    for child in node.below:
        alike.setdefault(child.name, []).append(child)
    out = []
    for same in alike.values():
        if len(same) <= ALIKE:
            out += same
            continue
        spans = [n.spans[0] for n in same]
        one = _Node(spans, min(n.start for n in same), max(n.end for n in same))
        one.slow = sorted(part for n in same for part in _parts(n))
        one.whole = sum(n.whole for n in same)
        out.append(one)
    return sorted(out, key=lambda n: (n.start, -n.end))


def _parts(node: _Node) -> list[tuple[int, int]]:
    return [part for n in _order(node) for part in n.slow]


def _shown(top: _Node, most: int) -> tuple[dict[int, list[_Node]], bool]:
    """Return which nodes are shown, by the node above, and whether others are not.

    It is always the one of most weight among those whose parent is shown.
    """
    out: dict[int, list[_Node]] = {}
    heap: list[tuple[int, float, int, _Node, _Node]] = []
    count = 1

    def offer(node: _Node) -> None:
        for child in _grouped(node):
            heapq.heappush(heap, (-child.whole, -child.seconds, len(heap) + count * 1_000_000, child, node))

    offer(top)
    while heap and count < most:
        *_, node, above = heapq.heappop(heap)
        out.setdefault(id(above), []).append(node)
        count += 1
        offer(node)
    return out, bool(heap)


def _rows(top: _Node, shown: dict[int, list[_Node]], zero: int, most: int) -> list[TimelineRow]:
    """Return the rows, and below each span, as far as there is room, one for what of it is not shown: the longest first."""
    out: list[TimelineRow] = []
    rests: list[tuple[float, int]] = []  # seconds, and where the row stands
    todo: list[tuple[_Node, int]] = [(top, 0 if top.spans else -1)]
    while todo:
        node, depth = todo.pop()
        if isinstance(node, _Rest):
            alone = len(node.below) == 1 and not node.below[0].below
            row = _row(node.below[0], depth, zero) if alone else node.row(depth, zero)
            rests.append((row.seconds, len(out)))
            out.append(row)
            continue
        if node.spans:
            out.append(_row(node, depth, zero))
        below = sorted(shown.get(id(node), ()), key=lambda n: (n.start, -n.end))
        held = {id(s) for n in below for s in n.spans}
        rest = [n for n in node.below if id(n.spans[0]) not in held]
        if rest:
            todo.append((_Rest(rest), depth + 1))
        todo += [(n, depth + 1) for n in reversed(below)]
    spare = max(most - (len(out) - len(rests)), 0)
    left = {at for _, at in sorted(rests, reverse=True)[spare:]}
    return [row for at, row in enumerate(out) if at not in left]


class _Rest(_Node):
    """What is below a node and not shown one by one."""

    __slots__ = ()

    def __init__(self, nodes: Sequence[_Node]) -> None:
        spans = [s for n in nodes for held in _order(n) for s in held.spans]
        super().__init__(spans, min(n.start for n in nodes), max(n.end for n in nodes), list(nodes))

    def row(self, depth: int, zero: int) -> TimelineRow:
        slow = sorted(part for n in self.below for part in _parts(n))
        seconds = sum(n.end - n.start for n in self.below) / 1e9
        return TimelineRow(
            f"and {len(self.spans)} more", depth, (self.start - zero) / 1e9, (self.end - zero) / 1e9, seconds,
            many=len(self.spans), slow=_seconds(slow, zero), more=True,
        )  # fmt: skip


def _row(node: _Node, depth: int, zero: int) -> TimelineRow:
    worst = next((s for s in node.spans if s.status == "error"), node.spans[0])
    name = node.name if len(node.spans) == 1 else f"{node.name} ×{len(node.spans)}"
    return TimelineRow(
        name, depth, (node.start - zero) / 1e9, (node.end - zero) / 1e9, node.seconds, worst.status, worst.message,
        len(node.spans), any(s.untrusted for s in node.spans), _seconds(node.slow, zero),
    )  # fmt: skip


def _seconds(parts: Sequence[tuple[int, int]], zero: int) -> tuple[tuple[float, float], ...]:
    """Return parts in seconds, those that touch as one."""
    joined: list[list[int]] = []
    for a, b in parts:
        if joined and a <= joined[-1][1]:
            joined[-1][1] = max(b, joined[-1][1])
        else:
            joined.append([a, b])
    return tuple(((a - zero) / 1e9, (b - zero) / 1e9) for a, b in joined)
