"""Some columns of a regular delimited file as a table of their own, in the types that the reader of tables would give them."""

# ruff: noqa: S608 - SQL is made here of our own words, quoted names and literals only
from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import IO

from assay.engines.inplace.cells import parts
from assay.engines.tables.delimited import typed
from assay.engines.tables.dialect import Dialect
from assay.engines.tables.handle import connect
from assay.engines.tables.seam import seam
from assay.methods.sqltext import literal, quoted


def write(
    source: IO[bytes], dialect: Dialect, names: Sequence[str], columns: Sequence[str], scratch: Path
) -> Path:
    """Write columns of a file as Parquet in ``scratch``, and return where; Irregular where its bytes do not tell its cells."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    scratch.mkdir(parents=True, exist_ok=True)
    raw, out = scratch / "raw.parquet", scratch / "columns.parquet"
    places = [names.index(c) for c in columns]
    schema = pa.schema([(c, pa.string()) for c in columns])
    with pq.ParquetWriter(raw, schema, compression="lz4", use_dictionary=False) as texts:
        for part in parts(source, dialect.delimiter.encode(), len(names)):
            held = pa.table([part.texts(p) for p in places], schema=schema)
            texts.write_table(held.slice(1) if part.first == 0 else held)
    con = connect(scratch, 2, "1GB", str(scratch / "typed.duckdb"))
    try:
        with seam(str(raw)):
            con.execute(f"CREATE TABLE raw AS SELECT * FROM read_parquet({literal(str(raw))})")
            candidates = [dialect.candidates[p] for p in places]
            typed(con, "raw", "data", columns, candidates)
            chosen = ", ".join(map(quoted, columns))
            con.execute(f"COPY (SELECT {chosen} FROM data) TO {literal(str(out))} (FORMAT parquet)")
    finally:
        con.close()
    raw.unlink()
    return out
