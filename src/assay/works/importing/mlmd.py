"""ML Metadata's store in SQLite (TFX, Kubeflow Pipelines), read without ml-metadata.

An execution becomes a run with its properties as parameters, what its events say it read and made, its state and times.
The numbers of artifacts whose type tells of metrics become metrics of the executions that made them. Contexts become
contexts: those of a pipeline and an experiment name the run's own. Written by schema 4 to 10 (MLMDEnv).
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from assay.kernel.asset import Asset, Kind
from assay.works.importing.foreign import ForeignContext, ForeignRun
from assay.works.importing.sqlitefile import columns, holds, moment, opened, tables

SYSTEM = "mlmd"
_WHOSE = "ML Metadata's"
_TABLES = {
    "Type",
    "Artifact",
    "Execution",
    "Event",
    "ExecutionProperty",
    "ArtifactProperty",
    "Context",
    "Association",
}
_STATES = {1: "running", 2: "running", 3: "pass", 4: "fail", 5: "pass", 6: "interrupted"}
_READ, _MADE = (
    (2, 3, 6),
    (1, 4, 5),
)  # DECLARED_INPUT, INPUT, INTERNAL_INPUT; DECLARED_OUTPUT, OUTPUT, INTERNAL_OUTPUT
_BATCH = 500
_LONGEST, _NAME = 2_000, 250
MOST_PROPERTIES = 1_000  # of one thing
MOST_THINGS = 2_000  # that one execution read, or made
_VALUES = ("int_value", "double_value", "string_value", "bool_value")
_KINDS: tuple[tuple[str, Kind], ...] = (
    ("model", "model"), ("dataset", "table"), ("example", "table"), ("table", "table"), ("statistics", "table"),
)  # fmt: skip
_DIGEST = re.compile(r"(?:sha256:)?([0-9a-f]{64})")


def is_store(path: Path) -> bool:
    """Whether a file is a SQLite database that holds ML Metadata's tables."""
    return holds(path, _TABLES, _WHOSE)


def read(path: Path) -> Iterator[ForeignRun]:
    """Give every execution of a store, oldest first; BadInput where it cannot be read."""
    with opened(path, _WHOSE) as con:
        types = _types(con)
        named = columns(con, "Execution")
        wanted = [
            c if c in named else "NULL"
            for c in ("name", "create_time_since_epoch", "last_update_time_since_epoch")
        ]
        query = f"SELECT id, type_id, last_known_state, {', '.join(wanted)} FROM Execution ORDER BY id"  # noqa: S608
        found = con.execute(query)
        while batch := found.fetchmany(_BATCH):
            yield from _runs(con, types, batch)


def _runs(
    con: sqlite3.Connection, types: Mapping[int, str], batch: Sequence[tuple[Any, ...]]
) -> Iterator[ForeignRun]:
    ids = [int(row[0]) for row in batch]
    told = _properties(con, "ExecutionProperty", "execution_id", ids)
    events = _events(con, ids)
    things = sorted({artifact for sides in events.values() for side in sides for artifact in side})
    assets, about = _artifacts(con, types, things)
    around = _contexts_of(con, types, "Association", "execution_id", ids)
    for id_, type_id, state, name, created, updated in batch:
        read_, made = events.get(int(id_), ([], []))
        what = types.get(int(type_id or 0), "execution")
        contexts = around.get(int(id_), [])
        pipeline = _of_kind(contexts, "pipeline") or what
        metrics = {n: float(v) for a in made for n, v in _measured(about.get(a, {})).items()}
        notes = {
            "name": str(name)[:_NAME] if name else None,
            "type": what,
            "uris": {assets[a].uri: about[a]["uri"] for a in (*read_, *made) if about.get(a, {}).get("uri")},
        }
        yield ForeignRun(
            f"{int(id_)}-{int(created or 0)}",
            pipeline[:_NAME],
            "unknown",
            _STATES.get(int(state or 0), "error"),
            moment(created) or "1970-01-01T00:00:00.000Z",
            moment(updated) if int(state or 0) not in (1, 2) else None,
            dict(told.get(int(id_), {})),
            metrics,
            [assets[a] for a in read_ if a in assets],
            [assets[a] for a in made if a in assets],
            {k: v for k, v in notes.items() if v},
            experiment=(_of_kind(contexts, "experiment") or pipeline)[:_NAME],
        )


