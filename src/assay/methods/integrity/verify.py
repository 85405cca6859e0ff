"""Rules held against every row, batch by batch."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from assay.kernel.errors import UsageError
from assay.methods.expressions import Expression
from assay.methods.floats import settled
from assay.methods.listed import listed

USUAL_KEPT = 20_000
ROWS_KEPT = 100_000  # failing row numbers kept for one rule


@dataclass
class Tally:
    """How many rows a rule was held against, how many broke it, and which (1-based, at most ROWS_KEPT).

    usual: of a dependency, what the first of these rows should have, as most rows of their group do (at most USUAL_KEPT).
    """

    support: int = 0
    broken: int = 0
    rows: list[Any] = field(default_factory=list)
    kept: int = 0
    usual: list[Any] = field(default_factory=list)

    def numbers(self) -> Any:
        """Return the failing row numbers as one array."""
        return np.concatenate(self.rows) if self.rows else np.empty(0, np.int64)

    def add(self, rows: Any) -> None:
        """Count rows that break the rule and keep the first of them."""
        self.broken += len(rows)
        room = ROWS_KEPT - self.kept
        if room > 0 and len(rows):
            self.rows.append(np.asarray(rows[:room], dtype=np.int64))
            self.kept += min(room, len(rows))

    def see(self, held: Any, first: int) -> None:
        """Count a batch, of which the first row's number is ``first``: true where it holds, null where unknown."""
        self.support += len(held) - held.null_count
        self.add(np.flatnonzero(pc.fill_null(pc.invert(held), False).to_numpy(zero_copy_only=False)) + first)


def hold(
    rules: Sequence[tuple[Expression, Expression | None]], batches: Iterable[pa.RecordBatch]
) -> list[Tally]:
    """Hold each expression against every row; unknown (null) breaks nothing and supports nothing.

    The second expression of a pair says which rows support the first, where that is not all of them.
    """
    tallies = [Tally() for _ in rules]
    first = 1
    for batch in batches:
        for (rule, when), tally in zip(rules, tallies, strict=True):
            result = rule.evaluate(batch)
            if pa.types.is_null(result.type):
                result = pc.cast(result, pa.bool_())
            if not pa.types.is_boolean(result.type):
                raise UsageError(
                    f"the rule {rule.text[:120]!r} gives values of type {result.type}, and neither yes nor no",
                    remedy="compare them: a + b <= c",
                )
            if when is None:
                tally.support += batch.num_rows - result.null_count
            else:
                tally.support += pc.sum(pc.and_(when.evaluate(batch), pc.is_valid(result))).as_py() or 0
            broken = np.flatnonzero(pc.fill_null(pc.invert(result), False).to_numpy(zero_copy_only=False))
            tally.add(broken + first)
        first += batch.num_rows
    return tallies


def encoded(column: pa.ChunkedArray) -> pa.DictionaryArray:
    """Return a column's values each once and the place of each row's; lists and objects by how they are written."""
    array = column.combine_chunks()
    if isinstance(array, pa.ChunkedArray):
        array = pa.concat_arrays(array.chunks) if array.num_chunks else pa.array([], array.type)
    if pa.types.is_dictionary(array.type):
        return array
    try:
        return settled(array).dictionary_encode()
    except pa.ArrowNotImplementedError:
        return pa.array(
            [None if v is None else repr(v) for v in listed(array)], pa.string()
        ).dictionary_encode()


def codes(table: pa.Table, columns: Sequence[str]) -> Any:
    """Return one whole number per row that tells apart the rows' values in ``columns``; -1 where all are null."""
    out: Any = None
    for name in columns:
        one = (
            encoded(table.column(name)).indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
        )
        if out is None:
            out = one
        else:
            empty = (out < 0) & (one < 0)
            pair = (out + 1) * (int(one.max(initial=0)) + 2) + one + 1
            _, out = np.unique(pair, return_inverse=True)
            out = np.where(empty, -1, out.astype(np.int64))
    return out


def repeated(table: pa.Table, columns: Sequence[str]) -> Tally:
    """Return the rows whose key an earlier row already has; rows without any key support nothing."""
    key = codes(table, columns)
    known = np.flatnonzero(key >= 0)
    tally = Tally(support=len(known))
    key = key[known]
    if len(known) and np.bincount(key).max() > 1:
        first = np.empty(int(key.max()) + 1, np.int64)
        first[key[::-1]] = known[::-1]  # of rows with one key the first is written last
        tally.add(known[first[key] != known] + 1)
    return tally


def again(batches: Iterable[pa.RecordBatch], values: pa.Array) -> Tally:
    """Return the rows whose key an earlier row already has, as ``repeated`` does, from the batches of the key's one column
    and the values that come more than once.
    """
    tally, first = Tally(), 1
    seen = np.zeros(len(values), bool)
    for batch in batches:
        column = batch.column(0)
        if pa.types.is_dictionary(column.type):
            column = column.cast(column.type.value_type)
        tally.support += len(column) - column.null_count
        if len(values):
            codes = pc.index_in(column, value_set=values.cast(column.type), skip_nulls=True)
            rows = np.flatnonzero(codes.is_valid().to_numpy(zero_copy_only=False))
            codes = codes.drop_null().to_numpy(zero_copy_only=False)
            late = seen[codes]
            kinds, earliest = np.unique(codes, return_index=True)
            late[np.setdiff1d(np.arange(len(codes)), earliest)] = True
            seen[kinds] = True
            tally.add(rows[late] + first)
        first += batch.num_rows
    return tally


def undetermined(table: pa.Table, by: Sequence[str], target: str) -> Tally:
    """Return the rows whose target is not the commonest one of the rows that share their ``by``."""
    group, to = codes(table, by), codes(table, [target])
    known = np.flatnonzero((group >= 0) & (to >= 0))
    tally = Tally(support=len(known))
    if not len(known):
        return tally
    wide = int(to.max()) + 1
    cells, inverse, counts = np.unique(
        group[known] * wide + to[known], return_inverse=True, return_counts=True
    )
    of = cells // wide
    order = np.lexsort((cells, -counts, of))
    first = order[
        np.r_[True, of[order][1:] != of[order][:-1]]
    ]  # each group's commonest cell, the groups ascending
    usual = np.zeros(len(cells), bool)
    usual[first] = True
    wrong = ~usual[inverse]
    tally.add(known[wrong] + 1)
    groups = of[inverse[wrong][:USUAL_KEPT]]
    places = (cells % wide)[first[np.searchsorted(of[first], groups)]]
    tally.usual = listed(encoded(table.column(target)).dictionary.take(pa.array(places)))
    return tally
