"""The gate before a store: a source's rows sorted by rules, the clean ones loaded, the others quarantined, in one act.

Rows in are rows loaded and rows quarantined, always. The store itself remembers what was loaded into it, so that the same
bytes are recognised with a home or without; in a home the load is an action, an event and two edges of the lineage.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.engines.tables.source import DATABASES
from assay.kernel.action import Action, Begun, Made, Settled
from assay.kernel.asset import Asset
from assay.kernel.canonical import sha256
from assay.kernel.errors import AssayError, Missing, UsageError
from assay.works.work import utc_now

if TYPE_CHECKING:
    from assay.engines.gate import Rulebook, Sink, Sorted
    from assay.engines.tables.handle import DuckTable
    from assay.office.actions import ActionRecord
    from assay.works.home import Home

NAME = "data.load"
SCHEMA = "assay.load/1"
_TOLD = 20  # rows that are told with their reasons


@dataclass(frozen=True)
class Order:
    """What a person asked for. mode: append or create. again: a source that was loaded before is loaded once more."""

    source: str
    into: str
    rules: tuple[Path, ...] = ()
    tables: Mapping[str, str] = field(default_factory=dict)
    mode: str = "append"
    quarantine: str = ""
    again: bool = False


def load(home: Home | None, order: Order, actor: str = "") -> dict[str, Any]:
    """Load a source into a store and return what became of it, ``assay.load/1``; in a home it is an action."""
    from assay.engines.tables import pin

    if not order.rules:
        raise UsageError(
            "by which rules?", remedy="say --rules FILE; `assay check data.quality --suggest` writes some"
        )
    source = pin(order.source)
    if home is None:
        from assay.works.home import loose_scratch

        with loose_scratch() as scratch:
            return _carried_out(order, source, scratch)
    from assay.office import actions

    act = Load(home, order, source, actor or home.actor)
    record = actions.carry_out(home.office, act)
    return {**(act.told or dict(record.detail)), "event": record.event}


class Load(Action):
    """One load, remembered by the store in the same transaction as its rows."""

    name = NAME

    def __init__(self, home: Home, order: Order, source: Asset, actor: str, key: str = "") -> None:
        self.home, self.asked, self.source, self.actor = home, order, source, actor
        self.subject = located(order.into)
        self.told: dict[str, Any] | None = None
        self.key = (
            key
            or f"{NAME}/{source.digest or source.uri}/{hashlib.sha256(f'{self.subject}{utc_now()}'.encode()).hexdigest()[:16]}"
        )
        rules = {f"rules:{r.name}": sha256(r.read_bytes()) for r in order.rules if r.is_file()}
        self.inputs = {"source": source.digest or source.uri, **rules}
        self.order = {
            "source": order.source,
            "into": order.into,
            "quarantine": order.quarantine,
            "digest": source.digest,
            "at": utc_now(),
        }

    def authorise(self) -> None:
        """Whether the store takes it is told by opening it, which is the first thing that is done."""

    def do(self, begun: Begun) -> Made:
        """Sort and load."""
        with self.home.scratch() as scratch:
            self.told = _carried_out(self.asked, self.source, scratch)
        return self.told

    def happened(self, begun: Begun) -> Made | None:
        """Whether the store remembers a load of these bytes since it was begun."""
        from assay.engines.gate import open_sink

        with (
            self.home.scratch() as scratch,
            open_sink(self.asked.into, quarantine=self.asked.quarantine, scratch=scratch) as sink,
        ):
            found = [
                e for e in sink.loads() if e.source == self.asked.source and e.at >= str(self.order["at"])
            ]
            where = sink.quarantine
        if not found:
            return None
        return _summary(found[-1].to_dict(), self.asked, where, ())

    def settle(self, tx: Any, made: Made) -> Settled:
        """Remember source, store and quarantine, and that the latter are made of the former."""
        from assay.office import catalogue
        from assay.office.runs import Edge, edge

        source = (
            replace(self.source, uri=located(self.asked.source))
            if "://" not in self.source.uri
            else self.source
        )
        catalogue.put(tx, source)
        begin = source.digest or source.uri
        for part, n in (("store", made["loaded"]), ("quarantine", made["quarantined"])):
            uri = str(made[part])
            held = Asset("table", _name(uri), uri, str(made.get(f"{part}_digest") or ""))
            catalogue.put(tx, held)
            if n:
                edge(tx, Edge(begin, source.name, held.digest or held.uri, held.name, NAME, ""))
        detail = {k: v for k, v in made.items() if k not in ("rows_told", "schema")}
        return Settled(self.subject, dict(self.inputs), detail)


def recalled(home: Home, record: ActionRecord) -> Action | None:
    """Return a load as it was begun."""
    kept = {n: str(record.order.get(n, "")) for n in ("source", "into", "quarantine")}
    order = Order(kept["source"], kept["into"], quarantine=kept["quarantine"])
    source = Asset("table", _name(order.source), order.source, str(record.order["digest"]))
    act = Load(home, order, source, record.actor, record.key)
    act.order, act.inputs = dict(record.order), dict(record.inputs)
    return act


def located(source: str) -> str:
    """Return a source or store as it is named from anywhere, whether it is there yet or not."""
    if "://" in source:
        return source
    path, twice, table = source.partition("::")
    return f"{Path(path).resolve()}{twice}{table}"


def _name(uri: str) -> str:
    return uri.partition("::")[2].rpartition(".")[2] if "::" in uri else Path(uri).name


def _carried_out(order: Order, source: Asset, scratch: Path) -> dict[str, Any]:
    from assay.engines.gate import Entry, Rulebook, open_sink, sort

    with (
        _opened(order, scratch) as table,
        open_sink(order.into, quarantine=order.quarantine, scratch=scratch / "sink") as sink,
    ):
        digest = source.digest
        if not digest or source.format in DATABASES:  # a file of several tables changes with any of them
            digest = _content(table)
        _apart(order, sink)
        _mode(order, sink)
        _taken(table, sink, order)
        run = _run(order, sink, digest)
        rules = _with_keys(Rulebook.read(order.rules, [c.name for c in table.columns]), sink)
        lost = _whole(table)
        now = utc_now()
        found = sort(
            table,
            rules,
            columns=sink.columns,
            required=sink.required,
            existing=sink.existing if sink.exists else None,
            tables={**{n: str(p) for n, p in rules.tables.items()}, **order.tables},
            scratch=scratch / "sort",
            now=now,
        )
        kept_out = len(found.reasons)
        name = order.into.partition("::")[2] or sink.name
        entry = Entry(run, sink.name, order.source, digest, now, found.rows, found.rows - kept_out, kept_out)
        held = _quarantined(table, found, entry, scratch) if kept_out else None
        sink.append(found.clean, held, found.columns, entry)
        sink.commit()
        where = sink.quarantine
    told = _summary(entry.to_dict() | {"table": name}, order, where, _by_rule(found))
    told |= {
        "held": [{"rule": r, "why": w} for r, w in found.held],
        "rows_told": _first(found),
        "unread": lost,
    }
    return told | _digests(told)


@contextlib.contextmanager
def _opened(order: Order, scratch: Path) -> Iterator[DuckTable]:
    """Open the source; one that lies in a server, or in the very file that is loaded into, is copied here first."""
    from assay.engines.tables import open_table, write_parquet

    path, _, _ = located(order.source).partition("::")
    own = path == located(order.into).partition("::")[0]
    copy = scratch / "source.parquet"
    with open_table(order.source, scratch=scratch / "source") as table:
        if table.engine == "duckdb" and not own:
            yield table
            return
        write_parquet(table, copy)
    with open_table(str(copy), scratch=scratch / "copied") as table:
        yield table


def _taken(table: DuckTable, sink: Sink, order: Order) -> None:
    """UsageError where a column is of a type that the store cannot keep as it is."""
    for column in table.columns:
        if column.type in ("binary", "other") and column.type not in sink.takes:
            what = "bytes" if column.type == "binary" else "lists or objects"
            raise UsageError(
                f"the column {column.name!r} holds {what}, which this store cannot keep as they are",
                where=order.into,
                remedy="load it into Parquet or DuckDB, or leave the column out",
            )


def _apart(order: Order, sink: Sink) -> None:
    """UsageError where the quarantine is something else already: what is kept out would be lost, or lie over it."""
    from assay.engines.gate.sink import LOADS

    if "::" in order.into:
        held = sink.quarantine.lower()
        taken = held in (sink.name.lower(), LOADS) or sink.name.lower() == LOADS
    else:
        place, store = Path(sink.quarantine), Path(order.into).resolve()
        memory = store.with_name(f".{store.name}.loads.json")
        others = [store, memory, Path(order.source.partition("::")[0]), *order.rules]
        taken = place.is_symlink() or (place.exists() and not place.is_file())
        taken |= any(place.resolve() == o.resolve() for o in others)
        taken |= place.exists() and any(o.exists() and place.samefile(o) for o in others)
    if taken:
        raise UsageError(
            f"{sink.quarantine!r} is no place of its own for rows that are kept out of {sink.name!r}",
            where=order.into,
            remedy="name another table or file with --quarantine",
        )


def _content(table: DuckTable) -> str:
    """Return the digest of what a source holds, where its bytes cannot be pinned."""
    from assay.engines.inplace.place import content_digest
    from assay.engines.inplace.rows import row_hashes
    from assay.engines.tables.handle import DATA

    columns = [c.name for c in table.columns]
    return content_digest(columns, row_hashes(table.connection, DATA, columns)[1])


def _mode(order: Order, sink: Sink) -> None:
    if order.mode == "create" and sink.exists:
        raise UsageError("the store is already there", where=order.into, remedy="append to it: --mode append")
    if order.mode == "append" and not sink.exists:
        raise Missing(
            "there is no such store yet", where=order.into, remedy="make it of this source: --mode create"
        )


def _run(order: Order, sink: Sink, digest: str) -> str:
    """Return the name of this load: made of the source and the store, so that one that was cut short is the same again."""
    before = [e for e in sink.loads() if e.digest == digest]
    if before and not order.again:
        last = before[-1]
        raise UsageError(
            f"these very rows went through the gate at {last.at} ({last.run}: {last.loaded:,} loaded, "
            f"{last.quarantined:,} quarantined)",
            where=order.source,
            remedy="--again loads them once more",
        )
    name = hashlib.sha256(f"{digest}/{sink.name}".encode()).hexdigest()[:10]
    return f"load-{name}-{len(before) + 1}"


def _with_keys(rules: Rulebook, sink: Sink) -> Rulebook:
    """Add that what the store itself holds unique stays so."""
    from assay.methods.quality.rule import Rule

    stated = {r.columns for r in rules.quality if r.kind == "unique"}
    more = [
        Rule("unique", f"key {', '.join(k)}", k, given={"whole": True})
        for k in sink.keys
        if tuple(k) not in stated
    ]
    return replace(rules, quality=(*rules.quality, *more)) if more else rules


def _whole(table: DuckTable) -> list[dict[str, Any]]:
    """UsageError where lines of the source are no rows at all: what cannot be read can be neither loaded nor quarantined."""
    from assay.works.examine import LEFT_OUT

    lost = [p for p in table.problems if p.rule in LEFT_OUT]
    if lost:
        raise UsageError(
            f"{lost[0].message}", where=table.asset.uri, remedy=lost[0].remedy or "correct those lines"
        )
    return [{"rule": p.rule, "message": p.message} for p in table.problems]


def _quarantined(table: DuckTable, found: Sorted, entry: Any, scratch: Path) -> Path:
    """Write the rows that are kept out, as text, with why, whence and when."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from assay.engines.gate import sink
    from assay.engines.inplace.files import written

    path = scratch / "quarantined.parquet"
    fields = [*((c.name, pa.string()) for c in table.columns), (sink.RULES, pa.string()), (sink.REASONS, pa.string()),
              (sink.SOURCE, pa.string()), (sink.ROW, pa.int64()), (sink.WHEN, pa.string()), (sink.RUN, pa.string())]  # fmt: skip
    first = 1
    with pq.ParquetWriter(path, pa.schema(fields), compression="zstd") as out:
        for batch in table.batches():
            rows = [r for r in range(first, first + batch.num_rows) if r in found.reasons]
            first += batch.num_rows
            if not rows:
                continue
            part = batch.take(pa.array([r - (first - batch.num_rows) for r in rows]))
            told = [found.reasons[r] for r in rows]
            columns = [written(c) for c in part.columns]
            columns += [
                pa.array(["; ".join(dict.fromkeys(n for n, _ in t)) for t in told], pa.string()),
                pa.array(["; ".join(w for _, w in t) for t in told], pa.string()),
                pa.array([entry.source] * len(rows), pa.string()),
                pa.array(rows, pa.int64()),
                pa.array([entry.at] * len(rows), pa.string()),
                pa.array([entry.run] * len(rows), pa.string()),
            ]
            out.write_table(pa.table(columns, schema=pa.schema(fields)))
    return path


