"""Exact SHAP values of a decision tree in the path-dependent game, many rows at once.

The worth of a set S of features is the tree's answer where a split on a feature in S sends the row its way, and a split
on any other sends it both ways, by the shares of the training rows (Lundberg et al. 2020, Algorithm 1). A leaf of value
v whose path asks d features pays v · Π (o_i if i in S else z_i), o_i being 1 where the row passes every split on i, and
z_i the product of the shares along them. The Shapley value of that game is

    φ_i = v (o_i - z_i) ∫₀¹ Π_{j≠i} (t o_j + (1-t) z_j) dt,

since ∫ t^|S| (1-t)^(d-1-|S|) dt is the weight of S (Owen 1972). The integrand is a polynomial of degree d-1, so that
⌈d/2⌉ Gauss-Legendre nodes give it exactly, and all leaves below an edge share their factors: a tree of L leaves costs
O(L d) a row, without recursion and without a division by what may be 0. Where paths are short and rows many, what every leaf
pays is written down first (methods/treetables).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from assay.methods.treetables import Tables

_CELLS = 1 << 15  # numbers in one block of edges × rows: what a processor's cache holds


class Tree(NamedTuple):
    """A binary tree. left, right: the children of each node, -1 at a leaf; feature: asked at each node.

    cover: weighted training rows at each node; value: the answer at each leaf (at inner nodes nothing is read).
    """

    left: Any
    right: Any
    feature: Any
    cover: Any
    value: Any


class Plan:
    """A tree made ready: its nodes by level, and the constants of each edge at each quadrature node.

    group: which column of the answer a feature's values are added to. Features of one group play as one: the game is
    that of the groups (a one-hot column is not asked without its sisters). ValueError where it is no tree.
    """

    def __init__(self, tree: Tree, group: Any | None = None) -> None:
        self.order, self.levels = _by_level(tree)
        order = self.order
        nodes = len(order)
        place = np.empty(len(tree.left), dtype=np.int64)
        place[order] = np.arange(nodes)
        inner = np.asarray(tree.left)[order] >= 0
        self.inner = np.flatnonzero(inner)
        self.splits = order[self.inner]  # the tree's own numbers of the nodes that ask
        self.parent = np.zeros(nodes, dtype=np.int64)
        first = place[np.asarray(tree.left)[order[inner]]]
        self.parent[first] = self.parent[first + 1] = self.inner
        self.asked = np.full(nodes, -1, dtype=np.int64)
        self.asked[1:] = np.asarray(tree.feature)[order[self.parent[1:]]]
        if group is not None:
            self.asked[1:] = np.asarray(group)[self.asked[1:]]
        cover = np.maximum(np.asarray(tree.cover, dtype=np.float64)[order], 0)
        self.value = np.where(inner, 0.0, np.asarray(tree.value, dtype=np.float64)[order])
        self.leaf = ~inner
        share = np.ones(nodes)
        whole = np.zeros(nodes)
        whole[self.inner] = cover[first] + cover[first + 1]
        above = whole[self.parent[1:]]
        share[1:] = np.where(above > 0, cover[1:] / np.where(above > 0, above, 1), 0.5)
        self._paths(share)
        weight = np.ones(nodes)
        for begin, end in self.levels[1:]:
            weight[begin:end] = weight[self.parent[begin:end]] * share[begin:end]
        self.base = float((weight * self.value).sum())
        self._constants(share)
        self._sums()

    def _paths(self, share: Any) -> None:
        """Find the nearest edge above of the same feature, the share z of a feature so far, and the longest path."""
        nodes = len(self.order)
        self.before = np.zeros(nodes, dtype=np.int64)
        self.z = np.ones(nodes)
        distinct = np.zeros(nodes, dtype=np.int64)
        slot = np.zeros(nodes, dtype=np.int64)  # the place of its feature among those of the path
        for node in range(1, nodes):
            feature, up = self.asked[node], self.parent[node]
            distinct[node] = distinct[up]
            while up and self.asked[up] != feature:
                up = self.parent[up]
            self.before[node] = up
            distinct[node] += not up
            slot[node] = slot[up] if up else distinct[node] - 1
            self.z[node] = self.z[up] * share[node]
        self.depth, self.slot, self.distinct = distinct, slot, int(distinct.max())
        self.tables: Tables | None = None
        self.seen = 0  # rows that were asked about

    def _constants(self, share: Any) -> None:
        """Compute what an edge multiplies and adds at each node t of the quadrature."""
        t, w = np.polynomial.legendre.leggauss(max(1, (self.distinct + 1) // 2))
        t, w = (t[:, None] + 1) / 2, w[:, None] / 2
        z, before = self.z[None], self.z[self.before][None]
        again = (self.before > 0)[None]
        passed, stopped = t + (1 - t) * z, (1 - t) * z
        passed_before = np.where(again, t + (1 - t) * before, 1.0)
        # a path's product changes by one of three factors: of (o before, o now) = (1,1), (1,0), (0,0)
        both, first = passed / passed_before, stopped / passed_before
        none = np.where(again, share[None], first)
        self.constant, self.if_now, self.if_before = none, both - first, first - none
        never, ever = -1 / (1 - t), (1 - z) / passed
        ever_before = (1 - before) / passed_before
        self.add = np.where(again, 0.0, w * never)
        self.add_now = w * (ever - never)
        self.add_before = np.where(again, -w * (ever_before - never), 0.0)

    def _sums(self) -> None:
        """Order the edges by feature, so that each feature's are summed in one run."""
        self.by_feature = 1 + np.argsort(self.asked[1:], kind="stable")
        features, self.runs = np.unique(self.asked[self.by_feature], return_index=True)
        self.features = features

    def values(self, left: Any, out: Any) -> None:
        """Add each row's values to ``out`` (features × rows); left: splits × rows, whether a row goes left there."""
        if len(self.order) == 1:
            return
        self.seen += out.shape[1]
        if self.tables is None and Tables.fit(self, self.seen):
            self.tables = Tables(self)
        if self.tables is not None:
            self.tables.values(left, out)
            return
        step = max(8, _CELLS // len(self.order))
        for start in range(0, out.shape[1], step):
            rows = slice(start, min(start + step, out.shape[1]))
            out[self.features, rows] += self._block(left[:, rows])

    def _block(self, left: Any) -> Any:
        nodes, rows = len(self.order), left.shape[1]
        passed = np.empty((nodes, rows))
        passed[0] = 1
        again = [np.flatnonzero(self.before[b:e]) for b, e in self.levels]
        went = np.empty((nodes - 1, rows))
        went[0::2] = left
        np.subtract(1, went[0::2], out=went[1::2])
        for (begin, end), twice in zip(self.levels[1:], again[1:], strict=True):
            passed[begin:end] = went[begin - 1 : end - 1]
            if len(twice):
                passed[begin + twice] *= passed[self.before[begin + twice]]
        twice = np.flatnonzero(self.before)
        earlier = passed[self.before[twice]]
        total = np.zeros((nodes, rows))
        product, below, part = np.empty((nodes, rows)), np.empty((nodes, rows)), np.empty((nodes, rows))
        for q in range(len(self.constant)):
            np.multiply(passed, self.if_now[q][:, None], out=part)
            part += self.constant[q][:, None]
            if len(twice):
                part[twice] += earlier * self.if_before[q][twice][:, None]
            product[0] = 1
            for begin, end in self.levels[1:]:
                np.take(product, self.parent[begin:end], axis=0, out=product[begin:end], mode="clip")
                product[begin:end] *= part[begin:end]
            np.multiply(product, self.value[:, None], out=below)
            for (begin, end), (after, last) in zip(self.levels[-2::-1], self.levels[:0:-1], strict=True):
                asks = self.inner[(self.inner >= begin) & (self.inner < end)]
                below[asks] = below[after:last:2] + below[after + 1 : last : 2]
            np.multiply(passed, self.add_now[q][:, None], out=part)
            part += self.add[q][:, None]
            if len(twice):
                part[twice] += earlier * self.add_before[q][twice][:, None]
            part *= below
            total += part
        return np.add.reduceat(total[self.by_feature], self.runs, axis=0)


def _by_level(tree: Tree) -> tuple[Any, list[tuple[int, int]]]:
    """Return the nodes reached from the first, level by level, sisters side by side, and where each level stands."""
    left, right = np.asarray(tree.left), np.asarray(tree.right)
    level, order, levels, seen = np.array([0]), [], [], 0
    while len(level):
        order.append(level)
        levels.append((seen, seen + len(level)))
        seen += len(level)
        if seen > len(left):
            raise ValueError("its nodes are no tree")
        asks = level[left[level] >= 0]
        level = np.column_stack([left[asks], right[asks]]).ravel()
        if len(level) and (level.min() < 0 or level.max() >= len(left)):
            raise ValueError("a node's child is not there")
    return np.concatenate(order), levels
