"""From the name of a store to the sink that rows are appended to."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from assay.engines.gate.sink import Sink
from assay.engines.tables.source import SUFFIXES, parse
from assay.kernel.errors import UsageError

_DATABASES = {
    ".duckdb": "duckdb",
    ".ddb": "duckdb",
    ".sqlite": "sqlite",
    ".sqlite3": "sqlite",
    ".db": "sqlite",
}


def open_sink(store: str, *, quarantine: str, scratch: Path) -> Sink:
    """Open a store to be appended to: a CSV or Parquet file, or FILE::TABLE, or a PostgreSQL URL::TABLE; it need not be there yet.

    quarantine: another table of the same database, or another file, for what is kept out. UsageError where it is no such store.
    """
    scratch.mkdir(parents=True, exist_ok=True)
    scheme, mark, _ = store.partition("://")
    if mark and scheme in ("postgres", "postgresql"):
        return _postgres(store, quarantine, scratch)
    if mark:
        raise UsageError(
            "only a store that lies here, or in PostgreSQL, is loaded into", where=store, remedy="name a file"
        )
    file, twice, table = store.partition("::")
    path = Path(file)
    kind = _kind(path)
    if kind in ("duckdb", "sqlite"):
        if not twice or not table:
            raise UsageError("which table of the database?", where=store, remedy=f"name it: {file}::TABLE")
        if kind == "duckdb":
            from assay.engines.gate.duckdbsink import DuckSink

            return DuckSink(store, path, table, quarantine, scratch)
        from assay.engines.gate.sqlitesink import SqliteSink

        return SqliteSink(store, path, table, quarantine, scratch)
    if kind not in ("csv", "tsv", "parquet"):
        raise UsageError(
            f"{path.name} is no store that is loaded into",
            where=store,
            remedy="name a CSV or Parquet file, or a table of DuckDB, SQLite or PostgreSQL",
        )
    from assay.engines.gate.filesink import FileSink

    return FileSink(store, path, kind, quarantine, scratch)


def _kind(path: Path) -> str:
    if path.is_file():
        return parse(path).format
    if path.exists():
        return ""
    low = path.name.lower().removesuffix(".gz")
    suffix = Path(low).suffix
    return _DATABASES.get(suffix) or str(SUFFIXES.get(suffix, ""))


def _postgres(store: str, quarantine: str, scratch: Path) -> Sink:
    from assay.engines.gate.postgressink import PostgresSink

    url, _, table = store.partition("::")
    if urlsplit(url).password:
        raise UsageError(
            "a password in a URL would be kept in every record",
            where=url.rpartition("@")[2],
            remedy="leave it out, and set PGPASSWORD or write it to ~/.pgpass",
        )
    if not table:
        raise UsageError("which table of the database?", where=store, remedy="name it: URL::TABLE")
    return PostgresSink(store, url, table, quarantine, scratch)
