"""Lineage in the forms that other tools read: a Graphviz drawing, and OpenLineage run events."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from assay.office.runs import Edge

_SPEC = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent"
_PRODUCER = "https://pypi.org/project/assay"


def as_dot(edges: Sequence[Edge]) -> str:
    """Return a directed graph in Graphviz's language: a box a thing, an arrow a step."""
    names = {e.source: e.from_name for e in edges} | {e.target: e.to_name for e in edges}
    ids = {urn: f"n{i}" for i, urn in enumerate(names)}
    lines = ["digraph lineage {", "  rankdir=LR; node [shape=box, fontname=sans];"]
    lines += [f"  {ids[urn]} [label={_quoted(name)}, tooltip={_quoted(urn)}];" for urn, name in names.items()]
    lines += [f"  {ids[e.source]} -> {ids[e.target]} [label={_quoted(e.step)}];" for e in edges]
    return "\n".join([*lines, "}"]) + "\n"


def _quoted(text: str) -> str:
    clean = "".join(c if c.isprintable() else " " for c in text)
    return '"' + clean.replace("\\", "\\\\").replace('"', '\\"') + '"'


def as_openlineage(edges: Sequence[Edge], namespace: str, now: str) -> list[dict[str, Any]]:
    """Return one COMPLETE run event a step of a run, with its input and output data sets by name and digest."""
    steps: dict[tuple[str, str], list[Edge]] = {}
    for edge in edges:
        steps.setdefault((edge.run, edge.step), []).append(edge)
    return [_event(run, step, found, f"assay/{namespace}", now) for (run, step), found in steps.items()]


def _event(run: str, step: str, edges: Sequence[Edge], namespace: str, now: str) -> dict[str, Any]:
    inputs = {e.source: e.from_name for e in edges}
    outputs = {e.target: e.to_name for e in edges}
    return {
        "eventType": "COMPLETE",
        "eventTime": now,
        "run": {"runId": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{namespace}/{run}/{step}"))},
        "job": {"namespace": namespace, "name": step},
        "inputs": [_dataset(urn, name, namespace) for urn, name in inputs.items()],
        "outputs": [_dataset(urn, name, namespace) for urn, name in outputs.items()],
        "producer": _PRODUCER,
        "schemaURL": _SPEC,
    }


def _dataset(urn: str, name: str, namespace: str) -> dict[str, Any]:
    version = {
        "_producer": _PRODUCER,
        "_schemaURL": "https://openlineage.io/spec/facets/1-0-1/DatasetVersionDatasetFacet.json",
        "datasetVersion": urn,
    }
    return {"namespace": namespace, "name": name, "facets": {"version": version}}
