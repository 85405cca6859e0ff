"""Exact SHAP values of decision trees in the path-dependent game, many rows at once.

The worth of a set S of features is the tree's answer where a split on a feature in S sends the row its way, and a split
on any other sends it both ways, by the shares of the training rows (Lundberg et al. 2020, Algorithm 1). A leaf of value
v whose path asks d features pays v · Π (o_i if i in S else z_i), o_i being 1 where the row passes every split on i, and
z_i the product of the shares along them. The Shapley value of that game is

    φ_i = v (o_i - z_i) ∫₀¹ Π_{j≠i} (t o_j + (1-t) z_j) dt,

since ∫ t^|S| (1-t)^(d-1-|S|) dt is the weight of S (Owen 1972). It is computed in two ways that tell the same: summed
over the tree for each row (methods/treequadrature), or looked up where what some leaves pay was written down for every
way that a row can go there (methods/treetables). Which parts of a tree are worth that is for methods/treecuts to say.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from assay.methods import treecuts
from assay.methods.treequadrature import Quadrature
from assay.methods.treetables import Tables

_MORE = 4  # times the rows that were reckoned with: then it is cut anew
_ROOM = 1 << 22  # numbers in the tables of one plan, where its caller does not say


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
    """A tree made ready, or several whose answers add up: their nodes level by level, sisters side by side.

    The roots come first; the children of the inner node i (of ``inner``) are the nodes roots + 2i and roots + 2i + 1.
    group: which column of the answer a feature's values are added to. Features of one group play as one: the game is
    that of the groups (a one-hot column is not asked without its sisters). ValueError where one is no tree.
    """

    def __init__(self, trees: Tree | Sequence[Tree], group: Any | None = None) -> None:
        tree, roots = _joined([trees] if isinstance(trees, Tree) else trees)
        if group is not None:
            tree = tree._replace(feature=np.asarray(group)[tree.feature])
        self._lay(tree, roots)
        weight = np.ones(len(self.order))
        for begin, end in self.levels[1:]:
            weight[begin:end] = weight[self.parent[begin:end]] * self.share[begin:end]
        self.base = float((weight * self.value).sum())
        self.ready = 0  # rows that it was made ready for
        self.ways: list[tuple[Tables | Quadrature, Any]] = []

    def _lay(self, tree: Tree, roots: Any) -> None:
        """Order the nodes, and tell of each edge (by the node below it) what its path asked before."""
        self.order, self.levels = _by_level(tree, roots)
        order, self.roots = self.order, len(roots)
        nodes, roots = len(order), len(roots)
        inner = tree.left[order] >= 0
        self.leaf, self.inner = ~inner, np.flatnonzero(inner)
        self.splits = order[self.inner]  # the trees' own numbers of the nodes that ask
        self.parent = np.zeros(nodes, dtype=np.int64)
        self.parent[roots:] = np.repeat(self.inner, 2)
        self.asked = np.full(nodes, -1, dtype=np.int64)
        self.asked[roots:] = np.repeat(tree.feature[self.splits], 2)
        self.value = np.where(inner, 0.0, tree.value[order])
        cover = np.maximum(tree.cover[order], 0)
        above = np.repeat(cover[roots::2] + cover[roots + 1 :: 2], 2)
        self.share = np.ones(nodes)
        self.share[roots:] = np.where(above > 0, cover[roots:] / np.where(above > 0, above, 1), 0.5)
        self.before, self.z = np.zeros(nodes, dtype=np.int64), np.ones(nodes)
        self.depth = np.zeros(nodes, dtype=np.int64)  # features on the path
        self.slot = np.zeros(nodes, dtype=np.int64)  # the place of its feature among those of the path
        edges, first = np.zeros((roots, 0), dtype=np.int64), 0  # of each node of a level, those of its path
        for begin, end in self.levels[1:]:
            up, here = self.parent[begin:end], np.arange(begin, end)
            edges, first = edges[up - first], begin
            same = self.asked[edges] == self.asked[here, None]
            again = same.any(axis=1)
            if again.any():
                met = edges.shape[1] - 1 - same[:, ::-1].argmax(axis=1)
                self.before[here] = np.where(again, edges[here - begin, met], 0)
            before = self.before[here]
            self.depth[here] = self.depth[up] + ~again
            self.slot[here] = np.where(again, self.slot[before], self.depth[up])
            self.z[here] = self.z[before] * self.share[here]
            edges = np.column_stack([edges, here])
        self.distinct = int(self.depth.max())

    def prepare(self, rows: int, room: int = _ROOM) -> None:
        """Choose what is looked up where ``rows`` rows are to come, and write it down: at most ``room`` numbers."""
        cuts, rest = treecuts.chosen(self, rows, room)
        ways: list[tuple[Tables | Quadrature, Any]] = []
        if cuts.any():
            ways.append((Tables(self, cuts), slice(None)))
        if rest.any() and cuts.any():
            pruned = self._pruned(rest)
            ways.append((Quadrature(pruned), np.searchsorted(self.inner, pruned.order[pruned.inner])))
        elif rest.any():
            ways.append((Quadrature(self), slice(None)))
        self.ways, self.ready = ways, max(rows, 1)

    def expect(self, rows: int, room: int = _ROOM) -> None:
        """Make it ready anew where many more rows are to come than it is ready for."""
        if rows > _MORE * self.ready:
            self.prepare(rows, room)

    def _pruned(self, rest: Any) -> Plan:
        """Return the trees down to the leaves that are left, numbered as here: other leaves answer nothing."""
        first = np.full(len(self.order), -1)
        first[self.inner] = self.roots + 2 * np.arange(len(self.inner))
        first[~treecuts.above(self, rest)] = -1
        pruned = Plan.__new__(Plan)
        asked = np.zeros_like(self.asked)
        asked[self.inner] = self.asked[self.roots :: 2]
        tree = Tree(first, first + 1, asked, self.share, np.where(rest, self.value, 0.0))
        pruned._lay(tree, np.arange(self.roots))
        return pruned

    def values(self, left: Any, out: Any) -> None:
        """Add each row's values to ``out`` (features × rows); left: splits × rows, whether a row goes left there."""
        if not len(self.inner):
            return
        if not self.ready:
            self.prepare(out.shape[1])
        for way, rows in self.ways:
            way.values(left[rows], out)


