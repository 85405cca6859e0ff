"""Opened traffic: captured events read into rows, or a table that stands for them."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.engines.capture.decoding import decoded
from assay.engines.capture.gathering import ABOUT, TRUTH, Gathered, Prepared
from assay.engines.capture.lots import lots
from assay.engines.capture.sources import Manifest
from assay.kernel.asset import Asset
from assay.kernel.errors import BadInput, UsageError
from assay.kernel.handles import ColumnInfo, Table
from assay.kernel.report import Finding
from assay.kernel.severity import Severity
from assay.methods.payloads.captured import unnamed_outputs
from assay.methods.sqltext import literal, quoted

if TYPE_CHECKING:
    import pyarrow as pa

    from assay.engines.capture.kept import Kept
    from assay.engines.capture.records import Events

DAMAGED = "traffic.damaged"  # the rule of what could not be read, which makes coverage incomplete
LABEL = "truth"
_AHEAD = 2  # lots that are decoded and not yet taken apart
Labels = Callable[["Events"], None]  # fills in truths of events that came later


@dataclass(frozen=True)
class _Named:
    """Stored names of columns → what they are called: of features, of outputs, of the truth."""

    features: Mapping[str, str]
    outputs: Mapping[str, str]
    truth: Mapping[str, str]
    named: bool

    @property
    def all(self) -> dict[str, str]:
        """Return them in the order of a table."""
        return {**self.features, **self.outputs, **self.truth}


class CapturedTraffic:
    """A Traffic that was read from captured events. A context manager."""

    engine = "duckdb"

    def __init__(
        self,
        asset: Asset,
        gathered: Gathered,
        problems: Sequence[Finding],
        scratch: Path,
        manifest: Manifest,
        cores: int = 1,
        memory: str = "1GB",
    ) -> None:
        self.asset, self.problems, self.events = asset, tuple(problems), gathered.events
        self.asks = tuple(manifest.features)
        self._scratch, self._cores, self._memory = scratch, cores, memory
        self._names = _first_names(gathered)
        self._file = scratch / "traffic.parquet" if gathered.spilled else None
        self._data: pa.Table | None = None
        if self._file is not None:
            gathered.write(self._file)
        else:
            self._data = gathered.whole()
        self._opened: list[Any] = []
        for known in (gathered.header, manifest.features):
            if not self.named and len(known) == len(self._names.features) > 0:
                self._names = self._renamed(known)

    @property
    def _width(self) -> int:
        return len(self._names.features) + len(self._names.outputs)

    @property
    def features(self) -> tuple[str, ...]:
        """The names of the columns asked with."""
        return tuple(self._names.features.values())

    @property
    def outputs(self) -> tuple[str, ...]:
        """The names of the answers' columns."""
        return tuple(self._names.outputs.values())

    @property
    def named(self) -> bool:
        """Whether something named the columns."""
        return self._names.named

    @cached_property
    def table(self) -> Table:
        """The rows: features, outputs, truth."""
        from assay.engines.tables.handle import DATA, ArrowTable, DuckTable, connect

        if not self._names.all:
            raise BadInput(
                "no request in it was asked or answered with a value", where=self.asset.name,
                remedy="is it what an endpoint captured?",
            )  # fmt: skip
        con = connect(self._scratch, self._cores, self._memory)
        asset = replace(self.asset, kind="table")
        if self._data is not None:
            data = self._data.select(list(self._names.all)).rename_columns(list(self._names.all.values()))
            table: DuckTable = ArrowTable(con, asset, data)
        else:
            chosen = ", ".join(f"{quoted(k)} AS {quoted(v)}" for k, v in self._names.all.items())
            source = f"read_parquet({literal(str(self._file))})"
            con.execute(f"CREATE VIEW {DATA} AS SELECT {chosen} FROM {source}")  # noqa: S608 - quoted names
            table = DuckTable(con, asset, (), [self._file] if self._file else [])
        self._opened.append(table)
        return table

    @property
    def columns(self) -> tuple[ColumnInfo, ...]:
        """Those of the table; none where no request holds a value."""
        return self.table.columns if self._names.all else ()

    @cached_property
    def about(self) -> pa.Table:
        """Where each row is from."""
        if self._data is not None:
            return self._data.select(list(ABOUT))
        import pyarrow.parquet as pq

        return pq.read_table(self._file, columns=list(ABOUT))

    def renamed(self, names: Sequence[str]) -> CapturedTraffic:
        """Return it with the names of a baseline, where its own columns have none."""
        import copy

        if self.named:
            return self
        other = copy.copy(self)
        for cached in ("table", "about"):
            other.__dict__.pop(cached, None)
        other._names = self._renamed(names)
        return other

    def _renamed(self, names: Sequence[str]) -> _Named:
        features, outputs = self._names.features, self._names.outputs
        if len(names) == len(features):
            answered = dict(outputs)
            asked = dict(zip(features, names, strict=True))
        elif len(names) == self._width:
            answered = dict(zip(outputs, names, strict=False))
            asked = dict(zip(features, names[len(outputs) :], strict=True))
        else:
            raise UsageError(
                f"{len(names)} names do not fit the capture, which has {len(outputs)} columns of answers and "
                f"{len(features)} of input",
                where=self.asset.name,
                remedy="name the answer's columns first, then the input's, in their order",
            )
        return _Named(asked, _apart(answered, asked), self._names.truth, True)

    def close(self) -> None:
        """Let go of what was opened."""
        for table in self._opened:
            table.close()
        self._data = None

    def __enter__(self) -> CapturedTraffic:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _apart(names: Mapping[str, str], taken: Mapping[str, str]) -> dict[str, str]:
    """Return names of outputs that none of the features has."""
    held, out = {n.lower() for n in taken.values()} | {LABEL}, {}
    for key, name in names.items():
        fresh, count = name, 0
        while fresh.lower() in held:
            count += 1
            fresh = f"{name}_answer{count if count > 1 else ''}"
        held.add(fresh.lower())
        out[key] = fresh
    return out


