"""Runs and their steps: what was done, to what, with which outcome, and what may be reused."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from assay.kernel.action import Writer
from assay.kernel.asset import Asset
from assay.kernel.canonical import digest_of
from assay.kernel.errors import Missing
from assay.office import schema
from assay.office.rows import read

if TYPE_CHECKING:
    from assay.office.office import Office, Tx

_LAST = re.compile(r"last(?:~(\d{1,6}))?")
_MOST_PARTS = 2_000  # whose ids begin as that of the run they are parts of
USES_TRIAL = (
    "trial"  # what the last step of a trial of a sweep does: it tells what was tried, and how it scored
)
SO_FAR = "so_far"  # what is known of a run that is under way, in its detail
_MOST_SAID = 200  # names of each kind
USES_TRACKED = "tracked"  # what the one step of a run outside pipelines does


@dataclass(frozen=True, slots=True)
class RunRecord:
    """A run. outcome: running, pass, fail, error or interrupted. parent: the run that it is a part of, else None."""

    id: str
    pipeline: str
    actor: str
    outcome: str
    started: str
    ended: str | None = None
    report: str | None = None
    model: str | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)
    experiment: str = ""
    parent: str | None = None


@dataclass(frozen=True, slots=True)
class StepRecord:
    """A step that has ended. key: what it may be reused by, empty when never."""

    run: str
    name: str
    uses: str
    outcome: str
    cached: bool
    key: str
    inputs: Mapping[str, Asset]
    outputs: Mapping[str, Asset]
    report: str | None
    seconds: float


@dataclass(frozen=True, slots=True)
class Edge:
    """One thing was made from another, by a step of a run; or a person says how two belong together (``kind``, ``by``)."""

    source: str
    from_name: str
    target: str
    to_name: str
    step: str
    run: str
    kind: str = ""
    by: str = ""


def begin(
    tx: Tx,
    run_id: str,
    pipeline: str,
    actor: str,
    detail: Mapping[str, Any],
    *,
    experiment: str = "",
    parent: str | None = None,
) -> int:
    """Record that a run has begun. experiment: what it belongs to, its pipeline where nothing is said."""
    record = RunRecord(
        run_id,
        pipeline,
        actor,
        "running",
        tx.now,
        detail=dict(detail),
        experiment=experiment or pipeline,
        parent=parent,
    )
    write(tx, asdict(record))
    told = {"pipeline": pipeline} | ({"parent": parent} if parent else {})
    return tx.record("run.begin", f"run/{run_id}", actor=actor, outcome="begun", detail=told)


def write(tx: Tx, run: Mapping[str, Any]) -> None:
    """Leave a run's row."""
    columns = {name: run.get(name) for name in ("pipeline", "outcome", "started", "experiment", "parent")}
    tx.write("runs", run["id"], run, **columns)


def said(tx: Tx, run_id: str, size: int, digest: str, told: Mapping[str, Mapping[str, Any]]) -> int:
    """Record how far a run outside pipelines has come: its journal's first ``size`` bytes, and what it was told, by kind.

    Of each kind the first names are kept, and how many there are.
    """
    before = tx.get("runs", run_id)
    if before is None:
        raise Missing(f"there is no run {run_id!r}")
    kept = {kind: dict(list(values.items())[:_MOST_SAID]) for kind, values in told.items()}
    counts = {kind: len(values) for kind, values in told.items()}
    so_far = {"at": tx.now, "bytes": size, "digest": digest, "counts": counts, **kept}
    write(tx, before | {"detail": {**(before.get("detail") or {}), SO_FAR: so_far}})
    detail = {"journal": digest, "bytes": size, **counts}
    return tx.record("run.said", f"run/{run_id}", actor=before["actor"], detail=detail)


def end(
    tx: Tx,
    run_id: str,
    outcome: str,
    report: str | None,
    model: str | None,
    trace: str | None = None,
    *,
    more: Mapping[str, Any] | None = None,
) -> int:
    """Record how a run ended. trace: the id of the trace that its spans belong to. more: what is known of it now."""
    before = tx.get("runs", run_id)
    if before is None:
        raise Missing(f"there is no run {run_id!r}")
    said = {**(before.get("detail") or {}), **(more or {}), **({"trace": trace} if trace else {})}
    said.pop(SO_FAR, None)  # its report tells all of it
    write(
        tx, before | {"outcome": outcome, "ended": tx.now, "report": report, "model": model, "detail": said}
    )
    detail = {"report": report, "model": model} | ({"trace": trace} if trace else {})
    return tx.record("run.end", f"run/{run_id}", actor=before["actor"], outcome=outcome, detail=detail)


def step(tx: Tx, record: StepRecord, *, actor: str) -> int:
    """Record a step that has ended, and the edges from what it read to what it made."""
    value = asdict(record)
    key = f"{record.run}/{record.name}"
    reusable = record.key if record.outcome not in ("error", "stopped") and not record.cached else None
    tx.write("steps", key, value, run=record.run, reuse=reusable or None)
    if not record.cached:
        _edges(tx, record.inputs, record.outputs, record.name, record.run)
    inputs = {n: a.digest or a.uri for n, a in record.inputs.items()}
    detail = {"uses": record.uses, "cached": record.cached, "report": record.report}
    return tx.record(
        f"step.{record.uses}", f"run/{key}", actor=actor, inputs=inputs, outcome=record.outcome, detail=detail
    )