def contexts(path: Path) -> Iterator[ForeignContext]:
    """Give every context of a store with what is in it: executions by the ids of their runs, artifacts by their urns."""
    with opened(path, _WHOSE) as con:
        types, there, above = _types(con), tables(con), _above(con)
        query = con.execute("SELECT id, type_id, name FROM Context ORDER BY id")
        while batch := query.fetchmany(_BATCH):
            ids = [int(row[0]) for row in batch]
            told = (
                _properties(con, "ContextProperty", "context_id", ids) if "ContextProperty" in there else {}
            )
            runs = _members(con, "Association", "execution_id", "Execution", ids)
            things = (
                _members(con, "Attribution", "artifact_id", "Artifact", ids) if "Attribution" in there else {}
            )
            digests = _artifacts(con, types, sorted({a for held in things.values() for a, _ in held}))[0]
            for id_, type_id, name in batch:
                held = [f"{i}-{created}" for i, created in runs.get(int(id_), [])]
                urns = [
                    digests[a].digest or digests[a].uri for a, _ in things.get(int(id_), []) if a in digests
                ]
                kind = _plain(types.get(int(type_id or 0), "context"))
                about = dict(told.get(int(id_), {}))
                parents = [f"{_plain(types.get(t, 'context'))}/{n[:200]}" for t, n in above.get(int(id_), [])]
                about |= {"parents": parents} if parents else {}
                yield ForeignContext(kind, str(name)[:200] or str(id_), about, held, urns)


def _above(con: sqlite3.Connection) -> dict[int, list[tuple[int, str]]]:
    """Return type and name of the contexts that each context lies in."""
    if "ParentContext" not in tables(con):
        return {}
    query = (
        "SELECT p.context_id, c.type_id, c.name FROM ParentContext p JOIN Context c ON c.id = p.parent_context_id "
        "ORDER BY p.context_id, c.id LIMIT 1000000"
    )
    out: dict[int, list[tuple[int, str]]] = {}
    for context, type_id, name in con.execute(query):
        held = out.setdefault(int(context), [])
        if len(held) < 100:
            held.append((int(type_id or 0), str(name)))
    return out


def _plain(kind: str) -> str:
    """Return a type's name as the kind of a context."""
    made = re.sub(r"[^A-Za-z0-9_.-]", "-", kind)[:99]
    return made if re.match(r"[A-Za-z]", made) else f"t{made}"


def _types(con: sqlite3.Connection) -> dict[int, str]:
    return {int(i): str(n)[:_NAME] for i, n in con.execute("SELECT id, name FROM Type LIMIT 100000")}


def _families(con: sqlite3.Connection, types: Mapping[int, str]) -> dict[int, str]:
    """Return of each type its name and those of the types that it is a kind of, one after another."""
    if "ParentType" not in tables(con):
        return dict(types)
    above: dict[int, list[int]] = {}
    for one, parent in con.execute("SELECT type_id, parent_type_id FROM ParentType LIMIT 100000"):
        above.setdefault(int(one), []).append(int(parent))
    out: dict[int, str] = {}
    for type_id in types:
        family, todo = dict[int, None](), [type_id]
        while todo and len(family) < 100:  # a ring of parents ends here too
            one = todo.pop(0)
            if one not in family:
                family[one] = None
                todo += above.get(one, [])
        out[type_id] = " ".join(types[t] for t in family if t in types)
    return out


def _asked(con: sqlite3.Connection, sql: str, ids: Sequence[int]) -> Iterator[tuple[Any, ...]]:
    """Give the rows of a question about some ids, ``{}`` in it, a batch of them at a time: one pass over a table each."""
    for start in range(0, len(ids), _BATCH):
        part = ids[start : start + _BATCH]
        yield from con.execute(sql.format(f"({','.join('?' * len(part))})"), part)


def _properties(
    con: sqlite3.Connection, table: str, key: str, ids: Sequence[int]
) -> dict[int, dict[str, Any]]:
    named = columns(con, table)
    wanted = [c for c in _VALUES if c in named]
    query = f"SELECT {key}, name, {', '.join(wanted)} FROM {table} WHERE {key} IN {{}} ORDER BY {key}, name"  # noqa: S608
    out: dict[int, dict[str, Any]] = {}
    for id_, name, *values in _asked(con, query, ids):
        held = out.setdefault(int(id_), {})
        value = next((v for v in values if v is not None), None)
        if value is not None and len(held) < MOST_PROPERTIES:
            held[str(name)[:_NAME]] = _value(value)
    return out


def _value(value: Any) -> Any:
    """Return a property as JSON: numbers as they are, texts cut, bytes told by their number."""
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    if isinstance(value, str):
        return value[:_LONGEST]
    return value if not isinstance(value, float) or value - value == 0 else str(value)


