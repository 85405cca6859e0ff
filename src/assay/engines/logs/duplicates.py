"""Records that were taken before, found by their own names, and taken out of the files just written."""

# ruff: noqa: S608 - SQL is made here of quoted names
from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from assay.engines.logs.parquet import without
from assay.methods.logs.source import Source
from assay.methods.sqltext import literal


def drop(
    fresh: Sequence[Path], held: Sequence[Path], source: Source, memory: str, scratch: Path
) -> dict[Path, int]:
    """Take out of ``fresh`` every record whose name stands in ``held``, or in ``fresh`` before it; return how many of which."""
    import duckdb

    if not fresh:
        return {}
    with duckdb.connect(config={"memory_limit": memory, "temp_directory": str(scratch)}) as con:
        con.execute(
            f"CREATE VIEW fresh AS SELECT id, filename, file_row_number AS place FROM {_read(fresh)} WHERE id IS NOT NULL"
        )
        con.execute("CREATE TEMP TABLE twice AS SELECT id FROM fresh GROUP BY id HAVING count(*) > 1")
        known = "false"
        if held:
            con.execute(
                f"CREATE TEMP TABLE known AS SELECT DISTINCT id FROM fresh SEMI JOIN (SELECT id FROM {_read(held)}) USING (id)"
            )
            known = "id IN (SELECT id FROM known)"
        con.execute(
            f"CREATE TEMP TABLE gone AS SELECT filename, place FROM (SELECT *, {known} AS old, row_number() OVER (PARTITION BY id ORDER BY filename, place) AS nth"
            f" FROM fresh WHERE id IN (SELECT id FROM twice) OR {known}) WHERE old OR nth > 1"
        )
        names = [name for (name,) in con.execute("SELECT DISTINCT filename FROM gone ORDER BY 1").fetchall()]
        out: dict[Path, int] = {}
        for name in names:  # a file at a time: of logs that were read twice every record is one
            rows = con.execute("SELECT place FROM gone WHERE filename = ?", [name]).fetchall()
            places = [place for (place,) in rows]
            without(Path(name), source, places)
            out[Path(name)] = len(places)
    return out


def _read(paths: Sequence[Path]) -> str:
    names = ", ".join(literal(str(p)) for p in paths)
    return f"read_parquet([{names}], filename = true, file_row_number = true, hive_partitioning = false)"
