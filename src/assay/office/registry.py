"""The registry: model packages, PENDING until somebody approves or rejects them with a reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from assay.kernel.action import Writer
from assay.kernel.errors import Missing, Refused, UsageError
from assay.office import schema
from assay.office.rows import read
from assay.office.runs import Edge, edge

if TYPE_CHECKING:
    from assay.office.office import Office


@dataclass(frozen=True, slots=True)
class PackageRecord:
    """A package. digest: of its tree of files. event: seq of the latest event about it; entered: of the first."""

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

    @property
    def urn(self) -> str:
        """Return its name everywhere."""
        return f"registry://{self.name}@{self.version}"


def write(tx: Writer, record: PackageRecord) -> None:
    """Leave a package's row; the next event vouches for it."""
    key = f"{record.name}@{record.version}"
    tx.write("packages", key, asdict(record), name=record.name, status=record.status)


def current(tx: Writer, record: PackageRecord) -> PackageRecord:
    """Return a package as this transaction sees it; Missing where it is gone."""
    raw = tx.get("packages", f"{record.name}@{record.version}")
    if raw is None:
        raise Missing(f"there is no model {record.name}@{record.version}", remedy="see `assay model list`")
    return replace(record, **raw)


def keep_statement(tx: Writer, record: PackageRecord, kind: str, value: Mapping[str, str]) -> None:
    """Keep the marks of a package, ``examined`` or ``decided``; the next event vouches for them."""
    name = f"{record.name}@{record.version}"
    tx.write("statements", f"{name}/{kind}", value, package=name, kind=kind)


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
    write(tx, record)
    artifact = str(metadata["artifact"])
    edge(tx, Edge(files[artifact], artifact, record.urn, f"{name}@{version}", "model.register", run))
    return record


def decidable(record: PackageRecord, status: str, *, actor: str, four_eyes: bool) -> None:
    """Raise where a package cannot get that status: it has it, or the policy asks for another person."""
    shown = f"{record.name}@{record.version}"
    if record.status == status:
        raise UsageError(f"{shown} is already {status}")
    if four_eyes and record.registered_by == actor:
        raise Refused(
            f"{shown} was registered by {actor}, and the policy four_eyes asks for another person",
            remedy="have someone else decide",
        )


def get(office: Office, name: str) -> PackageRecord:
    """Return ``name@version``, or the latest version of ``name``; Missing where there is none."""
    from assay.methods.nearest import did_you_mean

    base, _, version = name.removeprefix("registry://").partition("@")
    of_name = versions(office, base)
    found = [r for r in of_name if version in ("", str(r.version))]
    if not found:
        shown = f"{base}@{version}" if version else base
        known = {r.name for r in listing(office)}
        remedy = "see `assay model list`" if of_name else did_you_mean(base, known)
        raise Missing(f"there is no model {shown!r} in the registry", remedy=remedy)
    return found[-1]


def versions(office: Office, name: str) -> list[PackageRecord]:
    """Return every version of one name, in order."""
    table = schema.packages
    return _records(office, sa.select(table.c.value).where(table.c.name == name))


def listing(office: Office) -> list[PackageRecord]:
    """Return every package, by name and version."""
    return _records(office, sa.select(schema.packages.c.value))


def _records(office: Office, query: Any) -> list[PackageRecord]:
    return sorted((read(PackageRecord, r[0]) for r in office.rows(query)), key=lambda r: (r.name, r.version))
