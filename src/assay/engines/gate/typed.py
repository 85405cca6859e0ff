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

_AT_ONCE = 200  # columns asked of in one question


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
    checks = {c: fit.fits(c, theirs[c], target) for c, target in wanted.items()}
    for column in _broken(con, {c: check for c, check in checks.items() if check != "TRUE"}):
        rows = con.execute(
            f"SELECT {quoted(PLACE)}, CAST({quoted(column)} AS VARCHAR)[1:{LONG}] FROM numbered "
            f"WHERE NOT {checks[column]} ORDER BY 1"
        ).fetchall()
        for row, value in rows:
            to.keep_out(row, f"type {column}", f"{column} holds {value!r}, which is no {wanted[column]}")


def _broken(con: duckdb.DuckDBPyConnection, checks: Mapping[str, str]) -> list[str]:
    """Return the columns of which a check is not true in every row, many columns in one question."""
    names, out = list(checks), []
    for start in range(0, len(names), _AT_ONCE):
        part = names[start : start + _AT_ONCE]
        answers = con.execute(
            f"SELECT {', '.join(f'bool_and({checks[n]})' for n in part)} FROM numbered"
        ).fetchone()
        out += [n for n, answer in zip(part, answers or (), strict=True) if answer is False]
    return out


def keep_numbers(
    con: duckdb.DuckDBPyConnection, theirs: Mapping[str, str], wanted: Mapping[str, str], to: Sorter
) -> None:
    """Keep those out that hold a NaN, which the store would make null."""
    numbers = [c for c, target in wanted.items() if target in ("DOUBLE", "FLOAT")]
    values = {c: quoted(c) if theirs[c] == "DOUBLE" else f"TRY_CAST({quoted(c)} AS DOUBLE)" for c in numbers}
    for column in _broken(con, {c: f"coalesce(NOT isnan({v}), TRUE)" for c, v in values.items()}):
        query = f"SELECT {quoted(PLACE)} FROM numbered WHERE isnan({values[column]}) ORDER BY 1"
        for (row,) in con.execute(query).fetchall():
            to.keep_out(row, f"type {column}", f"{column} holds NaN, of which the store would make null")


def keep_filled(con: duckdb.DuckDBPyConnection, required: Sequence[str], to: Sorter) -> None:
    """Keep those out that are empty where the store takes no empty value."""
    for column in _broken(con, {c: f"{quoted(c)} IS NOT NULL" for c in required}):
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
