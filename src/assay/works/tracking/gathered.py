"""What a run's journal says, gathered in bounded memory: the latest of each name, and the series of each metric."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assay.kernel.asset import Asset
from assay.kernel.report import Chart, Metric
from assay.works.tracking.journal import Entry

DRAWN = 300  # points of a series that a chart shows, of which some may be left out
MOST_CHARTS = 24
_CHUNK = 100_000


@dataclass
class Series:
    """One metric over its steps. points: (step, value), thinned evenly to at most twice DRAWN."""

    count: int = 0
    last: float = math.nan
    low: float = math.inf
    high: float = -math.inf
    points: list[tuple[int, float]] = field(default_factory=list)
    _every: int = 1

    def add(self, step: int, value: float) -> None:
        """Take a point."""
        if self.count % self._every == 0 and math.isfinite(value):
            self.points.append((step, value))
            if len(self.points) > 2 * DRAWN:
                self.points, self._every = self.points[::2], self._every * 2
        self.count, self.last = self.count + 1, value
        if math.isfinite(value):
            self.low, self.high = min(self.low, value), max(self.high, value)

    def to_dict(self) -> dict[str, Any]:
        """Return it in a few numbers, as JSON."""
        known = self.low <= self.high
        last = self.last if math.isfinite(self.last) else None
        return {
            "points": self.count,
            "last": last,
            "min": self.low if known else None,
            "max": self.high if known else None,
        }


@dataclass
class Gathered:
    """All of it. data: of the tables among inputs and outputs, by digest, what is known of their columns."""

    params: dict[str, Any] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    inputs: list[Asset] = field(default_factory=list)
    outputs: list[Asset] = field(default_factory=list)
    data: dict[str, dict[str, Any]] = field(default_factory=dict)
    series: dict[str, Series] = field(default_factory=dict)

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """Return the last value of each metric."""
        return tuple(Metric.number(name, s.last) for name, s in self.series.items())

    @property
    def points(self) -> int:
        """Return how many values were logged."""
        return sum(s.count for s in self.series.values())

    def charts(self) -> list[Chart]:
        """Return a line a series over its steps; ``train/loss`` and ``valid/loss`` are drawn together."""
        groups: dict[str, list[tuple[str, Series]]] = {}
        for name, found in self.series.items():
            if len({step for step, _ in found.points}) > 1:
                before, _, base = name.rpartition("/")
                groups.setdefault(base, []).append((before or base, found))
        return [_chart(base, held) for base, held in list(groups.items())[:MOST_CHARTS]]


def _chart(name: str, held: list[tuple[str, Series]]) -> Chart:
    several = len(held) > 1
    rows = tuple(
        {"step": step, "value": value} | ({"series": one} if several else {})
        for one, found in held
        for step, value in found.points
    )
    said = "; ".join(
        f"{one}: last {found.last:.4g}, from {found.low:.4g} to {found.high:.4g}" for one, found in held[:6]
    )
    return Chart(name, "line", rows, "step", "value", "series" if several else None, x_title="step", alt=said)


def gather(entries: Iterable[Entry], to: Path | None = None) -> Gathered:
    """Gather a journal; every point of every metric goes to the Parquet file ``to``, where there is any."""
    out, rows = Gathered(), _Rows(to)
    for entry in entries:
        if entry.p:
            out.params |= entry.p
        if entry.g:
            out.tags |= entry.g
        for asset, held in ((entry.i, out.inputs), (entry.o, out.outputs)):
            if asset:
                made = Asset.from_dict(asset)
                held.append(made)
                if entry.d and made.digest:
                    out.data[made.digest] = entry.d
        if entry.m:
            for name, value in entry.m.items():
                number, series = float(value), out.series.setdefault(name, Series())
                step = series.count if entry.s is None else entry.s
                series.add(step, number)
                rows.add(name, step, entry.t, number)
    rows.close()
    return out


class _Rows:
    """Points on their way into a Parquet file: metric, step, time, value."""

    def __init__(self, to: Path | None) -> None:
        self.to = to
        self.writer: Any = None
        self.held: list[tuple[str, int, int, float]] = []

    def add(self, name: str, step: int, time: int, value: float) -> None:
        if self.to is not None:
            self.held.append((name, step, time, value))
            if len(self.held) >= _CHUNK:
                self._flush()

    def _flush(self) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        schema = pa.schema(
            [
                ("metric", pa.string()),
                ("step", pa.int64()),
                ("time", pa.timestamp("ms", "UTC")),
                ("value", pa.float64()),
            ]
        )
        columns = list(zip(*self.held, strict=True))
        batch = pa.Table.from_arrays(
            [pa.array(c, f.type) for c, f in zip(columns, schema, strict=True)], schema=schema
        )
        if self.writer is None:
            self.writer = pq.ParquetWriter(self.to, schema, compression="zstd")
        self.writer.write_table(batch)
        self.held = []

    def close(self) -> None:
        if self.held:
            self._flush()
        if self.writer is not None:
            self.writer.close()
