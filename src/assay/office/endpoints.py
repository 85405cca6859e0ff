"""Endpoints: which packages answer under a name, in which shares, behind which guards; each change is one revision.

A configuration is the list of variants. The last one that served before a change is kept, so that it can be taken back
at once; while a new one is rolled out, ``rollout`` says in which steps, and which step it is at.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from assay.kernel.errors import Broken, Missing, UsageError
from assay.office import schema
from assay.office.rows import read

if TYPE_CHECKING:
    from assay.office.office import Office, Tx

CREATING, IN_SERVICE, UPDATING, FAILED, DELETED = "creating", "in_service", "updating", "failed", "deleted"
ALPHA, PRODUCTION = "alpha", "production"
STAGES = (ALPHA, PRODUCTION)
NAME = re.compile(
    r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,62}[A-Za-z0-9])?"
)  # as SageMaker names endpoints and variants


@dataclass(frozen=True, slots=True)
class Variant:
    """One package that answers. weight: its share, beside the others'. shadow: asked beside, and its answer is only captured.

    digest: the package's, as it was when it was verified for this endpoint. replicas: worker processes of it a server.
    """

    name: str
    package: str
    digest: str
    weight: float = 1.0
    shadow: bool = False
    replicas: int = 1


@dataclass(frozen=True, slots=True)
class EndpointRecord:
    """An endpoint. revision: how often it was changed; event: seq of the latest event about it.

    state: creating, in_service, updating, failed or deleted; reason: of the latest change, or of its failure.
    previous: the last good configuration, as ``{"variants", "revision"}``. guard, capture, fallback: what stands before,
    beside and behind the models. sticky: ``{"header" or "cookie": name}``. blocked: caller → until, RFC 3339. rollout: a
    change under way.
    """

    name: str
    state: str
    stage: str
    revision: int
    variants: Sequence[Mapping[str, Any]]
    created_by: str
    created_at: str
    changed_at: str
    event: int
    previous: Mapping[str, Any] | None = None
    guard: Mapping[str, Any] = field(default_factory=dict)
    capture: Mapping[str, Any] = field(default_factory=dict)
    fallback: Mapping[str, Any] = field(default_factory=dict)
    sticky: Mapping[str, str] = field(default_factory=dict)
    blocked: Mapping[str, str] = field(default_factory=dict)
    rollout: Mapping[str, Any] | None = None
    reason: str = ""

    @property
    def urn(self) -> str:
        """Return its name everywhere."""
        return f"endpoint://{self.name}"

    @property
    def arms(self) -> list[Variant]:
        """Return its variants as records."""
        return [variant(v) for v in self.variants]


def variant(raw: Mapping[str, Any]) -> Variant:
    """Return a variant as it was written; what a newer Assay added is left aside."""
    known = {f.name for f in fields(Variant)}
    return Variant(**{k: v for k, v in raw.items() if k in known})


def plain(variants: Iterable[Variant]) -> tuple[dict[str, Any], ...]:
    """Return variants as an endpoint's record holds them."""
    return tuple(asdict(v) for v in variants)


def named(name: str, what: str = "an endpoint") -> str:
    """Return a name that an endpoint or a variant may have; UsageError for any other."""
    if not NAME.fullmatch(name):
        raise UsageError(
            f"{what} cannot be called {name[:80]!r}", remedy="use up to 64 letters, digits and inner dashes"
        )
    return name


def write(tx: Tx, record: EndpointRecord, action: str, *, actor: str, **detail: Any) -> EndpointRecord:
    """Leave an endpoint's row as its next revision, with the event that says how it came so; return it as it now is."""
    now = replace(record, revision=record.revision + 1, changed_at=tx.now, event=tx.size)
    tx.write("endpoints", now.name, asdict(now), state=now.state)
    packages = {f"variant:{v.name}": v.digest for v in now.arms}
    told = {k: v for k, v in detail.items() if v not in (None, "", [], {})}
    tx.record(action, now.urn, actor=actor, inputs=packages, detail={"revision": now.revision, **told})
    return now


def current(tx: Tx, name: str) -> EndpointRecord | None:
    """Return an endpoint as this transaction sees it, deleted ones too; None where there never was one."""
    raw = tx.held("endpoints", name)
    known = {f.name for f in fields(EndpointRecord)}
    return None if raw is None else EndpointRecord(**{k: v for k, v in raw.items() if k in known})


def get(office: Office, name: str, *, deleted: bool = False) -> EndpointRecord:
    """Return an endpoint; Missing, with the nearest name, where there is none, or where it was deleted."""
    from assay.methods.nearest import did_you_mean

    table = schema.endpoints.c
    found = [
        read(EndpointRecord, r[0])
        for r in office.rows(sa.select(table.value).where(table.key == name.removeprefix("endpoint://")))
    ]
    if not found or (found[0].state == DELETED and not deleted):
        known = names(office)
        remedy = did_you_mean(name, known) if known else "`assay endpoint create` makes one"
        raise Missing(f"there is no endpoint {name[:80]!r}", remedy=remedy)
    return found[0]


def names(office: Office) -> list[str]:
    """Return the names of all endpoints but the deleted, of those too whose rows cannot be read."""
    table = schema.endpoints.c
    query = sa.select(table.key).where(table.state != DELETED).order_by(table.key)
    return [str(r[0]) for r in office.rows(query)]


def listing(
    office: Office, *, deleted: bool = False, unreadable: list[str] | None = None
) -> list[EndpointRecord]:
    """Return every endpoint by name, those that were deleted too where asked.

    unreadable: takes the names of those whose rows cannot be read; without it the first of them raises Broken.
    """
    table = schema.endpoints.c
    query = sa.select(table.key, table.value).order_by(table.key)
    if not deleted:
        query = query.where(table.state != DELETED)
    out = []
    for key, value in office.rows(query):
        try:
            out.append(read(EndpointRecord, value))
        except Broken:
            if unreadable is None:
                raise
            unreadable.append(str(key))
    return out
