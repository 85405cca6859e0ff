"""What was found, by fingerprint: one row a finding, however often it is seen."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from assay.kernel.errors import Missing
from assay.kernel.report import Report
from assay.kernel.severity import Severity
from assay.office import schema
from assay.office.rows import read

if TYPE_CHECKING:
    from assay.office.office import Office, Tx


@dataclass(frozen=True, slots=True)
class FindingRecord:
    """A finding as the office remembers it. status: open, or closed once it was looked for again and was gone (``closed``: when)."""

    fingerprint: str
    rule: str
    severity: str
    message: str
    where: dict[str, Any]
    remedy: str
    refs: list[str]
    count: int
    asset: str
    digest: str
    report: str
    first_seen: str
    last_seen: str
    status: str = "open"
    closed: str = ""


def put(tx: Tx, report: Report, digest: str) -> None:
    """Remember the findings of a report; when it was first seen stays. One that was closed and is found again is open."""
    subject = report.subject
    name = subject.name if subject else ""
    for finding in report.findings:
        key = finding.fingerprint(name)
        before = tx.get("findings", key)
        value = finding.to_dict(name) | {
            "asset": name,
            "digest": subject.digest if subject else "",
            "report": digest,
            "first_seen": before["first_seen"] if before else tx.now,
            "last_seen": tx.now,
            "status": before["status"] if before and before["status"] != "closed" else "open",
        }
        severity = str(finding.severity)
        tx.write("findings", key, value, severity=severity, rule=finding.rule, last_seen=tx.now, asset=name)


def close(tx: Tx, record: FindingRecord) -> None:
    """Leave a finding as closed: it was looked for again, and is not there any more."""
    value = asdict(record) | {"status": "closed", "closed": tx.now}
    columns = {"severity": record.severity, "rule": record.rule, "last_seen": record.last_seen}
    tx.write("findings", record.fingerprint, value, asset=record.asset, **columns)


def open_of(office: Office, asset: str, check: str) -> list[FindingRecord]:
    """Return the open findings of one check about one asset."""
    table = schema.findings
    of_it = (table.c.asset == asset) & table.c.rule.startswith(f"{check}.", autoescape=True)
    found = (read(FindingRecord, r[0]) for r in office.rows(sa.select(table.c.value).where(of_it)))
    return [f for f in found if f.status == "open"]


def listing(
    office: Office, *, severity: Severity = Severity.INFO, check: str | None = None
) -> list[FindingRecord]:
    """Return the findings at or above a severity, gravest first, of one check if asked."""
    table = schema.findings
    query = sa.select(table.c.value).order_by(table.c.last_seen.desc(), table.c.key)
    if check is not None:
        query = query.where(table.c.rule.startswith(check + ".", autoescape=True) | (table.c.rule == check))
    found = [read(FindingRecord, r[0]) for r in office.rows(query)]
    kept = [f for f in found if Severity.parse(f.severity) >= severity]
    return sorted(kept, key=lambda f: -Severity.parse(f.severity))


def get(office: Office, fingerprint: str) -> FindingRecord:
    """Return the finding whose fingerprint begins so; Missing where none or several do."""
    table = schema.findings
    query = sa.select(table.c.value).where(table.c.key.startswith(fingerprint, autoescape=True)).limit(2)
    found = office.rows(query)
    if len(found) != 1:
        many = "several findings begin" if found else "no finding begins"
        raise Missing(f"{many} with {fingerprint!r}", remedy="see `assay findings list`")
    return read(FindingRecord, found[0][0])
