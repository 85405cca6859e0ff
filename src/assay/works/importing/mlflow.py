"""MLflow's tracking store and model registry in SQLite, read without MLflow.

Read are the runs that are not deleted with their experiment, user, state, times, parameters, tags and the latest value of
each metric; the data sets they logged, by MLflow's digest; and the registered versions. Artifacts are named and not
copied. Written by MLflow 1 (without data sets) to 3. Its store of files is read by ``mlflowfiles``.
"""

from __future__ import annotations

import math
import sqlite3
from array import array
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from assay.kernel.asset import Asset
from assay.works.importing.foreign import ForeignRun
from assay.works.importing.sqlitefile import columns, holds, moment, opened, tables

SYSTEM = "mlflow"
_WHOSE = "MLflow's"
_STATES = {
    "FINISHED": "pass",
    "FAILED": "fail",
    "KILLED": "interrupted",
    "RUNNING": "running",
    "SCHEDULED": "running",
}
NAME, LONGEST = 250, 2_000  # characters that are kept of a name and of a value
_TYPES: Mapping[type, str] = {bytes: "bytes", str: "text", type(None): "nothing"}
_PAGE = 500  # runs that are held at once
_FROM = "FROM runs r JOIN experiments e ON e.experiment_id = r.experiment_id"
_WHICH = f"SELECT r.rowid {_FROM} WHERE coalesce(r.lifecycle_stage, 'active') = 'active' ORDER BY r.start_time, r.run_uuid"
_SQL = f"""SELECT r.run_uuid, e.name, r.user_id, r.status, r.start_time, r.end_time, r.artifact_uri, {{name}}
{_FROM} WHERE r.rowid IN ({{marks}}) ORDER BY r.start_time, r.run_uuid"""


def is_store(path: Path) -> bool:
    """Whether a file is a SQLite database that holds MLflow's runs."""
    return holds(path, {"runs", "experiments", "params", "tags", "latest_metrics"}, _WHOSE)


def read(path: Path) -> Iterator[ForeignRun]:
    """Give every run of a store, oldest first, a page of them held at a time; BadInput where it cannot be read."""
    with opened(path, _WHOSE) as con:
        there = tables(con)
        name = "r.name" if "name" in columns(con, "runs") else "NULL"
        versions, odd = _versions(con, there)
        which = array("q", (row[0] for row in con.execute(_WHICH)))
        for start in range(0, len(which), _PAGE):
            page = which[start : start + _PAGE]
            query = _SQL.format(name=name, marks=", ".join("?" * len(page)))
            for row in con.execute(query, page).fetchall():
                run = str(row[0])
                yield _run(con, there, row, versions.get(run, []), odd.get(run, {}))


def _run(
    con: sqlite3.Connection, there: set[str], row: tuple[Any, ...], made: list[Asset], odd: Mapping[str, str]
) -> ForeignRun:
    id_, experiment, user, status, start, end, artifacts, name = row
    metrics, skipped = _metrics(con, id_)
    said = Said(str(id_), str(experiment), user, str(status), start, end, artifacts, name)
    tags, params = dict(_pairs(con, "tags", id_)), dict(_pairs(con, "params", id_))
    return told(said, params, metrics, tags, _inputs(con, there, id_), made, {**skipped, **odd})


@dataclass(frozen=True, slots=True)
class Said:
    """What MLflow's record of a run says itself; start, end: milliseconds since 1970."""

    id: str
    experiment: str
    user: Any
    status: str
    start: Any
    end: Any
    artifacts: Any
    name: Any


def told(
    said: Said,
    params: Mapping[str, str],
    metrics: Mapping[str, float],
    tags: Mapping[str, str],
    inputs: list[Asset],
    made: list[Asset],
    skipped: Mapping[str, str],
) -> ForeignRun:
    """Return a run of MLflow's as this office takes it in, whatever kind of store it lay in."""
    notes = {
        "name": said.name or tags.get("mlflow.runName"),
        "artifacts": said.artifacts,
        "tags": {k: v for k, v in tags.items() if not k.startswith("mlflow.")},
        "commit": tags.get("mlflow.source.git.commit"),
        "parent": tags.get("mlflow.parentRunId"),
    }
    return ForeignRun(
        said.id,
        said.experiment,
        str(said.user or tags.get("mlflow.user") or "unknown")[:200],
        _STATES.get(said.status, "error"),
        moment(said.start) or "1970-01-01T00:00:00.000Z",
        moment(said.end),
        params,
        metrics,
        inputs,
        made,
        {k: v for k, v in notes.items() if v},
        str(tags.get("mlflow.parentRunId") or "")[:NAME],
        skipped=skipped,
    )


def data_set(name: Any, digest: Any) -> Asset:
    """Return a data set that a run logged, by MLflow's own digest of it."""
    urn = f"mlflow:datasets/{quote(str(name))}/{quote(str(digest))}"
    return Asset("table", str(name)[:NAME], urn, "", SYSTEM)


def version(name: Any, number: int) -> Asset:
    """Return a registered version of a model."""
    urn = f"mlflow:models/{quote(str(name))}/{number}"
    return Asset("model", f"{name}@{number}"[:NAME], urn, "", SYSTEM)


def _pairs(con: sqlite3.Connection, table: str, run: str) -> list[tuple[str, str]]:
    found = con.execute(f"SELECT key, value FROM {table} WHERE run_uuid = ? ORDER BY key", [run])  # noqa: S608
    return [(str(k)[:NAME], str(v)[:LONGEST]) for k, v in found]


def _metrics(con: sqlite3.Connection, run: str) -> tuple[dict[str, float], dict[str, str]]:
    """Return the latest value of each metric, NaN for one that is not a number; and those that hold no number at all."""
    query = "SELECT key, value, is_nan FROM latest_metrics WHERE run_uuid = ? ORDER BY key"
    found: dict[str, float] = {}
    odd: dict[str, str] = {}
    for key, value, nan in con.execute(query, [run]):
        name = str(key)[:NAME]
        if nan:
            found[name] = math.nan
        elif isinstance(value, (int, float)):
            found[name] = float(value)
        else:
            odd[f"metric {name}"] = f"its value is {_TYPES.get(type(value), 'no number')} and no number"
    return found, odd


def _inputs(con: sqlite3.Connection, there: set[str], run: str) -> list[Asset]:
    if not {"inputs", "datasets"} <= there:
        return []
    query = """SELECT d.name, d.digest FROM inputs i JOIN datasets d ON d.dataset_uuid = i.source_id
    WHERE i.destination_type = 'RUN' AND i.source_type = 'DATASET' AND i.destination_id = ? ORDER BY d.name, d.digest"""
    return [data_set(name, digest) for name, digest in con.execute(query, [run])]


def _versions(
    con: sqlite3.Connection, there: set[str]
) -> tuple[dict[str, list[Asset]], dict[str, dict[str, str]]]:
    """Return the registered versions by the run that they are of, and those whose number is none."""
    out: dict[str, list[Asset]] = {}
    odd: dict[str, dict[str, str]] = {}
    if "model_versions" not in there:
        return out, odd
    query = "SELECT name, version, run_id FROM model_versions WHERE run_id IS NOT NULL ORDER BY name, version"
    for name, number, run in con.execute(query):
        if not isinstance(number, int):
            odd.setdefault(str(run), {})[f"a version of {str(name)[:NAME]}"] = "its number is none"
            continue
        out.setdefault(str(run), []).append(version(name, number))
    return out, odd
