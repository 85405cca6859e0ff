"""What a model's answer does as a feature changes: partial dependence, ALE, interaction, and importance by permutation.

Each asks a model about made-up rows through ``ask``: a table to one number a row. Columns keep their types, and values
are taken from the data.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

Ask = Callable[[pa.Table], Any]


def number(column: pa.ChunkedArray) -> bool:
    """Tell whether a column holds numbers."""
    kind = column.type
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def floats(column: pa.ChunkedArray) -> Any:
    """Return a column of numbers as floats, missing as NaN."""
    return np.asarray(column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False), dtype=np.float64)


def grid(column: pa.ChunkedArray, most: int) -> pa.Array:
    """Return up to ``most`` values of a column: of numbers those at even quantiles, of others the commonest."""
    column = column.drop_null()
    if not len(column):
        return pa.array([], type=column.type)
    if number(column):
        held = floats(column)
        order = np.argsort(held, kind="stable")
        order = order[np.isfinite(held[order])]
        at = order[np.round(np.linspace(0, len(order) - 1, most)).astype(int)] if len(order) else order
        picked = column.take(pa.array(at)).combine_chunks()
        keep = np.unique(held[at], return_index=True)[1]
        return picked.take(pa.array(np.sort(keep)))
    counted = pc.value_counts(column)
    common = pc.sort_indices(counted.field("counts"), sort_keys=[("", "descending")])[:most]
    return counted.field("values").take(common)


def replaced(table: pa.Table, name: str, values: Any) -> pa.Table:
    """Return a table with one column's values exchanged, its type kept."""
    at = table.column_names.index(name)
    return table.set_column(at, table.schema.field(at), values)


def partial(table: pa.Table, name: str, values: pa.Array, ask: Ask) -> Any:
    """Return values × rows: each row's answer with the feature set to each value (ICE).

    Their mean over the rows is the partial dependence (Friedman 2001).
    """
    rows, count = table.num_rows, len(values)
    again = table.take(pa.array(np.tile(np.arange(rows), count)))
    set_ = values.take(pa.array(np.repeat(np.arange(count), rows)))
    return np.asarray(ask(replaced(again, name, set_))).reshape(count, rows)


def accumulated(table: pa.Table, name: str, edges: pa.Array, ask: Ask) -> Any:
    """Return the accumulated local effect at each edge, its mean over the rows being 0 (Apley and Zhu 2020).

    Each row is asked about only at the two edges around its own value, so that no row is made up far from the data.
    Rows without a value are left out. edges: ascending values of the column, at least two.
    """
    held = floats(table.column(name))
    rows = np.flatnonzero(np.isfinite(held))
    some, held = table.take(pa.array(rows)), held[rows]
    ends = floats(pa.chunked_array([edges]))
    bins = len(ends) - 1
    at = np.clip(np.searchsorted(ends, held, side="left") - 1, 0, bins - 1)
    both = pa.concat_tables([replaced(some, name, edges.take(pa.array(at + up))) for up in (0, 1)])
    answers = np.asarray(ask(both)).reshape(2, len(rows))
    count = np.bincount(at, minlength=bins)
    step = np.bincount(at, weights=answers[1] - answers[0], minlength=bins) / np.maximum(count, 1)
    effect = np.concatenate([[0.0], np.cumsum(step)])
    middle = (effect[1:] + effect[:-1]) / 2
    return effect - (middle * count).sum() / max(int(count.sum()), 1)


def interaction(table: pa.Table, one: str, two: str, ask: Ask) -> float:
    """Return Friedman and Popescu's H² (2008): the share of two features' joint effect that neither has alone.

    0: they add up; 1: all of it is theirs together. n² answers for the pair and for each feature, of n rows.
    """
    rows = table.num_rows
    index = np.arange(rows)
    tiled = table.take(pa.array(np.tile(index, rows)))
    own = pa.array(np.repeat(index, rows))
    found = []
    for names in ((one, two), (one,), (two,)):
        asked = tiled
        for name in names:
            asked = replaced(asked, name, table.column(name).take(own))
        mean = np.asarray(ask(asked)).reshape(rows, rows).mean(axis=1)
        found.append(mean - mean.mean())
    joint = float((found[0] ** 2).sum())
    if joint <= 1e-20:
        return 0.0
    return float(((found[0] - found[1] - found[2]) ** 2).sum()) / joint


def permuted(
    table: pa.Table, names: list[str], ask: Ask, loss: Callable[[Any], float], rng: Any, repeats: int
) -> Any:
    """Return features × repeats: how much the loss grows when a feature's values are shuffled (Breiman 2001)."""
    first = loss(ask(table))
    out = np.zeros((len(names), repeats))
    for i, name in enumerate(names):
        for turn in range(repeats):
            order = pa.array(rng.permutation(table.num_rows))
            out[i, turn] = loss(ask(replaced(table, name, table.column(name).take(order)))) - first
    return out
