"""A quarantine: the rows that one load of this home kept out, and how many of them are still open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from assay.kernel.errors import Missing, UsageError
from assay.methods.nearest import did_you_mean

if TYPE_CHECKING:
    from assay.works.home import Home

LOAD, RELEASE = "data.load", "data.quarantine.release"
LATEST = "latest"


@dataclass(frozen=True)
class Quarantine:
    """What a load kept out. rows: that it kept out; of those released went in since, rejected never will, open may.

    order: how the load was asked for, with the rules that it was held by. columns: of a store that is yet to be made.
    """

    id: str
    store: str
    quarantine: str
    source: str
    at: str
    rows: int
    open: int
    released: int
    rejected: int
    rules: tuple[Mapping[str, Any], ...] = ()
    order: Mapping[str, Any] = field(default_factory=dict)
    columns: Mapping[str, str] = field(default_factory=dict)
    digest: str = ""
    event: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON, as a person is told."""
        raw = asdict(self)
        return {k: v for k, v in raw.items() if k not in ("order", "columns", "digest")}


def listing(home: Home) -> list[Quarantine]:
    """Return every quarantine that loads of this home filled, the newest first."""
    from assay.office import actions

    done: dict[tuple[str, str], dict[str, int]] = {}
    for record in actions.named(home.office, RELEASE):
        if record.state == "done":
            told = record.detail
            sums = done.setdefault((str(told["quarantine"]), record.subject), {})
            for state in ("released", "rejected"):
                sums[state] = sums.get(state, 0) + int(told.get(state, 0))
    out: dict[tuple[str, str], Quarantine] = {}
    for record in actions.named(home.office, LOAD):
        told = record.detail
        if record.state != "done" or not told.get("quarantined"):
            continue
        id_, rows = str(told["id"]), int(told["quarantined"])
        closed = done.get((id_, record.subject), {})
        released, rejected = closed.get("released", 0), closed.get("rejected", 0)
        out.setdefault(
            (id_, record.subject),
            Quarantine(
                id_,
                record.subject,
                str(told["quarantine"]),
                str(told["source"]),
                str(told["at"]),
                rows,
                max(0, rows - released - rejected),
                released,
                rejected,
                tuple(told.get("rules", ())),
                record.order,
                told.get("columns", {}),
                str(told.get("quarantine_digest") or ""),
                record.event,
            ),
        )
    return list(out.values())


def find(home: Home, id_: str) -> Quarantine:
    """Return one by its id, or by the beginning of it, or the ``latest``; Missing where there is none, UsageError where there are several."""
    known = listing(home)
    if id_ == LATEST and known:
        return known[0]
    found = [q for q in known if q.id == id_] or [q for q in known if id_ and q.id.startswith(id_)]
    if not found:
        remedy = "see `assay data quarantine list`"
        if known:
            remedy = f"{did_you_mean(id_, [q.id for q in known])}, or {remedy}"
        raise Missing(f"there is no quarantine {id_[:80]!r}", remedy=remedy)
    if len(found) > 1:
        raise UsageError(
            f"{id_!r} is the beginning of {len(found)} quarantines", remedy="write more of the id"
        )
    return found[0]
