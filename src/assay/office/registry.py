"""The registry: model packages, PENDING until people approve or reject them with a reason.

An approval may run out: from then on the package reads as EXPIRED wherever it is read. One that is ARCHIVED or RETIRED is
shown and verified, and refused to whoever would use it. ``NAME@ALIAS`` names the version that bears the alias.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from assay.kernel.action import Writer
from assay.kernel.errors import Missing, Refused
from assay.office import schema
from assay.office.rows import read
from assay.office.runs import Edge, edge

if TYPE_CHECKING:
    from assay.office.office import Office


@dataclass(frozen=True, slots=True)
class PackageRecord:
    """A package. digest: of its tree of files. event: seq of the latest event about it; entered: of the first.

    status: PENDING, APPROVED, REJECTED, ARCHIVED or RETIRED; as it is read, EXPIRED too. approvals: by, at, reason and the
    statement's digest, of each that the decision rests on; pending: of those given while more are awaited. expires: when
    the approval runs out. ended: by, at and reason of what archived or retired it, its successor, and its status before.
    """

    name: str
    version: int
    status: str
    digest: str
    files: Mapping[str, str]
    registered_by: str
    registered_at: str
    entered: int
    event: int
    run: str = ""
    reports: Mapping[str, str] = field(default_factory=dict)
    decided_by: str | None = None
    decided_at: str | None = None
    reason: str | None = None
    hallmark: Mapping[str, str] | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    owners: Sequence[str] = ()
    purpose: str = ""
    tier: str = ""
    stage: str = ""
    aliases: Sequence[str] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    approvals: Sequence[Mapping[str, str]] = ()
    pending: Sequence[Mapping[str, str]] = ()
    expires: str | None = None
    image: Mapping[str, Any] | None = None
    ended: Mapping[str, str] | None = None

    @property
    def title(self) -> str:
        """Return its name and version, as people write it."""
        return f"{self.name}@{self.version}"

    @property
    def urn(self) -> str:
        """Return its name everywhere."""
        return f"registry://{self.name}@{self.version}"


def write(tx: Writer, record: PackageRecord) -> None:
    """Leave a package's row; the next event vouches for it."""
    tx.write("packages", record.title, asdict(record), name=record.name, status=record.status)


def current(tx: Writer, record: PackageRecord) -> PackageRecord:
    """Return a package as this transaction sees it; Missing where it is gone."""
    raw = tx.held("packages", record.title)
    if raw is None:
        raise Missing(f"there is no model {record.title}", remedy="see `assay model list`")
    return _whole(replace(record, **raw))


def keep_statement(tx: Writer, record: PackageRecord, kind: str, value: Mapping[str, str]) -> None:
    """Keep the marks of a package, ``examined`` or ``decided``; the next event vouches for them."""
    tx.write("statements", f"{record.title}/{kind}", value, package=record.title, kind=kind)


def enter(
    tx: Writer,
    office: Office,
    name: str,
    *,
    digest: str,
    files: Mapping[str, str],
    reports: Mapping[str, str],
    run: str,
    actor: str,
    metadata: Mapping[str, Any],
) -> PackageRecord:
    """Enter a package as the next version of ``name``, PENDING; the next event vouches for it."""
    version = 1 + max((r.version for r in versions(office, name)), default=0)
    record = PackageRecord(
        name, version, "PENDING", digest, dict(files), actor, tx.now, tx.size, tx.size, run, dict(reports), metadata=dict(metadata)
    )  # fmt: skip
    record = _whole(record)
    write(tx, record)
    artifact = str(metadata["artifact"])
    edge(tx, Edge(files[artifact], artifact, record.urn, record.title, "model.register", run))
    return record


def changed(record: PackageRecord, event: int, **values: Any) -> PackageRecord:
    """Return a package of which something is now otherwise that its approvers saw: what they said of it no longer stands."""
    values |= {"event": event, "pending": ()}
    if record.status == "APPROVED":
        undecided = {"decided_by": None, "decided_at": None, "reason": None, "expires": None, "approvals": ()}
        values |= {"status": "PENDING", **undecided}
    return replace(record, **values)


