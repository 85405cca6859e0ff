"""Records that were taken before, found by their own names, and taken out of the files just written."""

# ruff: noqa: S608 - SQL is made here of quoted names
from __future__ import annotations

from collections import defaultdict
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
        found = con.execute(
            f"SELECT filename, place FROM (SELECT *, {known} AS old, row_number() OVER (PARTITION BY id ORDER BY filename, place) AS nth"
            f" FROM fresh WHERE id IN (SELECT id FROM twice) OR {known}) WHERE old OR nth > 1"
        ).fetchall()
    gone: dict[Path, list[int]] = defaultdict(list)
    for name, place in found:
        gone[Path(name)].append(place)
    for path, places in gone.items():
        without(path, source, places)
    return {path: len(places) for path, places in gone.items()}


def _read(paths: Sequence[Path]) -> str:
    names = ", ".join(literal(str(p)) for p in paths)
    return f"read_parquet([{names}], filename = true, file_row_number = true, hive_partitioning = false)"
