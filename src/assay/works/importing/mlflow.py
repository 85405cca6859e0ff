"""MLflow's tracking store and model registry in SQLite, read without MLflow.

Read are the runs that are not deleted with their experiment, user, state, times, parameters, tags and the latest value of
each metric; the data sets they logged, by MLflow's digest; and the registered versions with aliases and stage. Artifacts are
named and not copied. Written by MLflow 1 (without data sets) to 3.
"""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterator
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
_STATUS = ("RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED")
_LONGEST = 2_000
_SQL = """SELECT r.run_uuid, e.name, r.user_id, r.status, r.start_time, r.end_time, r.artifact_uri, {name}
FROM runs r JOIN experiments e ON e.experiment_id = r.experiment_id
WHERE coalesce(r.lifecycle_stage, 'active') = 'active' ORDER BY r.start_time, r.run_uuid"""


def is_store(path: Path) -> bool:
    """Whether a file is a SQLite database that holds MLflow's runs."""
    return holds(path, {"runs", "experiments", "params", "tags", "latest_metrics"}, _WHOSE)


def read(path: Path) -> Iterator[ForeignRun]:
    """Give every run of a store, oldest first; BadInput where it cannot be read."""
    with opened(path, _WHOSE) as con:
        there = tables(con)
        known = columns(con, "runs")
        versions = _versions(con, there)
        for row in con.execute(_SQL.format(name="r.name" if "name" in known else "NULL")).fetchall():
            yield _run(con, there, row, versions.get(row[0], []))


def _run(con: sqlite3.Connection, there: set[str], row: tuple[Any, ...], made: list[Asset]) -> ForeignRun:
    id_, experiment, user, status, start, end, artifacts, name = row
    tags = dict(_pairs(con, "tags", id_))
    actor = str(user or tags.get("mlflow.user") or "unknown")
    notes = {
        "name": name or tags.get("mlflow.runName"),
        "artifacts": artifacts,
        "tags": {k: v for k, v in tags.items() if not k.startswith("mlflow.")},
        "commit": tags.get("mlflow.source.git.commit"),
        "parent": tags.get("mlflow.parentRunId"),
    }
    return ForeignRun(
        str(id_),
        str(experiment),
        actor[:200],
        _STATES.get(str(status), "error"),
        moment(start) or "1970-01-01T00:00:00.000Z",
        moment(end),
        dict(_pairs(con, "params", id_)),
        _metrics(con, id_),
        _inputs(con, there, id_),
        made,
        {k: v for k, v in notes.items() if v},
        str(tags.get("mlflow.parentRunId") or "")[:250],
    )


def _pairs(con: sqlite3.Connection, table: str, run: str) -> list[tuple[str, str]]:
    found = con.execute(f"SELECT key, value FROM {table} WHERE run_uuid = ? ORDER BY key", [run])  # noqa: S608
    return [(str(k)[:250], str(v)[:_LONGEST]) for k, v in found]


def _metrics(con: sqlite3.Connection, run: str) -> dict[str, float]:
    """Return the latest value of each metric; one that is not a number is NaN."""
    query = "SELECT key, value, is_nan FROM latest_metrics WHERE run_uuid = ? ORDER BY key"
    return {str(k)[:250]: math.nan if nan else float(v) for k, v, nan in con.execute(query, [run])}


def _inputs(con: sqlite3.Connection, there: set[str], run: str) -> list[Asset]:
    if not {"inputs", "datasets"} <= there:
        return []
    query = """SELECT d.name, d.digest, d.dataset_source FROM inputs i JOIN datasets d ON d.dataset_uuid = i.source_id
    WHERE i.destination_type = 'RUN' AND i.source_type = 'DATASET' AND i.destination_id = ? ORDER BY d.name, d.digest"""
    return [
        Asset(
            "table", str(name)[:250], f"mlflow:datasets/{quote(str(name))}/{quote(str(digest))}", "", SYSTEM
        )
        for name, digest, _source in con.execute(query, [run])
    ]


def _versions(con: sqlite3.Connection, there: set[str]) -> dict[str, list[Asset]]:
    """Return the registered versions by the run that they are of."""
    if "model_versions" not in there:
        return {}
    out: dict[str, list[Asset]] = {}
    query = "SELECT name, version, run_id FROM model_versions WHERE run_id IS NOT NULL ORDER BY name, version"
    for name, version, run in con.execute(query):
        urn = f"mlflow:models/{quote(str(name))}/{int(version)}"
        out.setdefault(str(run), []).append(Asset("model", f"{name}@{int(version)}"[:250], urn, "", SYSTEM))
    return out
