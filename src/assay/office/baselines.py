"""Baselines: what traffic is held against, by name; each version of it stays, with who made or edited it, and of what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

import sqlalchemy as sa

from assay.kernel.errors import Missing
from assay.office import schema
from assay.office.rows import read

if TYPE_CHECKING:
    from assay.office.office import Office, Tx


@dataclass(frozen=True, slots=True)
class BaselineRecord:
    """A version of a baseline. digest: of its folder, kept in the store; files: name → digest. parent: digest of the version
    before, empty of the first. of: digest of the table that it was made of, empty where it was edited. event: its event's seq.
    """

    name: str
    version: int
    digest: str
    made_by: str
    made_at: str
    event: int
    files: Mapping[str, str] = field(default_factory=dict)
    parent: str = ""
    of: str = ""
    rows: int = 0

    @property
    def title(self) -> str:
        """Return its name and version."""
        return f"{self.name}@{self.version}"

    @property
    def urn(self) -> str:
        """Return its name everywhere."""
        return f"baseline://{self.title}"


def enter(
    tx: Tx,
    office: Office,
    name: str,
    *,
    digest: str,
    files: Mapping[str, str],
    actor: str,
    of: str,
    rows: int,
) -> BaselineRecord:
    """Enter a version after the latest one, and the event that says so; the latest itself where nothing has changed."""
    before = versions(office, name)
    if before and before[-1].digest == digest:
        return before[-1]
    version = before[-1].version + 1 if before else 1
    parent = before[-1].digest if before else ""
    record = BaselineRecord(name, version, digest, actor, tx.now, tx.size, dict(files), parent, of, rows)
    tx.write("baselines", record.title, asdict(record), name=name)
    inputs = {"baseline": digest} | ({"table": of} if of else {}) | ({"parent": parent} if parent else {})
    tx.record(
        "monitor.baseline", record.urn, actor=actor, inputs=inputs, detail={"rows": rows} if rows else None
    )
    return record


def versions(office: Office, name: str) -> list[BaselineRecord]:
    """Return every version of a baseline, in order."""
    table = schema.baselines.c
    found = office.rows(sa.select(table.value).where(table.name == name))
    return sorted((read(BaselineRecord, r[0]) for r in found), key=lambda r: r.version)


def listing(office: Office) -> list[BaselineRecord]:
    """Return every version of every baseline, by name."""
    found = office.rows(sa.select(schema.baselines.c.value))
    return sorted((read(BaselineRecord, r[0]) for r in found), key=lambda r: (r.name, r.version))


def get(office: Office, name: str) -> BaselineRecord:
    """Return ``name@version``, or the latest of ``name``; Missing, with the nearest name, where there is none."""
    from assay.methods.nearest import did_you_mean

    base, _, which = name.removeprefix("baseline://").partition("@")
    found = [r for r in versions(office, base) if which in ("", str(r.version))]
    if not found:
        known = sorted({r.name for r in listing(office)})
        remedy = did_you_mean(base, known) if known else "make one: assay monitor baseline TABLE --name NAME"
        raise Missing(f"there is no baseline {name[:80]!r}", remedy=remedy)
    return found[-1]
