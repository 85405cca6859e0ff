"""Types first: rows are numbered, and those kept out of which a value fits no column, or is missing where none may be."""

# ruff: noqa: S608 - SQL is made here of our own words, quoted names and literals only
from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from assay.engines.gate import fit
from assay.engines.gate.batch import LONG, PLACE, Sorter, rows_table, save
from assay.engines.tables.handle import DATA
from assay.kernel.errors import UsageError
from assay.methods.sqltext import quoted

if TYPE_CHECKING:
    import duckdb


def same_columns(theirs: Mapping[str, str], wanted: Mapping[str, str], name: str) -> None:
    """UsageError where the source's columns (``theirs``) are not those that are wanted."""
    lacking = [c for c in wanted if c not in theirs]
    more = [c for c in theirs if c not in wanted]
    if lacking or more:
        said = []
        if lacking:
            said.append(
                f"lacks the store's {', '.join(map(repr, lacking[:5]))}{', …' if len(lacking) > 5 else ''}"
            )
        if more:
            said.append(
                f"has {', '.join(map(repr, more[:5]))}{', …' if len(more) > 5 else ''}, which the store has not"
            )
        raise UsageError(f"the source {' and '.join(said)}", where=name, remedy="give it the store's columns")
    if any(c.startswith("_assay_") for c in theirs):
        raise UsageError(
            "names that begin with _assay_ are the quarantine's own", where=name, remedy="rename them"
        )


def number_and_type(
    con: duckdb.DuckDBPyConnection, theirs: Mapping[str, str], wanted: Mapping[str, str], to: Sorter
) -> None:
    """Number the rows, and keep those out of which a value does not fit its column."""
    texts = ", ".join(quoted(c) for c in theirs)
    con.execute(
        f"CREATE TEMP TABLE numbered AS SELECT row_number() OVER () AS {quoted(PLACE)}, {texts} FROM {DATA}"
    )
    for column, target in wanted.items():
        check = fit.fits(column, theirs[column], target)
        if check == "TRUE":
            continue
        rows = con.execute(
            f"SELECT {quoted(PLACE)}, CAST({quoted(column)} AS VARCHAR)[1:{LONG}] FROM numbered WHERE NOT {check} ORDER BY 1"
        ).fetchall()
        for row, value in rows:
            to.keep_out(row, f"type {column}", f"{column} holds {value!r}, which is no {target}")


def keep_numbers(
    con: duckdb.DuckDBPyConnection, theirs: Mapping[str, str], wanted: Mapping[str, str], to: Sorter
) -> None:
    """Keep those out that hold a NaN, which the store would make null."""
    for column in (c for c, target in wanted.items() if target in ("DOUBLE", "FLOAT")):
        value = f"TRY_CAST({quoted(column)} AS DOUBLE)" if theirs[column] != "DOUBLE" else quoted(column)
        query = f"SELECT {quoted(PLACE)} FROM numbered WHERE isnan({value}) ORDER BY 1"
        for (row,) in con.execute(query).fetchall():
            to.keep_out(row, f"type {column}", f"{column} holds NaN, of which the store would make null")


def keep_filled(con: duckdb.DuckDBPyConnection, required: Sequence[str], to: Sorter) -> None:
    """Keep those out that are empty where the store takes no empty value."""
    for column in required:
        query = f"SELECT {quoted(PLACE)} FROM numbered WHERE {quoted(column)} IS NULL ORDER BY 1"
        for (row,) in con.execute(query).fetchall():
            to.keep_out(row, f"complete {column}", f"{column} is empty, and the store takes no empty one")


def written_as(con: duckdb.DuckDBPyConnection, wanted: Mapping[str, str], to: Sorter) -> Path | None:
    """Write the rows that are left, in the store's types, with their numbers."""
    theirs = {c.name: c.native for c in to.source.columns}
    chosen_ = ", ".join(f"{fit.cast(c, theirs[c], t)} AS {quoted(c)}" for c, t in wanted.items())
    path = to.file()
    out = rows_table(con, to.out.reasons)
    found = con.execute(
        f"SELECT {quoted(PLACE)}, {chosen_} FROM numbered ANTI JOIN {out} o ON {quoted(PLACE)} = o.row ORDER BY 1"
    ).to_arrow_reader(65_536)
    return save(found, path)
