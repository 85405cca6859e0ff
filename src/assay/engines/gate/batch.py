"""Rows on their way through the gate: what is kept out so far and why, and the files that the others lie in."""

# ruff: noqa: S608 - SQL is made here of our own words, quoted names and literals only
from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.engines.gate.rulebook import Rulebook
from assay.engines.tables.handle import DuckTable
from assay.engines.tables.seam import seam
from assay.methods.sqltext import literal, quoted

if TYPE_CHECKING:
    import duckdb

PLACE = "#place"
LONG = 200  # characters of a value in a reason

Reasons = dict[int, list[tuple[str, str]]]  # row of the source, from 1 → (rule, reason)


@dataclass
class Sorted:
    """reasons: of each row that is kept out. held: rules of the whole table that keep everything out, with why.

    clean: the rows that go in, as Parquet in the types of the store, or None. columns: their types.
    """

    rows: int
    reasons: Reasons = field(default_factory=dict)
    held: list[tuple[str, str]] = field(default_factory=list)
    clean: Path | None = None
    columns: dict[str, str] = field(default_factory=dict)


class Sorter:
    """A source being sorted: its rules, the other tables, and what was found so far (``out``)."""

    def __init__(
        self, source: DuckTable, rules: Rulebook, tables: Mapping[str, str], scratch: Path, now: str
    ) -> None:
        self.source, self.rules, self.scratch, self.now = source, rules, scratch, now
        self.tables = tables
        self.out = Sorted(source.rows)
        self._files = 0

    def file(self) -> Path:
        """Return the name of a further file in scratch."""
        self._files += 1
        return self.scratch / f"sorted{self._files}.parquet"

    def keep_out(self, row: int, rule: str, reason: str) -> None:
        """Remember that a row (from 1) stays outside, and why."""
        told = self.out.reasons.setdefault(row, [])
        if (rule, reason) not in told:
            told.append((rule, reason))


def save(reader: Any, path: Path) -> Path | None:
    """Write record batches as Parquet; None where there is no row."""
    import pyarrow.parquet as pq

    rows = 0
    with pq.ParquetWriter(path, reader.schema, compression="zstd") as out:
        for batch in reader:
            rows += batch.num_rows
            out.write_batch(batch)
    return path if rows else None


def rows_table(con: duckdb.DuckDBPyConnection, rows: Any) -> str:
    """Make a table of row numbers, and return its name; its one column is ``row``."""
    import numpy as np
    import pyarrow as pa

    data = pa.table({"row": pa.array(np.fromiter(rows, np.int64, len(rows)))})
    con.register("incoming", data)
    con.execute("CREATE OR REPLACE TEMP TABLE kept_out AS SELECT * FROM incoming")
    con.unregister("incoming")
    return "kept_out"


@contextlib.contextmanager
def duck(scratch: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Give a DuckDB of its own, closed afterwards."""
    from assay.engines.tables.handle import connect

    con = connect(scratch, 2, "1GB")
    try:
        yield con
    finally:
        con.close()


def without(batch: Path, rows: Any, to: Sorter) -> Path | None:
    """Return the rows of a batch but for some."""
    if not rows:
        return batch
    path = to.file()
    with duck(to.scratch) as con, seam(str(batch)):
        out = rows_table(con, rows)
        found = con.execute(
            f"SELECT b.* FROM read_parquet({literal(str(batch))}) b ANTI JOIN {out} o ON b.{quoted(PLACE)} = o.row "
            f"ORDER BY b.{quoted(PLACE)}"
        ).to_arrow_reader(65_536)
        return save(found, path)
