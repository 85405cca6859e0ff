"""What is told of all groups of a facet together: parities, the four-fifths rule, calibration."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from assay.checks.model.bias._judged import REFS, Judged
from assay.kernel.report import Finding, Metric
from assay.kernel.severity import Severity

if TYPE_CHECKING:
    from assay.methods.facets import Group
    from assay.methods.question import Outcome
    from assay.methods.resample import Tally

Large = list[tuple["Group", "Tally"]]


def together(judged: Judged, name: str, large: Large, outcome: Outcome) -> None:
    """Add the parities of the groups that can be judged. Groups that were named are beside all others."""
    from assay.methods import fairness, resample

    of = {"facet": name, **outcome.of}
    tallies = [t for _, t in large]
    if large and large[0][0].named:
        group = large[0][0]
        rest = ~group.member & group.known & judged.labelled
        tallies.append(resample.tally(outcome.observed, outcome.said, rest, judged.weights))
    if len(tallies) < 2 or not all(t.counts.n for t in tallies):
        return
    rng = judged.work.rng("/".join(["between", name, *outcome.of.values()]))
    spread = resample.intervals(tallies, fairness.between, rng)
    for metric, value in fairness.between(*(t.counts for t in tallies)).items():
        judged.metrics.append(Metric.number(metric, value, of=of, interval=spread.get(metric)))
    names = [g.name for g, _ in large] + ["(others)"] * (len(tallies) - len(large))
    _four_fifths(judged, name, names, tallies, outcome)


def _four_fifths(
    judged: Judged, facet: str, names: list[str], tallies: list[Tally], outcome: Outcome
) -> None:
    from assay.methods import fairness

    found = fairness.four_fifths([t.selected for t in tallies], [t.effective for t in tallies])
    best = names[max(range(len(names)), key=lambda i: tallies[i].counts.predicted)]
    for name, impact in zip(names, found, strict=True):
        shown = name if " & " in facet else f"{facet} = {name}"
        of = {"facet": facet, "group": name, **outcome.of}
        judged.metrics.append(Metric.number("impact_ratio", impact.ratio, of=of))
        if not math.isnan(impact.p):
            judged.metrics.append(Metric.number("impact_p_value", impact.p, of=of | {"test": impact.test}))
        if judged.policy is None and not outcome.of and impact.adverse and name != "(others)":
            judged.findings.append(
                Finding(
                    "model.bias.four_fifths",
                    Severity.MEDIUM,
                    f"{shown}: {impact.words(best)}.",
                    {"column": facet, "facet": facet, "group": name},
                    "find out which step selects unequally, and whether it is needed for what is decided",
                    ("29-CFR-1607.4(D)", *REFS),
                )
            )


def calibration(
    judged: Judged, name: str, groups: list[Group], outcome: Outcome, score: Any, why: str
) -> None:
    """Add each group's expected calibration error, and how far they are apart. score: of yes, None where there is none."""
    from assay.methods import scores

    of = {"facet": name, **outcome.of}
    if score is None:
        judged.metrics.append(Metric("calibration_error_difference", None, of, reason=why))
        return
    import numpy as np

    errors = []
    for group in groups:
        rows = group.member & group.known & judged.labelled & np.isfinite(score)
        if int(rows.sum()) < judged.least:
            continue
        error = scores.calibration_error(outcome.observed[rows], score[rows])
        errors.append(error)
        judged.metrics.append(Metric.number("calibration_error", error, of=of | {"group": group.name}))
    apart = max(errors) - min(errors) if len(errors) > 1 else math.nan
    judged.metrics.append(Metric.number("calibration_error_difference", apart, of=of))
