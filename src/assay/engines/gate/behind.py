"""Rows written behind those of a CSV or Parquet file, in the file's own delimiter, line ends, codecs and schema."""

from __future__ import annotations

import csv
import io
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from assay.engines.gate.sink import RUN
from assay.engines.inplace import parquetfile
from assay.engines.inplace.csvfile import opened, sink
from assay.engines.inplace.files import written
from assay.engines.tables.delimited import HEAD
from assay.engines.tables.dialect import sniff

_ROWS = 50_000


def format_of(path: Path) -> str:
    """Return a file's format by its name, as a reader of tables takes it."""
    low = path.name.lower()
    kind = (
        "parquet" if low.endswith((".parquet", ".pq")) else "tsv" if ".tsv" in low or ".tab" in low else "csv"
    )
    return f"{kind}.gz" if low.endswith(".gz") else kind


def appended(to: Path, path: Path, rows: Path, without: str = "") -> None:
    """Write a file with rows behind its own. without: the run whose rows of before are left out."""
    if format_of(path) == "parquet":
        _parquet(to, path, rows, without)
    else:
        _delimited(to, path, rows, without)


def _parquet(to: Path, path: Path, rows: Path, without: str) -> None:
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    if not path.exists():
        shutil.copyfile(rows, to)
        return
    with pq.ParquetFile(path) as old, pq.ParquetFile(rows) as new:
        about, schema = old.metadata, old.schema_arrow
        with pq.ParquetWriter(
            to,
            schema,
            version=parquetfile.version(about),
            compression=parquetfile.codecs(about) or "snappy",
            use_dictionary=parquetfile.dictionaries(about) if about.num_row_groups else True,
            store_schema=b"ARROW:schema" in (about.metadata or {}),
        ) as out:
            for number in range(about.num_row_groups):
                group = old.read_row_group(number)
                if without:
                    group = group.filter(pc.not_equal(group[RUN], without))
                if group.num_rows:
                    out.write_table(group, row_group_size=group.num_rows)
            for batch in new.iter_batches(batch_size=131_072):
                import pyarrow as pa

                part = pa.Table.from_batches([batch]).select(schema.names)
                out.write_table(part.cast(schema))


def _delimited(to: Path, path: Path, rows: Path, without: str) -> None:
    tab = format_of(path).startswith("tsv")
    packed = path.name.lower().endswith(".gz")
    names = _names(rows)
    with sink(to, packed) as out:
        delimiter, end = ("\t" if tab else ","), "\n"
        if path.exists():
            with opened(path) as source:
                data = source.read(HEAD)
            found = sniff(data.decode("utf-8", "replace"), whole=True, delimiter="\t" if tab else "")
            delimiter, end = found.delimiter, "\r\n" if b"\r\n" in data[:65_536] else "\n"
            last = b"\n"
            with opened(path) as source:
                for part in (
                    _kept(source, without, delimiter) if without else iter(lambda: source.read(1 << 20), b"")
                ):
                    out.write(part)
                    last = part
            if not last.endswith(b"\n"):
                out.write(end.encode())
            names = [h.strip() for h in found.header] if not without else names
        else:
            out.write(_line([names], delimiter, end))
        for part in _lines(rows, names, delimiter, end):
            out.write(part)


def _kept(source: IO[bytes], run: str, delimiter: str) -> Iterator[bytes]:
    """Give the records of a quarantine but for those of a run, which is its last column."""
    from assay.engines.inplace.csvfile import records

    tail = f"{delimiter}{run}".encode()
    for record in records(source):
        if not record.rstrip(b"\r\n").endswith(tail):
            yield record


def _names(rows: Path) -> list[str]:
    import pyarrow.parquet as pq

    return list(pq.ParquetFile(rows).schema_arrow.names)


def _lines(rows: Path, names: list[str], delimiter: str, end: str) -> Iterator[bytes]:
    import pyarrow.parquet as pq

    with pq.ParquetFile(rows) as source:
        held = {n.lower(): n for n in source.schema_arrow.names} | {n: n for n in source.schema_arrow.names}
        order = [held.get(n) or held[n.lower()] for n in names]
        for batch in source.iter_batches(batch_size=_ROWS):
            columns = [written(batch.column(n)).to_pylist() for n in order]
            yield _line(zip(*columns, strict=True), delimiter, end)


def _line(rows: Any, delimiter: str, end: str) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, lineterminator=end).writerows(rows)
    return text.getvalue().encode()
