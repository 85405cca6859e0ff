"""What arrived, in a watched folder or as a registry says, and what became of it: one row for the bytes, however often they come."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

import sqlalchemy as sa

from assay.kernel.errors import Missing
from assay.office import schema
from assay.office.rows import read

if TYPE_CHECKING:
    from assay.office.office import Office, Tx

QUEUED, SCANNED, FAILED = "queued", "scanned", "failed"
_PAGE, _LOOKED_THROUGH = 1_000, 1_000_000  # arrivals


@dataclass(frozen=True, slots=True)
class Arrival:
    """key: the digest of what arrived; of a push its name in the registry. source: the folder, or the hook that told of it.

    state: queued, scanned, or failed (why says why it could not be examined). outcome: the worst of its verdicts. found: how many
    findings of each severity; reports: their digests. tool: the version that scanned it. event: the latest that is about it.
    at: when that was; of one that waits, from when it may be seen to. tries: how often it could not be pulled.
    """

    key: str
    what: str
    kind: str
    source: str
    state: str
    at: str
    digest: str = ""
    tool: str = ""
    outcome: str = ""
    why: str = ""
    found: Mapping[str, int] = field(default_factory=dict)
    reports: Sequence[str] = ()
    event: int = 0
    tries: int = 0

    @property
    def urn(self) -> str:
        """Return its name everywhere."""
        return f"arrival/{self.key}"


def write(tx: Tx, arrival: Arrival) -> None:
    """Leave an arrival's row; the next event vouches for it."""
    row = asdict(arrival)
    tx.write("arrivals", arrival.key, row, digest=arrival.digest, state=arrival.state, at=arrival.at)


def current(tx: Tx, key: str) -> Arrival | None:
    """Return an arrival as a transaction sees it, or None."""
    raw = tx.held("arrivals", key)
    return None if raw is None else read(Arrival, json.dumps(raw))


def known(office: Office, key: str) -> Arrival | None:
    """Return what is known of a key, or None."""
    found = office.rows(sa.select(schema.arrivals.c.value).where(schema.arrivals.c.key == key))
    return read(Arrival, found[0][0]) if found else None


def queued(office: Office, now: str, limit: int = 1_000) -> list[Arrival]:
    """Return those that wait and may be seen to by a moment, the oldest first."""
    table = schema.arrivals.c
    due = (table.state == QUEUED) & (table.at <= now)
    query = sa.select(table.value).where(due).order_by(table.at, table.key).limit(limit)
    return [read(Arrival, r[0]) for r in office.rows(query)]


def waiting(office: Office) -> int:
    """Return how many wait."""
    table = schema.arrivals.c
    return int(office.rows(sa.select(sa.func.count()).where(table.state == QUEUED))[0][0])


def listing(office: Office, limit: int = 100, *, state: str = "", outcome: str = "") -> list[Arrival]:
    """Return the latest arrivals, the latest first. state, outcome: those alone that have it."""
    table = schema.arrivals.c
    query = sa.select(table.value).order_by(table.at.desc(), table.key)
    query = query.where(table.state == state) if state else query
    if not outcome:
        return [read(Arrival, r[0]) for r in office.rows(query.limit(limit))]
    out: list[Arrival] = []
    for start in range(0, _LOOKED_THROUGH, _PAGE):
        page = [read(Arrival, r[0]) for r in office.rows(query.offset(start).limit(_PAGE))]
        out += [a for a in page if a.outcome == outcome]
        if len(page) < _PAGE or len(out) >= limit:
            break
    return out[:limit]


def get(office: Office, key: str) -> Arrival:
    """Return the arrival whose key begins so; Missing where none does, or several do."""
    table = schema.arrivals.c
    query = sa.select(table.value).where(table.key.startswith(key, autoescape=True)).limit(2)
    found = [read(Arrival, r[0]) for r in office.rows(query)]
    if len(found) != 1:
        whole = [a for a in found if a.key == key]
        if whole:
            return whole[0]
        many = "several arrivals are" if found else "no arrival is"
        raise Missing(
            f"{many} known by a key that begins with {key[:120]!r}", remedy="see `assay arrivals list`"
        )
    return found[0]
