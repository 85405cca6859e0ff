"""Opening: from a source to a Table."""

# ruff: noqa: S608 - SQL is made here of our own words, quoted names and literals only
from __future__ import annotations

import contextlib
import os
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.engines.tables import databases, delimited, jsonlines, memory, remote
from assay.engines.tables.handle import DATA, ArrowTable, DuckTable, connect
from assay.engines.tables.seam import seam
from assay.engines.tables.source import Source, parse
from assay.kernel.asset import Asset
from assay.kernel.errors import BadInput
from assay.kernel.report import Finding
from assay.methods.sqltext import literal

if TYPE_CHECKING:
    import duckdb

_IN_MEMORY = 64 << 20  # text files larger than this are read into a database file in scratch, compressed


def open_table(
    source: Any,
    *,
    name: str = "",
    scratch: Path,
    digest: str = "",
    format: str = "",
    cores: int = 2,
    memory: str = "1GB",
    engine: str = "duckdb",
    texts: bool = False,
    encrypted: bool = False,
    isolated: bool = False,
) -> DuckTable:
    """Open a table: a path, pattern, folder, ``file.db::table``, URL, or a pandas, polars or Arrow table.

    digest and format go into its asset; format also says what the bytes are where the name does not. cores and
    memory bound the engine, which spills into ``scratch``. engine: duckdb, or a Spark master; a table in a
    database server stays there. encrypted, isolated: how Spark's processes speak, and that they stay on
    this machine. texts: each value of a CSV file is text, as it is written. Missing, UsageError or BadInput say what is wrong.
    """
    scratch.mkdir(parents=True, exist_ok=True)
    found = parse(source, format) if isinstance(source, (str, Path)) else None
    if engine == "duckdb":
        return _opened(source, found, name, scratch, digest, format, cores, memory, texts)
    from assay.engines.tables.spark import in_cluster, of_cluster, on_spark
    from assay.engines.tables.sparktraffic import Traffic

    traffic = Traffic(encrypted, isolated)
    if found is not None and in_cluster(found, engine):
        asset = Asset("table", name or found.name, found.text, digest, format or found.format)
        return of_cluster(asset, found, engine, scratch=scratch, traffic=traffic)
    table = _opened(source, found, name, scratch, digest, format, cores, memory)
    if table.engine != "duckdb":  # it lives in a database server, and stays there
        return table
    return on_spark(table, found, engine, scratch=scratch, cores=cores, memory=memory, traffic=traffic)


def _opened(
    source: Any,
    found: Source | None,
    name: str,
    scratch: Path,
    digest: str,
    format: str,
    cores: int,
    memory: str,
    texts: bool = False,
) -> DuckTable:
    if found is None:
        return _in_memory(source, name, scratch, digest, cores, memory)
    asset = Asset("table", name or found.name, str(source), digest, format or found.format)
    if found.format == "postgres":
        return databases.open_postgres(found.url, found.table, asset)
    if found.url:
        found = remote.fetched(found, scratch)
    with contextlib.ExitStack() as stack:
        con = connect(scratch, cores, memory, _place(found, scratch))
        stack.callback(con.close)
        if texts and found.format in ("csv", "tsv"):
            table = _text(con, found, asset, scratch, texts=True)
        else:
            table = _READERS[found.format](con, found, asset, scratch)
        stack.pop_all()
    return table


def _place(source: Source, scratch: Path) -> str:
    size = sum(f.stat().st_size for f in source.files)
    packed = any(f.suffix == ".gz" for f in source.files)
    large = source.format in ("csv", "tsv", "jsonl", "sqlite") and size * (8 if packed else 1) > _IN_MEMORY
    return str(scratch / f"{uuid.uuid4().hex[:12]}.duckdb") if large else ":memory:"


def _in_memory(source: Any, name: str, scratch: Path, digest: str, cores: int, limit: str) -> DuckTable:
    data, problems = memory.to_arrow(source)
    if not data.num_columns:
        raise BadInput("the table in memory has no column")
    asset = Asset("table", name or "table", f"memory:{name}", digest, "arrow")
    return ArrowTable(connect(scratch, cores, limit), asset, data, problems)


def _text(
    con: duckdb.DuckDBPyConnection, source: Source, asset: Asset, scratch: Path, texts: bool = False
) -> DuckTable:
    def load(file: Path, into: str) -> list[Finding]:
        if source.format == "jsonl":
            return jsonlines.load(con, file, into, scratch)
        return delimited.load(con, file, into, scratch, tab=source.format == "tsv", texts=texts)

    if len(source.files) == 1:
        problems = load(source.files[0], DATA)
    else:
        problems = _joined(con, source, load)
    _swept(scratch)
    return DuckTable(con, asset, problems)


def _swept(scratch: Path) -> None:
    """Text that was unpacked is of no more use once it was read."""
    for pattern in ("text-*", "json-*"):
        for path in scratch.glob(pattern):
            path.unlink(missing_ok=True)


