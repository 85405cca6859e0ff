"""`assay scan`: all checks that fit each target, and a verdict of its own on what was not looked at to pick them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from assay.kernel.asset import Asset
from assay.kernel.report import Coverage, Report
from assay.kernel.verdict import Gate, Verdict
from assay.works.checking import carry_out
from assay.works.home import Home
from assay.works.picking import Picked, picked
from assay.works.settings import Settings
from assay.works.work import Progress, utc_now

NAME = "scan"


def scan(
    targets: Sequence[str],
    advisories: Mapping[str, str],
    *,
    home: Home | None,
    settings: Settings,
    gate: Gate,
    progress: Progress | None = None,
) -> list[Verdict]:
    """Carry out the checks that fit, and return their verdicts in order. advisories: what images are held against."""
    verdicts = []
    for target in targets:
        found = picked(target, advisories)
        for one in found.checks:
            verdicts.append(
                carry_out(
                    "check",
                    one.check,
                    one.target,
                    one.params,
                    home=home,
                    gate=gate,
                    settings=settings,
                    progress=progress,
                )
            )
        if found.skipped:
            verdicts.append(Verdict(_left(target, found), gate))
    return verdicts


def _left(target: str, found: Picked) -> Report:
    """Return the report that a target was not looked at to its end: what lies there may be what a check fits."""
    coverage = Coverage(0, len(found.skipped), found.skipped, "parts")
    subject = Asset("tree", target, target)
    return Report.make(coverage=coverage).with_(check=NAME, subject=subject, started=utc_now())
