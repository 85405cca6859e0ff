"""What the office knows of imported logs: each file of rows with its digest, each file that was read, holds, and queries kept.

A file of rows that was pruned keeps its record: that it was there, with which digest, and by which policy it went.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import sqlalchemy as sa

from assay.office import schema
from assay.office.rows import read

if TYPE_CHECKING:
    from assay.office.office import Office, Tx

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class LogFile:
    """A Parquet file of imported records, by its path below the home's ``logs``. state: live or pruned.

    policy and event: by which it was pruned, and where the log says so.
    """

    file: str
    source: str
    day: str
    rows: int
    bytes: int
    digest: str
    first: str
    last: str
    batch: str
    state: str = "live"
    policy: str | None = None
    event: int | None = None


@dataclass(frozen=True, slots=True)
class LogInput:
    """A file that was imported. content: the digest of what it unpacks to; length: its bytes."""

    content: str
    digest: str
    source: str
    path: str
    length: int
    records: int
    bad: int
    batch: str


@dataclass(frozen=True, slots=True)
class Hold:
    """A legal hold: nothing of that period and those sources is pruned. No source: all, the ledger (``events``) too."""

    name: str
    why: str
    actor: str
    since: str | None = None
    until: str | None = None
    sources: tuple[str, ...] = ()
    at: str = ""
    state: str = "held"
    released_by: str | None = None
    released: str | None = None

    def covers(self, source: str, first: str, last: str) -> bool:
        """Whether a thing of that source, from one time to another (RFC 3339, UTC), is held."""
        if self.state != "held" or (self.sources and source not in self.sources):
            return False
        return not ((self.since and last < self.since) or (self.until and first >= self.until))


@dataclass(frozen=True, slots=True)
class Query:
    """A query that was kept under a name."""

    name: str
    sql: str
    actor: str
    at: str


@dataclass(frozen=True, slots=True)
class Witnessed:
    """A checkpoint that somebody outside keeps: which, where, and their receipt where they give one."""

    witness: str
    size: int
    checkpoint: str
    at: str
    receipt: str | None = None
    place: str | None = None


_KINDS: Mapping[str, type[Any]] = {
    "file": LogFile, "input": LogInput, "hold": Hold, "query": Query, "witness": Witnessed,
}  # fmt: skip


def put(tx: Tx, record: LogFile | LogInput | Hold | Query | Witnessed) -> None:
    """Keep a record; the next event vouches for it."""
    kind = next(k for k, c in _KINDS.items() if isinstance(record, c))
    value = asdict(record)
    tx.write(
        "logs", key(record), value, kind=kind, source=value.get("source"), day=value.get("day")
    )  # fmt: skip


def key(record: Any) -> str:
    """Return the key of a record's row."""
    if isinstance(record, LogFile):
        return f"file/{record.file}"
    if isinstance(record, LogInput):
        return f"input/{record.source}/{record.content}"
    if isinstance(record, Witnessed):
        return f"witness/{record.size}/{record.witness}"
    return f"{'hold' if isinstance(record, Hold) else 'query'}/{record.name}"


def files(office: Office, *, source: str | None = None, days: Iterable[str] | None = None) -> list[LogFile]:
    """Return the files of rows, of one source and some days where asked, in order of their path."""
    table = schema.logs
    where = table.c.kind == "file"
    if source is not None:
        where &= table.c.source == source
    if days is not None:
        where &= table.c.day.in_(sorted(set(days)))
    return _read(LogFile, office, where)


def inputs(office: Office, source: str) -> list[LogInput]:
    """Return what was imported of a source."""
    return _read(LogInput, office, (schema.logs.c.kind == "input") & (schema.logs.c.source == source))


def holds(office: Office) -> list[Hold]:
    """Return every hold, released ones too."""
    return _read(Hold, office, schema.logs.c.kind == "hold")


def queries(office: Office) -> list[Query]:
    """Return the queries that were kept."""
    return _read(Query, office, schema.logs.c.kind == "query")


def witnessed(office: Office) -> list[Witnessed]:
    """Return the checkpoints that are kept outside, in order of their size."""
    found = _read(Witnessed, office, schema.logs.c.kind == "witness")
    return sorted(found, key=lambda w: (w.size, w.witness))


def _read(cls: type[T], office: Office, where: Any) -> list[T]:
    query = sa.select(schema.logs.c.value).where(where).order_by(schema.logs.c.key)
    return [read(cls, r[0]) for r in office.rows(query)]
