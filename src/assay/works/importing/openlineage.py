"""OpenLineage run events, as JSON lines or a JSON list: a run for each runId, with what it read and made.

Of a run the latest state counts; inputs and outputs of all its events are taken together. A data set is named by its
namespace and name, and by its version where an event tells one. Specification: OpenLineage 2-0-2.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Container, Iterator, Mapping
from pathlib import Path
from typing import Any

from assay.kernel.asset import Asset
from assay.kernel.errors import BadInput
from assay.methods.search.moments import written
from assay.works.importing.foreign import ForeignRun

SYSTEM = "openlineage"
LARGEST = 2 << 30
WHOLE = 256 << 20  # read at once; what is larger is JSON lines
LONGEST = 8 << 20  # of a line
THINGS = 1_000  # that a run read, and that it made
PAIRS = 1_000  # parameters, metrics or tags of a run
_STATES = {
    "START": "running",
    "RUNNING": "running",
    "OTHER": "running",
    "COMPLETE": "pass",
    "FAIL": "fail",
    "ABORT": "interrupted",
}
_URN = re.compile(r"(sha256:[0-9a-f]{64}|registry://\S+)")


def is_events(path: Path) -> bool:
    """Whether a file begins with an OpenLineage event."""
    with path.open("rb") as content:
        head = content.read(1 << 20)
    return b'"eventType"' in head and b'"runId"' in head and head.lstrip()[:1] in (b"{", b"[")


def read(path: Path) -> Iterator[ForeignRun]:
    """Give a run for each runId, in the order of their first events; BadInput with the line of what is no event."""
    events: dict[str, list[Mapping[str, Any]]] = {}
    for number, raw in _raw(path):
        run = raw.get("run") if isinstance(raw, dict) else None
        if (
            not isinstance(run, dict)
            or not isinstance(run.get("runId"), str)
            or not isinstance(raw.get("job"), dict)
        ):
            raise BadInput("it is no run event: it has no run.runId or no job", where=f"{path}:{number}")
        events.setdefault(run["runId"], []).append(raw)
    for run_id, found in events.items():
        yield _run(run_id, sorted(found, key=lambda e: _moment(e) or ""), events)


def _raw(path: Path) -> Iterator[tuple[int, Any]]:
    if path.stat().st_size > LARGEST:
        raise BadInput(f"it is larger than {LARGEST >> 30} GB", where=str(path), remedy="split it")
    if path.stat().st_size <= WHOLE:
        try:  # a list, or one object that holds the events, over however many lines
            whole = json.loads(path.read_bytes())
        except (ValueError, RecursionError):
            whole = None
        if whole is not None:
            yield from ((i + 1, e) for i, e in enumerate(_listed(whole)))
            return
    with path.open("rb") as content:
        number = 0
        while line := content.readline(LONGEST + 1):
            number += 1
            if len(line) > LONGEST:
                raise BadInput(f"a line is longer than {LONGEST >> 20} MB", where=f"{path}:{number}")
            if line.strip():
                yield from ((number, e) for e in _listed(_parsed(line, path, number)))


def _listed(found: Any) -> list[Any]:
    """Return the events of a list, of an object that holds them as Assay prints it, or the one that it is."""
    if isinstance(found, dict) and "run" not in found and isinstance(found.get("events"), list):
        return list(found["events"])
    return found if isinstance(found, list) else [found]


def _parsed(raw: bytes, path: Path, number: int) -> Any:
    try:
        return json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise BadInput(f"it is no JSON: {str(error)[:100]}", where=f"{path}:{number}") from None


def _run(run_id: str, events: list[Mapping[str, Any]], known: Container[str]) -> ForeignRun:
    """Return what the events of a run say together. known: the runs of the file, of which one may be its parent."""
    last, job = events[-1], events[-1]["job"]
    facets: dict[str, Any] = {}
    for event in events:
        facets |= _object(event["run"].get("facets"))
    parent = _object(_object(facets.get("parent")).get("run")).get("runId")
    times = [t for e in events if (t := _moment(e))]
    outcome = _STATES.get(str(last.get("eventType")), "running")
    failed = _object(_object(last["run"].get("facets")).get("errorMessage")).get("message")
    metrics = _pairs(facets.get("assay_metrics"), "metrics")
    notes = {
        "namespace": job.get("namespace"),
        "producer": last.get("producer"),
        "error": failed and str(failed)[:500],
        "tags": {k: str(v)[:500] for k, v in _pairs(facets.get("tags"), "tags").items()},
    }
    return ForeignRun(
        run_id[:100],
        str(job.get("name", "unnamed"))[:250],
        str(last.get("producer", "unknown"))[:200],
        outcome,
        times[0] if times else "1970-01-01T00:00:00.000Z",
        times[-1] if times and outcome != "running" else None,
        params=_pairs(facets.get("executionParameters"), "parameters"),
        metrics={k: float(v) for k, v in metrics.items() if isinstance(v, (int, float)) and v - v == 0},
        inputs=_things(events, "inputs"),
        outputs=_things(events, "outputs"),
        notes={k: v for k, v in notes.items() if v},
        parent=parent[:100] if isinstance(parent, str) and parent != run_id and parent in known else "",
    )


def _pairs(facet: Any, name: str) -> dict[str, Any]:
    """Return what a facet lists as keys with values."""
    listed = _object(facet).get(name)
    out: dict[str, Any] = {}
    for pair in listed[:PAIRS] if isinstance(listed, list) else []:
        key, value = _object(pair).get("key"), _object(pair).get("value")
        if isinstance(key, str) and isinstance(value, (str, int, float)):
            out[key[:250]] = value[:2_000] if isinstance(value, str) else value
    return out


def _moment(event: Mapping[str, Any]) -> str | None:
    """Return an event's time as the office writes it, of UTC where it names no zone; None where it has none that is one."""
    try:
        found = dt.datetime.fromisoformat(str(event.get("eventTime"))[:40])
        return written(found if found.tzinfo else found.replace(tzinfo=dt.UTC))
    except (ValueError, OverflowError):
        return None


def _object(given: Any) -> Mapping[str, Any]:
    return given if isinstance(given, dict) else {}


def _things(events: list[Mapping[str, Any]], side: str) -> list[Asset]:
    out: dict[str, Asset] = {}
    for event in events:
        listed = event.get(side)
        for raw in listed if isinstance(listed, list) else []:
            if not isinstance(raw, dict) or not isinstance(raw.get("name"), str):
                continue
            version = _object(_object(raw.get("facets")).get("version")).get("datasetVersion")
            name, urn = raw["name"][:250], f"openlineage:{raw.get('namespace', '')}/{raw['name']}"[:500]
            if isinstance(version, str):
                urn = version if _URN.fullmatch(version) else f"{urn}@{version}"[:600]
            digest = urn if urn.startswith("sha256:") else ""
            out[urn] = Asset("table", name, urn, digest, SYSTEM)
            if len(out) > THINGS:
                raise BadInput(
                    f"a run has more than {THINGS:,} {side}",
                    remedy="leave its events out: each pair of both is an edge",
                )
    return list(out.values())
