"""What was made from what, as a graph that reports draw: of a run's steps, of a tracked run, of a lineage."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from assay.reports.svg import Graph, Node

if TYPE_CHECKING:
    from assay.kernel.report import Report
    from assay.office.runs import Edge
    from assay.works.done import RunResult


def of_run(result: RunResult) -> Graph:
    """Return the data sets and steps of a pipeline's run; a step leads to its part of the page, reports are dashed."""
    nodes: dict[str, Node] = {}
    edges: list[tuple[str, str, bool]] = []
    places = {d.step.name: number for number, d in enumerate(result.steps, 1)}
    for done in result.steps:
        step = done.step
        for ref in step.inputs.values():
            if ref.name in result.pipeline.data:
                nodes.setdefault(f"data:{ref.name}", Node(ref.name, "data"))
                edges.append((f"data:{ref.name}", f"step:{step.name}", False))
            elif ref.name in places:
                edges.append((f"step:{ref.name}", f"step:{step.name}", False))
        edges += [
            (f"step:{name}", f"step:{step.name}", True) for name in step.reports.values() if name in places
        ]
        href = f"#step-{places[step.name]}"
        nodes[f"step:{step.name}"] = Node(step.name, step.uses, step.verb, done.outcome, href)
    if result.registered is not None:
        record = result.registered.record
        name = f"{record.name}@{record.version}"
        maker = next((d.step.name for d in result.steps if d.registered is not None), "")
        nodes[f"model:{name}"] = Node(name, record.status, "model")
        edges.append((f"step:{maker}", f"model:{name}", False))
    return Graph(nodes, tuple(edges))


def of_tracked(name: str, outcome: str, report: Report, model: str | None) -> Graph:
    """Return what a run of a script read and made, with the run between."""
    nodes = {
        f"in:{n}": Node(n, a.kind, "model" if a.kind == "model" else "data") for n, a in report.inputs.items()
    }
    edges = [(f"in:{n}", "run", False) for n in report.inputs]
    nodes["run"] = Node(name, "run", "train", outcome, "#step-1")
    for asset in report.outputs:
        nodes[f"out:{asset.name}"] = Node(
            asset.name, asset.kind, "model" if asset.kind == "model" else "data"
        )
        edges.append(("run", f"out:{asset.name}", False))
    if model:
        nodes[f"model:{model}"] = Node(model, "registered", "model")
        edges.append(("run", f"model:{model}", False))
    return Graph(nodes, tuple(edges))


def of_lineage(edges: Sequence[Edge]) -> Graph:
    """Return the things of a lineage with the steps between them; what a person said is dashed."""
    nodes: dict[str, Node] = {}
    out: list[tuple[str, str, bool]] = []
    for edge in edges:
        for urn, name in ((edge.source, edge.from_name), (edge.target, edge.to_name)):
            kind = "model" if urn.startswith("registry://") else "data"
            nodes.setdefault(urn, Node(name, urn[7:19] if urn.startswith("sha256:") else "", kind))
        if edge.kind:
            out.append((edge.source, edge.target, True))
            continue
        step = f"step:{edge.run}/{edge.step}"
        nodes.setdefault(step, Node(edge.step or "step", edge.run, "treat"))
        out += [(edge.source, step, False), (step, edge.target, False)]
    return Graph(nodes, tuple(out))
