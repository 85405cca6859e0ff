"""Counterfactual fairness by exchange: what would the model say of the same people, were only their facet another?

It is the simplest reading of Kusner et al. 2017: the facet's column is changed and nothing that depends on it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

MOST_ROWS = 5_000
MOST_VALUES = 10


@dataclass(frozen=True, slots=True)
class Swapped:
    """What came of it. rows: which rows were asked about; changed: whether any other value changed what each is told;

    better: whether another value would have given yes where no was said, worse: no where yes was said.
    """

    rows: Any
    changed: Any
    better: Any
    worse: Any


def swap(
    table: pa.Table,
    facet: str,
    values: Sequence[Any],
    ask: Callable[[pa.Table], Any],
    rng: np.random.Generator,
) -> Swapped:
    """Ask the model again with every row's facet set to each of the values, at most MOST_VALUES of them.

    ask: from a table to what is said of each row, booleans; it is called once. Above 5,000 rows a sample is asked about.
    """
    rows = np.arange(table.num_rows)
    if table.num_rows > MOST_ROWS:
        rows = np.sort(rng.choice(table.num_rows, MOST_ROWS, replace=False))
    asked = table.take(pa.array(rows))
    if pa.types.is_dictionary(asked.column(facet).type):
        plain = asked.column(facet).cast(asked.column(facet).type.value_type)
        asked = asked.set_column(table.column_names.index(facet), facet, plain)
    place = table.column_names.index(facet)
    kind = asked.schema.field(place).type
    versions = [asked]
    for value in values[:MOST_VALUES]:
        whole = pa.chunked_array([pa.repeat(pa.scalar(value, type=kind), len(rows))])
        versions.append(asked.set_column(place, asked.schema.field(place), whole))
    said = np.asarray(ask(pa.concat_tables(versions)), dtype=bool).reshape(len(versions), len(rows))
    now, other = said[0], said[1:]
    return Swapped(rows, (other != now).any(axis=0), (other & ~now).any(axis=0), (~other & now).any(axis=0))


def values(masks: Sequence[Any], held: pa.ChunkedArray) -> list[Any]:
    """Return the values of the facet to put in place: of each group its commonest one.

    masks: each group's rows; held: the facet's column as the model takes it.
    """
    out: list[Any] = []
    if pa.types.is_dictionary(held.type):
        held = held.cast(held.type.value_type)
    for mask in masks[:MOST_VALUES]:
        counted = held.filter(pa.array(mask)).drop_null().value_counts()
        if len(counted):
            out.append(max(counted.to_pylist(), key=lambda c: c["counts"])["values"])
    return list(dict.fromkeys(out))
