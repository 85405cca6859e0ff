"""A hash of each row, made of how its cells are written: two rows that differ in any cell differ in it."""

# ruff: noqa: S608 - SQL is made here of our own words and quoted names only
from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from assay.methods.sqltext import quoted

if TYPE_CHECKING:
    import duckdb


def row_hash(columns: Sequence[str], prefix: str = "") -> str:
    """Return DuckDB's SQL of a row's SHA-256 in hex: of its cells as texts in a JSON array, so that no two rows are written alike."""
    cells = ", ".join(f"CAST({prefix}{quoted(c)} AS VARCHAR)" for c in columns)
    return f"sha256(CAST(to_json([{cells}]) AS VARCHAR))"


def row_hashes(
    con: duckdb.DuckDBPyConnection, relation: str, columns: Sequence[str], id_: str = ""
) -> tuple[list[int], list[str]]:
    """Return the ids (where there is a column of them) and the hashes of a relation's rows, in its own order."""
    first = f"{id_}, " if id_ else ""
    found = con.execute(f"SELECT {first}{row_hash(columns)} FROM {relation}").fetchall()
    return ([r[0] for r in found], [r[1] for r in found]) if id_ else ([], [r[0] for r in found])
