"""The tables that a database holds, by the names that open them one by one."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

from assay.engines.tables import databases
from assay.engines.tables.seam import seam
from assay.engines.tables.source import parse
from assay.kernel.errors import BadInput
from assay.methods.sqltext import literal


def tables_of(source: str) -> list[str]:
    """Return the names of all tables and views of a DuckDB or SQLite file, or of a PostgreSQL server's schemas.

    ``source::name`` opens one. BadInput where it cannot be read.
    """
    found = parse(source)
    if found.format == "postgres":
        return _postgres(found.url)
    file = found.files[0]
    return _sqlite(file) if found.format == "sqlite" else _duckdb(file)


def _duckdb(file: Path) -> list[str]:
    import duckdb

    with (
        seam(str(file), "the DuckDB file cannot be opened"),
        contextlib.closing(duckdb.connect(":memory:")) as con,
    ):
        con.execute(f"ATTACH {literal(str(file))} AS source (READ_ONLY)")
        con.execute("SET enable_external_access = false")
        rows = con.execute(
            "SELECT schema_name || '.' || table_name FROM duckdb_tables() WHERE database_name = 'source' UNION ALL "
            "SELECT schema_name || '.' || view_name FROM duckdb_views() WHERE database_name = 'source' AND NOT internal "
            "ORDER BY 1"
        ).fetchall()
    return [str(r[0]) for r in rows]


def _sqlite(file: Path) -> list[str]:
    try:
        with contextlib.closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)) as con:
            con.execute("PRAGMA trusted_schema = OFF")
            rows = con.execute(
                "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite_%' ORDER BY name"
            ).fetchall()
    except sqlite3.Error as error:
        raise BadInput(f"the SQLite database cannot be read: {error}", where=str(file)) from None
    return [str(r[0]) for r in rows]


def _postgres(url: str) -> list[str]:
    backend = databases.connect_postgres(url)
    try:
        with seam(url.rpartition("@")[2], "the tables of the database cannot be listed"):
            found: list[str] = []
            for schema in sorted(backend.list_databases()):
                if schema not in ("information_schema", "pg_catalog") and not schema.startswith("pg_"):
                    found += [f"{schema}.{name}" for name in sorted(backend.list_tables(database=schema))]
    finally:
        backend.disconnect()
    return found
