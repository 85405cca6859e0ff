"""Writing tables: Parquet for what is kept, and what a person asked for by its suffix."""

# ruff: noqa: S608 - SQL is made here of our own words, quoted names and literals only
from __future__ import annotations

import gzip
import shutil
import uuid
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.engines.tables.seam import seam
from assay.kernel.errors import UsageError

if TYPE_CHECKING:
    import pyarrow


def write_parquet(data: Any, path: Path) -> None:
    """Write an Arrow, pandas or polars table, an ibis expression, record batches or an opened Table as Parquet.

    The same content gives the same bytes: no name, time or machine goes into the file.
    """
    import pyarrow.parquet as pq

    with seam(str(path), "the table cannot be written"):
        schema, batches = _batches(data)
        with pq.ParquetWriter(
            path, schema.remove_metadata(), compression="zstd", compression_level=1, store_schema=False
        ) as out:
            held: list[pyarrow.RecordBatch] = []
            rows = 0
            for batch in batches:
                held.append(batch)
                rows += batch.num_rows
                if rows >= 131_072:
                    _flush(out, held)
                    held, rows = [], 0
            _flush(out, held)


def _flush(out: Any, held: list[pyarrow.RecordBatch]) -> None:
    import pyarrow as pa

    if held:
        whole = pa.Table.from_batches(held).replace_schema_metadata(None).combine_chunks()
        out.write_table(whole, row_group_size=131_072)


def _batches(data: Any) -> tuple[pyarrow.Schema, Iterable[pyarrow.RecordBatch]]:
    import pyarrow as pa

    if hasattr(data, "to_pyarrow_batches"):  # an ibis expression
        reader = data.to_pyarrow_batches(chunk_size=65_536)
        return reader.schema, reader
    if hasattr(data, "batches") and hasattr(data, "asset"):  # an opened Table
        return data.arrow(limit=0).schema, data.batches()
    if isinstance(data, pa.RecordBatchReader):
        return data.schema, data
    if not isinstance(data, pa.Table):
        from assay.engines.tables.memory import to_arrow

        data, _ = to_arrow(data)
    return data.schema, data.to_batches(max_chunksize=65_536)


_KINDS = {
    ".csv": "csv", ".csv.gz": "csv", ".tsv": "tsv", ".tsv.gz": "tsv", ".parquet": "parquet", ".pq": "parquet",
    ".jsonl": "jsonl", ".jsonl.gz": "jsonl", ".ndjson": "jsonl", ".arrow": "arrow", ".feather": "arrow",
}  # fmt: skip


def export(source: str | Path, out: Path) -> None:
    """Write a table (a path, in any format that is read) to ``out`` in the format of its suffix.

    It is written beside and renamed, so that ``out`` is whole or not there.
    """
    low = out.name.lower()
    suffix = "".join(Path(low).suffixes[-2:]) if low.endswith(".gz") else Path(low).suffix
    kind = _KINDS.get(suffix)
    if kind is None:
        raise UsageError(
            f"{out.name} names no format of tables",
            remedy="end it in .csv, .csv.gz, .parquet, .jsonl or .arrow",
        )
    fresh = out.with_name(f".{out.name}.{uuid.uuid4().hex[:8]}")
    try:
        with seam(str(out), "the table cannot be written"):
            _write(str(source), fresh, kind)
            if suffix.endswith(".gz"):
                packed = fresh.with_name(fresh.name + ".gz")
                with (
                    fresh.open("rb") as plain,
                    packed.open("wb") as raw,
                    gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0) as zipped,
                ):
                    shutil.copyfileobj(plain, zipped, 1 << 20)
                packed.replace(fresh)
            fresh.replace(out)
    finally:
        fresh.unlink(missing_ok=True)


def _write(source: str, target: Path, kind: str) -> None:
    from assay.engines.tables.handle import DATA
    from assay.engines.tables.opening import open_table
    from assay.methods.sqltext import literal

    scratch = target.with_name(target.name + ".scratch")
    scratch.mkdir()
    try:
        with open_table(source, scratch=scratch) as table:
            if kind in ("parquet", "arrow"):
                if kind == "parquet":
                    write_parquet(table, target)
                    return
                import pyarrow as pa

                schema = table.arrow(limit=0).schema
                with pa.OSFile(str(target), "wb") as sink, pa.ipc.new_file(sink, schema) as out:
                    for batch in table.batches():
                        out.write_batch(batch)
                return
            how = {
                "csv": "FORMAT csv, HEADER true, DELIMITER ','",
                "tsv": "FORMAT csv, HEADER true, DELIMITER '\t'",
                "jsonl": "FORMAT json",
            }[kind]
            table.execute(f"COPY (SELECT * FROM {DATA}) TO {literal(str(target))} ({how})")
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
