"""What a class gives away of a sensitive column to whoever knows that somebody is in it.

Each function returns one number a class; the table is as good as its worst class. p: a value's share in the whole table;
q: its share in the class.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from assay.methods.anonymity.classes import Held

Floats = npt.NDArray[np.float64]


def distinct(held: Held) -> npt.NDArray[np.int64]:
    """Return how many different values each class holds: distinct l-diversity (Machanavajjhala et al. 2007)."""
    return np.bincount(held.of, minlength=len(held.sizes))


def entropy(held: Held) -> Floats:
    """Return exp of each class's entropy: it is entropy l-diverse for l up to that (Machanavajjhala et al. 2007)."""
    total = np.bincount(held.of, weights=held.rows * np.log(held.rows), minlength=len(held.sizes))
    out: Floats = np.exp(np.maximum(0.0, np.log(held.sizes) - total / held.sizes))
    return out


def recursive(held: Held, l: int) -> Floats:  # noqa: E741 - the field's name
    """Return each class's r1 / (r_l + … + r_m), its values' counts r falling; infinite with fewer than l values.

    The class is recursive (c, l)-diverse for every c above that: the commonest value is not much commoner than the rare
    ones together (Machanavajjhala et al. 2007).
    """
    order = np.lexsort((-held.rows, held.of))
    of, rows = held.of[order], held.rows[order]
    starts = np.searchsorted(of, np.arange(len(held.sizes)))
    place = np.arange(len(of)) - starts[of]
    tail = np.bincount(of, weights=np.where(place >= l - 1, rows, 0), minlength=len(held.sizes))
    first = rows[starts]
    with np.errstate(divide="ignore"):
        out: Floats = np.where(tail > 0, first / np.where(tail > 0, tail, 1), np.inf)
    return out


def alpha(held: Held) -> Floats:
    """Return the share of each class's commonest value: alpha of (alpha, k)-anonymity (Wong et al. 2006)."""
    out = np.zeros(len(held.sizes))
    np.maximum.at(out, held.of, held.part)
    return out


def closeness(held: Held) -> Floats:
    """Return each class's distance from the whole table: t-closeness (Li, Li, Venkatasubramanian 2007).

    The earth mover's distance, 0 to 1: of numbers with the ordered distance (ranks, i - j over m - 1), of other values with
    the equal distance, which is half the sum of |p - q|.
    """
    return _ordered(held) if held.ordered else _equal(held)


def _equal(held: Held) -> Floats:
    p = held.shares[held.value]
    n = len(held.sizes)
    apart = np.bincount(held.of, weights=np.abs(held.part - p), minlength=n)
    lacking = 1 - np.bincount(held.of, weights=p, minlength=n)
    out: Floats = np.clip((apart + lacking) / 2, 0, 1)
    return out


def _ordered(held: Held) -> Floats:
    """Sum |P - Q| over the m - 1 steps. P is constant between the class's own values, so that each of those stretches is
    summed at once: where Q crosses P is found by bisection, and Q's sums are at hand.
    """
    m, n = len(held.names), len(held.sizes)
    if m < 2:
        return np.zeros(n)
    steps = np.cumsum(held.shares)
    sums = np.concatenate([[0.0], np.cumsum(steps)])
    starts = np.searchsorted(held.of, np.arange(n))
    inside = np.cumsum(held.part)
    before = np.concatenate([[0.0], inside])[starts]
    level = inside - before[held.of]
    low = held.value
    high = np.concatenate([held.value[1:], [m]])
    last = np.concatenate([held.of[1:] != held.of[:-1], [True]]) if len(held.of) else np.empty(0, bool)
    high = np.where(last, m, high)
    total = np.bincount(held.of, weights=_stretch(steps, sums, low, high, level), minlength=n)
    first = held.value[starts]
    total += sums[first]  # before the class's least value P is 0
    out: Floats = np.clip(total / (m - 1), 0, 1)
    return out


def _stretch(steps: Floats, sums: Floats, low: Any, high: Any, level: Floats) -> Floats:
    """Return Σ |level - Q_j| for j from low to high - 1, Q ascending."""
    cross = np.clip(np.searchsorted(steps, level), low, high)
    below = level * (cross - low) - (sums[cross] - sums[low])
    above = sums[high] - sums[cross] - level * (high - cross)
    out: Floats = below + above
    return out


def hierarchical(held: Held, paths: Sequence[Sequence[str]]) -> Floats:
    """Return each class's distance where values lie in a tree: moving costs the height of the common ancestor, over the
    tree's (Li, Li, Venkatasubramanian 2007). paths: for each value its ancestors, nearest first, the root last.
    """
    height = len(paths[0])
    out = np.zeros(len(held.sizes))
    leaves = np.arange(len(held.names))
    parents = [[tuple(path[level:]) for path in paths] for level in range(height)]
    step = max(1, 4_000_000 // max(1, len(held.names)))
    p = held.shares
    for at in range(0, len(held.sizes), step):
        rows = slice(*np.searchsorted(held.of, [at, min(at + step, len(held.sizes))]))
        extra = np.tile(-p, (min(step, len(held.sizes) - at), 1))
        extra[held.of[rows] - at, held.value[rows]] += held.part[rows]
        nodes = leaves
        cost = np.zeros(len(extra))
        for level in range(height):
            above = {name: i for i, name in enumerate(dict.fromkeys(parents[level]))}
            into = np.array([above[parents[level][leaf]] for leaf in _one_of(nodes)])
            up, down = np.zeros((len(extra), len(above))), np.zeros((len(extra), len(above)))
            for node in range(extra.shape[1]):
                up[:, into[node]] += np.maximum(extra[:, node], 0)
                down[:, into[node]] += np.maximum(-extra[:, node], 0)
            cost += np.minimum(up, down).sum(axis=1) * (level + 1) / height
            extra = up - down
            nodes = np.array([above[parents[level][leaf]] for leaf in leaves])
        out[at : at + len(cost)] = cost
    return np.clip(out, 0, 1)


def _one_of(nodes: npt.NDArray[np.int64]) -> list[int]:
    """Return for each node, by number, one of the leaves below it."""
    return [int(i) for i in np.unique(nodes, return_index=True)[1]]


def beta(held: Held) -> Floats:
    """Return the greatest (q - p) / p of each class, 0 at least: beta of basic beta-likeness (Cao and Karras 2012)."""
    p = held.shares[held.value]
    out = np.zeros(len(held.sizes))
    np.maximum.at(out, held.of, (held.part - p) / p)
    return out


def enhanced(held: Held) -> bool:
    """Whether every gain (q - p) / p also stays within -ln p, as enhanced beta-likeness asks of frequent values."""
    p = held.shares[held.value]
    return bool(np.all((held.part - p) / p <= -np.log(p) + 1e-12))


def delta(held: Held) -> Floats:
    """Return the greatest |ln(q / p)| of the values that each class holds: delta-disclosure (Brickell, Shmatikov 2008).

    A value that a class lacks makes it infinite by the letter of the definition; see ``lacking``.
    """
    out = np.zeros(len(held.sizes))
    np.maximum.at(out, held.of, np.abs(np.log(held.part / held.shares[held.value])))
    return out


def lacking(held: Held) -> Floats:
    """Return which classes lack a value of the table, as 0 or 1."""
    return (distinct(held) < len(held.names)).astype(np.float64)
