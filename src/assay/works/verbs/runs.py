"""Runs and what was made from what, asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from assay.works.home import Home
from assay.works.verbs.shape import Json, listed, plain_record
from assay.works.work import utc_now


def runs_list(
    home: Home,
    actor: str,
    *,
    limit: int = 20,
    experiment: str | None = None,
    parts_of: str | None = None,
    every: bool = False,
) -> Json:
    """List the latest runs: those that are no part of another, of an experiment, the parts of a run, or every one."""
    from assay.office import runs

    parent = runs.get(home.office, parts_of).id if parts_of is not None else None
    found = runs.listing(home.office, limit, experiment=experiment, parent=parent, every=every)
    return listed("runs", [plain_record(r) for r in found])


def runs_experiments(home: Home, actor: str) -> Json:
    """List the experiments and how many runs each has."""
    from assay.works.sidebyside import experiments

    return listed("experiments", [{"name": n, "runs": k} for n, k in experiments(home).items()])


def runs_show(home: Home, actor: str, *, run: str) -> Json:
    """Show one run, by its id or the beginning of it; the latest for "". Its report lies in this home, moved or not."""
    from assay.office import runs
    from assay.works.recorded import told

    return told(home, runs.get(home.office, run))


def runs_compare(
    home: Home,
    actor: str,
    *,
    names: Sequence[str] = (),
    experiment: str | None = None,
    parts_of: str | None = None,
    by: str | None = None,
    ascending: bool = False,
    limit: int = 50,
) -> Json:
    """Hold runs against one another in one table: their parameters and metrics."""
    from assay.works import sidebyside

    found = sidebyside.chosen(home, names, experiment=experiment, parts_of=parts_of, limit=limit)
    return sidebyside.compare(home, found, by=by, ascending=ascending)


def lineage_of(home: Home, actor: str, *, urn: str, up: bool = True, format: str = "json") -> Any:
    """Show what something was made from (up), or what was made from it (down).

    format: json, svg, dot, mermaid, openlineage or prov.
    """
    from assay.office import registry
    from assay.office.lineage import lineage
    from assay.works.lineage import drawings
    from assay.works.lineage.openlineage import as_openlineage
    from assay.works.lineage.prov import as_prov
    from assay.works.lineage.told import told

    named = urn.startswith("registry://") and not urn.rpartition("@")[2].isdecimal()
    edges = lineage(home.office, registry.get(home.office, urn).urn if named else urn, up)
    if format == "dot":
        return drawings.as_dot(edges)
    if format == "mermaid":
        return drawings.as_mermaid(edges)
    if format == "svg":
        from assay.reports.svg import graph
        from assay.works.drawing import of_lineage

        return graph(of_lineage(edges))
    if format == "prov":
        return as_prov(told(home, edges), home.id)
    if format == "openlineage":
        return listed("events", as_openlineage(told(home, edges), home.id, utc_now()))
    return listed("edges", [plain_record(e) for e in edges]) | {"of": urn, "up": up}


def associate(home: Home, actor: str, *, source: str, target: str, kind: str, withdraw: bool = False) -> Json:
    """Say how two things belong together, or take back what was said."""
    from assay.works.associating import associate as associated

    edge, event = associated(home, source, target, kind, actor, withdraw=withdraw)
    return {"schema": "assay.edge/1", **plain_record(edge), "event": event}


VERBS: Mapping[str, Callable[..., Any]] = {
    "runs.list": runs_list,
    "runs.show": runs_show,
    "runs.compare": runs_compare,
    "runs.experiments": runs_experiments,
    "lineage": lineage_of,
    "associate": associate,
}
