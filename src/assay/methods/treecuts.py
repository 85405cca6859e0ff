"""Which parts of a tree are looked up in tables, and which are summed for each row: what costs the least.

A part is a node and all below it: k splits, behind a path that asked d features. What its leaves pay depends on which of
the d the row passes and on which way it goes at the k: 2^(d+k) ways, each with a number for each feature. Many rows are
worth large tables of few parts, few rows small ones, and of paths that ask many features none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from assay.methods.treeshap import Plan

_BITS = 12  # of a row's way through a part, at most: a word has 16
# nanoseconds: measured
_BEGUN = 1e7  # to make any tables at all
_NODE, _NUMBER = 5000.0, 8.0  # to make one: a node that it speaks for, a number in it
_PART, _FOUND = 5.0, 1.8  # for a row: a part, a number that is found in its table
_SUMMED = 8.5  # for a row: an edge at a node of the quadrature
_NEAR = 1 << 11  # numbers of a table that are found at full speed


def chosen(plan: Plan, rows: int, room: int) -> tuple[Any, Any]:
    """Return for each node whether the part at it is looked up, and of the leaves in none of them, that they are left.

    rows: how many are to come; room: numbers in all tables together.
    """
    splits, fresh, _ = sizes(plan)
    wide = plan.depth + fresh
    bits = plan.depth + splits
    numbers = wide * 2.0 ** np.minimum(bits, 60)
    slow = 1 + np.clip(np.log2(np.maximum(numbers / _NEAR, 1)) / 4, 0, 1.5)
    nodes = np.maximum(1, (plan.distinct + 1) // 2)
    cost = (2 * splits + 1) * _NODE + _NUMBER * numbers + rows * (_FOUND * wide * slow + _PART)
    summed = np.where(plan.leaf, 2 * _SUMMED * nodes * rows, 0.0)
    for most in range(_BITS, -1, -1):
        best = summed.copy()
        here = np.zeros(len(plan.order), dtype=bool)
        for begin, end in reversed(plan.levels):
            asks, first = _asking(plan, begin, end)
            best[asks] = best[first] + best[first + 1]
            worth = (bits[begin:end] <= most) & (cost[begin:end] <= best[begin:end])
            here[begin:end], best[begin:end] = worth, np.where(worth, cost[begin:end], best[begin:end])
        here &= summed.sum() - best[: plan.roots].sum() > _BEGUN
        here[: plan.roots] &= ~plan.leaf[: plan.roots]
        inside = below(plan, here)
        cuts = here.copy()
        cuts[plan.roots :] &= ~inside[plan.parent[plan.roots :]]
        if numbers[cuts].sum() <= room:
            break
    rest = plan.leaf & ~inside
    rest[: plan.roots] = False  # a leaf alone pays nothing
    return cuts, rest


def sizes(plan: Plan) -> tuple[Any, Any, Any]:
    """Return for each node the splits below it, those of them that ask what no split above did, and its turn.

    Turns are counted among the splits alone: a node's own first, then those of its left side, then of its right side.
    """
    splits, fresh = np.zeros(len(plan.order), dtype=np.int64), np.zeros(len(plan.order), dtype=np.int64)
    turn = np.zeros(len(plan.order), dtype=np.int64)
    for begin, end in reversed(plan.levels):
        asks, first = _asking(plan, begin, end)
        splits[asks] = 1 + splits[first] + splits[first + 1]
        fresh[asks] = (plan.before[first] == 0) + fresh[first] + fresh[first + 1]
    for begin, end in plan.levels:
        asks, first = _asking(plan, begin, end)
        turn[first] = turn[asks] + 1
        turn[first + 1] = turn[asks] + 1 + splits[first]
    return splits, fresh, turn


def below(plan: Plan, at: Any) -> Any:
    """Return for each node whether it or one above it is among ``at``."""
    found = at.copy()
    for begin, end in plan.levels[1:]:
        found[begin:end] |= found[plan.parent[begin:end]]
    return found


def above(plan: Plan, at: Any) -> Any:
    """Return for each node whether it or one below it is among ``at``."""
    found = at.copy()
    for begin, end in reversed(plan.levels):
        asks, first = _asking(plan, begin, end)
        found[asks] |= found[first] | found[first + 1]
    return found


def _asking(plan: Plan, begin: int, end: int) -> tuple[Any, Any]:
    """Return the nodes of a level that ask, and the first child of each."""
    a, b = np.searchsorted(plan.inner, (begin, end))
    return plan.inner[a:b], plan.roots + 2 * np.arange(a, b)
