"""Owen values: Shapley values of players who come in groups, such as the words of sentences.

φ_j is the mean over the orders in which no group is broken into: the groups come in any order, and within each its
members do (Owen 1977). The values of a group's members add up to the Shapley value of the group among groups. With one
group for all, or one for each, they are Shapley values. Orders are drawn in pairs, each with its reverse, which breaks no
group either; the differences along one add up to f(all) - f(none), so efficiency holds exactly.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

Ask = Callable[[Any], Any]


def sampled(groups: Sequence[int], ask: Ask, rng: np.random.Generator, *, pairs: int) -> tuple[Any, Any]:
    """Return (values, standard errors), p each. groups: of each player. ask(masks, m × p) → m answers.

    Each pair costs 2 (p + 1) answers; of one pair no error can be told, and it is infinite.
    """
    which = np.asarray(groups)
    means = []
    for _ in range(pairs):
        order = _order(which, rng)
        means.append((_walk(order, ask) + _walk(order[::-1], ask)) / 2)
    found = np.array(means)
    if pairs < 2:
        return found[0], np.full(len(which), np.inf)
    return found.mean(axis=0), found.std(axis=0, ddof=1) / np.sqrt(pairs)


def _order(groups: Any, rng: np.random.Generator) -> Any:
    """Return an order of the players in which no group is broken into."""
    names = np.unique(groups)
    place = dict(zip(names.tolist(), rng.permutation(len(names)).tolist(), strict=True))
    return np.lexsort((rng.random(len(groups)), np.array([place[g] for g in groups.tolist()])))


def _walk(order: Any, ask: Ask) -> Any:
    """Return what each player adds when they come in one order."""
    count = len(order)
    rank = np.empty(count, dtype=int)
    rank[order] = np.arange(count)
    answers = np.asarray(ask(rank[None, :] < np.arange(count + 1)[:, None]))
    values = np.empty(count)
    values[order] = np.diff(answers)
    return values
