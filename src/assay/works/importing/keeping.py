"""Runs of another system kept in this office: each with a report of its parameters and metrics, and its edges."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.kernel.asset import Asset
from assay.kernel.canonical import canonical, plain, sha256
from assay.kernel.errors import Missing, UsageError
from assay.kernel.printable import printable
from assay.kernel.report import Coverage, Metric, Report, Skipped
from assay.works.importing import mlflow, mlflowfiles, mlmd, openlineage
from assay.works.importing.foreign import ForeignContext, ForeignRun

if TYPE_CHECKING:
    from assay.works.home import Home

_BATCH = 500
_TOLD = 20  # values that could not be read and are named; all are counted
_REMEDY = "name MLflow's mlflow.db or mlruns, a SQLite store of ML Metadata, or OpenLineage events"
Progress = Callable[[int, int, str], None]


def import_(home: Home, source: str, actor: str, progress: Progress | None = None) -> dict[str, Any]:
    """Take the runs of a file in; those that are here already, and are as they were, are counted and left.

    What of a run cannot be read is counted, the first are named, and the run's report says what and why. The digest of the
    file, or of the folder, stands in each event. UsageError for what is neither a store of MLflow's (SQLite, or a folder)
    nor one of ML Metadata's (SQLite) nor OpenLineage events.
    """
    from assay.engines.digests import digest_file

    path = Path(source.removeprefix("sqlite:///").removeprefix("file://"))
    if not path.exists():
        raise Missing(f"there is no file or folder {source!r}", remedy=_REMEDY)
    groups: Iterator[ForeignContext] = iter(())
    if path.is_dir():
        store = mlflowfiles.store_in(path)
        if store is None:
            raise UsageError("the folder holds no runs of MLflow's", where=source, remedy=_REMEDY)
        path = store
        system, runs = mlflow.SYSTEM, mlflowfiles.read(path)
    elif mlflow.is_store(path):
        system, runs = mlflow.SYSTEM, mlflow.read(path)
    elif mlmd.is_store(path):
        system, runs, groups = mlmd.SYSTEM, mlmd.read(path), mlmd.contexts(path)
    elif openlineage.is_events(path):
        system, runs = openlineage.SYSTEM, openlineage.read(path)
    else:
        raise UsageError(
            "it is neither a SQLite store of MLflow or ML Metadata nor OpenLineage events",
            where=source,
            remedy="see `assay import --help`",
        )
    digest = mlflowfiles.digest(path) if path.is_dir() else digest_file(path)
    told = {"schema": "assay.import/1", "system": system, "source": str(path), "digest": digest}
    counts = {"runs": 0, "new": 0, "changed": 0, "unchanged": 0, "edges": 0, "contexts": 0, "skipped": 0}
    left_out: list[dict[str, str]] = []
    events: list[int] = []
    while batch := list(itertools.islice(runs, _BATCH)):
        for run in batch:
            left_out += [{"run": run.id, "what": what, "why": why} for what, why in run.skipped.items()]
            del left_out[_TOLD:]
        event = _kept(home, batch, told, counts, actor)
        events += [event] if event is not None else []
        if progress is not None:
            progress(counts["runs"], 0, f"{counts['runs']:,} runs")
    while some := list(itertools.islice(groups, _BATCH)):
        event = _grouped(home, some, told, counts, actor)
        events += [event] if event is not None else []
    return told | counts | {"left_out": left_out, "events": events}


def _kept(
    home: Home, batch: Iterable[ForeignRun], told: dict[str, Any], counts: dict[str, int], actor: str
) -> int | None:
    """Keep some runs in one transaction; return the seq of its event, None where nothing is new."""
    from assay.office import runs as book
    from assay.office.catalogue import put

    system, made = str(told["system"]), []
    reports = [(run, sha256(canonical(plain(_plain(run)))), _report(run, system)) for run in batch]
    stored = {run.id: home.store.put_bytes(report.to_json()) for run, _, report in reports}
    with home.office.transaction() as tx:
        for run, digest, _ in reports:
            counts["runs"] += 1
            counts["skipped"] += len(run.skipped)
            key = f"{system}-{run.id}"
            before = tx.get("runs", key)
            if before is not None and dict(before.get("detail") or {}).get("digest") == digest:
                counts["unchanged"] += 1
                continue
            counts["changed" if before is not None else "new"] += 1
            detail = {"imported": system, "digest": digest, **run.notes}
            record = book.RunRecord(
                key,
                printable(run.pipeline),
                printable(run.actor),
                run.outcome,
                run.started,
                run.ended,
                stored[run.id],
                None,
                detail,
                experiment=printable(run.experiment or run.pipeline),
                parent=f"{system}-{run.parent}" if run.parent else None,
            )
            book.write(tx, asdict(record))
            inputs, outputs = _named(run.inputs), _named(run.outputs)
            step = book.StepRecord(
                key, system, f"import.{system}", run.outcome, False, "", inputs, outputs, stored[run.id], 0.0
            )
            tx.write("steps", f"{key}/{system}", asdict(step), run=key, reuse=None)
            for asset in (*run.inputs, *run.outputs):
                put(tx, asset)
            for target in run.outputs:
                for used in run.inputs:
                    ends = (used.digest or used.uri, used.name, target.digest or target.uri, target.name)
                    book.edge(tx, book.Edge(*ends, system, key))
                    counts["edges"] += 1
            made.append(key)
        if not made:
            return None
        detail = {"source": told["source"], "runs": len(made), "first": made[0], "last": made[-1]}
        return tx.record("import", system, actor=actor, inputs={"source": told["digest"]}, detail=detail)


def _grouped(
    home: Home, batch: Iterable[ForeignContext], told: dict[str, Any], counts: dict[str, int], actor: str
) -> int | None:
    """Keep some contexts and what is in them in one transaction; return the seq of its event, None where none is new."""
    from assay.office import contexts

    system, fresh = str(told["system"]), 0
    with home.office.transaction() as tx:
        for group in batch:
            counts["contexts"] += 1
            key = contexts.key_of(f"{group.kind}/{contexts.printed(group.name)}")
            before = tx.get("contexts", key)
            contexts.make(tx, key, actor=actor, about={"imported": system, **group.about})
            fresh += before is None
            members = [*(f"run/{system}-{run}" for run in group.runs), *group.things]
            fresh += sum(contexts.put(tx, key, member, actor=actor) for member in members)
        if not fresh and not tx.pending:
            return None
        detail = {"source": told["source"], "contexts": counts["contexts"], "new": fresh}
        return tx.record("import", system, actor=actor, inputs={"source": told["digest"]}, detail=detail)


def _plain(run: ForeignRun) -> dict[str, Any]:
    raw = asdict(run)
    if not run.skipped:
        del raw["skipped"]  # a run of which all was read is known by the digest that it always had
    return raw | {"metrics": {k: repr(v) for k, v in run.metrics.items()}}


def _named(assets: Iterable[Asset]) -> dict[str, Asset]:
    return {f"{i}": asset for i, asset in enumerate(assets)}


def _report(run: ForeignRun, system: str) -> Report:
    metrics = tuple(Metric.number(name, value) for name, value in run.metrics.items())
    return Report(
        check=f"import.{system}",
        subject=run.inputs[0] if run.inputs else None,
        params=dict(run.params),
        metrics=metrics,
        coverage=Coverage(1, 1, tuple(Skipped(what, why) for what, why in run.skipped.items()), unit="runs"),
        data=dict(run.notes),
        started=run.started,
    )
