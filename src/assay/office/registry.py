"""The registry: model packages, PENDING until somebody approves or rejects them with a reason."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from assay.kernel.errors import Missing, Refused, UsageError
from assay.office import schema
from assay.office.runs import Edge, edge

if TYPE_CHECKING:
    from assay.office.office import Office, Tx


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


def write(tx: Tx, record: PackageRecord) -> None:
    """Leave a package's row; the next event vouches for it."""
    key = f"{record.name}@{record.version}"
    tx.write("packages", key, asdict(record), name=record.name, status=record.status)


def register(
    tx: Tx,
    name: str,
    *,
    digest: str,
    files: Mapping[str, str],
    reports: Mapping[str, str],
    run: str,
    actor: str,
    metadata: Mapping[str, Any],
) -> PackageRecord:
    """Enter a package as the next version of ``name``, PENDING."""
    table = schema.packages
    found = tx.connection.execute(sa.select(table.c.value).where(table.c.name == name)).fetchall()
    version = 1 + max((json.loads(r[0])["version"] for r in found), default=0)
    record = PackageRecord(
        name, version, "PENDING", digest, dict(files), actor, tx.now, tx.size, tx.size, run, dict(reports), metadata=dict(metadata)
    )  # fmt: skip
    write(tx, record)
    artifact = str(metadata["artifact"])
    edge(tx, Edge(files[artifact], artifact, record.urn, f"{name}@{version}", "model.register", run))
    tx.record(
        "model.register",
        record.urn,
        actor=actor,
        inputs={"package": digest, **{f"report:{s}": d for s, d in reports.items()}},
        detail={"status": "PENDING", "files": len(files), "run": run},
    )
    return record


def approve(tx: Tx, name: str, version: int, *, actor: str, reason: str, four_eyes: bool) -> PackageRecord:
    """Approve a package; Refused for whoever registered it when the policy asks for two people."""
    return _decide(tx, name, version, "APPROVED", actor, reason, four_eyes)


def reject(tx: Tx, name: str, version: int, *, actor: str, reason: str, four_eyes: bool) -> PackageRecord:
    """Reject a package; Refused for whoever registered it when the policy asks for two people."""
    return _decide(tx, name, version, "REJECTED", actor, reason, four_eyes)


def _decide(
    tx: Tx, name: str, version: int, status: str, actor: str, reason: str, four_eyes: bool
) -> PackageRecord:
    raw = tx.get("packages", f"{name}@{version}")
    if raw is None:
        raise Missing(f"there is no model {name}@{version}", remedy="see `assay model list`")
    record = PackageRecord(**raw)
    if record.status == status:
        raise UsageError(f"{name}@{version} is already {status}")
    if four_eyes and record.registered_by == actor:
        raise Refused(
            f"{name}@{version} was registered by {actor}, and the policy four_eyes asks for another person",
            remedy="have someone else decide",
        )
    record = replace(record, status=status, decided_by=actor, decided_at=tx.now, reason=reason, event=tx.size)
    write(tx, record)
    verb = "approve" if status == "APPROVED" else "reject"
    tx.record(
        f"model.{verb}", record.urn, actor=actor, inputs={"package": record.digest}, detail={"reason": reason}
    )
    return record


def get(office: Office, name: str) -> PackageRecord:
    """Return ``name@version``, or the latest version of ``name``; Missing where there is none."""
    from assay.methods.nearest import did_you_mean

    base, _, version = name.removeprefix("registry://").partition("@")
    found = [r for r in listing(office) if r.name == base and version in ("", str(r.version))]
    if not found:
        known = {r.name for r in listing(office)}
        shown = f"{base}@{version}" if version else base
        remedy = "see `assay model list`" if base in known else did_you_mean(base, known)
        raise Missing(f"there is no model {shown!r} in the registry", remedy=remedy)
    return found[-1]


def listing(office: Office) -> list[PackageRecord]:
    """Return every package, by name and version."""
    rows = office.rows(sa.select(schema.packages.c.value))
    return sorted((PackageRecord(**json.loads(r[0])) for r in rows), key=lambda r: (r.name, r.version))