def _events(con: sqlite3.Connection, ids: Sequence[int]) -> dict[int, tuple[list[int], list[int]]]:
    """Return what each execution read and made, by the ids of artifacts."""
    out: dict[int, tuple[list[int], list[int]]] = {}
    query = "SELECT execution_id, artifact_id, type FROM Event WHERE execution_id IN {} ORDER BY execution_id, artifact_id"
    for execution, artifact, kind in _asked(con, query, ids):
        sides = out.setdefault(int(execution), ([], []))
        side = sides[0] if kind in _READ else sides[1] if kind in _MADE else None
        if side is not None and len(side) < MOST_THINGS and int(artifact) not in side[-1:]:
            side.append(int(artifact))
    return out


def _artifacts(
    con: sqlite3.Connection, types: Mapping[int, str], ids: Sequence[int]
) -> tuple[dict[int, Asset], dict[int, dict[str, Any]]]:
    """Return artifacts as assets, and what else is told of them: type, uri, properties."""
    named = columns(con, "Artifact")
    wanted = [c if c in named else "NULL" for c in ("name", "create_time_since_epoch")]
    query = f"SELECT id, type_id, uri, {', '.join(wanted)} FROM Artifact WHERE id IN {{}}"  # noqa: S608
    told = _properties(con, "ArtifactProperty", "artifact_id", ids)
    assets: dict[int, Asset] = {}
    about: dict[int, dict[str, Any]] = {}
    families = _families(con, types)
    for id_, type_id, uri, name, created in _asked(con, query, ids):
        what, held = types.get(int(type_id or 0), "artifact"), told.get(int(id_), {})
        family = families.get(int(type_id or 0), what)
        kind: Kind = next((k for word, k in _KINDS if word in family.lower()), "file")
        urn = f"mlmd:artifacts/{int(id_)}-{int(created or 0)}"
        assets[int(id_)] = Asset(kind, str(name or f"{what} {id_}")[:_NAME], urn, _digest(held), SYSTEM)
        about[int(id_)] = {
            "type": what,
            "family": family,
            "uri": str(uri)[:_LONGEST] if uri else None,
            "properties": held,
        }
    return assets, about


def _digest(held: Mapping[str, Any]) -> str:
    """Return the SHA-256 of its bytes that an artifact says of itself; an artifact of the same bytes is the same here."""
    for name in ("digest", "sha256", "checksum"):
        match = _DIGEST.fullmatch(str(held.get(name, "")))
        if match:
            return f"sha256:{match[1]}"
    return ""


def _measured(about: Mapping[str, Any]) -> dict[str, Any]:
    """Return the numbers that an artifact of metrics holds."""
    if "metric" not in str(about.get("family", "")).lower():
        return {}
    held = about.get("properties", {})
    return {n: v for n, v in held.items() if isinstance(v, (int, float)) and not isinstance(v, bool)}


def _contexts_of(
    con: sqlite3.Connection, types: Mapping[int, str], table: str, key: str, ids: Sequence[int]
) -> dict[int, list[tuple[str, str]]]:
    query = (
        f"SELECT a.{key}, c.type_id, c.name FROM {table} a JOIN Context c ON c.id = a.context_id "  # noqa: S608
        f"WHERE a.{key} IN {{}} ORDER BY a.{key}, c.id"
    )
    out: dict[int, list[tuple[str, str]]] = {}
    for id_, type_id, name in _asked(con, query, ids):
        held = out.setdefault(int(id_), [])
        if len(held) < 100:
            held.append((types.get(int(type_id or 0), "context"), str(name)))
    return out


def _of_kind(found: Sequence[tuple[str, str]], word: str) -> str:
    """Return the name of the first context whose type is a word alone: Pipeline, system.Pipeline; no pipeline_run."""
    return next((name for kind, name in found if kind.lower().rpartition(".")[2] == word), "")


def _members(
    con: sqlite3.Connection, table: str, key: str, of: str, ids: Sequence[int]
) -> dict[int, list[tuple[int, int]]]:
    created = "x.create_time_since_epoch" if "create_time_since_epoch" in columns(con, of) else "0"
    query = (
        f"SELECT m.context_id, x.id, {created} FROM {table} m JOIN {of} x ON x.id = m.{key} "  # noqa: S608
        "WHERE m.context_id IN {} ORDER BY m.context_id, x.id"
    )
    out: dict[int, list[tuple[int, int]]] = {}
    for context, id_, when in _asked(con, query, ids):
        out.setdefault(int(context), []).append((int(id_), int(when or 0)))
    return out
