"""Records of logs written as Parquet: a file for each day, in row groups of bounded size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import groupby
from pathlib import Path
from typing import Any

from assay.engines.durable import sync
from assay.methods.logs.source import Source
from assay.methods.search.moments import written

ROWS = 50_000  # records that are held before they are written
BYTES = 48 << 20  # and their bytes
_OPEN = 48  # files open at once: a log of every day in ten years is written with them too
_TYPES = {
    "VARCHAR": "string", "BOOLEAN": "bool_", "BIGINT": "int64", "INTEGER": "int32", "SMALLINT": "int16",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Written:
    """A Parquet file: where it lies under its folder, its day, its rows and the first and last time in it."""

    file: str
    day: str
    rows: int
    first: str
    last: str


@dataclass
class _Open:
    writer: Any
    file: str
    day: str
    rows: int = 0
    first: Any = None
    last: Any = None


@dataclass
class Writer:
    """Writes records of one source below a folder; ``done`` gives what was written. name: how its files begin."""

    source: Source
    folder: Path
    name: str
    _rows: list[tuple[Any, ...]] = field(default_factory=list)
    _bytes: int = 0
    _open: dict[date, _Open] = field(default_factory=dict)
    _closed: list[Written] = field(default_factory=list)
    _count: int = 0

    def add(self, values: tuple[Any, ...], raw: bytes) -> None:
        """Take a record."""
        self._rows.append((*values, raw))
        self._bytes += len(raw)
        if len(self._rows) >= ROWS or self._bytes >= BYTES:
            self.flush()

    def flush(self) -> None:
        """Write what is held."""
        if not self._rows:
            return
        rows, self._rows, self._bytes = self._rows, [], 0
        days: dict[date, list[tuple[Any, ...]]] = {}
        for day, some in groupby(rows, _day):
            days.setdefault(day, []).extend(some)
        for day in sorted(days):
            self._write(day, days[day])

    def _write(self, day: date, rows: list[tuple[Any, ...]]) -> None:
        import pyarrow as pa

        schema = arrow_schema(self.source)
        values = list(zip(*rows, strict=True))
        table = pa.table([pa.array(v, f.type) for v, f in zip(values, schema, strict=True)], schema=schema)
        open_ = self._open.pop(day, None) or self._new(day)
        self._open[day] = open_  # the last that was used stands last
        open_.writer.write_table(table)
        first, last = min(values[0]), max(values[0])
        open_.rows += len(rows)
        open_.first = first if open_.first is None else min(open_.first, first)
        open_.last = last if open_.last is None else max(open_.last, last)

    def _new(self, day: date) -> _Open:
        if len(self._open) >= _OPEN:
            self._close(next(iter(self._open)))
        self._count += 1
        file = f"day={day.isoformat()}/{self.name}-{self._count:04d}.parquet"
        path = self.folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        return _Open(writer(path, self.source), file, day.isoformat())

    def _close(self, day: date) -> None:
        open_ = self._open.pop(day)
        open_.writer.close()
        sync(self.folder / open_.file)
        first, last = written(open_.first), written(open_.last)
        self._closed.append(Written(open_.file, open_.day, open_.rows, first, last))

    def done(self) -> list[Written]:
        """Write what is left, close and sync every file, and return them all."""
        self.flush()
        for day in list(self._open):
            self._close(day)
        return self._closed


def _day(row: tuple[Any, ...]) -> date:
    """Return the day of a record in UTC; its time stands first."""
    when: datetime = row[0]
    return (when if when.tzinfo is UTC else when.astimezone(UTC)).date()


def writer(path: Path, source: Source) -> Any:
    """Open a Parquet file of a source's records for writing."""
    import pyarrow.parquet as pq

    repeats = [c.name for c in source.all_columns() if c.repeats]
    how: dict[str, Any] = {"compression": "zstd", "compression_level": 1, "use_dictionary": repeats}
    return pq.ParquetWriter(path, arrow_schema(source), write_page_index=False, **how)


def arrow_schema(source: Source) -> Any:
    """Return the Arrow schema of a source's files."""
    import pyarrow as pa

    def kind(name: str) -> Any:
        return pa.timestamp("us", "UTC") if name.startswith("TIMESTAMP") else getattr(pa, _TYPES[name])()

    return pa.schema([(c.name, kind(c.type)) for c in source.all_columns()])


def without(path: Path, source: Source, rows: Sequence[int]) -> None:
    """Write a file anew without the rows at these places, counted from 0; it takes the old one's place when whole."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    gone, start = np.asarray(sorted(rows)), 0
    fresh = path.with_suffix(".new")
    with pq.ParquetFile(path) as held, writer(fresh, source) as out:
        for batch in held.iter_batches(ROWS):
            keep = np.ones(batch.num_rows, bool)
            inside = gone[(gone >= start) & (gone < start + batch.num_rows)] - start
            keep[inside] = False
            out.write_table(pa.table(batch.filter(pa.array(keep))))
            start += batch.num_rows
    sync(fresh)
    fresh.replace(path)
