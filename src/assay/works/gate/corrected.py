"""Rows to be tried again: those of a quarantine that are open, as they lie there, or as a file that was corrected by hand has them."""

# ruff: noqa: S608 - SQL is made here of our own words, quoted names and literals only
from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assay.kernel.errors import Missing, UsageError
from assay.methods import rownumbers
from assay.methods.sqltext import literal, quoted


@dataclass(frozen=True)
class Tried:
    """rows: Parquet of texts in the source's columns, None where none is left. numbers: each row's in the load's source.

    passed: rows of a corrected file that were closed before, and are left.
    """

    rows: Path | None
    numbers: tuple[int, ...]
    passed: int = 0


def wanted(text: str, known: Collection[int], where: str) -> frozenset[int] | None:
    """Return the rows that --rows names, None where it names none; UsageError where the quarantine has no such row."""
    if not text:
        return None
    try:
        rows = rownumbers.read(text)
    except ValueError as error:
        raise UsageError(str(error), where=f"--rows {text[:40]}", remedy="write them like 3,5-9") from None
    _known(rows, known, where)
    return frozenset(rows)


def numbers(kept: Path) -> list[int]:
    """Return the numbers of the rows of a quarantine, in order."""
    import pyarrow.parquet as pq

    from assay.engines.gate.sink import ROW

    found = pq.read_table(kept, columns=[ROW])[ROW].to_pylist()
    return [int(r) for r in found if r is not None]


def as_they_lie(kept: Path, rows: Collection[int], scratch: Path) -> Tried:
    """Return open rows as the quarantine has them. kept: its rows of one load; rows: those that are tried."""
    return _written(f"read_parquet({literal(str(kept))})", _columns(kept), kept, rows, 0, scratch)


def as_corrected(
    kept: Path, file: str, open_: Collection[int], only: Collection[int] | None, run: str, scratch: Path
) -> Tried:
    """Return the rows of a corrected file that are open, matched by the number that the quarantine gives them.

    Missing or UsageError where the file has other columns, no number, one twice, one that the quarantine has not, or a
    row of another load.
    """
    from assay.engines.gate.sink import OWN, ROW, RUN
    from assay.engines.tables import open_table, write_parquet

    columns = _columns(kept)
    copy = scratch / "corrected.parquet"
    with open_table(file, scratch=scratch / "corrected", texts=True) as table:
        from assay.works.gate.apart import whole

        whole(table)
        names = [c.name for c in table.columns]
        lacking = [c for c in (*columns, ROW) if c not in names]
        if lacking:
            raise Missing(
                f"the corrected file lacks the column {lacking[0]!r}",
                where=file,
                remedy=f"correct what `assay data quarantine show {run} --out FILE` writes",
            )
        more = [n for n in names if n not in columns and n not in OWN]
        if more:
            raise UsageError(
                f"the corrected file has a column {more[0]!r}, which the quarantine has not",
                where=file,
                remedy="leave it out",
            )
        write_parquet(table, copy)
    found = _numbered(copy, file)
    if RUN in names:
        _of_run(copy, run, file)
    _known(found, numbers(kept), file)
    rows = [n for n in found if n in open_ and (only is None or n in only)]
    merged = _merged(copy, kept, columns)
    return _written(merged, columns, copy, rows, len([n for n in found if n not in open_]), scratch)


def _columns(kept: Path) -> list[str]:
    import pyarrow.parquet as pq

    from assay.engines.gate.sink import OWN

    return [n for n in pq.ParquetFile(kept).schema_arrow.names if n not in OWN]


def _numbered(copy: Path, file: str) -> list[int]:
    from assay.engines.gate.sink import ROW

    texts = _asked(copy, f"SELECT CAST({quoted(ROW)} AS VARCHAR) FROM {{0}}")
    out: list[int] = []
    seen: set[int] = set()
    for (text,) in texts:
        plain = str(text or "").strip()
        if not (plain.isascii() and plain.isdigit() and len(plain) < 19):
            raise UsageError(
                f"a row has {plain[:40]!r} as its number",
                where=file,
                remedy=f"leave {ROW} as the quarantine has it",
            )
        if int(plain) in seen:
            raise UsageError(f"row {plain} is there twice", where=file, remedy="keep one of them")
        seen.add(int(plain))
        out.append(int(plain))
    if not out:
        raise UsageError("the corrected file holds no row", where=file)
    return out


def _of_run(copy: Path, run: str, file: str) -> None:
    from assay.engines.gate.sink import ROW, RUN

    query = f"SELECT {quoted(ROW)}, {quoted(RUN)} FROM {{0}} WHERE {quoted(RUN)} IS NOT NULL AND {quoted(RUN)} <> {literal(run)} LIMIT 1"
    for row, other in _asked(copy, query):
        raise UsageError(
            f"row {row} was kept out by {str(other)[:60]!r}, and not by {run}",
            where=file,
            remedy="release each load's rows by itself",
        )


def _known(rows: Collection[int], known: Collection[int], where: str) -> None:
    there = set(known)
    lost = [r for r in rows if r not in there]
    if lost:
        raise Missing(
            f"the quarantine has no row {lost[0]}", where=where, remedy="see `assay data quarantine show ID`"
        )


def _merged(copy: Path, kept: Path, columns: Collection[str]) -> str:
    """Return SQL of corrected rows. A text file knows no empty text beside null: what was empty and stayed so is what it was."""
    from assay.engines.gate.sink import ROW

    cells = ", ".join(
        f"CASE WHEN c.{quoted(n)} IS NULL AND k.{quoted(n)} = '' THEN '' ELSE CAST(c.{quoted(n)} AS VARCHAR) END AS {quoted(n)}"
        for n in columns
    )
    return (
        f"(SELECT {cells}, k.{quoted(ROW)} FROM read_parquet({literal(str(copy))}) c "
        f"JOIN read_parquet({literal(str(kept))}) k ON CAST(c.{quoted(ROW)} AS BIGINT) = k.{quoted(ROW)})"
    )


def _written(
    relation: str, columns: Collection[str], about: Path, rows: Collection[int], passed: int, scratch: Path
) -> Tried:
    import pyarrow as pa

    from assay.engines.gate.sink import ROW
    from assay.engines.tables.handle import connect
    from assay.engines.tables.seam import seam

    chosen = sorted(set(rows))
    if not chosen:
        return Tried(None, (), passed)
    path = scratch / "tried.parquet"
    names = ", ".join(map(quoted, columns))
    con = connect(scratch, 2, "1GB")
    try:
        with seam(str(about)):
            con.register("wanted", pa.table({"n": pa.array(chosen, pa.int64())}))
            con.execute(
                f"COPY (SELECT {names} FROM {relation} r SEMI JOIN wanted w ON r.{quoted(ROW)} = w.n "
                f"ORDER BY r.{quoted(ROW)}) TO {literal(str(path))} (FORMAT parquet)"
            )
    finally:
        con.close()
    return Tried(path, tuple(chosen), passed)


def _asked(path: Path, query: str) -> list[tuple[Any, ...]]:
    import duckdb

    with duckdb.connect() as con:
        return con.execute(query.format(f"read_parquet({literal(str(path))})")).fetchall()
