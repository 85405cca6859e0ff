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
    from assay.works.traces import counting

    return listed("traces", [plain_record(r) for r in counting.latest(home, limit)])


def traces_show(home: Home, actor: str, *, trace: str = "", most: int = 60) -> Json:
    """Show a trace, by its id or the beginning of it, or by a run; the latest for "". most: rows of its timeline."""
    from assay.office import traces

    return _shown(home, traces.of(home.office, trace), most)


def runs_trace(home: Home, actor: str, *, run: str = "", most: int = 60) -> Json:
    """Show the trace that a run recorded; the latest run for ""."""
    return _shown(home, _of_run(home, run), most)


def _of_run(home: Home, run: str) -> list[Any]:
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
    return records


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


def traces_receive(
    home: Home, actor: str, *, host: str = "127.0.0.1", port: int = 4318, token: str = "", cert: str = "", key: str = "",
    most: int = 10 << 30, seconds: float | None = None, requests: int | None = None,
    ready: Callable[[str], None] = lambda url: None,
) -> Json:  # fmt: skip
    """Take the spans that programs send, until interrupted."""
    from assay.works.traces.intake import receive

    done = receive(
        home, actor, host, port, token=token, cert=cert, key=key, most=most, seconds=seconds, requests=requests,
        ready=ready,
    )  # fmt: skip
    return {"schema": "assay.received/1", "requests": done.requests, **asdict(done.done)}


def traces_import(
    home: Home, actor: str, *, places: Sequence[str], xray: bool | None = None,
    since: str | None = None, until: str | None = None,
    progress: Callable[[int, int, str], None] | None = None,
) -> Json:  # fmt: skip
    """Take in files of spans: OTLP, or X-Ray's segments; or those of an account (``xray://REGION``), since and until."""
    from assay.works.traces.importing import import_files
    from assay.works.verbs.logs import instant

    done = import_files(
        home, actor, places, as_xray=xray, since=instant(since), until=instant(until), progress=progress
    )
    return {"schema": "assay.received/1", **asdict(done)}


def traces_export(
    home: Home, actor: str, *, trace: str = "", run: str | None = None, to: str, format: str = "otlp",
    encoding: Any = None, headers: Mapping[str, str] | None = None, ca: str | None = None,
) -> Json:  # fmt: skip
    """Hand a trace, or what a run recorded, to others: a file, or a collector's URL."""
    from assay.office import traces
    from assay.works.traces.exporting import export

    records = traces.of(home.office, trace) if run is None else _of_run(home, run)
    done = export(home, actor, records, to=to, format=format, encoding=encoding, headers=headers, ca=ca)
    return {"schema": "assay.exported/1", **done}


VERBS: Mapping[str, Callable[..., Any]] = {
    "traces.list": traces_list,
    "traces.show": traces_show,
    "traces.receive": traces_receive,
    "traces.import": traces_import,
    "traces.export": traces_export,
    "runs.trace": runs_trace,
}
