"""What parts of trees pay to each feature, written down for every way that a row can go there.

A leaf whose path asks d features pays by which of them the row passes: 2^d ways (Yang 2021 looks that up, leaf by leaf).
A part of k splits behind d features has 2^(d+k), and a row costs one look-up for each part and feature. The payments are
those of methods/treeshap, made of methods/treeparts; methods/treecuts says which parts.
"""

from __future__ import annotations

from bisect import bisect
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse import csr_array

from assay.methods.treeparts import Parts, stacked

if TYPE_CHECKING:
    from assay.methods.treeshap import Plan

_ROWS = 1024  # looked up at once
_LOOKS = 128  # looked up, of each of those rows, before they are added


class Tables:
    """The tables of some parts, and where each row looks.

    plan: trees made ready; cuts: which nodes are looked up with all below them, none of them above another. The first
    bits of a way are the features of the path that are not asked again, the others those of methods/treeparts.
    """

    def __init__(self, plan: Plan, cuts: Any) -> None:
        parts = Parts(plan, cuts)
        deepest = int(plan.depth[plan.leaf & (parts.owner >= 0)].max())
        t, w = np.polynomial.legendre.leggauss(max(1, (deepest + 1) // 2))
        self._asks(parts)
        self._lookups(_whole(parts, (t + 1) / 2, w / 2), *parts.features())

    def _asks(self, parts: Parts) -> None:
        """Say how a row's way at each part is made up of the ways it goes at the splits."""
        plan = parts.plan
        bits = parts.upper.sum(axis=1) + parts.bits
        which = np.concatenate([parts.upper, parts.again], axis=1)
        of, column = np.nonzero(which)
        edge = np.concatenate([parts.edges, parts.edges], axis=1)[of, column]
        weight = 1 << (bits[of] - np.cumsum(which, axis=1)[of, column])
        once = plan.before[edge] == 0
        split, right = np.divmod(edge - plan.roots, 2)
        turned = once & (right == 1)
        self.chains, place = _chains(plan, edge[~once])
        below = 1 << (parts.splits[parts.at][parts.of] - 1 - parts.turn)
        rows = np.concatenate([parts.of, of])
        columns = np.concatenate(
            [np.searchsorted(plan.inner, parts.inside), np.where(once, split, place[edge])]
        )
        weights = np.concatenate([below, np.where(turned, -weight, weight)]).astype(np.uint16)
        shape = len(parts.at), len(plan.inner) + int((place > 0).sum())
        self.ways = csr_array((weights, (rows, columns)), shape=shape)
        self.first = np.bincount(of, np.where(turned, weight, 0), len(parts.at)).astype(np.uint16)[:, None]

    def _lookups(self, tables: list[Any], asked: Any, part: Any) -> None:
        """Keep the tables, the rows of one feature in a table added, and which feature each row is added to."""
        order = np.lexsort([asked, part])
        same = (np.diff(asked[order], prepend=-1) == 0) & (np.diff(part[order], prepend=-1) == 0)
        twice = np.unique(part[order][same])
        kept = np.ones(len(asked), dtype=bool)
        begins = np.searchsorted(part, np.arange(len(tables) + 1))
        for i in twice.tolist():
            rows = slice(begins[i], begins[i + 1])
            _, first, row = np.unique(asked[rows], return_index=True, return_inverse=True)
            adds = np.arange(len(first)) == row[:, None]
            tables[i] = adds[:, np.argsort(first)].T.astype(float) @ tables[i]
            kept[rows] = False
            kept[begins[i] + first] = True
        self.tables = tables
        self.features, column = np.unique(asked[kept], return_inverse=True)
        ends: list[int] = np.cumsum(np.bincount(part[kept], minlength=len(tables))).tolist()
        self.groups: list[tuple[int, int, int, Any]] = []
        begin = looked = 0
        while begin < len(tables):
            end = max(begin + 1, bisect(ends, looked + _LOOKS))
            columns = column[looked : ends[end - 1]]
            shape = len(self.features), len(columns)
            adds = csr_array((np.ones(len(columns)), (columns, np.arange(len(columns)))), shape=shape)
            self.groups.append((begin, end, len(columns), adds))
            begin, looked = end, ends[end - 1]

    def values(self, left: Any, out: Any) -> None:
        """Add each row's values to ``out`` (features × rows); left: splits × rows, whether a row goes left there."""
        for start in range(0, out.shape[1], _ROWS):
            rows = slice(start, min(start + _ROWS, out.shape[1]))
            found = self._found(left[:, rows])
            total = 0
            for begin, end, wide, adds in self.groups:
                paid, at = np.empty((wide, found.shape[1])), 0
                for table, place in zip(self.tables[begin:end], found[begin:end], strict=True):
                    np.take(table, place, axis=1, out=paid[at : at + len(table)], mode="clip")
                    at += len(table)
                total = total + adds @ paid
            out[self.features, rows] += total

    def _found(self, left: Any) -> Any:
        """Return parts × rows: which way each row goes there."""
        splits = len(left)
        went = np.empty((self.ways.shape[1], left.shape[1]), dtype=np.uint16)
        went[:splits] = left
        for edge, before, turned, turned_before in self.chains:
            passed = went[edge] ^ turned
            passed &= went[before] ^ turned_before
            went[splits : splits + len(edge)] = passed
            splits += len(edge)
        found = self.ways @ went
        found += self.first
        return found.astype(np.intp)


def _chains(plan: Plan, edges: Any) -> tuple[list[tuple[Any, Any, Any, Any]], Any]:
    """Say how it is found whether a row passes all splits of a feature down to an edge, each from the one before it.

    Return level by level where the split and the one before stand, and whether they are to be turned about; and the
    place of each edge among all of them.
    """
    needed, long = np.zeros(len(plan.order), dtype=bool), np.zeros(len(plan.order), dtype=np.int64)
    for begin, end in plan.levels[1:]:
        before = plan.before[begin:end]
        long[begin:end] = np.where(before > 0, long[before] + 1, 0)
    now = np.unique(edges)
    while len(now):
        needed[now] = True
        now = np.unique(plan.before[now])
        now = now[long[now] > 0]
    chains: list[tuple[Any, Any, Any, Any]] = []
    place, stand = np.zeros(len(plan.order), dtype=np.int64), len(plan.inner)
    for turn in range(1, 1 + int(long[needed].max(initial=0))):
        at = np.flatnonzero(needed & (long == turn))
        place[at] = stand + np.arange(len(at))
        stand += len(at)
        before = plan.before[at]
        split, right = np.divmod(at - plan.roots, 2)
        split_before, right_before = np.divmod(before - plan.roots, 2)
        once = long[before] == 0
        chains.append(
            (
                split,
                np.where(once, split_before, place[before]),
                right.astype(np.uint16)[:, None],
                (right_before * once).astype(np.uint16)[:, None],
            )
        )
    return chains, place


def _whole(parts: Parts, t: Any, w: Any) -> list[Any]:
    """Return of each part what it pays: features × ways."""
    paid = parts.paid(t, w)
    upper, bits = parts.upper.sum(axis=1), parts.bits
    own = np.array([len(p[0]) for p in paid])
    keys = np.stack([own, bits, upper])
    order = np.lexsort(keys)
    made: list[Any] = [None] * len(paid)
    for group in np.split(order, np.flatnonzero((np.diff(keys[:, order], axis=1) != 0).any(axis=0)) + 1):
        z = parts.plan.z[parts.edges[group][parts.upper[group]]].reshape(len(group), -1)
        found = _spread(z, stacked([paid[i] for i in group.tolist()]), t)
        for part, table in zip(group.tolist(), found, strict=True):
            made[part] = table
    return made


def _spread(z: Any, paid: Any, t: Any) -> Any:
    """Return parts × features × ways, from what goes with the upper features and those features' shares z."""
    parts, d = z.shape
    own, ways = paid.shape[2] - 1, paid.shape[3]
    made = np.empty((parts, d + own, ways << d))
    stopped = (1 - t)[:, None] * z[:, None, :]  # parts × quadrature × features
    factor = np.stack([stopped, stopped + t[:, None]], axis=3)
    pays = np.stack([-z, 1 - z], axis=2)[:, None]
    # the products of those behind each feature, and its own payment: the longest runs are the innermost
    behind, later = paid[:, :, 0], []
    for j in range(d - 1, -1, -1):
        later.append((pays[:, :, j, :, None] * behind[:, :, None]).reshape(parts, len(t), -1))
        behind = (factor[:, :, j, :, None] * behind[:, :, None]).reshape(parts, len(t), -1)
    ahead = np.ones((parts, 1, len(t)))
    for j in range(d):
        np.matmul(ahead, later.pop(), out=made[:, j].reshape(parts, 1 << j, -1))
        ahead = (ahead[:, :, None] * factor[:, None, :, j].transpose(0, 1, 3, 2)).reshape(parts, -1, len(t))
    np.matmul(
        ahead[:, None],
        paid[:, :, 1:].transpose(0, 2, 1, 3),
        out=made[:, d:].reshape(parts, own, 1 << d, ways),
    )
    return made
