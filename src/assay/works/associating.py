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
        # What is withdrawn keeps its row, and no search of the lineage comes by it
        ends = {"source": None, "target": None} if withdraw else {"source": one, "target": other}
        tx.write("edges", key, asdict(edge) | {"withdrawn": withdraw}, **ends)
        event = tx.record(
            "associate.withdraw" if withdraw else "associate",
            one,
            actor=actor,
            inputs={"from": one, "to": other},
            detail={"as": kind, "from": one_name, "to": other_name},
        )
    return edge, event


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
        return f"run/{runs.get(home.office, text).id}", text
    except Missing:
        remedy = "name registry://NAME@VERSION, a data set, a run, a digest, or an address such as https://…"
        raise Missing(f"nothing is known of {text!r}", remedy=remedy) from None
