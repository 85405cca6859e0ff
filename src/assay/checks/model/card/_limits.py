"""The limits that examinations found, as sentences, gravest first; and what nobody examined."""

from __future__ import annotations

from typing import cast

from assay.checks.model.card._behind import Behind
from assay.kernel.card import Grave, Limit, Told
from assay.kernel.report import Report
from assay.kernel.severity import Severity

_MOST = 200


def limits(behind: Behind) -> tuple[Limit, ...]:
    """Return each finding of medium or graver about the model and the tables that it was trained and judged on."""
    found = []
    for report in _telling(behind):
        name = report.subject.name if report.subject else ""
        for one in report.findings:
            if one.severity >= Severity.MEDIUM:
                found.append(
                    Limit(
                        one.message,
                        cast(Grave, str(one.severity)),
                        one.rule,
                        one.remedy,
                        one.fingerprint(name),
                        behind.digest(report),
                    )
                )
    ordered = sorted(found, key=lambda one: -Severity.parse(one.severity))
    return tuple(ordered[:_MOST])


def gaps(behind: Behind) -> tuple[Told, ...]:
    """Return what the reports say was not examined to the end, and those that ended in an error."""
    out = []
    for report in _telling(behind):
        digest = behind.digest(report)
        out += [
            Told(f"{s.what} was not examined: {s.why}.", digest, report.check)
            for s in report.coverage.skipped
        ]
        if report.error:
            out.append(Told(f"It ended in an error: {report.error}", digest, report.check))
    lesser = sum(f.severity < Severity.MEDIUM for r in _telling(behind) for f in r.findings)
    if lesser:
        out.append(Told(f"{lesser} lesser finding{'s are' if lesser > 1 else ' is'} in the reports alone."))
    return tuple(out[:_MOST])


def _telling(behind: Behind) -> list[Report]:
    tables = {a.digest: a for a in (*behind.training, *behind.judged)}
    of_data = [r for digest in tables for r in behind.on(digest)]
    trained = [behind.trained] if behind.trained is not None else []
    return [*behind.about, *trained, *behind.remade, *of_data]