def _by_rule(found: Sorted) -> list[dict[str, Any]]:
    counts: dict[str, int] = {}
    for told in found.reasons.values():
        for name in dict.fromkeys(n for n, _ in told):
            counts[name] = counts.get(name, 0) + 1
    return [{"rule": n, "rows": c} for n, c in sorted(counts.items(), key=lambda x: (-x[1], x[0]))]


def _first(found: Sorted) -> list[dict[str, Any]]:
    return [
        {
            "row": row,
            "rules": list(dict.fromkeys(n for n, _ in found.reasons[row])),
            "why": found.reasons[row][0][1],
        }
        for row in sorted(found.reasons)[:_TOLD]
    ]


def _summary(
    entry: Mapping[str, Any], order: Order, quarantine: str, rules: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    file, twice, _ = order.into.partition("::")
    where = located(quarantine) if not twice else f"{located(file)}::{quarantine}"
    return {
        "schema": SCHEMA,
        "id": entry["run"],
        "source": order.source,
        "digest": entry["digest"],
        "store": located(order.into),
        "quarantine": where,
        "at": entry["at"],
        "rows": entry["rows"],
        "loaded": entry["loaded"],
        "quarantined": entry["quarantined"],
        "rules": list(rules),
    }


def _digests(told: Mapping[str, Any]) -> dict[str, str]:
    """Return the digests of what lies here now, as a check of it will pin it; of two tables in one file it is the store's."""
    from assay.engines.tables import pin

    out = {}
    for part in ("store",) if "::" in str(told["store"]) else ("store", "quarantine"):
        with contextlib.suppress(AssayError):
            out[f"{part}_digest"] = pin(str(told[part])).digest
    return out