def _joined(
    con: duckdb.DuckDBPyConnection, source: Source, load: Callable[[Path, str], list[Finding]]
) -> list[Finding]:
    """Read several files of the same columns, one after another, into ``data``."""
    problems: list[Finding] = []
    first: list[str] = []
    for number, file in enumerate(source.files):
        shown = os.path.relpath(file, source.root) if source.root else file.name
        for problem in load(file, f"part{number}"):
            where = {**problem.where, "file": shown}
            problems.append(Finding(problem.rule, problem.severity, problem.message, where,
                                    problem.remedy, problem.refs, problem.count))  # fmt: skip
        names = [r[0] for r in con.execute(f"DESCRIBE part{number}").fetchall()]
        first = first or names
        if names != first and source.format != "jsonl":
            odd = next((a for a, b in zip(names, first, strict=False) if a != b), f"{len(names)} columns")
            raise BadInput(
                f"its columns are not those of {source.files[0].name} ({odd!r})",
                where=str(file),
                remedy="give files of the same columns",
            )
    parts = [f"part{n}" for n in range(len(source.files))]
    with seam(source.text, "the files do not go together"):
        shape = " UNION ALL BY NAME ".join(f"(SELECT * FROM {p} LIMIT 0)" for p in parts)
        con.execute(f"CREATE TABLE {DATA} AS {shape}")
        for part in parts:
            con.execute(f"INSERT INTO {DATA} BY NAME SELECT * FROM {part}")
            con.execute(f"DROP TABLE {part}")
    return problems


def _parquet(con: duckdb.DuckDBPyConnection, source: Source, asset: Asset, scratch: Path) -> DuckTable:
    parts = source.root is not None and any("=" in f.parent.name for f in source.files)
    problems: list[Finding] = []
    for file in source.files:
        if not file.stat().st_size:
            raise BadInput("the file is empty", where=str(file))
        names = _names(con, file)
        if not names:
            raise BadInput("the Parquet file has no column", where=str(file))
    read = _read_parquet(source, parts)
    if len(source.files) == 1:
        with seam(source.text):
            shape = con.execute(f"DESCRIBE SELECT * FROM {read}").fetchall()
        con_names = [d[0] for d in shape]
        renamed = [(a, b) for a, b in zip(names, con_names, strict=False) if a != b]
        problems = delimited.header_findings(renamed)
    with seam(source.text):
        con.execute(f"CREATE VIEW {DATA} AS SELECT * FROM {read}")
    table = DuckTable(con, asset, problems, source.files)
    if len(source.files) == 1 and not any(c.name.lower() == _NUMBER for c in table.columns):
        table.numbers = f"{_NUMBER} + 1", f"{read[:-1]}, {_NUMBER} = true)"
    return table


_NUMBER = "file_row_number"


def _names(con: duckdb.DuckDBPyConnection, file: Path) -> list[str]:
    """Return the names of a Parquet file's columns; BadInput for what DuckDB would read as something else than it is.

    Read by DuckDB: to import pyarrow takes longer than many a check.
    """
    where = str(file)
    with seam(where, "it is no whole Parquet file"):
        query = f"SELECT name, num_children, precision FROM parquet_schema({literal(where)})"
        found = con.execute(query).fetchall()
    names: list[str] = []
    open_ = [1]  # how many children each level still waits for
    for name, children, precision in found:
        while open_ and not open_[-1]:
            open_.pop()
        if open_:
            open_[-1] -= 1
        if len(open_) == 2:
            names.append(name)
        if "\0" in name:
            raise BadInput(
                f"the column name {name[:80]!r} holds a NUL character", where=where, remedy="rename it"
            )
        if (precision or 0) > 38:
            raise BadInput(
                f"the column {name[:80]!r} holds decimals of more than 38 digits",
                where=where,
                remedy="store them with 38 digits, or as text",
            )
        if children:
            open_.append(children)
    return names


def _read_parquet(source: Source, partitions: bool) -> str:
    files = ", ".join(literal(str(f)) for f in source.files)
    union = ", union_by_name = true" if len(source.files) > 1 else ""
    return f"read_parquet([{files}], hive_partitioning = {str(partitions).lower()}{union})"


def _arrow(con: duckdb.DuckDBPyConnection, source: Source, asset: Asset, scratch: Path) -> DuckTable:
    import pyarrow as pa

    tables = []
    for file in source.files:
        with seam(str(file), "it is no whole Arrow file"):
            mapped = pa.memory_map(str(file))
            try:
                data = pa.ipc.open_file(mapped).read_all()
            except pa.ArrowInvalid:
                mapped.seek(0)
                data = pa.ipc.open_stream(mapped).read_all()
            data.validate(full=True)  # offsets and UTF-8 too: Arrow itself follows whatever they say
            tables.append(data)
    with seam(source.text, "the files do not go together"):
        whole = tables[0] if len(tables) == 1 else pa.concat_tables(tables, promote_options="default")
    data, problems = memory.to_arrow(whole)
    if not data.num_columns:
        raise BadInput("the Arrow file has no column", where=source.text)
    return ArrowTable(con, asset, data, problems)


def _duckdb(con: duckdb.DuckDBPyConnection, source: Source, asset: Asset, scratch: Path) -> DuckTable:
    databases.attach_duckdb(con, source.files[0], source.table, scratch)
    return DuckTable(con, asset)


def _sqlite(con: duckdb.DuckDBPyConnection, source: Source, asset: Asset, scratch: Path) -> DuckTable:
    return DuckTable(con, asset, databases.copy_sqlite(con, source.files[0], source.table))


_READERS: dict[str, Callable[..., DuckTable]] = {
    "csv": _text, "tsv": _text, "jsonl": _text, "parquet": _parquet, "arrow": _arrow, "duckdb": _duckdb,
    "sqlite": _sqlite,
}  # fmt: skip
