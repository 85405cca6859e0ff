"""A CSV or Parquet file that is appended to, with its quarantine and the memory of its loads in files beside it.

Each is written beside and renamed: first the quarantine, then the memory, which says of which bytes it will be true, then
the store. Whoever is killed between has loaded nothing, and the next load of the same source replaces what it left.
"""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any

from assay.engines.blobs import digest_file
from assay.engines.gate.sink import RUN, Entry, Sink
from assay.engines.inplace import parquetfile
from assay.engines.inplace.csvfile import opened, sink
from assay.engines.inplace.files import put_over, writable, written
from assay.engines.inplace.place import changed_meanwhile
from assay.engines.tables import open_table, write_parquet
from assay.engines.tables.delimited import HEAD
from assay.engines.tables.dialect import sniff
from assay.engines.tables.seam import seam
from assay.kernel.errors import BadInput, UsageError

SCHEMA = "assay.loads/1"
_LARGEST = 16 << 20  # bytes of the memory of loads
_ROWS = 50_000


class FileSink(Sink):
    """One local file. format: csv, tsv or parquet."""

    def __init__(self, uri: str, path: Path, format: str, quarantine: str, scratch: Path) -> None:
        self.uri, self.path, self.format, self.scratch = uri, path.resolve(), format, scratch
        self.name = path.name
        stem, _, suffixes = path.name.partition(".")
        self.quarantine = quarantine or str(path.with_name(f"{stem}_quarantine.{suffixes}"))
        self._memory = self.path.with_name(f".{self.path.name}.loads.json")
        self._fresh: list[tuple[Path, Path]] = []
        self.columns, self._digest, self._rows = {}, "", 0
        self.takes = ("binary", "other") if format == "parquet" else ()
        if not self.path.exists():
            if not self.path.parent.is_dir():
                raise UsageError("there is no such folder", where=str(path.parent), remedy="make it first")
            return
        writable(self.path)
        self._digest = digest_file(self.path)
        with open_table(str(self.path), scratch=scratch / "store") as table:
            lost = [
                p
                for p in table.problems
                if p.rule in ("table.ragged_rows", "table.encoding", "table.rejected_rows")
            ]
            if lost:
                raise BadInput(
                    f"the store itself is not read whole: {lost[0].message}",
                    where=uri,
                    remedy="mend it first",
                )
            self.columns = {c.name: c.native for c in table.columns}
            self._rows = table.rows

    def loads(self) -> list[Entry]:
        """Return the loads of this file; one that was cut short before the file was renamed is none."""
        return [Entry.from_dict(r["load"]) for r in self._remembered()]

    def _remembered(self) -> list[dict[str, Any]]:
        if not self._memory.exists():
            return []
        try:
            with self._memory.open("rb") as source:
                found = json.loads(source.read(_LARGEST))
            rows = [r for r in found["loads"] if Entry.from_dict(r["load"])]
        except (OSError, ValueError, LookupError, TypeError):
            raise BadInput(
                "the memory of its loads cannot be read",
                where=str(self._memory),
                remedy="remove it, or restore it",
            ) from None
        if rows and rows[-1]["before"] == self._digest != rows[-1]["after"]:
            rows = rows[:-1]
        return rows

    def existing(self, to: Path) -> None:
        """Write what it holds as Parquet."""
        with open_table(str(self.path), scratch=self.scratch / "existing") as table:
            write_parquet(table, to)

    def append(
        self, clean: Path | None, quarantined: Path | None, columns: Mapping[str, str], entry: Entry
    ) -> None:
        """Write the files anew, beside those that are there."""
        with seam(self.uri, "the store cannot be written"):
            after = self._digest
            if quarantined is not None:
                held = Path(self.quarantine)
                _appended(self._beside(held), held, quarantined, without=entry.run)
            memory = self._beside(self._memory)
            if clean is not None:
                fresh = self._beside(self.path)
                _appended(fresh, self.path, clean)
                self._checked(fresh, entry.loaded)
                after = digest_file(fresh)
            rows = [*self._remembered(), {"load": entry.to_dict(), "before": self._digest, "after": after}]
            memory.write_text(
                json.dumps({"schema": SCHEMA, "loads": rows}, indent=1) + "\n", encoding="utf-8"
            )

    def _checked(self, fresh: Path, loaded: int) -> None:
        """BadInput where the file, read again, is of other types or has other rows than it should."""
        with open_table(str(fresh), scratch=self.scratch / "fresh", format=_format(self.path)) as table:
            kinds = {c.name: c.native for c in table.columns}
            same = table.rows == self._rows + loaded and (not self._rows or kinds == self.columns)
            if not same or (self.columns and list(kinds) != list(self.columns)):
                raise BadInput(
                    "with these rows the file would read differently, so nothing was loaded",
                    where=self.uri,
                    remedy="keep it as Parquet or in a database, which know their types",
                )

    def _beside(self, path: Path) -> Path:
        fresh = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.new")
        self._fresh.append((fresh, path))
        return fresh

    def commit(self) -> None:
        """Rename them: quarantine, memory, store."""
        if (digest_file(self.path) if self.path.exists() else "") != self._digest:
            raise changed_meanwhile(self.uri)
        for fresh, path in self._fresh:
            if path.exists():
                put_over(fresh, path)
                continue
            with fresh.open("rb") as done:
                os.fsync(done.fileno())
            fresh.replace(path)
        self._fresh = []

    def close(self) -> None:
        """Remove what was not renamed."""
        for fresh, _ in self._fresh:
            fresh.unlink(missing_ok=True)
        self._fresh = []


def _format(path: Path) -> str:
    low = path.name.lower()
    kind = (
        "parquet" if low.endswith((".parquet", ".pq")) else "tsv" if ".tsv" in low or ".tab" in low else "csv"
    )
    return f"{kind}.gz" if low.endswith(".gz") else kind


def _appended(to: Path, path: Path, rows: Path, without: str = "") -> None:
    """Write a file with rows behind its own. without: the run whose rows of before are left out."""
    if _format(path) == "parquet":
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
    tab = _format(path).startswith("tsv")
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
