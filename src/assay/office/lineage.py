"""Lineage: what a thing was made from, and what was made from it, along the edges that runs and people left."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import sqlalchemy as sa

from assay.kernel.errors import Missing
from assay.methods.nearest import nearest
from assay.office import runs, schema
from assay.office.rows import read
from assay.office.runs import Edge

if TYPE_CHECKING:
    from assay.office.office import Office

_MOST_NAMES = 20_000  # looked through for the one that was meant


def lineage(office: Office, urn: str, up: bool) -> list[Edge]:
    """Return the edges from ``urn`` to all it was made from (up), or to all that was made from it (down).

    urn: a digest, ``registry://name@version``, the name of an asset, or a run, which stands for all that it made. Nothing
    where it is known and has no edge that way; Missing where nobody knows it.
    """
    edges = schema.edges
    this, other = (edges.c.target, edges.c.source) if up else (edges.c.source, edges.c.target)
    out: dict[tuple[str, ...], Edge] = {}
    for start in _starts(office, urn):
        reached = sa.select(sa.literal(start).label("urn")).cte("reached", recursive=True)
        reached = reached.union(sa.select(other).select_from(reached.join(edges, this == reached.c.urn)))
        query = sa.select(edges.c.value).select_from(reached.join(edges, this == reached.c.urn))
        for (text,) in office.rows(query):
            found = read(Edge, text)
            ends = (
                sorted((found.source, found.target))
                if found.kind == "SameAs"
                else (found.source, found.target)
            )
            out.setdefault((*ends, found.step, found.kind), found)
    return list(out.values())


def _starts(office: Office, urn: str) -> list[str]:
    """Return the urns that a name stands for."""
    assets, edges = schema.assets, schema.edges
    known = sa.select(edges.c.key).where((edges.c.source == urn) | (edges.c.target == urn)).limit(1)
    if office.rows(known):
        return [urn]
    of_name = office.rows(sa.select(assets.c.value).where((assets.c.name == urn) | (assets.c.digest == urn)))
    named = {str(a.get("digest") or a["uri"]) for a in (json.loads(text) for (text,) in of_name)}
    if not named:  # what a load filled is in no catalogue
        value = json.dumps(urn, ensure_ascii=False)
        held = (edges.c.value.contains(f'"{side}_name":{value}', autoescape=True) for side in ("from", "to"))
        query = sa.select(edges.c.value).where(edges.c.source.is_not(None), sa.or_(*held))
        every = [read(Edge, text) for (text,) in office.rows(query)]
        named = {e.source for e in every if e.from_name == urn} | {
            e.target for e in every if e.to_name == urn
        }
    title, packages = urn.removeprefix("registry://"), schema.packages.c
    if not named and office.rows(sa.select(packages.key).where(packages.key == title)):
        return [f"registry://{title}"]
    return sorted(named) or _of_run(office, urn)


def _of_run(office: Office, name: str) -> list[str]:
    """Return a run and what it made; Missing where there is none, with the name that was probably meant."""
    try:
        run = runs.get(office, name.removeprefix("run/")) if name.strip() else None
    except Missing:
        run = None
    if run is not None:
        made = (a for step in runs.steps_of(office, run.id) for a in step.outputs.values())
        package = [f"registry://{run.model}"] if run.model else []
        return list(dict.fromkeys([f"run/{run.id}", *package, *(a.digest or a.uri for a in made)]))
    table = schema.assets.c
    names = office.rows(sa.select(table.name).distinct().order_by(table.name).limit(_MOST_NAMES))
    packages = office.rows(sa.select(schema.packages.c.key).limit(_MOST_NAMES))
    close = nearest(name, [str(r[0]) for r in (*names, *packages)])
    remedy = (
        f"did you mean {close!r}?" if close else "name a digest, registry://NAME@VERSION, a data set or a run"
    )
    raise Missing(f"nothing is known of {name!r}", remedy=remedy)
