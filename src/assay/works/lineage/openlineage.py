"""Lineage as OpenLineage run events (specification 2-0-2): a START and an end for each run and each of its steps.

What the standard has a facet for is said in it: parent run, parameters, tags, error, engine, job type, columns, rows, whether
a thing is a table or a model, its version. What it has none for, metrics and a model's place in the registry, stands in
``assay_metrics`` and ``assay_model``, as custom facets are named.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.works.lineage.told import Stepped, Told, grouped

if TYPE_CHECKING:
    from assay.kernel.asset import Asset
    from assay.office.registry import PackageRecord
    from assay.office.runs import Edge, RunRecord

_EVENT = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent"
_FACETS = "https://openlineage.io/spec/facets"
_PRODUCER = "https://pypi.org/project/assay"
_ENDS = {
    "pass": "COMPLETE",
    "done": "COMPLETE",
    "fail": "COMPLETE",
    "interrupted": "ABORT",
    "stopped": "ABORT",
}
_LONGEST = 4_000
_TYPES = {"table": "TABLE", "model": "MODEL"}


def as_openlineage(told: Told, namespace: str, now: str) -> list[dict[str, Any]]:
    """Return the events in the order of their times. now: the time of a step of which the office knows none.

    A step whose gate failed has come to its end, so it is COMPLETE; FAIL is one that broke.
    """
    events: list[dict[str, Any]] = []
    wholes: dict[str, RunRecord] = {}
    for (run, step), edges in grouped(told.edges).items():
        made = _Events(told, f"assay/{namespace}", run, step, edges, now)
        if made.known is not None and made.known.run is not None and run not in wholes:
            wholes[run] = made.known.run
            events += made.of_run(made.known.run)
        events += made.both()
    return sorted(events, key=lambda e: str(e["eventTime"]))


class _Events:
    """The two events of one step."""

    def __init__(
        self, told: Told, namespace: str, run: str, step: str, edges: Sequence[Edge], now: str
    ) -> None:
        self.told, self.namespace, self.run, self.step, self.edges = told, namespace, run, step, edges
        self.known = told.steps.get((run, step))
        self.now = now

    def both(self) -> list[dict[str, Any]]:
        """Return what it began as, and what it came to."""
        known = self.known
        end = _ENDS.get(known.record.outcome, "FAIL") if known else "COMPLETE"
        first = self._event("START", (known.began if known else "") or self.now)
        last = self._event(end, (known.ended if known else "") or self.now)
        outputs = {e.target: e.to_name for e in self.edges}
        last["outputs"] = [self._dataset(urn, name, "outputFacets") for urn, name in outputs.items()]
        if known is not None:
            last["run"]["facets"] |= _ended(known)
        return [first, last]

    def of_run(self, run: RunRecord) -> list[dict[str, Any]]:
        """Return the events of the run that the step is a part of."""
        name, kind = run.pipeline, "PIPELINE"
        facets = {"processing_engine": _engine()}
        found = [_event("START", run.started, self._id(), facets, self.namespace, name, kind)]
        if run.ended:
            end = _ENDS.get(run.outcome, "FAIL")
            found.append(_event(end, run.ended, self._id(), facets, self.namespace, name, kind))
        return found

    def _event(self, kind: str, time: str) -> dict[str, Any]:
        uses = self.known.record.uses if self.known else "TASK"
        made = _event(kind, time, self._id(self.step), self._begun(), self.namespace, self.step, uses.upper())
        inputs = {e.source: e.from_name for e in self.edges}
        return made | {"inputs": [self._dataset(urn, name, "inputFacets") for urn, name in inputs.items()]}

    def _id(self, *of: str) -> str:
        return str(uuid.uuid5(uuid.NAMESPACE_URL, "/".join((self.namespace, self.run, *of))))

    def _begun(self) -> dict[str, Any]:
        """Return what is known of a run when it begins: what it is a part of, its engine and parameters."""
        out = {"processing_engine": _engine()}
        if self.known is None:
            return out
        run = self.known.run
        if run is not None:
            job = {"namespace": self.namespace, "name": run.pipeline}
            parent = {"run": {"runId": self._id()}, "job": job}
            out["parent"] = _facet("1-2-0/ParentRunFacet", parent)
        given = [
            {"key": n, "name": n, "value": _text(v)} for n, v in self.known.told.items() if v is not None
        ]
        if given:
            out["executionParameters"] = _facet("1-0-0/ExecutionParametersRunFacet", {"parameters": given})
        return out

    def _dataset(self, urn: str, name: str, side: str) -> dict[str, Any]:
        facets = {"version": _facet("1-0-1/DatasetVersionDatasetFacet", {"datasetVersion": urn})}
        package, asset = self.told.packages.get(urn), self.told.things.get(urn)
        kind = "MODEL" if package else _TYPES.get(asset.kind, "FILE") if asset else None
        if kind:
            facets["datasetType"] = _facet("1-0-1/DatasetTypeDatasetFacet", {"datasetType": kind})
        if package:
            measured = self.told.measured.get(urn, {})
            facets["assay_model"] = _custom("ModelDatasetFacet", _model(package) | {"metrics": measured})
        table = self.told.tables.get(urn)
        if table and table.get("columns"):
            columns = [
                {"name": c["name"], "type": str(c.get("type") or "unknown"), "ordinal_position": i}
                for i, c in enumerate(table["columns"], 1)
            ]
            facets["schema"] = _facet("1-2-0/SchemaDatasetFacet", {"fields": columns})
        if source := _source(asset):
            facets["dataSource"] = _facet("1-0-1/DatasourceDatasetFacet", source)
        out: dict[str, Any] = {"namespace": self.namespace, "name": name, "facets": facets}
        if table and table.get("rows") is not None:
            name, of = (
                ("outputStatistics", "1-0-2/OutputStatisticsOutputDatasetFacet")
                if side == "outputFacets"
                else ("inputStatistics", "1-0-0/InputStatisticsInputDatasetFacet")
            )
            out[side] = {name: _facet(of, {"rowCount": int(table["rows"])})}
        return out


def _event(
    kind: str, time: str, run: str, facets: dict[str, Any], namespace: str, name: str, uses: str
) -> dict[str, Any]:
    told = {"processingType": "BATCH", "integration": "ASSAY", "jobType": uses}
    job = {"jobType": _facet("2-0-4/JobTypeJobFacet", told)}
    return {
        "eventType": kind,
        "eventTime": time,
        "run": {"runId": run, "facets": dict(facets)},
        "job": {"namespace": namespace, "name": name, "facets": job},
        "inputs": [],
        "outputs": [],
        "producer": _PRODUCER,
        "schemaURL": _EVENT,
    }


def _engine() -> dict[str, Any]:
    from assay import __version__

    return _facet("1-1-1/ProcessingEngineRunFacet", {"version": __version__, "name": "Assay"})


def _ended(known: Stepped) -> dict[str, Any]:
    """Return what is known of a run when it has ended: its metrics, tags, and what went wrong."""
    out: dict[str, Any] = {}
    if known.metrics:
        told = {"metrics": [{"key": n, "value": v} for n, v in known.metrics.items()]}
        if known.report.get("seed") is not None:
            told |= {"seed": known.report["seed"]}
        out["assay_metrics"] = _custom("MetricsRunFacet", told)
    tags = dict(dict(known.report.get("data") or {}).get("tags") or {})
    if tags:
        held = [{"key": k, "value": _text(v), "source": "USER"} for k, v in tags.items()]
        out["tags"] = _facet("1-0-0/TagsRunFacet", {"tags": held})
    error = known.report.get("error")
    if error:
        message = {"message": str(error)[:_LONGEST], "programmingLanguage": "PYTHON"}
        out["errorMessage"] = _facet("1-0-1/ErrorMessageRunFacet", message)
    return out


def _model(package: PackageRecord) -> dict[str, Any]:
    told = {
        "name": package.name,
        "version": package.version,
        "status": package.status,
        "stage": package.stage,
        "tier": package.tier,
        "owners": list(package.owners),
        "purpose": package.purpose,
        "aliases": list(package.aliases),
        "framework": package.metadata.get("framework"),
        "digest": package.digest,
    }
    return {k: v for k, v in told.items() if v not in (None, "", [])}


def _source(asset: Asset | None) -> dict[str, str] | None:
    """Return where a thing lies; of what lies in the office's own store nothing."""
    if asset is None or asset.uri.startswith("object:"):
        return None
    uri = Path(asset.uri).as_uri() if asset.uri.startswith("/") else asset.uri
    return {"name": asset.name, "uri": uri} if ":" in uri else None


def _facet(of: str, told: Mapping[str, Any]) -> dict[str, Any]:
    name = of.rpartition("/")[2]
    return {"_producer": _PRODUCER, "_schemaURL": f"{_FACETS}/{of}.json#/$defs/{name}", **told}


def _custom(name: str, told: Mapping[str, Any]) -> dict[str, Any]:
    return {"_producer": _PRODUCER, "_schemaURL": f"{_PRODUCER}#/$defs/{name}", **told}


def _text(value: Any) -> str:
    said = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return said[:_LONGEST]
