"""Spans kept in a home: a document of them in the store (OTLP JSON, gzip), and a row for each trace in it."""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from assay import __version__
from assay.engines.tracing import Recorder
from assay.kernel.errors import Broken, Missing, UsageError
from assay.kernel.span import Caller, Scope, Span
from assay.methods.traces import otlp
from assay.methods.traces.bounds import Bounds
from assay.methods.traces.gzipped import MEMBERS, unpacked
from assay.methods.traces.protobuf import Malformed

if TYPE_CHECKING:
    from assay.office.traces import TraceRecord
    from assay.works.home import Home

_PACKED = 64 << 20
_OWN = Bounds(document=256 << 20, objects=20_000_000, spans=500_000)  # what was bounded when it was taken in


def recorder(home: Home, caller: Caller | None = None) -> Recorder:
    """Return a recorder of what is done in a home, which joins the trace of whoever called: the one named, or the home's."""
    resource = {"service.name": "assay", "service.version": __version__}
    return Recorder(Scope(resource, "assay", __version__), caller or home.caller)


def moment(nanoseconds: int) -> str:
    """Return a time as the office writes it: RFC 3339, UTC, to the millisecond."""
    seconds, rest = divmod(nanoseconds, 1_000_000_000)
    when = datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest // 1_000_000 * 1000)
    return when.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def kept(home: Home, spans: Sequence[Span], run: str, actor: str, source: str = "assay") -> list[TraceRecord]:
    """Put spans into the store, and return a record for each trace, to be entered with the event that vouches for it."""
    if not spans:
        return []
    data = gzip.compress(otlp.write_json(spans), compresslevel=3, mtime=0)
    document = home.store.put_bytes(data)
    by: dict[str, list[Span]] = {}
    for span in spans:
        by.setdefault(span.trace, []).append(span)
    return [_record(held, document, run, actor, source, len(data)) for held in by.values()]


def _record(spans: list[Span], document: str, run: str, actor: str, source: str, size: int) -> TraceRecord:
    from assay.office.traces import TraceRecord

    ids = {s.id for s in spans}
    first = min(spans, key=lambda s: (s.parent in ids, s.start))
    start, end = min(s.start for s in spans), max(max(s.start, s.end) for s in spans)
    return TraceRecord(
        trace=first.trace, document=document, run=run, source=source, name=first.name[:200],
        service=first.scope.service[:200], spans=len(spans), errors=sum(s.status == "error" for s in spans),
        started=moment(start), ended=moment(end), seconds=round((end - start) / 1e9, 6), actor=actor, bytes=size,
    )  # fmt: skip


def read(home: Home, records: Iterable[TraceRecord]) -> list[Span]:
    """Return the spans of records, by their start. A span that came twice stands once, the one that has ended.

    Missing where a document is gone, UsageError where it was pruned, Broken where it cannot be read.
    """
    by: dict[tuple[str, str], Span] = {}
    for record in records:
        if record.state != "live":
            raise UsageError(
                f"the spans of the trace {record.trace} were pruned by the policy {record.policy!r}"
            )
        for span in document(home, record.document):
            before = by.get((span.trace, span.id))
            if span.trace == record.trace and (before is None or before.end <= span.end):
                by[span.trace, span.id] = span
    return sorted(by.values(), key=lambda s: (s.start, -s.end, s.id))


def document(home: Home, digest: str) -> list[Span]:
    """Return the spans of one document."""
    try:
        raw = unpacked(home.store.read(digest, _PACKED), _OWN.document, MEMBERS)
        return otlp.read_json(raw, _OWN).spans
    except Missing:
        raise Missing(
            "a document of spans is gone from the store", where=digest, remedy="restore it from a backup"
        ) from None
    except Malformed as error:
        raise Broken(f"a document of spans cannot be read: {error}", where=digest) from None
