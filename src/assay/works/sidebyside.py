"""Runs in one table: a row a run, with the parameters that differ among them and their metrics."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from assay.kernel.errors import AssayError, Missing, UsageError
from assay.methods.nearest import did_you_mean
from assay.office.runs import SO_FAR, USES_TRACKED, USES_TRIAL

if TYPE_CHECKING:
    from assay.office.runs import RunRecord, StepRecord
    from assay.works.home import Home

MOST = 1_000
_LARGEST = 64 << 20
_ASIDE = ("seconds", "peak_memory")


def chosen(
    home: Home, names: Sequence[str], *, experiment: str | None, parts_of: str | None, limit: int
) -> list[RunRecord]:
    """Return the runs that a person named, those of an experiment, or those that are parts of a run, latest first."""
    from assay.office import runs

    if names:
        return [runs.get(home.office, name) for name in names]
    if parts_of is not None:
        whole = runs.get(home.office, parts_of)
        return runs.listing(home.office, limit, parent=whole.id)
    if experiment is None:
        raise UsageError(
            "no run is named",
            remedy="name runs, or --experiment NAME, or --parts-of RUN: see `assay runs list`",
        )
    found = runs.listing(home.office, limit, experiment=experiment)
    if not found:
        known = experiments(home)
        raise Missing(f"there is no experiment {experiment!r}", remedy=did_you_mean(experiment, known))
    return found


def experiments(home: Home) -> dict[str, int]:
    """Return the experiments and how many runs each has, by name; parts of runs are not counted."""
    import sqlalchemy as sa

    from assay.office import schema

    table = schema.runs.c
    query = sa.select(table.experiment, sa.func.count()).where(table.parent.is_(None))
    rows = home.office.rows(query.group_by(table.experiment).order_by(table.experiment))
    return {str(name): int(number) for name, number in rows if name}


def compare(
    home: Home, records: Sequence[RunRecord], *, by: str | None = None, ascending: bool = False
) -> dict[str, Any]:
    """Return the runs with all that was told of them. differing: the parameters that are not the same in all.

    by: a metric that they are sorted by, the greatest first unless ascending; runs without it come last.
    """
    rows = [row(home, record) for record in records]
    metrics = _names(r["metrics"] for r in rows)
    if by is not None:
        if by not in metrics:
            raise Missing(f"none of these runs has a metric {by!r}", remedy=did_you_mean(by, metrics))
        known = [r for r in rows if r["metrics"].get(by) is not None]
        rest = [r for r in rows if r["metrics"].get(by) is None]
        rows = sorted(known, key=lambda r: r["metrics"][by], reverse=not ascending) + rest
    params = _names(r["params"] for r in rows)
    differing = [n for n in params if len({json.dumps(r["params"].get(n), sort_keys=True) for r in rows}) > 1]
    return {
        "schema": "assay.runs_compared/1",
        "runs": rows,
        "params": params,
        "differing": differing,
        "metrics": metrics,
        "by": by,
    }


def _names(parts: Iterable[Mapping[str, Any]]) -> list[str]:
    return list(dict.fromkeys(name for part in parts for name in part))


def row(home: Home, record: RunRecord) -> dict[str, Any]:
    """Return one run with its parameters and metrics; what several steps tell under one name is told with their names."""
    from assay.office import runs

    params: dict[str, Any] = {}
    found: list[tuple[str, str, Any]] = []
    steps = runs.steps_of(home.office, record.id)
    for step in [
        s for s in steps if s.uses == USES_TRIAL
    ] or steps:  # a trial tells itself what its folds came to
        report = _report(home, step)
        params |= _params(step, report)
        found += [(step.name, m["name"], m["value"]) for m in report.get("metrics", []) if _whole(m)]
    so_far = dict(record.detail.get(SO_FAR) or {}) if record.outcome == "running" else {}
    params |= dict(so_far.get("params") or {})
    found += [("", n, v) for n, v in dict(so_far.get("metrics") or {}).items()]
    names = [name for _, name, _ in found]
    metrics = {(n if names.count(n) == 1 else f"{step}.{n}"): value for step, n, value in found}
    told = {n: getattr(record, n) for n in ("id", "pipeline", "experiment", "parent", "outcome", "started")}
    trial = {k: record.detail[k] for k in ("trial", "state") if k in record.detail}
    return {**told, **trial, "params": params, "metrics": metrics}


def _whole(metric: Mapping[str, Any]) -> bool:
    return not metric.get("of") and metric.get("value") is not None and metric["name"] not in _ASIDE


def _params(step: StepRecord, report: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a step was told: hyperparameters and what a script said of itself by their own names."""
    given = dict(report.get("params") or {})
    if step.uses in (USES_TRACKED, USES_TRIAL) or step.uses.startswith("import."):
        return given
    hyper = dict(given.pop("hyperparameters", None) or {}) if step.uses == "train" else {}
    rest = {f"{step.name}.{k}": v for k, v in given.items() if k not in ("limits", "tune") and v is not None}
    return hyper | rest


def _report(home: Home, step: StepRecord) -> dict[str, Any]:
    if not step.report:
        return {}
    try:
        found = json.loads(home.store.read(step.report, _LARGEST))
    except (AssayError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
