"""Two runs' tables, edge by edge in the order in which they were made: where they first part."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from assay.kernel.asset import Asset
from assay.methods.parting.parting import Parting
from assay.works.provenance.outcome import Tables, label_of

if TYPE_CHECKING:
    from assay.works.provenance.past import Past


@dataclass(frozen=True)
class Edge:
    """One table of the new run. against: what it is held against: the same table of the old run, or what it was made from.

    problem: why it could not be looked at.
    """

    name: str
    step: str
    against: str
    partings: tuple[Parting, ...]
    problem: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "table": self.name,
            "step": self.step or None,
            "against": self.against,
            "partings": [p.to_dict() for p in self.partings],
            "problem": self.problem or None,
        }


def compared(
    tables: Tables, one: Asset | None, other: Asset | None, label: str
) -> tuple[tuple[Parting, ...], str]:
    """Return where two tables part, and why that cannot be told where it cannot."""
    from assay.methods.parting.tables import parted

    if one is not None and other is not None and one.digest and one.digest == other.digest:
        return (), ""
    a, b = tables.read(one), tables.read(other)
    if a is None or b is None:
        return (), "its rows are gone: it was changed where it lay, and no copy was kept"
    return tuple(parted(a, b, label)), ""


def edges(tables: Tables, old: Past, new: Past) -> Iterator[Edge]:
    """Give every table of the new run in order; a step that is new is held against what it was made from."""
    label = label_of(new.pipeline) or label_of(old.pipeline)
    made = new.assets
    for name in new.pipeline.data:
        if name in made and name in old.assets:
            yield _edge(tables, name, "", f"run {old.id}", old.assets[name], made[name], label)
    for step in new.pipeline.steps.values():
        for name, asset in made.items():
            if name.partition(".")[0] != step.name or asset.kind != "table":
                continue
            if name in old.assets:
                yield _edge(tables, name, step.name, f"run {old.id}", old.assets[name], asset, label)
            elif step.subject is not None and str(step.subject) in made:
                source = str(step.subject)
                yield _edge(tables, name, step.name, source, made[source], asset, label)


def _edge(tables: Tables, name: str, step: str, against: str, one: Asset, other: Asset, label: str) -> Edge:
    partings, problem = compared(tables, one, other, label)
    return Edge(name, step, against, partings, problem)
