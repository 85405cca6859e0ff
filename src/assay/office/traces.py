"""What the office knows of traces: for each trace in a document of spans, a row with the document's digest and what it holds.

One trace may have several: each run that joined it, each batch that was received.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from assay.kernel.errors import Missing
from assay.office import schema
from assay.office.rows import read

if TYPE_CHECKING:
    from assay.office.office import Office, Tx


_NAMED = 16  # digits of a document's digest
_AT_ONCE = 500  # keys asked for at once


@dataclass(frozen=True, slots=True)
class TraceRecord:
    """The spans of one trace in one document. run: the run or check that recorded them, empty for what came from elsewhere.

    source: assay, endpoint (requests of one), otlp or xray. name: of its root, or of its first span. started and ended: RFC 3339, UTC. bytes: of the
    document. state: live or pruned; then by which policy, and where the log says so.
    """

    trace: str
    document: str
    run: str
    source: str
    name: str
    service: str
    spans: int
    errors: int
    started: str
    ended: str
    seconds: float
    actor: str
    bytes: int = 0
    state: str = "live"
    policy: str | None = None
    event: int | None = None


def key(record: TraceRecord) -> str:
    """Return the key of a record's row: the same spans, sent again, are the same row."""
    return f"{record.trace}/{_named(record.document)}"


def _named(document: str) -> str:
    """Return how a document is named in the keys of its rows."""
    return document[7 : 7 + _NAMED]


def put(tx: Tx, record: TraceRecord) -> None:
    """Keep a record; the next event vouches for it."""
    tx.write(
        "traces", key(record), asdict(record), trace=record.trace, run=record.run or None, started=record.started
    )  # fmt: skip


def fresh(tx: Tx, records: Sequence[TraceRecord]) -> list[TraceRecord]:
    """Return the records whose very spans are not here already."""
    table, out = schema.traces, []
    for at in range(0, len(records), _AT_ONCE):
        part = {key(r): r for r in records[at : at + _AT_ONCE]}
        found = tx.connection.execute(sa.select(table.c.key).where(table.c.key.in_(list(part))))
        known = {row[0] for row in found}
        out += [r for k, r in part.items() if k not in known]
    return out


def listing(office: Office, limit: int) -> list[TraceRecord]:
    """Return the latest traces, one record each: the root's if it is here, and what all of its documents hold together.

    A span that stands in two of them is counted with each; works/traces/counting tells of each once.
    """
    return [joined(records) for records in latest(office, limit)]


def latest(office: Office, limit: int) -> list[list[TraceRecord]]:
    """Return all records of each of the latest traces."""
    table = schema.traces
    query = (
        sa.select(table.c.trace)
        .group_by(table.c.trace)
        .order_by(sa.func.max(table.c.started).desc())
        .limit(limit)
    )
    names = [r[0] for r in office.rows(query)]
    by: dict[str, list[TraceRecord]] = {name: [] for name in names}
    for at in range(0, len(names), _AT_ONCE):
        for record in _read(office, table.c.trace.in_(names[at : at + _AT_ONCE])):
            by[record.trace].append(record)
    return [records for records in by.values() if records]


def joined(records: list[TraceRecord]) -> TraceRecord:
    """Return one record that stands for all of a trace's."""
    first = min(records, key=lambda r: (r.started, -r.seconds))
    runs = [r.run for r in records if r.run]
    return replace(
        first,
        run=", ".join(dict.fromkeys(runs[:3])),
        spans=sum(r.spans for r in records),
        errors=sum(r.errors for r in records),
        ended=max(r.ended for r in records),
        bytes=sum(r.bytes for r in records),
    )


def of(office: Office, named: str) -> list[TraceRecord]:
    """Return the records of a trace, by its id or the beginning of it, or of a run; the latest trace for "".

    Missing where there is none, or several traces begin so.
    """
    table = schema.traces
    if not named:
        newest = latest(office, 1)
        if not newest:
            raise Missing(
                "there is no trace yet",
                remedy="`assay run` records one; `assay traces receive` takes them in",
            )
        return newest[0]
    by_run = of_run(office, named)
    if len({r.run for r in by_run}) == 1:
        return by_run
    name = as_id(named)
    found = _read(office, table.c.key.startswith(name, autoescape=True)) if len(name) >= 4 else []
    traces = {r.trace for r in found}
    if len(traces) != 1:
        many = "several traces begin" if traces else "no trace or run begins"
        raise Missing(f"{many} with {named!r}", remedy="see `assay traces list`")
    return found


def as_id(named: str) -> str:
    """Return a trace's id as it stands here: X-Ray writes ``1-5759e988-bd862e3fe1be46a994272793``."""
    parts = named.lower().split("-")
    return "".join(parts[1:]) if len(parts) == 3 and parts[0] == "1" else named.lower()


def of_run(office: Office, run: str) -> list[TraceRecord]:
    """Return what a run or check recorded, by its id or the beginning of it."""
    return _read(office, schema.traces.c.run.startswith(run, autoescape=True))


def between(office: Office, since: str | None, until: str | None) -> list[TraceRecord]:
    """Return the live records with spans within bounds (RFC 3339, UTC)."""
    table = schema.traces
    where: Any = sa.true() if until is None else table.c.started < until
    return [r for r in _read(office, where) if r.state == "live" and (since is None or r.ended >= since)]


def before(office: Office, cutoff: str) -> list[TraceRecord]:
    """Return the live records whose last span ended before a time."""
    found = _read(office, schema.traces.c.started < cutoff)
    return [r for r in found if r.state == "live" and r.ended < cutoff]


def using(office: Office, documents: set[str]) -> Mapping[str, int]:
    """Return how many live records still need each of some documents; their keys say whose they may be."""
    out = dict.fromkeys(documents, 0)
    if not documents:
        return out
    wanted, table = {_named(d) for d in documents}, schema.traces
    keys = [r[0] for part in office.batches(sa.select(table.c.key)) for r in part if r[0][-_NAMED:] in wanted]
    for at in range(0, len(keys), _AT_ONCE):
        for record in _read(office, table.c.key.in_(keys[at : at + _AT_ONCE])):
            if record.state == "live" and record.document in out:
                out[record.document] += 1
    return out


def _read(office: Office, where: Any) -> list[TraceRecord]:
    table = schema.traces
    query = sa.select(table.c.value).where(where).order_by(table.c.started, table.c.key)
    return [read(TraceRecord, r[0]) for r in office.rows(query)]
