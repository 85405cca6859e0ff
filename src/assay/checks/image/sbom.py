"""Software bill of materials of an image, a root directory or a live host, as CycloneDX or SPDX.

Lists what dpkg, apk, rpm, Python, conda, npm, Java, Go, Rust and R have left, of a source tree what its locks say, each
with its package URL, and the files of models as machine-learning components with their digests. A bill that is there
already is read and written anew in the other form. What could not be read is a gap of the bill, which says so itself,
and makes the verdict incomplete.

Example: assay check image.sbom app.tar --form spdx --keep out
"""

from __future__ import annotations

from typing import Annotated, Literal

from typing_extensions import Doc

from assay.kernel.handles import Image, Work
from assay.kernel.report import Coverage, Finding, Metric, Report, Skipped
from assay.kernel.severity import Severity


def check(
    image: Image,
    *,
    form: Annotated[
        Literal["cyclonedx", "cyclonedx-1.5", "spdx", "spdx-3"],
        Doc("CycloneDX 1.6 or 1.5, SPDX 2.3, or SPDX 3.0.1, as JSON"),
    ] = "cyclonedx",
    work: Work,
) -> Report:
    """List what is installed; coverage counts the records that tell of packages."""
    from collections import Counter

    from assay.engines.containers.billed import billed
    from assay.engines.containers.inventory import take

    inventory = take(image, work)
    output = billed(image, inventory, form, work)
    kinds = Counter(p.kind for p in inventory.packages)
    skipped = tuple(Skipped(what, why) for what, why in inventory.gaps)
    findings = []
    if not inventory.packages and not skipped:
        findings.append(
            Finding(
                "image.sbom.empty",
                Severity.MEDIUM,
                "Nothing in it says what is installed: no database of packages, no metadata, no lock file.",
                {},
                "build it so that these are kept, or state what it was built from in a bill of materials",
            )
        )
    return Report.make(
        coverage=Coverage(inventory.files, inventory.files + len(skipped), skipped, "records"),
        findings=findings,
        metrics=[
            Metric.number("packages", len(inventory.packages) - kinds["mlmodel"], unit="packages"),
            Metric.number("models", kinds["mlmodel"]),
            *(Metric.number("kind", n, of={"kind": kind}) for kind, n in sorted(kinds.items())),
        ],
        outputs=[output],
        data={"system": inventory.system.to_dict(), "platform": image.platform, "tags": list(image.tags)},
    )
