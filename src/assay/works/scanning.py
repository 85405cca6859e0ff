"""`assay scan`: all checks that fit each target, and a verdict of its own on what was not looked at to pick them."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping, Sequence

from assay.engines.regular import why
from assay.kernel.asset import Asset
from assay.kernel.errors import BadInput, Missing
from assay.kernel.report import Coverage, Report, Skipped
from assay.kernel.verdict import Gate, Verdict
from assay.works.checking import carry_out
from assay.works.home import Home
from assay.works.picking import picked
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
    # What fits each is told first: a name that is not there ends it before hours of work are done, not after.
    for target, found in [(target, picked(target, advisories)) for target in targets]:
        left = list(found.skipped)
        for one in found.checks:
            try:
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
            except (
                OSError,
                BadInput,
                Missing,
            ) as error:  # one file among others: what is said of those is not lost with it
                if str(one.target) == target:
                    raise
                left.append(
                    Skipped(
                        str(one.target),
                        f"it cannot be read: {why(error) if isinstance(error, OSError) else error}",
                    )
                )
        if found.tables:
            tell(_beside(found.tables))
        if left:
            verdicts.append(Verdict(_left(target, tuple(left)), gate))
    return verdicts


def _beside(tables: Sequence[str]) -> str:
    """Return what is said of data that lies in a source tree."""
    count = len(tables)
    said = (
        "a table of data lies there, and is" if count == 1 else f"{count:,} tables of data lie there, and are"
    )
    return f"{said} examined when named: assay scan {shlex.quote(tables[0])}"


def _left(target: str, left: tuple[Skipped, ...]) -> Report:
    """Return the report that a target was not looked at to its end: what lies there may be what a check fits."""
    coverage = Coverage(0, len(left), left, "parts")
    subject = Asset("tree", target, target)
    return Report.make(coverage=coverage).with_(check=NAME, subject=subject, started=utc_now())