def usable(record: PackageRecord) -> PackageRecord:
    """Return a package that may be used, decided upon or given a name; Refused for one that was archived or retired."""
    ended = record.ended
    if ended is None:
        return record
    what = "retired" if record.status == "RETIRED" else "archived"
    said = f"{record.title} was {what} by {ended.get('by')} on {str(ended.get('at'))[:10]}: {ended.get('reason')}"
    if what == "archived":
        raise Refused(
            said, remedy=f"name another version, or take it back: assay model restore {record.title}"
        )
    successor = ended.get("successor")
    raise Refused(said, remedy=f"use {successor}" if successor else "it has no successor; name another model")


def get(office: Office, name: str) -> PackageRecord:
    """Return ``name@version``, ``name@alias``, or the latest version of ``name``; Missing where there is none."""
    from assay.methods.nearest import did_you_mean

    base, _, which = name.removeprefix("registry://").partition("@")
    of_name = versions(office, base)
    found = [r for r in of_name if which in ("", str(r.version)) or which in r.aliases]
    if not found:
        shown = f"{base}@{which}" if which else base
        known = {r.name for r in listing(office)}
        remedy = did_you_mean(base, known)
        if not of_name:
            raise Missing(f"there is no model {shown!r} in the registry", remedy=remedy)
        aliases = sorted(a for r in of_name for a in r.aliases)
        borne = f"no version of {base} bears the alias {which!r}"
        what = f"{base} has no version {which}" if which.isdecimal() else borne
        close = did_you_mean(which, aliases) if aliases and not which.isdecimal() else ""
        raise Missing(what, remedy=close or f"it has {', '.join(str(r.version) for r in of_name[-8:])}")
    return found[-1]


def versions(office: Office, name: str) -> list[PackageRecord]:
    """Return every version of one name, in order."""
    table = schema.packages
    return _records(office, sa.select(table.c.value).where(table.c.name == name))


def listing(office: Office) -> list[PackageRecord]:
    """Return every package, by name and version."""
    return _records(office, sa.select(schema.packages.c.value))


def _records(office: Office, query: Any) -> list[PackageRecord]:
    now = office.clock()
    found = (as_read(read(PackageRecord, r[0]), now) for r in office.rows(query))
    return sorted(found, key=lambda r: (r.name, r.version))


def of_row(value: Mapping[str, Any], now: str) -> PackageRecord:
    """Return the package of a row's value, as it reads at a moment."""
    known = {f.name for f in fields(PackageRecord)}
    return as_read(PackageRecord(**{k: v for k, v in value.items() if k in known}), now)


def run_out(office: Office, after: str, until: str) -> list[tuple[str, dict[str, Any]]]:
    """Return key and value of the packages whose approval runs out after one moment and by another."""
    table = schema.packages
    whole: Any = table.c.value
    whole = (
        sa.cast(whole, sa.JSON)
        if office.engine.dialect.name == "postgresql"
        else sa.type_coerce(whole, sa.JSON)
    )
    end = whole["expires"].as_string()
    query = sa.select(table.c.key, table.c.value).where(
        table.c.status == "APPROVED", end > after, end <= until
    )
    return [(key, json.loads(value)) for key, value in office.rows(query)]


def as_read(record: PackageRecord, now: str) -> PackageRecord:
    """Return a package as it reads at a moment: one whose approval has run out is EXPIRED."""
    record = _whole(record)
    over = record.status == "APPROVED" and record.expires is not None and record.expires <= now
    return replace(record, status="EXPIRED") if over else record


def _whole(record: PackageRecord) -> PackageRecord:
    """Return a package with what was said of it when it was registered, where nobody has said otherwise since."""
    owner, purpose = record.metadata.get("owner"), record.metadata.get("purpose")
    owners = record.owners or ((str(owner),) if owner else ())
    several: dict[str, Any] = {
        name: tuple(getattr(record, name)) for name in ("aliases", "approvals", "pending")
    }
    several |= {
        "purpose": record.purpose or str(purpose or ""),
        "tier": record.tier or str(record.metadata.get("tier") or ""),
    }
    return replace(record, owners=tuple(owners), **several)
