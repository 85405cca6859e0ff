"""What each leaf of a tree pays to each feature, written down for every way a row can go on its path.

A leaf whose path asks d features pays by which of them the row passes, and of those ways there are 2^d. Where d is small
all are computed once, and a row costs one look-up a leaf and feature (as the second version of Fast TreeSHAP, Yang 2021).
The payments are those of methods/treeshap.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from assay.methods.treeshap import Plan

_DEEPEST = 10  # features on a path
_LARGEST = 1 << 17  # numbers in the tables of one tree: what a processor's cache holds
_CELLS = 1 << 16
_WORTH = 4  # times the rows' nodes to a number of a table: measured
_ALL = np.uint16(0xFFFF)


class Tables:
    """The tables of one tree, and where each row looks. plan: the tree made ready."""

    def __init__(self, plan: Plan) -> None:
        self.levels, self.parent = plan.levels, plan.parent
        self.stopped = (np.uint16(1) << plan.slot.astype(np.uint16))[1:, None]
        leaves = np.flatnonzero(plan.leaf)
        wide = plan.depth[leaves]
        first = np.concatenate([[0], np.cumsum(wide << wide)])
        self.flat = np.empty(first[-1])
        asked, leaf, base = [], [], []
        for d in np.unique(wide):
            of = np.flatnonzero(wide == d)
            features, z = _paths(plan, leaves[of], int(d))
            paid = _paid(z, plan.value[leaves[of]])  # leaves × features × ways
            place = first[of][:, None] + (np.arange(d) << d)
            self.flat[place[:, :, None] + np.arange(1 << d)] = paid
            asked.append(features.ravel())
            leaf.append(np.repeat(leaves[of], d))
            base.append(place.ravel())
        every = np.concatenate(asked)
        order = np.argsort(every, kind="stable")
        self.leaf, self.base = np.concatenate(leaf)[order], np.concatenate(base)[order][:, None]
        self.kept = ((1 << plan.depth[self.leaf]) - 1).astype(np.uint16)[:, None]
        self.features, self.runs = np.unique(every[order], return_index=True)

    @staticmethod
    def fit(plan: Plan, rows: int) -> bool:
        """Whether a tree's tables are small enough, and the rows enough to be worth them."""
        wide = plan.depth[plan.leaf]
        size = int((wide << wide).sum()) if plan.distinct <= _DEEPEST else _LARGEST + 1
        return size <= _LARGEST and rows * len(plan.order) >= _WORTH * size

    def values(self, left: Any, out: Any) -> None:
        """Add each row's values to ``out`` (features × rows); left: splits × rows, whether a row goes left there."""
        step = max(16, _CELLS // len(self.base))
        for start in range(0, out.shape[1], step):
            rows = slice(start, min(start + step, out.shape[1]))
            way = self._ways(left[:, rows])
            found = np.take(way, self.leaf, axis=0)
            found &= self.kept
            paid = np.take(self.flat, found + self.base)
            out[self.features, rows] += np.add.reduceat(paid, self.runs, axis=0)

    def _ways(self, left: Any) -> Any:
        """Return for each node and row which features on the path to it the row passes: a bit each, those to come 1."""
        nodes, rows = len(self.parent), left.shape[1]
        stops = np.empty((nodes - 1, rows), dtype=bool)
        stops[1::2] = left
        np.logical_not(left, out=stops[0::2])
        bits = np.multiply(stops, self.stopped, dtype=np.uint16)
        np.invert(bits, out=bits)
        way = np.empty((nodes, rows), dtype=np.uint16)
        way[0] = _ALL
        for begin, end in self.levels[1:]:
            np.take(way, self.parent[begin:end], axis=0, out=way[begin:end], mode="clip")
            way[begin:end] &= bits[begin - 1 : end - 1]
        return way


def _paths(plan: Plan, leaves: Any, d: int) -> tuple[Any, Any]:
    """Return the feature of each place on the leaves' paths, and the share z of each: leaves × d."""
    features, z = np.full((len(leaves), d), -1), np.ones((len(leaves), d))
    at, every = leaves.copy(), np.arange(len(leaves))
    while at.any():  # upwards, all together: the last edge of a feature is met first
        slot = plan.slot[at]
        fresh = (at > 0) & (features[every, slot] < 0) if d else at > 0
        features[every[fresh], slot[fresh]] = plan.asked[at[fresh]]
        z[every[fresh], slot[fresh]] = plan.z[at[fresh]]
        at = np.where(at > 0, plan.parent[at], 0)
    return features, z


def _paid(z: Any, value: Any) -> Any:
    """Return leaves × d × 2^d: what each leaf pays each of its features, by which of them a row passes."""
    leaves, d = z.shape
    passes = (np.arange(1 << d) >> np.arange(d)[:, None] & 1).astype(float)  # features × ways
    t, w = np.polynomial.legendre.leggauss(max(1, (d + 1) // 2))
    total = np.zeros((leaves, d, 1 << d))
    for node, weight in zip((t + 1) / 2, w / 2, strict=True):
        factor = node * passes + (1 - node) * z[:, :, None]
        others = np.full_like(factor, weight)
        ahead = np.ones((leaves, 1 << d))
        for j in range(d):
            others[:, j] *= ahead
            ahead = ahead * factor[:, j]
        behind = np.ones((leaves, 1 << d))
        for j in range(d - 1, -1, -1):
            others[:, j] *= behind
            behind = behind * factor[:, j]
        total += others
    return total * (passes - z[:, :, None]) * value[:, None, None]
