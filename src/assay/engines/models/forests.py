"""Trees whose answers add up to a model's, and the SHAP values of its rows. Runs inside the sandbox only."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from assay.engines.models import sharing
from assay.methods.treeshap import Plan, Tree

_NODES = 4096
_NUMBERS = 1 << 25  # in all tables of a forest: 256 MB
_ROWS = 1024  # decided at once: what a processor's cache holds
_WORTH = 1 << 24  # rows times leaves that are worth another process: a tenth of a second


class Asks(NamedTuple):
    """What the splits of a tree ask, a place for each node.

    at: the column; threshold: a row goes left that is not above it; missing: whether one without a number goes left;
    other: by node, what decides instead of the threshold, given the numbers of the column.
    """

    at: Any
    threshold: Any
    missing: Any
    other: Mapping[int, Callable[[Any], Any]]


class Grown(NamedTuple):
    """One tree: its nodes, what its splits ask, and which of the forest's outputs it speaks for."""

    tree: Tree
    asks: Asks
    output: int


class Stand:
    """Trees of one output that are planned as one."""

    def __init__(self, trees: Sequence[Grown], group: Any, numbers: type[Any]) -> None:
        self.plan = Plan([t.tree for t in trees], group)
        splits = self.plan.splits
        at, threshold, missing = (np.concatenate([t.asks[i] for t in trees])[splits] for i in range(3))
        self.at, self.missing = at, missing.astype(bool)[:, None]
        self.threshold = _rounded(threshold, numbers)[:, None]
        place = np.full(sum(len(t.tree.left) for t in trees), -1)
        place[splits] = np.arange(len(splits))
        starts = np.cumsum([0, *(len(t.tree.left) for t in trees)])
        self.other = [
            (int(place[start + node]), decide)
            for start, tree in zip(starts, trees, strict=False)
            for node, decide in tree.asks.other.items()
            if place[start + node] >= 0
        ]

    def values(self, columns: Any, gaps: bool, out: Any) -> None:
        """Add the values of each row to ``out``; gaps: whether a number may be missing."""
        for start in range(0, out.shape[1], _ROWS):
            rows = slice(start, start + _ROWS)
            found = np.take(columns[:, rows], self.at, axis=0)
            left = found <= self.threshold
            if gaps:
                left |= self.missing & np.isnan(found)
            for split, decide in self.other:
                left[split] = decide(found[split])
            self.plan.values(left, out[:, rows])


class Forest:
    """Trees whose answers add up to ``margin``: rows × outputs, in ``unit``.

    group: the column of the answer of each column that the trees ask; first: what every answer begins with, an output
    each; numbers: what its splits compare; coded: how it makes numbers of its categories. base: the mean answers.
    """

    def __init__(
        self,
        trees: Sequence[Grown],
        group: Any,
        margin: Callable[[Any], Any],
        *,
        unit: str,
        numbers: type[Any],
        first: Any = None,
        coded: Callable[[Any], Any] | None = None,
    ) -> None:
        self.margin, self.unit, self.numbers, self.coded = margin, unit, numbers, coded
        outputs = 1 + max((t.output for t in trees), default=0)
        self.base = np.zeros(outputs) if first is None else np.array(first, dtype=float)
        self.coming = 0
        self.stands: list[list[Stand]] = []
        for output in range(len(self.base)):
            of = [t for t in trees if t.output == output]
            self.stands.append([Stand(some, group, numbers) for some in _some(of)])
            self.base[output] += sum(s.plan.base for s in self.stands[-1])

    def expect(self, rows: int) -> None:
        """Reckon with so many rows to come, in parts or at once."""
        self.coming = rows

    def values(self, given: Any, groups: int, wanted: Any) -> Any:
        """Return groups × rows: the values of each row, for the output wanted of each."""
        given = self.coded(given) if self.coded else given
        numbers = np.ascontiguousarray(np.asarray(given, dtype=self.numbers).T)
        out = np.zeros((groups, numbers.shape[1]))
        for output in np.unique(wanted):
            rows = np.flatnonzero(wanted == output)
            every = len(rows) == numbers.shape[1]
            some = numbers if every else np.ascontiguousarray(numbers[:, rows])
            coming = max(len(rows), self.coming * len(rows) // len(wanted))
            out[:, rows] = self._values(self.stands[output], some, groups, coming)
        return out

    def _values(self, stands: list[Stand], columns: Any, groups: int, coming: int) -> Any:
        gaps = bool(np.isnan(columns).any())
        for stand in stands:
            stand.plan.expect(coming, _NUMBERS // len(stands))

        def add(out: Any, begin: int, end: int) -> None:
            for stand in stands:
                stand.values(columns[:, begin:end], gaps, out[:, begin:end])

        leaves = sum(int(s.plan.leaf.sum()) for s in stands)
        return sharing.filled(groups, columns.shape[1], add, least=_WORTH // max(leaves, 1))


def _rounded(threshold: Any, numbers: type[Any]) -> Any:
    """Return the greatest number of a kind that is not above each threshold: the same ones are not above it."""
    with np.errstate(over="ignore"):
        near = threshold.astype(numbers)
    return np.where(near > threshold, np.nextafter(near, numbers(-np.inf)), near)


def _some(trees: Sequence[Grown]) -> list[list[Grown]]:
    """Part the trees into runs of at most so many nodes, or of one tree."""
    runs: list[list[Grown]] = []
    nodes = 0
    for tree in trees:
        nodes += len(tree.tree.left)
        if not runs or nodes > _NODES:
            runs, nodes = [*runs, []], len(tree.tree.left)
        runs[-1].append(tree)
    return runs