def _joined(trees: Sequence[Tree]) -> tuple[Tree, Any]:
    """Return the trees as one, and the numbers of their roots in it."""
    sizes = [len(t.left) for t in trees]
    starts = np.cumsum([0, *sizes[:-1]])
    for tree, size in zip(trees, sizes, strict=True):
        left, right = np.asarray(tree.left), np.asarray(tree.right)
        asks = left >= 0
        if (left >= size).any() or (right[asks] >= size).any() or (right[asks] < 0).any():
            raise ValueError("a node's child is not there")
    left, right = (
        np.concatenate(
            [np.where((c := np.asarray(t[i])) >= 0, c + s, -1) for t, s in zip(trees, starts, strict=True)]
        )
        for i in (0, 1)
    )
    feature = np.where(left >= 0, np.concatenate([np.asarray(t.feature, dtype=np.int64) for t in trees]), 0)
    cover, value = (np.concatenate([np.asarray(t[i], dtype=np.float64) for t in trees]) for i in (3, 4))
    return Tree(left, right, feature, cover, value), starts


def _by_level(tree: Tree, roots: Any) -> tuple[Any, list[tuple[int, int]]]:
    """Return the nodes reached from the roots, level by level, sisters side by side, and where each level stands."""
    level, order, levels, seen = roots, [], [], 0
    while len(level):
        order.append(level)
        levels.append((seen, seen + len(level)))
        seen += len(level)
        if seen > len(tree.left):
            raise ValueError("its nodes are no tree")
        asks = level[tree.left[level] >= 0]
        level = np.column_stack([tree.left[asks], tree.right[asks]]).ravel()
    every = np.concatenate(order)
    if np.bincount(every).max() > 1:
        raise ValueError("its nodes are no tree")
    return every, levels
