"""Rows sorted at the gate: types first, then rules of one row, then rules beside other rows, then those of the whole table.

What stays is a store that obeys every rule with the rows in it, if it did before.
"""

# ruff: noqa: S608 - SQL is made here of our own words, quoted names and literals only
from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from assay.engines.gate.batch import PLACE, Sorted, Sorter, duck
from assay.engines.gate.beside import hold_whole, keep_beside
from assay.engines.gate.rulebook import Rulebook
from assay.engines.gate.single import keep_single
from assay.engines.gate.typed import keep_filled, keep_numbers, number_and_type, same_columns, written_as
from assay.engines.tables.handle import DuckTable
from assay.engines.tables.seam import seam
from assay.methods.sqltext import literal, quoted


def sort(
    source: DuckTable,
    rules: Rulebook,
    *,
    columns: Mapping[str, str],
    required: Sequence[str],
    existing: Callable[[Path], None] | None,
    tables: Mapping[str, str],
    scratch: Path,
    now: str,
    keeps_nan: bool = True,
) -> Sorted:
    """Sort the rows of an opened source.

    columns: the store's, with their types, or nothing where it is to be made of the source's. existing: writes what the
    store holds. tables: other tables that rules name. keeps_nan: whether the store keeps a NaN as it is. UsageError where the columns are not the store's, or where a
    rule cannot be examined.
    """
    scratch.mkdir(parents=True, exist_ok=True)
    theirs = {c.name: c.native for c in source.columns}
    wanted = dict(columns) or theirs
    same_columns(theirs, wanted, source.asset.name)
    sorter = Sorter(source, rules, tables, scratch, now)
    sorter.out.columns = wanted
    con = source.connection
    with seam(source.asset.uri):
        number_and_type(con, theirs, wanted, sorter)
        if not keeps_nan:
            keep_numbers(con, theirs, wanted, sorter)
        keep_filled(con, required, sorter)
        batch = written_as(con, wanted, sorter)
    if batch is not None:
        batch = keep_single(batch, sorter)
    old = None
    if existing is not None:
        old = scratch / "existing.parquet"
        existing(old)
    if batch is not None:
        batch = keep_beside(batch, old, sorter)
    hold_whole(batch, old, sorter)
    if sorter.out.held:
        for row in range(1, source.rows + 1):
            if row not in sorter.out.reasons:
                sorter.out.reasons[row] = [(n, why) for n, why in sorter.out.held]
    elif batch is not None:
        sorter.out.clean = sorter.file()
        with duck(scratch) as own, seam(source.asset.uri):
            names = ", ".join(map(quoted, wanted))
            own.execute(
                f"COPY (SELECT {names} FROM read_parquet({literal(str(batch))}) ORDER BY {quoted(PLACE)}) "
                f"TO {literal(str(sorter.out.clean))} (FORMAT parquet)"
            )
    return sorter.out
