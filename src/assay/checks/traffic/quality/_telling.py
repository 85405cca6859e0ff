"""What the quality of traffic tells: a finding a violation, a distance a column, and the documents of Model Monitor."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from assay.checks.traffic import _words
from assay.engines.baselines import Baseline, dumped
from assay.kernel.handles import Traffic, Work
from assay.kernel.report import Chart, Coverage, Finding, Metric, Report, Skipped
from assay.kernel.severity import Severity
from assay.methods.monitor import constraints
from assay.methods.monitor.constraints import Constraints
from assay.methods.monitor.statistics import Statistics
from assay.methods.monitor.violations import Evaluated, Violation

NAME = "traffic.quality"
CHARTED = 30
CHANCE = 0.001
_LONG = re.compile(r"(?<![\w.-])-?\d+\.\d{5,}(?![\w.])")
_REMEDIES = {
    "data_type": "find out who sends other values, or edit inferred_type or datatype_check_threshold",
    "completeness": "find out why values are missing, or edit the column's completeness",
    "baseline_drift": "see `assay check traffic.drift` for since when and whose, or make a new baseline",
    "missing_column": "find out who no longer sends it; where the model is not asked with it, leave it out (--without)",
    "extra_column": "leave it out, or make a new baseline with it",
    "categorical_values": "find out where the new values come from, or edit the column's domains",
    "non_negative": "find out where negative numbers come from, or edit is_non_negative",
}


def report(
    traffic: Traffic,
    window: Statistics,
    asked: Constraints,
    baseline: Baseline,
    found: Evaluated,
    aside: Sequence[str],
    work: Work,
) -> Report:
    """Return the report of a window. aside: columns of the baseline that the models are not asked with."""
    distances = [d for d in found.distances if d.value is not None]
    skipped = [
        Skipped(f"distance of {d.feature}", d.reason)
        for d in found.distances
        if d.value is None and _told(d.reason)
    ]
    skipped += [
        Skipped(f"domain of {name}", "its values are numbers, or too many to be counted one by one")
        for name in found.untold
    ]
    if baseline.statistics is None and asked.config.compare:
        skipped.append(Skipped("distances", "the baseline has no statistics.json to compare with"))
    if not asked.features:
        skipped.append(Skipped("constraints", "no column of the baseline is one that the window has"))
    if not asked.config.evaluate:
        skipped.append(Skipped("constraints", "the baseline says evaluate_constraints: Disabled"))
    metrics = [Metric("violations", len(found.violations)), Metric("rows", window.rows)]
    metrics += [Metric("completeness", c.completeness, {"column": n}) for n, c in window.columns.items()]
    metrics += [
        Metric.number("distance", d.value, of={"column": d.feature, "measure": d.measure})
        for d in found.distances
        if d.value is not None
    ]
    charts = []
    if distances:
        ranked = sorted(distances, key=lambda d: -(d.value or 0) / (d.threshold or 1))[:CHARTED]
        charts.append(
            Chart(
                "Distance from the baseline",
                "bar",
                tuple({"column": d.feature, "distance": d.value, "threshold": d.threshold} for d in ranked),
                "column",
                "distance",
                alt=f"{ranked[0].feature} lies farthest from the baseline: {ranked[0].value:.3g}.",
            )
        )
    return Report.make(
        coverage=Coverage(window.rows, window.rows, tuple(skipped)),
        metrics=metrics,
        findings=[*_findings(found, window, baseline), *_words.unasked(NAME, aside, "baseline")],
        outputs=[
            work.put("constraint_violations", dumped(found.to_dict()), "json"),
            work.put("statistics", dumped(window.to_dict()), "json"),
            work.put("constraints", dumped(constraints.suggested(window).to_dict()), "json"),
        ],
        charts=charts,
        data={
            "violations": [v.to_dict() for v in found.violations],
            "events": traffic.events,
            "named": traffic.named,
        },
    )


def _told(reason: str) -> bool:
    """Whether it lessens what was examined: of too few values nothing can be told, which is no fault of the reading."""
    return not reason.startswith("too few")


def _by_chance(violation: Violation, window: Statistics, baseline: Baseline) -> bool:
    """Whether a violation like it comes once in a thousand windows, were each row as likely as in the baseline: so many
    values missing; so many of no category that the baseline's own rows hold.
    """
    column = window.columns.get(violation.feature)
    if column is None:
        return False
    if violation.check == "completeness_check" and violation.threshold and violation.threshold < 1:
        from scipy.stats import binom

        return bool(binom.sf(column.missing - 1, window.rows, 1 - violation.threshold) > CHANCE)
    before = baseline.statistics.columns.get(violation.feature) if baseline.statistics else None
    domain = next((f.domain for f in baseline.constraints.features if f.name == violation.feature), None)
    if (
        violation.check != "categorical_values_check"
        or violation.threshold != 1
        or not domain
        or column.values is None
        or before is None
        or before.values is None
    ):
        return False
    from scipy.stats import hypergeom

    held = set(domain)
    now = sum(n for v, n in column.values.items() if v not in held)
    was = sum(n for v, n in before.values.items() if v not in held)
    whole = column.present + before.present
    return bool(hypergeom.sf(now - 1, whole, now + was, column.present) > CHANCE)


def _findings(found: Evaluated, window: Statistics, baseline: Baseline) -> Iterator[Finding]:
    for violation in found.violations:
        kind = violation.check.removesuffix("_check")
        chance = _by_chance(violation, window, baseline)
        yield Finding(
            f"{NAME}.{kind}",
            Severity.LOW if chance else Severity.MEDIUM if kind == "extra_column" else Severity.HIGH,
            f"{violation.feature}: {_shown(violation.description)}{', which may be chance' if chance else ''}.",
            _where(violation),
            _REMEDIES[kind],
        )


def _shown(description: str) -> str:
    """Return a description as people read it: Model Monitor writes every digit of a number."""
    return _LONG.sub(lambda m: f"{float(m[0]):.4g}", description.rstrip("."))


def _where(violation: Violation) -> dict[str, object]:
    out: dict[str, object] = {"column": violation.feature}
    if violation.observed is not None:
        out |= {"observed": violation.observed, "threshold": violation.threshold}
    return out
