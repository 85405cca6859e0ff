"""What a person says of two things: an edge of the lineage, with who said it, and an event."""

from __future__ import annotations

import re
from dataclasses import asdict
from typing import TYPE_CHECKING

from assay.kernel.association import ASSOCIATIONS
from assay.kernel.canonical import digest_of
from assay.kernel.errors import Missing, UsageError
from assay.methods.nearest import did_you_mean

if TYPE_CHECKING:
    from assay.office.office import Tx
    from assay.office.runs import Edge
    from assay.works.home import Home

_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*:[^\s]+", re.I)
_LONGEST = 500


def associate(
    home: Home, source: str, target: str, kind: str, actor: str, *, withdraw: bool = False
) -> tuple[Edge, int]:
    """Record that two things belong together, or that they do not any more; return the edge and the event's seq.

    UsageError for a kind that there is not, for a thing and itself, and for what is said already; Missing for a thing that
    nobody knows.
    """
    from assay.office import runs

    if kind not in ASSOCIATIONS:
        raise UsageError(f"there is no association {kind!r}", remedy=did_you_mean(kind, ASSOCIATIONS))
    (one, one_name), (other, other_name) = thing(home, source), thing(home, target)
    if one == other:
        raise UsageError(f"{source} and {target} are the same thing already")
    edge = runs.Edge(one, one_name, other, other_name, "", "", kind, actor)
    key = digest_of(["association", one, other, kind])[7:39]
    with home.office.transaction() as tx:
        before = tx.get("edges", key)
        stands = before is not None and not before.get("withdrawn")
        if stands == (not withdraw):
            said = "said already" if stands else "not said"
            raise UsageError(f"that {one_name} {kind} {other_name} is {said}")
        _keep(tx, key, edge, withdraw)
        if kind == "SameAs":  # one thing under two names is found from either
            back = runs.Edge(other, other_name, one, one_name, "", "", kind, actor)
            _keep(tx, digest_of(["association", other, one, kind])[7:39], back, withdraw)
        event = tx.record(
            "associate.withdraw" if withdraw else "associate",
            one,
            actor=actor,
            inputs={"from": one, "to": other},
            detail={"as": kind, "from": one_name, "to": other_name},
        )
    return edge, event


def _keep(tx: Tx, key: str, edge: Edge, withdraw: bool) -> None:
    """Leave an edge's row; what is withdrawn keeps it, and no search of the lineage comes by it."""
    ends = {"source": None, "target": None} if withdraw else {"source": edge.source, "target": edge.target}
    tx.write("edges", key, asdict(edge) | {"withdrawn": withdraw}, **ends)


def thing(home: Home, text: str) -> tuple[str, str]:
    """Return the urn and the name of what a person named; Missing where nobody knows it."""
    from assay.office import catalogue, registry, runs

    if len(text) > _LONGEST or not text.isprintable() or not text.strip():
        raise UsageError("a thing is named by up to 500 printable characters")
    if text.startswith("registry://"):
        found = registry.get(home.office, text)
        return found.urn, f"{found.name}@{found.version}"
    asset = catalogue.get(home.office, text)
    if asset is not None:
        return asset.digest or asset.uri, asset.name
    if _ADDRESS.fullmatch(text):  # a digest, or an address outside the office
        return text, text
    try:
        run = runs.get(home.office, text.removeprefix("run/")).id
        return f"run/{run}", run
    except Missing:
        remedy = "name registry://NAME@VERSION, a data set, a run, a digest, or an address such as https://…"
        raise Missing(f"nothing is known of {text!r}", remedy=remedy) from None


def name_of(home: Home, urn: str) -> str:
    """Return the name that a thing goes by: a data set's, a run's pipeline; of what is its own name nothing."""
    from assay.office import catalogue, runs

    if urn.startswith("run/"):
        try:
            return runs.get(home.office, urn.removeprefix("run/")).pipeline
        except Missing:
            return ""
    return catalogue.name_of(home.office, urn)
