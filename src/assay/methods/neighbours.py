"""What the nearest rows of some rows were told, in Euclidean distance, exactly.

Of rows that are equally near as the k-th, each counts for what is left of k over how many they are: what is to be expected
where chance decides between them. So the order of the rows does not matter, nor do rows that are there many times.
"""

from __future__ import annotations

from typing import Any

import numpy as np

_FEW = 15  # columns up to which a tree finds them sooner than comparing with every row does
_ASKED, _AMONG = 256, 8192  # rows of one block
_UNIT = 2.0**-23  # twice the rounding of a single-precision number
_MANY = 64  # times k: of so many rows that may be near in single precision, all are compared in double
_SAME = 1e-9  # squared distances that differ by less than this part are one


def votes(values: Any, said: Any, asked: Any, k: int) -> Any:
    """Return the mean answer of the k nearest of each row asked about: as many numbers as ``asked`` has rows.

    values, asked: n × p and m × p finite floats, n >= k; said: n answers, 0 or 1. A row of ``values`` that is asked about
    is its own nearest.
    """
    first, times, yes = _distinct(values, np.asarray(said, dtype=np.float64))
    held = values[first]
    if values.shape[1] <= _FEW or len(held) < _AMONG:
        return _by_tree(held, times, yes, asked, k)
    return _by_comparing(held, times, yes, asked, k)


def _distinct(values: Any, said: Any) -> tuple[Any, Any, Any]:
    """Return of each different row the first of them, how many they are, and how many of them were told yes."""
    key = values @ np.random.default_rng(0).normal(size=values.shape[1])
    _, first, place = np.unique(key, return_index=True, return_inverse=True)
    if not np.array_equal(values[first[place]], values):  # two different rows under one key
        first = place = np.arange(len(values))
    # in no order, so that some of them tell how near the nearest are at most
    mixed = np.random.default_rng(0).permutation(len(first))
    return first[mixed], np.bincount(place).astype(float)[mixed], np.bincount(place, said)[mixed]


def _by_tree(held: Any, times: Any, yes: Any, asked: Any, k: int) -> Any:
    from scipy.spatial import cKDTree

    tree = cKDTree(held)
    out, left, wide = np.empty(len(asked)), np.arange(len(asked)), k + 1
    while len(left):
        wide = min(wide, len(held))
        apart, place = (np.asarray(x).reshape(len(left), wide) for x in tree.query(asked[left], k=wide))
        row = np.repeat(np.arange(len(left)), wide)
        out[left], furthest = _voted(row, place.ravel(), apart.ravel() ** 2, times, yes, len(left), k)
        open_ = (apart[:, -1] ** 2 <= furthest * (1 + _SAME)) & (
            wide < len(held)
        )  # there may be more as near
        left, wide = left[open_], wide * 4
    return out


def _by_comparing(held: Any, times: Any, yes: Any, asked: Any, k: int) -> Any:
    """Compare with every row in single precision, and those that come near enough to be among the k in double.

    The squared distance |x|² + |y|² - 2xy in single precision is off by less than p + 8 roundings of |x|² + |y|².
    """
    middle = held.mean(axis=0)  # nothing is as far from it as it may be from 0
    held, asked = held - middle, asked - middle
    sizes = np.einsum("ij,ij->i", held, held)
    small, sizes32 = held.astype(np.float32).T, sizes.astype(np.float32)
    off = (held.shape[1] + 8) * _UNIT * (np.einsum("ij,ij->i", asked, asked) + sizes.max())
    out = np.empty(len(asked))
    for start in range(0, len(asked), _ASKED):
        rows = asked[start : start + _ASKED]
        doubled, bound, found = (-2 * rows).astype(np.float32), None, []
        for begin in range(0, len(held), _AMONG):
            # |y|² - 2xy: what |x|² adds is alike for all of a row
            apart = doubled @ small[:, begin : begin + _AMONG]
            apart += sizes32[begin : begin + _AMONG]
            if bound is None:
                furthest = np.partition(apart, k - 1, axis=1)[:, k - 1]
                bound = (furthest + 2 * off[start : start + _ASKED]).astype(np.float32)[:, None]
            near = np.flatnonzero(apart <= bound)
            found.append((near // apart.shape[1], near % apart.shape[1] + begin))
        row, place = (np.concatenate(x) for x in zip(*found, strict=True))
        if len(row) > _MANY * k * len(rows):
            for i, one in enumerate(
                rows
            ):  # hardly any is nearer than the others: all of them, a row at a time
                exact, every = ((held - one) ** 2).sum(axis=1), np.arange(len(held))
                out[start + i], _ = _voted(np.zeros_like(every), every, exact, times, yes, 1, k)
            continue
        exact = ((rows[row] - held[place]) ** 2).sum(axis=1)
        out[start : start + _ASKED], _ = _voted(row, place, exact, times, yes, len(rows), k)
    return out


def _voted(row: Any, place: Any, exact: Any, times: Any, yes: Any, rows: int, k: int) -> tuple[Any, Any]:
    """Return each row's vote, and the squared distance of its k-th. row, place, exact: pairs and how far they are apart."""
    order = np.lexsort((exact, row))
    row, place, exact = row[order], place[order], exact[order]
    begin = np.searchsorted(row, np.arange(rows))
    reached = np.cumsum(times[place])
    before = reached[begin] - times[place[begin]]
    enough = np.flatnonzero(reached - before[row] >= k)
    at = enough[np.searchsorted(row[enough], np.arange(rows))]
    furthest = exact[at]
    gap = furthest * _SAME + 1e-12
    equal = np.abs(exact - furthest[row]) <= gap[row]
    nearer = (exact < furthest[row]) & ~equal
    count, told, tied, told_tied = (
        np.bincount(row[m], held[place[m]], minlength=rows) for m in (nearer, equal) for held in (times, yes)
    )
    return (told + (k - count) * told_tied / tied) / k, furthest
