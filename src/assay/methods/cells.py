"""The rows of a table counted once: each combination of the values that matter, and how many rows have it.

What a bias metric asks of groups, outcomes and predictions it can ask of the combinations, of which there are few: a mask
over a million rows becomes one over forty, and every count a sum of ``times``. Where nearly every row is a combination of
its own, as where a facet or a label is an amount, the rows stand for themselves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from assay.methods.facets import coded, plain
from assay.methods.values import spelled

MOST = 100_000  # combinations that a table counts where it lies
_DENSE = 1 << 22  # places of a count that is made without sorting
_WORTH = 0.25  # combinations a row from which on the rows stand for themselves


@dataclass(frozen=True, slots=True)
class Cells:
    """Combinations of values. table: one row each. times: how many rows have it, whole floats.

    sums, squares: of their weights, where rows have weights. at: of each row its combination; None where each row is its
    own, or where the rows stayed where they are.
    """

    table: pa.Table
    times: Any
    sums: Any = None
    squares: Any = None
    at: Any = None

    @property
    def rows(self) -> int:
        """Return how many rows there are."""
        return int(self.times.sum())

    def count(self, mask: Any) -> int:
        """Return how many rows a mask of combinations is."""
        return int(self.times[mask].sum())

    def weight(self, mask: Any) -> float:
        """Return what those rows weigh; without weights, how many they are."""
        return float((self.times if self.sums is None else self.sums)[mask].sum())

    def of_rows(self, mask: Any) -> Any:
        """Return which rows a mask of combinations is, or what each row has of an array of theirs."""
        return mask if self.at is None else mask[self.at]

    def repeated(self, values: Any, mask: Any) -> Any:
        """Return each row's value of the combinations in a mask: as many as ``count(mask)``, in no order that matters."""
        if len(self.times) == self.rows:
            return values[mask]
        return np.repeat(values[mask], self.times[mask].astype(np.int64))


def of_rows(columns: Mapping[str, pa.ChunkedArray], weights: Any = None) -> Cells:
    """Return the combinations of the columns' values, in the order in which they first come.

    columns: as ``facets.plain`` gives them. weights: what each row counts for, floats, or None where each is one.
    """
    table = pa.table(dict(columns))
    rows = table.num_rows
    code, size = np.zeros(rows, dtype=np.int64), 1
    for column in table.columns:
        own, held = coded(column)
        code = code * (len(held) + 1) + own + 1
        size *= len(held) + 1
        if size > _DENSE:
            found, code = np.unique(code, return_inverse=True)
            size = len(found)
        if size > _DENSE or (size > _WORTH * rows and len(np.unique(code)) > _WORTH * rows):
            return _each(table, weights)
    times = np.bincount(code, minlength=size)
    there = np.flatnonzero(times)
    first = np.zeros(size, dtype=np.int64)
    first[code[::-1]] = np.arange(rows - 1, -1, -1)
    there = there[np.argsort(first[there], kind="stable")]
    place = np.zeros(size, dtype=np.int32)
    place[there] = np.arange(len(there), dtype=np.int32)
    at = place[code]
    sums = squares = None
    if weights is not None:
        sums, squares = (np.bincount(at, w, minlength=len(there)) for w in (weights, weights**2))
    taken = table.take(pa.array(first[there].tolist(), pa.int64()))
    return Cells(taken, times[there].astype(float), sums, squares, at)


def _each(table: pa.Table, weights: Any) -> Cells:
    return Cells(table, np.ones(table.num_rows), weights, None if weights is None else weights**2)


def of_counts(found: pa.Table, names: Sequence[str]) -> Cells:
    """Return the combinations that a table counted where it lies (``Table.counts``), in the order of their spelling.

    found: a column for each of the names, in their order, and ``n``.
    """
    held = pa.table({name: plain(found.column(i), name) for i, name in enumerate(names)})
    keys = []
    for column in reversed(held.columns):
        own, values = coded(column)
        said = [spelled(v) for v in values.to_pylist()]
        rank = np.zeros(len(said) + 1, dtype=np.int64)
        rank[sorted(range(len(said)), key=said.__getitem__)] = np.arange(1, len(said) + 1)
        keys.append(rank[own])
    order = np.lexsort(keys)
    times = np.asarray(found.column("n").to_numpy(), dtype=np.float64)[order]
    return Cells(held.take(pa.array(order.tolist(), pa.int64())), times)
