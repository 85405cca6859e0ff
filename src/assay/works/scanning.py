"""`assay scan`: all checks that fit each target, and a verdict of its own on what was not looked at to pick them."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping, Sequence

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
    tell: Callable[[str], None] = lambda said: None,
) -> list[Verdict]:
    """Carry out the checks that fit, and return their verdicts in order. advisories: what images are held against.

    tell: is given a line on what lies there and is examined where it is named.
    """
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
        if found.tables:
            tell(_beside(found.tables))
        if found.skipped:
            verdicts.append(Verdict(_left(target, found), gate))
    return verdicts


def _beside(tables: Sequence[str]) -> str:
    """Return what is said of data that lies in a source tree."""
    count = len(tables)
    said = (
        "a table of data lies there, and is" if count == 1 else f"{count:,} tables of data lie there, and are"
    )
    return f"{said} examined when named: assay scan {shlex.quote(tables[0])}"


def _left(target: str, found: Picked) -> Report:
    """Return the report that a target was not looked at to its end: what lies there may be what a check fits."""
    coverage = Coverage(0, len(found.skipped), found.skipped, "parts")
    subject = Asset("tree", target, target)
    return Report.make(coverage=coverage).with_(check=NAME, subject=subject, started=utc_now())