def tracked(tx: Tx, record: StepRecord, *, actor: str) -> int:
    """Record what a run outside pipelines said of itself, as its one step; its edges are written beside it."""
    key = f"{record.run}/{record.name}"
    tx.write("steps", key, asdict(record), run=record.run, reuse=None)
    inputs = {n: a.digest or a.uri for n, a in record.inputs.items()}
    detail = {"uses": record.uses, "report": record.report}
    return tx.record(
        f"step.{record.uses}", f"run/{key}", actor=actor, inputs=inputs, outcome=record.outcome, detail=detail
    )


def _edges(tx: Tx, inputs: Mapping[str, Asset], outputs: Mapping[str, Asset], name: str, run: str) -> None:
    for made in outputs.values():
        for used in inputs.values():
            edge(tx, Edge(used.digest or used.uri, used.name, made.digest or made.uri, made.name, name, run))


def edge(tx: Writer, made: Edge) -> None:
    """Remember one edge."""
    tx.write("edges", digest_of(asdict(made))[7:39], asdict(made), source=made.source, target=made.target)


def record_check(
    tx: Tx,
    *,
    id: str,
    kind: str,
    uses: str,
    actor: str,
    inputs: Mapping[str, Asset],
    outputs: Mapping[str, Asset],
    report: str,
    outcome: str,
    seconds: float,
) -> int:
    """Record a check or treatment that stands alone, outside a run."""
    inputs, outputs = ({n: a.told for n, a in these.items()} for these in (inputs, outputs))
    record = StepRecord("", id, uses, outcome, False, "", inputs, outputs, report, seconds)
    tx.write("steps", id, asdict(record), run="", reuse=None)
    _edges(tx, inputs, outputs, uses, "")
    digests = {n: a.digest or a.uri for n, a in inputs.items()}
    return tx.record(
        f"{kind}.{uses}", id, actor=actor, inputs=digests, outcome=outcome, detail={"report": report}
    )


def _step(text: str) -> StepRecord:
    record = read(StepRecord, text)
    inputs, outputs = (
        {n: Asset.from_dict(a) for n, a in side.items()}  # type: ignore[arg-type]
        for side in (record.inputs, record.outputs)
    )
    return replace(record, inputs=inputs, outputs=outputs)


def under_way(office: Office) -> list[RunRecord]:
    """Return the runs that began and never ended: under way, or dead."""
    query = sa.select(schema.runs.c.value).where(schema.runs.c.outcome == "running")
    return [read(RunRecord, r[0]) for r in office.rows(query)]


def known(office: Office, key: str) -> StepRecord | None:
    """Return a finished step of that reuse key, or None."""
    query = sa.select(schema.steps.c.value).where(schema.steps.c.reuse == key).limit(1)
    found = office.rows(query)
    return _step(found[0][0]) if found else None


def get(office: Office, run: str) -> RunRecord:
    """Return the run whose id is or begins so, ``last`` (or "") or ``last~1``; Missing where none or several do.

    One that is no part of another comes before its parts, whose ids begin as its own.
    """
    last = _LAST.fullmatch(run or "last")
    if last:
        back = int(last[1] or 0)
        latest = listing(office, back + 1)
        if not latest:
            raise Missing("there is no run yet", remedy="`assay run` makes one")
        if len(latest) <= back:
            have = f"{len(latest)} run{'s' * (len(latest) != 1)}"
            raise Missing(f"there is no {run}: this home has {have}", remedy="see `assay runs list`")
        return latest[back]
    table = schema.runs.c
    query = sa.select(table.key, table.parent, table.value).where(table.key.startswith(run, autoescape=True))
    found = office.rows(query.order_by(table.key).limit(1 + _MOST_PARTS))
    named = [r for r in found if r[0] == run] or [r for r in found if r[1] is None] or found
    if len(named) != 1:
        many = "several runs begin" if named else "no run begins"
        raise Missing(f"{many} with {run!r}", remedy="see `assay runs list`")
    return read(RunRecord, named[0][2])


def listing(
    office: Office,
    limit: int,
    *,
    experiment: str | None = None,
    parent: str | None = None,
    every: bool = False,
) -> list[RunRecord]:
    """Return the latest runs that are no part of another; of an experiment; the parts of ``parent``; or every one."""
    table = schema.runs.c
    query = sa.select(table.value).order_by(table.started.desc(), table.key.desc()).limit(limit)
    if experiment is not None:
        query = query.where(table.experiment == experiment)
    if parent is not None:
        query = query.where(table.parent == parent)
    elif not every:
        query = query.where(table.parent.is_(None))
    return [read(RunRecord, r[0]) for r in office.rows(query)]


def before(office: Office, run: RunRecord, most: int = 200) -> list[RunRecord]:
    """Return the runs of the same pipeline that began before one, the latest first."""
    table = schema.runs
    earlier = (table.c.pipeline == run.pipeline) & (table.c.started <= run.started) & (table.c.key != run.id)
    earlier &= table.c.parent.is_(None)
    query = sa.select(table.c.value).where(earlier).order_by(table.c.started.desc()).limit(most)
    return [read(RunRecord, r[0]) for r in office.rows(query)]


def steps_of(office: Office, run: str) -> list[StepRecord]:
    """Return the steps of a run that have ended."""
    return [
        _step(r[0]) for r in office.rows(sa.select(schema.steps.c.value).where(schema.steps.c.run == run))
    ]
