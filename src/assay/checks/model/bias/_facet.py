"""What is told of all groups of a facet together: parities, the four-fifths rule, calibration."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from assay.checks.model.bias._judged import Judged
from assay.kernel.report import Metric

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
    judged: Judged, name: str, groups: list[Group], outcome: Outcome, score: Any, why: str
) -> None:
    """Add each group's expected calibration error, and how far they are apart. score: of yes, None where there is none."""
    from assay.methods import scores

    of = {"facet": name, **outcome.of}
    if score is None:
        judged.metrics.append(Metric("calibration_error_difference", None, of, reason=why))
        return
    import numpy as np

    errors, observed = [], judged.cells.of_rows(outcome.observed)
    for group in groups:
        own = judged.cells.of_rows(group.member & group.known & judged.labelled)
        rows = own & np.isfinite(score)
        if int(rows.sum()) < judged.least:
            continue
        error = scores.calibration_error(observed[rows], score[rows])
        errors.append(error)
        judged.metrics.append(Metric.number("calibration_error", error, of=of | {"group": group.name}))
    apart = max(errors) - min(errors) if len(errors) > 1 else math.nan
    judged.metrics.append(Metric.number("calibration_error_difference", apart, of=of))
