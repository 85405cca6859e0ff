"""What is told of all groups of a facet together: parities, the four-fifths rule, calibration."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from assay.checks.model.bias._judged import Judged
from assay.kernel.report import Metric
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
    beside = judged.beside(large, outcome)
    if beside is None:
        return
    names, tallies = beside
    rng = judged.work.rng("/".join(["between", name, *outcome.of.values()]))
    spread = resample.intervals(tallies, fairness.between, rng)
    for metric, value in fairness.between(*(t.counts for t in tallies)).items():
        judged.metrics.append(Metric.number(metric, value, of=of, interval=spread.get(metric)))
    judged.four_fifths(name, names, tallies, outcome)


def calibration(
    judged: Judged,
    name: str,
    groups: list[Group],
    outcome: Outcome,
    score: Any,
    why: str,
    weights: Any = None,
) -> None:
    """Add each group's expected calibration error, and how far they are apart.

    score: of yes, None where there is none. weights: of the rows, None where each counts for one.
    """
    from assay.methods import scores

    of = {"facet": name, **outcome.of}
    if score is None:
        judged.metrics.append(Metric("calibration_error_difference", None, of, reason=why))
        return
    import numpy as np

    errors, observed = [], judged.cells.of_rows(outcome.observed)
    _unscored(judged, outcome, ~np.isfinite(score) & judged.cells.of_rows(judged.labelled))
    for group in groups:
        own = judged.cells.of_rows(group.member & group.known & judged.labelled)
        rows = own & np.isfinite(score)
        if int(rows.sum()) < judged.least:
            continue
        counting = None if weights is None else weights[rows]
        error = scores.calibration_error(observed[rows], score[rows], weights=counting)
        errors.append(error)
        judged.metrics.append(Metric.number("calibration_error", error, of=of | {"group": group.name}))
    apart = max(errors) - min(errors) if len(errors) > 1 else math.nan
    judged.metrics.append(Metric.number("calibration_error_difference", apart, of=of))


def _unscored(judged: Judged, outcome: Outcome, unscored: Any) -> None:
    """Tell, once an outcome, the rows that calibration cannot take: their score is missing or infinite."""
    where = {"column": judged.asked.label, **outcome.of}
    left, rule = int(unscored.sum()), f"{judged.check}.unscored"
    if not left or any(f.rule == rule and f.where == where for f in judged.findings):
        return
    judged.find(
        "unscored",
        Severity.LOW,
        f"{left} rows have a score that is missing or infinite; calibration within groups leaves them out.",
        where,
        "find out why they were not scored: the calibration told is that of the others",
        count=left,
    )
