"""MLflow's tracking store and model registry in SQLite, read without MLflow.

Read are the runs that are not deleted with their experiment, user, state, times, parameters, tags and the latest value of
each metric; the data sets they logged, by MLflow's digest; and the registered versions with aliases and stage. Artifacts are
named and not copied. Written by MLflow 1 (without data sets) to 3.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import math
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from assay.kernel.asset import Asset
from assay.kernel.errors import BadInput
from assay.works.importing.foreign import ForeignRun

SYSTEM = "mlflow"
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
    with path.open("rb") as content:
        if content.read(16) != b"SQLite format 3\0":
            return False
    with _opened(path) as con:
        return {"runs", "experiments", "params", "latest_metrics"} <= _tables(con)


def read(path: Path) -> Iterator[ForeignRun]:
    """Give every run of a store, oldest first; BadInput where it cannot be read."""
    with _opened(path) as con:
        tables = _tables(con)
        columns = {r[1] for r in con.execute("PRAGMA table_info(runs)")}
        versions = _versions(con, tables)
        for row in con.execute(_SQL.format(name="r.name" if "name" in columns else "NULL")).fetchall():
            yield _run(con, tables, row, versions.get(row[0], []))


def _run(con: sqlite3.Connection, tables: set[str], row: tuple[Any, ...], made: list[Asset]) -> ForeignRun:
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
        _time(start) or "1970-01-01T00:00:00.000Z",
        _time(end),
        dict(_pairs(con, "params", id_)),
        _metrics(con, id_),
        _inputs(con, tables, id_),
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


def _inputs(con: sqlite3.Connection, tables: set[str], run: str) -> list[Asset]:
    if not {"inputs", "datasets"} <= tables:
        return []
    query = """SELECT d.name, d.digest, d.dataset_source FROM inputs i JOIN datasets d ON d.dataset_uuid = i.source_id
    WHERE i.destination_type = 'RUN' AND i.source_type = 'DATASET' AND i.destination_id = ? ORDER BY d.name, d.digest"""
    return [
        Asset(
            "table", str(name)[:250], f"mlflow:datasets/{quote(str(name))}/{quote(str(digest))}", "", SYSTEM
        )
        for name, digest, _source in con.execute(query, [run])
    ]


def _versions(con: sqlite3.Connection, tables: set[str]) -> dict[str, list[Asset]]:
    """Return the registered versions by the run that they are of."""
    if "model_versions" not in tables:
        return {}
    out: dict[str, list[Asset]] = {}
    query = "SELECT name, version, run_id FROM model_versions WHERE run_id IS NOT NULL ORDER BY name, version"
    for name, version, run in con.execute(query):
        urn = f"mlflow:models/{quote(str(name))}/{int(version)}"
        out.setdefault(str(run), []).append(Asset("model", f"{name}@{int(version)}"[:250], urn, "", SYSTEM))
    return out


def _time(milliseconds: Any) -> str | None:
    if milliseconds is None:
        return None
    try:
        moment = dt.datetime.fromtimestamp(int(milliseconds) / 1000, dt.UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _tables(con: sqlite3.Connection) -> set[str]:
    return {r[0] for r in con.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    """Open somebody else's database to read only, and trust none of its schema."""
    con = sqlite3.connect(f"file:{quote(str(path.resolve()))}?mode=ro", uri=True, timeout=30)
    try:
        con.execute("PRAGMA query_only = ON")
        con.execute("PRAGMA trusted_schema = OFF")
        yield con
    except (sqlite3.DatabaseError, TypeError, ValueError) as error:
        raise BadInput(
            f"the store cannot be read: {str(error)[:200]}",
            where=str(path),
            remedy="is it MLflow's database, whole?",
        ) from None
    finally:
        con.close()