def _first_names(gathered: Gathered) -> _Named:
    """Return the names that the capture itself gives, and ``_c0``, ``_c1``, … by place where it gives none."""
    held = {side: [n for n in gathered.names if n[0] == side and n != TRUTH] for side in "io"}
    keys = {
        side: sorted(
            names,
            key=lambda n: (isinstance(gathered.names[n], str), gathered.names[n] if isinstance(gathered.names[n], int) else 0),
        )
        for side, names in held.items()
    }  # fmt: skip
    named = any(isinstance(gathered.names[n], str) for n in keys["i"])
    first = len(keys["o"])
    asked = {
        n: str(gathered.names[n]) if isinstance(gathered.names[n], str) else f"_c{first + i}"
        for i, n in enumerate(keys["i"])
    }
    asked = _unlike(asked)
    unnamed = unnamed_outputs(len(keys["o"]))
    answered = {
        n: str(gathered.names[n]) if isinstance(gathered.names[n], str) else unnamed[i]
        for i, n in enumerate(keys["o"])
    }
    truth = {TRUTH: LABEL} if TRUTH in gathered.names else {}
    return _Named(asked, _apart(answered, asked), truth, named)


def _unlike(names: Mapping[str, str]) -> dict[str, str]:
    """Return names of which no two are the same whatever their case, and none is that of the truth."""
    held, out = {LABEL}, {}
    for key, name in names.items():
        fresh, count = name or "column", 0
        while fresh.lower() in held:
            count += 1
            fresh = f"{name}_{count}"
        held.add(fresh.lower())
        out[key] = fresh
    return out


class TableTraffic:
    """A Traffic that is a plain table, as a batch transform leaves one: answers and truth are told by their names."""

    named = True
    asks: tuple[str, ...] = ()

    def __init__(self, table: Any, asset: Asset) -> None:
        self.table, self.asset = table, asset
        self.problems, self.engine, self.columns = table.problems, table.engine, table.columns
        names = [c.name for c in table.columns]
        self.outputs = tuple(n for n in names if n in ("prediction", "score") or n.startswith("score_"))
        self.features = tuple(n for n in names if n not in self.outputs and n != LABEL)

    @property
    def events(self) -> int:
        """A row is an event."""
        return int(self.table.rows)

    @cached_property
    def about(self) -> pa.Table:
        """Nothing is known of where the rows are from but their number."""
        import pyarrow as pa

        rows = self.events
        texts = pa.repeat("", rows)
        times, states = pa.nulls(rows, pa.float64()), pa.repeat(200, rows).cast(pa.int32())
        return pa.table(dict(zip(ABOUT, (texts, texts, times, texts, texts, states), strict=True)))

    def renamed(self, names: Sequence[str]) -> TableTraffic:
        """Return itself: a table names its columns."""
        return self

    def close(self) -> None:
        """Let go of the table."""
        self.table.close()


def open_traffic(
    asset: Asset,
    manifest: Manifest,
    *,
    scratch: Path,
    secret: bytes | None = None,
    labels: Labels | None = None,
    cores: int = 1,
    memory: str = "1GB",
    kept: Kept | None = None,
) -> CapturedTraffic:
    """Read captured events. secret: of the home, where it is encrypted; labels: fills in ground truth that came by itself.

    kept: where the rows of the same bytes may lie already, and are kept for whoever looks at them next.

    BadInput where no event is in it at all; what is damaged is told among its problems.
    """

    def read() -> Gathered:
        gathered = _gathered(manifest, scratch, frozenset(), secret, labels)
        mistaken = gathered.mistaken()
        return _gathered(manifest, scratch, mistaken, secret, labels) if mistaken else gathered

    gathered = kept.rows(scratch, read) if kept is not None else read()
    if not gathered.rows:
        lost = "; ".join(f"{n:,} × {why}" for why, n in gathered.lost.most_common(3))
        raise BadInput(
            f"no captured event is there{': ' + lost if lost else ''}",
            where=manifest.root,
            remedy="look at the period that is asked for, and at the files",
        )
    return CapturedTraffic(asset, gathered, _told(gathered.lost), scratch, manifest, cores, memory)


def _gathered(
    manifest: Manifest, scratch: Path, texts: frozenset[str], secret: bytes | None, labels: Labels | None
) -> Gathered:
    """Read every file; what was read is taken apart by another thread, in Arrow, while the next is decoded."""
    from concurrent.futures import Future, ThreadPoolExecutor

    gathered, widths = Gathered(scratch, texts, features=tuple(manifest.features)), dict[str, int]()
    ahead: deque[Future[Prepared]] = deque()

    def apart(events: Events) -> Prepared:
        if labels is not None:
            labels(events)
        return gathered.prepared(decoded(events, widths, manifest.features))

    with ThreadPoolExecutor(1) as pool:
        for events, lost in lots(manifest, secret):
            gathered.lost.update(lost)
            if not len(events):
                continue
            ahead.append(pool.submit(apart, events))
            if len(ahead) > _AHEAD:
                gathered.add(ahead.popleft().result())
        while ahead:
            gathered.add(ahead.popleft().result())
    return gathered


def _told(lost: Counter[str]) -> list[Finding]:
    return [
        Finding(
            DAMAGED,
            Severity.MEDIUM,
            f"{count:,} times {why}, and it was left out.",
            {"field": why},
            "look at who writes the capture, and whether files were cut short",
            count=count,
        )
        for why, count in sorted(lost.items())
    ]
