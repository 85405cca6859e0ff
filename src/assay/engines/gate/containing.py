"""Whether a table holds rows that a store kept out, by the values of the columns that both have."""

# ruff: noqa: S608 - SQL is made here of quoted names and literals only
from __future__ import annotations

from pathlib import Path
from typing import Any

from assay.methods.sqltext import literal, quoted

LEAST = 0.5  # of the columns kept out that a table has to have, or the same values in it are no evidence
_OURS = "_assay_"


def rows_held(table: Any, kept: Path) -> int | None:
    """Return how many of the rows in ``kept`` (Parquet of texts) the table holds; None where it has too few of their columns.

    table: one opened in DuckDB. A text that is no value of the column's type is in no row of it.
    """
    import pyarrow.parquet as pq

    names = [n for n in pq.ParquetFile(kept).schema_arrow.names if not n.startswith(_OURS)]
    kinds = {c.name: c.native for c in table.columns}
    common = [n for n in names if n in kinds]
    if len(common) < max(2, LEAST * len(names)):
        return None
    cast = ", ".join(f"try_cast({quoted(n)} AS {kinds[n]}) AS {quoted(n)}" for n in common)
    sound = " AND ".join(
        f"({quoted(n)} IS NULL OR try_cast({quoted(n)} AS {kinds[n]}) IS NOT NULL)" for n in common
    )
    same = " AND ".join(f"d.{quoted(n)} IS NOT DISTINCT FROM k.{quoted(n)}" for n in common)
    rows = table.connection.execute(
        f"WITH k AS (SELECT {cast} FROM read_parquet({literal(str(kept))}) WHERE {sound}) "
        f"SELECT count(*) FROM k WHERE EXISTS (SELECT 1 FROM data d WHERE {same})"
    ).fetchone()
    return int(rows[0])
