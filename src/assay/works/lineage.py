"""Lineage in the forms that other tools read: Graphviz and Mermaid drawings, OpenLineage run events, W3C PROV."""

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


def as_mermaid(edges: Sequence[Edge]) -> str:
    """Return a flowchart in Mermaid's language: a box a thing, an arrow a step; what a person said is dotted."""
    names = {e.source: e.from_name for e in edges} | {e.target: e.to_name for e in edges}
    ids = {urn: f"n{i}" for i, urn in enumerate(names)}
    lines = ["flowchart LR", *(f'  {ids[urn]}["{_entities(name)}"]' for urn, name in names.items())]
    for e in edges:
        arrow = "-.->" if e.kind else "-->"
        lines.append(f'  {ids[e.source]} {arrow}|"{_entities(e.kind or e.step)}"| {ids[e.target]}')
    return "\n".join(lines) + "\n"


def _entities(text: str) -> str:
    """Mermaid reads ``#NUMBER;`` as the character of that number; all but plain ones are written so."""
    return "".join(c if c.isalnum() or c in " ._-/@:" else f"#{ord(c)};" for c in text) or " "


def as_prov(edges: Sequence[Edge], namespace: str) -> dict[str, Any]:
    """Return PROV-JSON (W3C submission of 2013): things are entities, steps are activities."""
    names = {e.source: e.from_name for e in edges} | {e.target: e.to_name for e in edges}
    ids = {urn: f"assay:thing{i}" for i, urn in enumerate(names)}
    out: dict[str, Any] = {
        "prefix": {"assay": f"urn:assay:{namespace}:"},
        "entity": {ids[u]: {"prov:label": n, "assay:urn": u} for u, n in names.items()},
    }

    def put(relation: str, **ends: str) -> None:
        found = out.setdefault(relation, {})
        held = {f"prov:{k}": v for k, v in ends.items()}
        if held not in found.values():
            found[f"_:{relation}{len(found)}"] = held

    steps: dict[tuple[str, str], str] = {}
    for e in edges:
        if e.kind:
            put(
                _RELATIONS[e.kind][0],
                **dict(zip(_RELATIONS[e.kind][1], (ids[e.source], ids[e.target]), strict=True)),
            )
            continue
        step = steps.setdefault((e.run, e.step), f"assay:step{len(steps)}")
        out.setdefault("activity", {})[step] = {"prov:label": e.step, "assay:run": e.run}
        put("used", activity=step, entity=ids[e.source])
        put("wasGeneratedBy", entity=ids[e.target], activity=step)
        put("wasDerivedFrom", generatedEntity=ids[e.target], usedEntity=ids[e.source])
    return out


_DERIVED = ("wasDerivedFrom", ("usedEntity", "generatedEntity"))
_RELATIONS = {
    "ContributedTo": ("wasInfluencedBy", ("influencer", "influencee")),
    "AssociatedWith": ("wasInfluencedBy", ("influencer", "influencee")),
    "DerivedFrom": _DERIVED,
    "Produced": _DERIVED,
    "SameAs": ("alternateOf", ("alternate1", "alternate2")),
}


def as_openlineage(edges: Sequence[Edge], namespace: str, now: str) -> list[dict[str, Any]]:
    """Return one COMPLETE run event a step of a run, with its input and output data sets by name and digest."""
    steps: dict[tuple[str, str], list[Edge]] = {}
    for edge in edges:
        if not edge.kind:  # what a person says of two things is no run
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
