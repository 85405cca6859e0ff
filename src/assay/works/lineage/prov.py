"""Lineage as W3C PROV, in PROV-JSON (submission of 2013): things are entities, steps activities, who ran them agents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from assay.works.lineage.told import Told

_DERIVED = ("wasDerivedFrom", ("usedEntity", "generatedEntity"))
_RELATIONS = {
    "ContributedTo": ("wasInfluencedBy", ("influencer", "influencee")),
    "AssociatedWith": ("wasInfluencedBy", ("influencer", "influencee")),
    "DerivedFrom": _DERIVED,
    "Produced": _DERIVED,
    "SameAs": ("alternateOf", ("alternate1", "alternate2")),
}


def as_prov(told: Told, namespace: str) -> dict[str, Any]:
    """Return the document. An activity has the times of its step, where the office knows them, and whoever ran it."""
    names = told.names
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
    agents: dict[str, str] = {}
    for e in told.edges:
        if e.kind:
            relation, ends = _RELATIONS[e.kind]
            put(relation, **dict(zip(ends, (ids[e.source], ids[e.target]), strict=True)))
            continue
        step = steps.setdefault((e.run, e.step), f"assay:step{len(steps)}")
        known = told.steps.get((e.run, e.step))
        about = {"prov:label": e.step, "assay:run": e.run}
        if known is not None and known.began:
            about |= {"prov:startTime": known.began, "prov:endTime": known.ended}
        out.setdefault("activity", {})[step] = about
        if known is not None and known.run is not None:
            who = known.run.actor
            agent = agents.setdefault(who, f"assay:agent{len(agents)}")
            out.setdefault("agent", {})[agent] = {"prov:label": who}
            put("wasAssociatedWith", activity=step, agent=agent)
        put("used", activity=step, entity=ids[e.source])
        put("wasGeneratedBy", entity=ids[e.target], activity=step)
        put("wasDerivedFrom", generatedEntity=ids[e.target], usedEntity=ids[e.source])
    return out
