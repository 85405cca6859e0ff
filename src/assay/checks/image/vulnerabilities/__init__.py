"""Known vulnerabilities of what is installed in an image, a root directory or a bill of materials.

Reads what package managers and builds have left: dpkg, apk, rpm, Python, conda, npm, Java, Go and Rust programs, R.
Each package is held against a mirror of OSV records by its ecosystem's own order of versions; a distribution's package by
the distribution's records alone, so that a patch under an old version counts. Nothing is fetched and nothing is run.
What could not be read, or has no records in the mirror, makes the verdict incomplete.

Example: assay check image.vulnerabilities app.tar --advisories osv/all.zip
"""

from __future__ import annotations

from typing import Annotated, Literal

from typing_extensions import Doc

from assay.kernel.handles import Advisories, Image, Work
from assay.kernel.report import Coverage, Metric, Report, Skipped


def check(
    image: Image,
    *,
    advisories: Annotated[Advisories, Doc("a folder or zip of OSV records, such as an ecosystem's all.zip")],
    unscored: Annotated[
        Literal["low", "medium", "high", "critical"],
        Doc("how grave a vulnerability is of which nobody says it"),
    ] = "high",
    work: Work,
) -> Report:
    """Examine what is installed; coverage counts packages."""
    from assay.checks.image.vulnerabilities import _match, _told
    from assay.engines.containers.billed import billed
    from assay.engines.containers.inventory import take

    inventory = take(image, work)
    matched = _match.match(inventory.packages, inventory.system, advisories, work)
    findings = _told.findings(matched, unscored)
    packages = [p for p in inventory.packages if p.kind != "mlmodel"]
    skipped = [Skipped(what, why) for what, why in inventory.gaps] + matched.skipped
    if not packages:
        skipped.append(
            Skipped("what is installed", "nothing in it says so: no database, no metadata, no lock file")
        )
    judged = matched.judged + matched.owned
    metrics = [
        Metric.number("packages", len(packages), unit="packages"),
        Metric.number("records", advisories.records, unit="records"),
        Metric.number("vulnerabilities", len(matched.hits)),
        Metric.number("fixable", sum(1 for h in matched.hits if h.fixed)),
        *_told.counts(matched, unscored),
    ]
    return Report.make(
        coverage=Coverage(judged, len(packages), tuple(skipped), "packages"),
        findings=findings,
        metrics=metrics,
        outputs=[billed(image, inventory, "cyclonedx", work)],
        data={
            "system": inventory.system.to_dict(),
            "platform": image.platform,
            "advisories": {"records": advisories.records, "newest": advisories.newest},
            "upgrades": _told.upgrades(matched),
        },
    )
