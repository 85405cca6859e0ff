"""A tracked run brought to its end, by itself or, where its process is gone, by whoever opens the home next."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from assay.kernel.asset import Asset
from assay.kernel.errors import AssayError
from assay.kernel.report import Coverage, Finding, Report, Skipped
from assay.kernel.severity import Severity
from assay.office.runs import SO_FAR, USES_TRACKED
from assay.works.tracking import journal
from assay.works.tracking.gathered import Gathered, gather

if TYPE_CHECKING:
    from pathlib import Path

    from assay.kernel.span import Span
    from assay.office.office import Tx
    from assay.office.runs import RunRecord
    from assay.works.home import Home

_MOST_EDGES = 1_000


def journal_of(home: Home, run: str) -> Path:
    """Return where a run's journal lies while it is under way."""
    return home.root / "runs" / run / "journal.jsonl"


def end(
    home: Home,
    record: RunRecord,
    outcome: str,
    *,
    error: str = "",
    model: str | None = None,
    more: Mapping[str, Any] | None = None,
    spans: Sequence[Span] = (),
) -> str | None:
    """Record how a tracked run ended, with all that its journal says, in one transaction; return its page's path.

    The series go into the store first. The journal is removed once it is recorded. more: what else its report keeps.
    spans: what it recorded of its time.
    """
    from assay.office import catalogue, runs, traces
    from assay.works import datasets
    from assay.works.traces import keeping
    from assay.works.tracking.page import write_page

    path = journal_of(home, record.id)
    with home.scratch() as scratch:
        points = scratch / "points.parquet"
        told = gather(journal.read(path), points)
        series = home.store.put_file(points) if points.exists() else None
    report = _report(record, told, outcome, error, series, more or {})
    so_far = dict(record.detail.get(SO_FAR) or {})
    if so_far and not journal.holds(path, int(so_far["bytes"]), str(so_far["digest"])):
        report = report.with_(findings=(_changed(record.id, so_far),))
    digest = home.store.put_bytes(report.to_json())
    page, kept = None, None
    with contextlib.suppress(
        AssayError, OSError
    ):  # a page that cannot be written loses nothing that was recorded
        page = write_page(home, record, report, outcome, model, spans)
        kept = home.store.put_file(page)
    step = runs.StepRecord(
        record.id,
        "tracked",
        USES_TRACKED,
        outcome,
        False,
        "",
        report.inputs,
        _named(report.outputs),
        digest,
        report.seconds,
    )
    timed = keeping.kept(home, spans, record.id, record.actor)
    with home.office.transaction() as tx:
        for trace in timed:
            traces.put(tx, trace)
        for asset in (*told.inputs, *told.outputs):
            catalogue.put(tx, asset)
        datasets.put(tx, told.data, {a.digest: a.name for a in (*told.inputs, *told.outputs)})
        _edges(tx, told, record.id)
        runs.tracked(tx, step, actor=record.actor)
        runs.end(tx, record.id, outcome, kept, model, spans[0].trace if spans else None)
    path.unlink(missing_ok=True)
    return str(page) if page else None


def _named(assets: tuple[Asset, ...]) -> dict[str, Asset]:
    """Return assets by name; where a name comes again, with a number."""
    out: dict[str, Asset] = {}
    for asset in assets:
        name, number = asset.name, 2
        while name in out and out[name] != asset:
            name, number = f"{asset.name} ({number})", number + 1
        out[name] = asset
    return out


def _edges(tx: Tx, told: Gathered, run: str) -> None:
    """What was made came from all that was read; of very many through the run itself."""
    from assay.office.runs import Edge, edge

    read, made = _named(tuple(told.inputs)).values(), _named(tuple(told.outputs)).values()
    if len(read) * len(made) <= _MOST_EDGES and made:
        pairs = [((a.digest or a.uri, a.name), (b.digest or b.uri, b.name)) for b in made for a in read]
    else:
        itself = (f"run/{run}", run)
        pairs = [((a.digest or a.uri, a.name), itself) for a in read]
        pairs += [(itself, (b.digest or b.uri, b.name)) for b in made]
    for one, other in pairs:
        if one[0] != other[0]:
            edge(tx, Edge(*one, *other, USES_TRACKED, run))


def _report(
    record: RunRecord, told: Gathered, outcome: str, error: str, series: str | None, more: Mapping[str, Any]
) -> Report:
    inputs = _named(tuple(told.inputs))
    outputs = tuple(_named(tuple(told.outputs)).values())
    if series is not None:
        outputs += (Asset("table", "metrics", f"object:{series}", series, "parquet"),)
    data: dict[str, Any] = {
        "tags": told.tags,
        "series": {name: s.to_dict() for name, s in told.series.items()},
        "points": told.points,
        **more,
    }
    left = (Skipped("what came after", "the run was interrupted"),) if outcome == "interrupted" else ()
    return Report(
        check=USES_TRACKED,
        subject=next(iter(inputs.values()), None),
        inputs=inputs,
        params=told.params,
        metrics=told.metrics,
        coverage=Coverage(1, 1, left, unit="runs"),
        outputs=outputs,
        charts=tuple(told.charts()),
        data=data,
        engine="python",
        seed=int(record.detail.get("seed") or 0),
        started=record.started,
        seconds=_seconds(record.started, home_now(record)),
        error=error,
    )


def home_now(record: RunRecord) -> str:
    """Return when the run ended: now, where nothing else is known."""
    from assay.works.work import utc_now

    return record.ended or utc_now()


def _changed(run: str, so_far: Mapping[str, Any]) -> Finding:
    """Return that a journal is not what the log vouches for."""
    return Finding(
        "tracked.journal_changed",
        Severity.HIGH,
        f"The journal of the run does not begin with the {so_far['bytes']:,} bytes that it held at {so_far['at']}.",
        {"step": run},
        "believe nothing that it says of the time before; see who may write there",
    )


def _seconds(started: str, ended: str) -> float:
    try:
        return round((datetime.fromisoformat(ended) - datetime.fromisoformat(started)).total_seconds(), 3)
    except ValueError:
        return 0.0
