"""From a source to the place it lies in, to be changed there."""

from __future__ import annotations

from pathlib import Path

from assay.engines.inplace.place import Place
from assay.engines.tables.source import parse
from assay.kernel.errors import UsageError


def located(source: str) -> str:
    """Return a source as it is named from anywhere: with the whole path of its file."""
    found = parse(source)
    if found.format == "postgres" or found.url or len(found.files) != 1 or found.root is not None:
        return source
    return str(found.files[0].resolve()) + (f"::{found.table}" if found.table else "")


def open_place(source: str, scratch: Path) -> Place:
    """Open one table to be changed where it lies; UsageError where it is several files, or of a format that is not written to."""
    scratch.mkdir(parents=True, exist_ok=True)
    found = parse(source)
    if found.format == "postgres":
        from assay.engines.inplace.postgres import PostgresPlace

        return PostgresPlace(source, found.url, found.table, scratch)
    if found.url or len(found.files) != 1 or found.root is not None:
        raise UsageError(
            "only one table that lies here is changed in place",
            where=source,
            remedy="name one file, or write the result with -o",
        )
    if found.format == "duckdb":
        from assay.engines.inplace.duckdbfile import DuckPlace

        return DuckPlace(source, found.files[0], found.table, scratch)
    if found.format == "sqlite":
        from assay.engines.inplace.sqlitefile import SqlitePlace

        return SqlitePlace(source, found.files[0], found.table, scratch)
    if found.format == "parquet":
        from assay.engines.inplace.parquetfile import ParquetPlace

        return ParquetPlace(source, found.files[0], scratch)
    if found.format in ("csv", "tsv"):
        from assay.engines.inplace.csvfile import CsvPlace

        return CsvPlace(source, found.files[0], scratch)
    raise UsageError(
        f"a {found.format} file is not changed in place",
        where=source,
        remedy="that is done with CSV, Parquet, DuckDB, SQLite and PostgreSQL; write the result with -o",
    )
