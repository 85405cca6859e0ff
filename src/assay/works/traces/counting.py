"""The latest traces, each with its spans counted once, however often they were sent."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from assay.kernel.errors import AssayError
from assay.office import traces
from assay.works.traces import keeping

if TYPE_CHECKING:
    from assay.office.traces import TraceRecord
    from assay.works.home import Home

_MOST = 8 << 20  # bytes, packed, of one trace's documents that are read to count


def latest(home: Home, limit: int) -> list[TraceRecord]:
    """Return the latest traces, one record each; of one in many documents the spans in it are told apart by their ids.

    Where its documents are large, or gone, or some were pruned, what they held is added up.
    """
    return [_counted(home, records) for records in traces.latest(home.office, limit)]


def _counted(home: Home, records: list[TraceRecord]) -> TraceRecord:
    whole = traces.joined(records)
    if len(records) == 1 or whole.bytes > _MOST:
        return whole
    try:
        spans = keeping.read(home, records)
    except AssayError:
        return whole
    return replace(whole, spans=len(spans), errors=sum(s.status == "error" for s in spans))
