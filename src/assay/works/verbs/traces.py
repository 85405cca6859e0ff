"""Traces: listed, shown, taken in, and handed to others."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from assay.kernel.errors import Missing
from assay.works.home import Home
from assay.works.verbs.shape import Json, listed, plain_record


def traces_list(home: Home, actor: str, *, limit: int = 20) -> Json:
    """List the latest traces."""
    from assay.office import traces

    return listed("traces", [plain_record(r) for r in traces.listing(home.office, limit)])


def traces_show(home: Home, actor: str, *, trace: str = "", most: int = 60) -> Json:
    """Show a trace, by its id or the beginning of it, or by a run; the latest for "". most: rows of its timeline."""
    from assay.office import traces

    return _shown(home, traces.of(home.office, trace), most)


def runs_trace(home: Home, actor: str, *, run: str = "", most: int = 60) -> Json:
    """Show the trace that a run recorded; the latest run for ""."""
    from assay.office import runs, traces

    try:
        name = runs.get(home.office, run).id
    except Missing:
        name = run  # a check has a trace, and is no run
        if not run or not traces.of_run(home.office, name):
            raise
    records = traces.of_run(home.office, name)
    if not records:
        raise Missing(
            f"the run {name} has no trace",
            remedy="one that was killed, or was imported, has none; run it again",
        )
    return _shown(home, records, most)


def _shown(home: Home, records: Sequence[Any], most: int) -> Json:
    from assay.methods.traces import otlp
    from assay.methods.traces.path import timeline
    from assay.works.traces import keeping

    spans = keeping.read(home, records)
    drawn = timeline(spans, most)
    if drawn is None:
        raise Missing(f"the trace {records[0].trace} holds no span")
    return {
        "schema": "assay.trace/1",
        "trace": drawn.trace,
        "runs": list(dict.fromkeys(r.run for r in records if r.run)),
        "documents": [r.document for r in records],
        "said": drawn.said,
        "timeline": asdict(drawn),
        "otlp": otlp.as_mapping(spans, text=True),
    }


VERBS: Mapping[str, Callable[..., Any]] = {
    "traces.list": traces_list,
    "traces.show": traces_show,
    "runs.trace": runs_trace,
}
