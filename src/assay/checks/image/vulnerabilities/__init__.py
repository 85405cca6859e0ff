"""Known vulnerabilities of what is installed in an image, a root directory or a bill of materials.

Reads what package managers and builds have left: dpkg, apk, rpm, Python, conda, npm, Java, Go and Rust programs, R; of a
source tree, or a lock alone, what it locks.
Each package is held against a mirror of OSV records by its ecosystem's own order of versions; a distribution's package by
the distribution's records alone, so that a patch under an old version counts. Nothing is fetched and nothing is run.
What could not be read, or has no records in the mirror, makes the verdict incomplete.

Example: assay check image.vulnerabilities app.tar --advisories osv/all.zip
"""

from __future__ import annotations

from typing import Annotated, Literal

from typing_extensions import Doc

from assay.kernel.asset import Asset
from assay.kernel.handles import Advisories, Image, Tree, Work
from assay.kernel.report import Coverage, Metric, Report, Skipped

_MOST = 20_000  # packages that were not judged and are named


def check(
    image: Image,
    *,
    advisories: Annotated[Advisories, Doc("a folder or zip of OSV records, such as an ecosystem's all.zip")],
    unscored: Annotated[
        Literal["low", "medium", "high", "critical"],
        Doc("how grave a vulnerability is of which nobody says it"),
    ] = "high",
    kev: Annotated[
        Tree | None, Doc("CISA's list of vulnerabilities known to be exploited, JSON or CSV")
    ] = None,
    epss: Annotated[Tree | None, Doc("FIRST's EPSS scores, CSV or CSV.gz")] = None,
    vex: Annotated[
        Tree | None, Doc("statements that some do not matter here: OpenVEX or CycloneDX, a file or folder")
    ] = None,
    code: Annotated[
        Tree | None, Doc("the program's own Python code: what it does not import is told, and at most medium")
    ] = None,
    work: Work,
) -> Report:
    """Examine what is installed; coverage counts packages."""
    from assay.checks.image.vulnerabilities import _known, _match, _told
    from assay.engines.containers.billed import billed
    from assay.engines.containers.inventory import take
    from assay.methods.sbom.unhindered import unhindered

    inventory = take(image, work)
    with unhindered():
        matched = _match.match(inventory.packages, inventory.system, advisories, work)
    known = _known.known(image, inventory.packages, kev=kev, epss=epss, statements=vex, code=code)
    told = _told.told(matched, known, unscored)
    packages = [p for p in inventory.packages if p.kind != "mlmodel"]
    skipped = [Skipped(what, why) for what, why in inventory.gaps] + matched.skipped + known.skipped
    skipped += [Skipped("the mirror of advisories", p.message) for p in advisories.problems]
    if not packages:
        skipped.append(
            Skipped("what is installed", "nothing in it says so: no database, no metadata, no lock file")
        )
    judged = matched.judged + matched.owned
    document = image.document()  # a bill that stands in for the image is the inventory itself
    bill = billed(image, inventory, "cyclonedx", work) if document is None else _kept(document, work)
    metrics = [
        Metric.number("packages", len(packages), unit="packages"),
        Metric.number("records", advisories.records, unit="records"),
        *told.counts(),
    ]
    return Report.make(
        coverage=Coverage(judged, len(packages), tuple(skipped), "packages"),
        findings=told.findings(),
        metrics=metrics,
        outputs=[bill],
        data={
            "system": inventory.system.to_dict(),
            "platform": image.platform,
            "advisories": {"records": advisories.records, "newest": advisories.newest},
            "upgrades": _told.upgrades(matched),
            "cleared": told.cleared[:1_000],
            "unjudged": matched.unjudged[:_MOST],
            "more_unjudged": max(0, len(matched.unjudged) - _MOST),
            "gaps": len(inventory.gaps),
        },
    )


def _kept(document: bytes, work: Work) -> Asset:
    from assay.methods.sbom.writing import form_of, suffix

    return work.put("sbom", document, suffix(form_of(document)))
