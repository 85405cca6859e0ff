"""Images held against advisories that have changed, from their stored bills: the image itself is not needed.

What is new is told, and what is gone is closed: a finding is gone where its package was judged again, by advisories that could be read,
and nothing is said of it any more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from assay.engines.digests import Remembered
from assay.kernel.canonical import sha256
from assay.kernel.errors import AssayError, Missing
from assay.kernel.report import Finding, Report
from assay.kernel.severity import Severity
from assay.kernel.verdict import Gate, Verdict
from assay.office import findings, inventories
from assay.office.inventories import VULNERABILITIES, InventoryRecord
from assay.works.watching.fitting import of_image

if TYPE_CHECKING:
    from assay.office.findings import FindingRecord
    from assay.works.home import Home


_DIGESTS = Remembered()  # of lists that are looked at each half minute


@dataclass(frozen=True, slots=True)
class Rescanned:
    """An image that was judged anew. fresh: findings that were not open before, or are graver now; closed: those that are gone.

    why: what kept it from being judged.
    """

    name: str
    digest: str
    verdict: Verdict | None = None
    fresh: tuple[Finding, ...] = ()
    closed: tuple[FindingRecord, ...] = ()
    why: str = ""

    @property
    def passed(self) -> bool:
        """Whether it was judged, and passes."""
        return self.verdict is not None and self.verdict.passed


@dataclass
class Before:
    """The findings of an image that were open before it is judged, by fingerprint."""

    name: str
    open: dict[str, FindingRecord] = field(default_factory=dict)

    @classmethod
    def of(cls, home: Home, name: str) -> Before:
        """Return them."""
        found = findings.open_of(home.office, name, VULNERABILITIES)
        return cls(name, {f.fingerprint: f for f in found})

    def fresh(self, report: Report) -> tuple[Finding, ...]:
        """Return the findings of a report that were not open, or are graver: one that is exploited by now, for one."""

        def before(finding: Finding) -> Severity:
            known = self.open.get(finding.fingerprint(self.name))
            return Severity.parse(known.severity) if known is not None else Severity.INFO

        return tuple(
            f for f in report.findings if f.fingerprint(self.name) not in self.open or f.severity > before(f)
        )

    def gone(self, report: Report, *, same: bool) -> tuple[FindingRecord, ...]:
        """Return the open findings that a report shows to be gone. same: whether it is of the very bill that they were found in."""
        if not _tells(report, same=same):
            return ()
        unjudged = set(report.data.get("unjudged", ()))
        now = {f.fingerprint(self.name) for f in report.findings}
        return tuple(
            f for k, f in self.open.items() if k not in now and str(f.where.get("package")) not in unjudged
        )


def _tells(report: Report, *, same: bool) -> bool:
    """Whether what a report does not find is not there: it is whole, or of the same bill, and read all of the advisories."""
    cut = any(f.rule in ("advisories.unread", f"{VULNERABILITIES}.more") for f in report.findings)
    cut = cut or bool(report.data.get("more_unjudged"))
    return not report.error and not cut and (same or not report.data.get("gaps"))


def close(home: Home, actor: str, name: str, gone: Sequence[FindingRecord], report: str) -> None:
    """Leave findings as closed, with one event that says which report shows them to be gone."""
    if not gone:
        return
    with home.office.transaction() as tx:
        for one in gone:
            findings.close(tx, one)
        told = {"closed": [f.rule for f in gone][:100], "count": len(gone)}
        tx.record("findings.close", f"image/{name}", actor=actor, inputs={"report": report}, detail=told)


def keep_once(home: Home, actor: str, report: Report) -> None:
    """Of an image that is kept by its tag keep nothing by its digest: a registry tells of an index and of each image in it.

    What was found by the digest is closed where the report finds it too, or shows it to be gone; else all of it stays.
    """
    image = report.subject
    whole = image.name.partition("#")[0] if image is not None else ""
    folder, _, last = whole.rpartition("/")
    if image is None or "@" in whole or ":" not in last or report.error:
        return
    alone = f"{folder}/{last.partition(':')[0]}@{image.digest}"
    record = inventories.known(home.office, alone)
    if record is None or record.within:
        return
    before = Before.of(home, alone)
    found = {f.fingerprint(alone) for f in report.findings}
    done = [f for k, f in before.open.items() if k in found] + list(before.gone(report, same=False))
    if len(done) < len(before.open):
        return
    with home.office.transaction() as tx:
        for one in done:
            findings.close(tx, one)
        inventories.put_within(tx, record, image.name)
        detail = {"closed": [f.rule for f in done][:100], "count": len(done), "kept": image.name}
        inputs = {"report": sha256(report.to_json())}
        tx.record("findings.close", f"image/{alone}", actor=actor, inputs=inputs, detail=detail)


def pinned(home: Home, advisories: Mapping[str, str]) -> str:
    """Return the digest of what images are held against as it lies now; Missing where something of it is not there."""
    from assay.engines.advisories import mirror
    from assay.engines.blobs import digest_tree

    found = {"advisories": mirror.pin(advisories["mirror"]).digest}
    for name in inventories.AGAINST[1:]:
        if name in advisories:
            path = Path(advisories[name])
            if not path.exists():
                raise Missing(f"there is no {name} at {advisories[name]!r}", remedy="check the path")
            found[name] = digest_tree(path, home.within(path.resolve()), odd=True, digest=_DIGESTS.digest)
    return inventories.digest_against(found)


def due(home: Home, digest: str) -> list[InventoryRecord]:
    """Return the inventories that were not held against what has a digest; what is kept under another name is judged there."""
    return [r for r in inventories.listing(home.office) if r.against != digest and not r.within]


def judged(
    home: Home, actor: str, record: InventoryRecord, advisories: Mapping[str, str], gate: Gate
) -> Rescanned:
    """Hold an image's stored bill against the advisories; close what is gone, and return what is new."""
    from assay.works.checking import carry_out

    before = Before.of(home, record.name)
    wanted = of_image(record.asset, advisories)
    try:
        verdict = carry_out(
            "check", wanted.check, wanted.target, wanted.params, home=home, actor=actor, gate=gate
        )
    except AssayError as error:
        return Rescanned(record.name, record.digest, why=str(error)[:500])
    report = verdict.report
    gone = before.gone(report, same=True)
    close(home, actor, record.name, gone, sha256(report.to_json()))
    return Rescanned(record.name, record.digest, verdict, before.fresh(report), gone, report.error)
