"""All rows of a capture, gathered part by part in bounded memory, each column of the type that holds its values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.engines.capture.decoding import Key, Part
from assay.engines.capture.narrowing import Kind, as_kind, common, kind_of, narrowed

if TYPE_CHECKING:
    import pyarrow as pa

    from assay.engines.capture.records import Events

HELD = 1 << 30  # bytes of rows that are kept in memory; what is more goes to a file
_SIDES = (("i", "inputs"), ("o", "outputs"))
ABOUT = ("event", "inference", "time", "caller", "variant", "status")
TRUTH = "t"


@dataclass
class Prepared:
    """Rows of some events, ready to be taken: a table, and of each column its kind and key."""

    part: Part
    table: Any = None
    names: dict[str, Key] = field(default_factory=dict)
    kinds: dict[str, Kind] = field(default_factory=dict)
    events: int = 0


@dataclass
class Gathered:
    """Rows so far. kinds: of each column, of each part; texts: columns that turned out to be text, from a first reading."""

    scratch: Path
    texts: frozenset[str] = frozenset()
    parts: list[Any] = field(default_factory=list)  # tables, or paths of those that were put away
    kinds: dict[str, list[Kind]] = field(default_factory=dict)
    names: dict[str, Key] = field(default_factory=dict)
    header: tuple[str, ...] = ()  # names that a CSV payload gave the columns asked with
    lost: Counter[str] = field(default_factory=Counter)
    rows: int = 0
    events: int = 0
    held: int = 0
    features: tuple[str, ...] = ()  # names, in order, of what an endpoint of ours is asked with

    def prepared(self, part: Part) -> Prepared:
        """Return the rows of some events as a table, each column narrowed; any thread may."""
        import pyarrow as pa

        out = Prepared(part)
        columns = _about(part)
        for letter, side in _SIDES:
            held: dict[Key, Any] = getattr(part, side)
            known = (
                self.features if side == "inputs" and list(held) == list(range(len(self.features))) else ()
            )
            for at, (key, values) in enumerate(held.items()):
                name = known[at] if known else key
                self._one(columns, out, f"{letter}{name}", key, values)
                out.names[f"{letter}{name}"] = name
        if part.truth is not None:
            self._one(columns, out, TRUTH, TRUTH, part.truth)
        out.table = pa.table(columns)
        rows = out.table.num_rows
        out.events = len(part.events) if len(part.events) == rows else len(set(part.owner.tolist()))
        return out

    def _one(self, columns: dict[str, Any], out: Prepared, name: str, key: Key, values: Any) -> None:
        import pyarrow as pa

        if isinstance(values, pa.ChunkedArray):
            values = values.combine_chunks()
        kind: Kind
        if not pa.types.is_string(values.type):
            kind = kind_of(values.type)
        elif name in self.texts or (isinstance(key, str) and name != TRUTH):
            kind = "text" if values.null_count < len(values) else "empty"
        else:
            kind, values = narrowed(values)
        columns[name] = values
        out.names[name], out.kinds[name] = key, kind

    def add(self, prepared: Prepared) -> None:
        """Take rows that were prepared, after those that were taken before."""
        self.lost.update(prepared.part.lost)
        self.header = self.header or prepared.part.header
        for name, key in prepared.names.items():
            self.names.setdefault(name, key)
            self.kinds.setdefault(name, []).append(prepared.kinds[name])
        table = prepared.table
        self.rows += table.num_rows
        self.events += prepared.events
        self.keep(table)

    def keep(self, table: pa.Table) -> None:
        """Hold a part that is counted already, in memory or in a file."""
        self.held += table.nbytes
        self.parts.append(table)
        if self.held > HELD:
            self._put_away()

    def mistaken(self) -> frozenset[str]:
        """Return columns of which some parts were numbers and others were not: they are read once more, as text."""
        return frozenset(
            n
            for n, kinds in self.kinds.items()
            if n not in self.texts and common(kinds) == "text" and set(kinds) - {"text", "empty"}
        )

    def _put_away(self) -> None:
        import pyarrow as pa

        for i, part in enumerate(self.parts):
            if not isinstance(part, Path):
                path = self.scratch / f"part-{i}.arrow"
                with pa.OSFile(str(path), "wb") as out, pa.ipc.new_file(out, part.schema) as writer:
                    writer.write_table(part)
                self.parts[i] = path
        self.held = 0

    @property
    def spilled(self) -> bool:
        """Whether some of it lies in files."""
        return any(isinstance(p, Path) for p in self.parts)

    def schema(self) -> dict[str, Kind]:
        """Return each column of rows and its kind: inputs, outputs, the truth."""
        return {n: common(k) for n, k in self.kinds.items()}

    def tables(self) -> Iterator[pa.Table]:
        """Give everything, a part at a time, each column of the type of the whole."""
        import pyarrow as pa

        kinds = self.schema()
        for part in self.parts:
            if isinstance(part, Path):
                with pa.memory_map(str(part)) as mapped:
                    yield self._aligned(pa.ipc.open_file(mapped).read_all(), kinds)
            else:
                yield self._aligned(part, kinds)

    def whole(self) -> pa.Table:
        """Return everything in memory."""
        import pyarrow as pa

        tables = list(self.tables())
        self.parts = []
        return pa.concat_tables(tables).combine_chunks() if tables else pa.table({})

    def write(self, path: Path) -> None:
        """Write everything to a Parquet file, a part at a time."""
        import pyarrow.parquet as pq

        writer = None
        for part, table in zip(self.parts, self.tables(), strict=True):
            if isinstance(part, Path):
                part.unlink()
            if writer is None:
                writer = pq.ParquetWriter(path, table.schema, compression="zstd", compression_level=1)
            writer.write_table(table)
        if writer is not None:
            writer.close()
        self.parts = []

    def _aligned(self, table: pa.Table, kinds: dict[str, Kind]) -> pa.Table:
        import pyarrow as pa

        held = dict(zip(table.column_names, table.columns, strict=True))
        columns = {n: held[n].combine_chunks() for n in ABOUT}
        for name, kind in kinds.items():
            own = held[name].combine_chunks() if name in held else pa.nulls(table.num_rows)
            columns[name] = as_kind(own, kind)
        return pa.table(columns)


def _about(part: Part) -> dict[str, Any]:
    """Return what is known of each row's event."""
    import numpy as np
    import pyarrow as pa

    events = part.events
    columns = {
        "event": pa.array(events.ids, pa.string()),
        "inference": pa.array(events.inferences, pa.string()),
        "time": seconds(events),
        "caller": pa.array(events.callers, pa.string()),
        "variant": pa.array(events.variants, pa.string()),
        "status": pa.array(events.statuses, pa.int32()),
    }
    if len(part.owner) == len(events) and bool((part.owner == np.arange(len(events))).all()):
        return columns
    owner = pa.array(part.owner)
    return {n: c.take(owner) for n, c in columns.items()}


def seconds(events: Events) -> pa.Array:
    """Return when each event was, in seconds since 1970; null where it does not say."""
    import pyarrow as pa
    import pyarrow.compute as pc

    told = pa.array(events.moments, pa.float64())
    if not any(m <= 0 for m in events.moments):
        return told
    return pc.if_else(pc.greater(told, 0), told, _written(events.times))


def _written(texts: list[str]) -> pa.Array:
    """Return RFC 3339 times as seconds since 1970; null where a text is none."""
    import pyarrow as pa
    import pyarrow.compute as pc

    given = pa.array(texts, pa.string())
    try:
        stamps = given.cast(pa.timestamp("us", "UTC"))
    except pa.ArrowInvalid:
        from datetime import datetime

        out: list[float | None] = []
        for text in texts:
            try:
                out.append(datetime.fromisoformat(text).timestamp())
            except (ValueError, OverflowError):
                out.append(None)
        return pa.array(out, pa.float64())
    return pc.divide(stamps.cast(pa.int64()).cast(pa.float64()), 1e6)
