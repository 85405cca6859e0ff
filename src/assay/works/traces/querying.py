"""The spans that a query of the logs reads: laid out of their documents as a table, those of a period alone."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.office import traces
from assay.works.traces import keeping

if TYPE_CHECKING:
    from assay.kernel.span import Span
    from assay.office.traces import TraceRecord
    from assay.works.home import Home

TEXTS = (
    "trace", "span", "parent", "name", "kind", "status", "message", "service", "scope", "attributes", "events", "links",
    "resource", "run", "source",
)  # fmt: skip
_BATCH = 5_000


def lay(home: Home, path: Path, bounds: Mapping[str, str]) -> None:
    """Write the spans of the home as Parquet. bounds: since, until: RFC 3339, UTC."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    moment = pa.timestamp("us", "UTC")
    kinds = pa.schema([*((n, pa.large_string()) for n in TEXTS), ("time", moment), ("ended", moment)])
    records = traces.between(home.office, bounds.get("since"), bounds.get("until"))
    by: dict[str, dict[str, TraceRecord]] = {}
    for record in records:
        by.setdefault(record.document, {})[record.trace] = record
    with pq.ParquetWriter(path, kinds, compression="none", use_dictionary=False) as out:
        for part in _batched(_once(home, records, by)):
            out.write_batch(pa.RecordBatch.from_pylist([_row(*p) for p in part], schema=kinds))


def _once(
    home: Home, records: Sequence[TraceRecord], by: Mapping[str, Mapping[str, TraceRecord]]
) -> Iterator[tuple[Span, TraceRecord]]:
    """Give each span once: one that is sent again with others beside it stands in two documents; what has ended goes before."""
    times = Counter(r.trace for r in records)
    seen: set[tuple[str, str]] = set()
    unended: dict[tuple[str, str], tuple[Span, TraceRecord]] = {}
    for document, held in by.items():
        for span in keeping.document(home, document):
            if span.trace not in held:
                continue
            if times[span.trace] > 1:
                key = (span.trace, span.id)
                if not span.end:
                    unended[key] = (span, held[span.trace])
                    continue
                if key in seen:
                    continue
                seen.add(key)
            yield span, held[span.trace]
    yield from (pair for key, pair in unended.items() if key not in seen)


def _batched(pairs: Iterator[tuple[Span, TraceRecord]]) -> Iterator[list[tuple[Span, TraceRecord]]]:
    while part := list(islice(pairs, _BATCH)):
        yield part


def _row(span: Span, record: TraceRecord) -> dict[str, Any]:
    return {
        "trace": span.trace,
        "span": span.id,
        "parent": span.parent or None,
        "name": span.name,
        "kind": span.kind,
        "status": span.status,
        "message": span.message or None,
        "service": span.scope.service or None,
        "scope": span.scope.name or None,
        "attributes": _json(span.attributes),
        "events": _json(
            [
                {"time": keeping.moment(e.time), "name": e.name, "attributes": e.attributes}
                for e in span.events
            ]
        ),
        "links": _json([{"trace": li.trace, "span": li.span} for li in span.links]),
        "resource": _json(span.scope.resource),
        "run": record.run or None,
        "source": record.source,
        "time": min(span.start // 1000, 1 << 62),
        "ended": min(span.end // 1000, 1 << 62) if span.end else None,
    }


def _json(value: Any) -> str | None:
    """Return a value as JSON; bytes as hexadecimal digits, and numbers that are none as text."""
    if not value:
        return None
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False, default=_odd)
    except ValueError:
        return json.dumps(_finite(value), ensure_ascii=False, default=_odd)


def _odd(value: Any) -> Any:
    return value.hex() if isinstance(value, bytes) else str(value)


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {k: _finite(v) for k, v in value.items()}
    if isinstance(value, (tuple, list)):
        return [_finite(v) for v in value]
    return str(value) if isinstance(value, float) and value - value != 0 else value
