"""Calibrated equalised odds: one error rate made alike between groups, by lot, with scores that stay calibrated.

The subject is a model with data (--data), and what is made is a model that wraps it; or a table that holds --score, and what is
made has a column of decisions and one of the scores they are of. Of each group but the costliest a share of the scores, by
lot, gives way to the group's base rate, until its error costs as much as the costliest group's (Pleiss and others 2017). --cost
says which error: false negatives, false positives, or both, weighed by how common they are. Scores must be calibrated before.

It makes the better-served group worse off, and no group better: the report says what that costs. What was learnt is kept as
JSON (--fitted applies it). Deciding by group may be unlawful in credit and employment: the report says so.

Example: assay treat model.equalise registry://bookings \\
  --data bookings.csv.gz --label is_canceled --positive 0 \\
  --facet customer_type -o equal.tar.gz
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from annotated_types import Interval
from typing_extensions import Doc

from assay.kernel.handles import Column, Model, Table, Tree, Work
from assay.kernel.report import Finding, Metric
from assay.kernel.severity import Severity
from assay.kernel.treatment import Made
from assay.treatments.model import _made
from assay.treatments.model._scored import MIDDLE, Learnt, Scored, scored

if TYPE_CHECKING:
    from assay.methods.mitigation.equalising import Cost, Costs
    from assay.methods.mitigation.rules import Mixed

NAME = "model.equalise"
GIVES = "subject"  # what is made is a model where the subject is one
STRENGTHS = (0.25, 0.5, 0.75, 1.0)
CALIBRATED = 0.05  # of expected calibration error: a group above it breaks what the method stands on


def treat(
    subject: Table | Model,
    *,
    data: Annotated[Table | None, Doc("the table that the rule is learnt on, of a model")] = None,
    label: Annotated[Column | None, Doc("the column that holds the outcome")] = None,
    score: Annotated[
        Column | None, Doc("the column that holds the probability of the good outcome, of a table")
    ] = None,
    positive: Annotated[tuple[str, ...], Doc("the values of the label that are good for the person")] = (),
    facet: Annotated[tuple[Column, ...], Doc("a column that tells groups apart, such as sex")] = (),
    cost: Annotated[
        Literal["fnr", "fpr", "weighted"], Doc("false negatives, false positives, or both weighed")
    ] = "fnr",
    strength: Annotated[
        float, Interval(ge=0, le=1), Doc("how far costs are brought together, from 0 to 1")
    ] = 1.0,
    column: Annotated[str, Doc("what the column of decisions is called, of a table")] = "decision",
    fitted: Annotated[
        Tree | None, Doc("what an earlier model.equalise learnt: apply it, learn nothing")
    ] = None,
    trade: Annotated[bool, Doc("measure what it buys and costs")] = True,
    work: Work,
) -> Made:
    """Return the model, or the table, decided by mixed scores, and what was learnt."""
    rows = scored(
        NAME, subject, data, label=label, score=score, positive=positive, facet=facet, fitted=fitted,
        cost=cost != "fnr", strength=strength != 1.0,
    )  # fmt: skip
    if rows.learnt is not None:
        return _made.made(NAME, subject, rows, rows.learnt, work, column=column)
    findings: list[Finding] = []
    rule, costs = _learnt(rows, rows.known, cost, strength, findings)
    metrics = _told(rows, rule, costs, findings)
    bought = None
    if trade:
        gap = "equal_opportunity_difference" if cost == "fnr" else "equalized_odds_difference"
        bought = _made.trade(
            NAME, rows, lambda mask, s: _learnt(rows, mask, cost, s, [])[0], STRENGTHS, "strength", gap, work
        )
    found = Learnt(rule, rows.grouping, rows.yes, rows.no)
    return _made.made(
        NAME, subject, rows, found, work, column=column, bought=bought, findings=findings,
        metrics=metrics,
    )  # fmt: skip


def _learnt(
    rows: Scored, mask: Any, cost: Cost, strength: float, told: list[Finding]
) -> tuple[Mixed, list[Costs | None]]:
    from assay.methods.mitigation import equalising

    found: list[Costs | None] = []
    for group in range(len(rows.grouping.names)):
        own = mask & (rows.groups == group)
        yes = rows.truth[own]
        if len(yes) < _made.FEW or yes.all() or not yes.any():
            why = f"is {len(yes)} rows" if len(yes) < _made.FEW else "has one outcome only"
            told.append(_made.untreated(NAME, rows, group, why))
            found.append(None)
            continue
        found.append(equalising.costs(rows.score[own], yes, cost))
    return equalising.rule(found, MIDDLE, strength), found


def _told(rows: Scored, rule: Mixed, costs: list[Costs | None], findings: list[Finding]) -> list[Metric]:
    from assay.methods import scores

    metrics = []
    for at, (name, held) in enumerate(zip(rows.grouping.names, costs, strict=True)):
        if held is None:
            continue
        of = {"facet": rows.grouping.shown, "group": name}
        share = rule.shares[at]
        metrics += [
            Metric.number("cost_before", held.own, of=of), Metric.number("cost", held.own + share * (held.trivial - held.own), of=of),
            Metric.number("share_by_lot", share, of=of), Metric.number("base_rate", held.rate, of=of),
        ]  # fmt: skip
        own = rows.known & (rows.groups == at)
        error = scores.calibration_error(rows.truth[own], rows.score[own])
        metrics.append(Metric.number("calibration_error", error, of=of))
        if error > CALIBRATED:
            said = f"The scores of {rows.grouping.shown} = {name} are not calibrated: on average {error:.2f} off what comes to pass."
            remedy = "calibrate the model first, or choose thresholds instead: model.thresholds"
            findings.append(Finding(f"{NAME}.not_calibrated", Severity.MEDIUM, said, of, remedy))
        if share > 0.5:
            said = f"{share:.0%} of {rows.grouping.shown} = {name} are answered with their group's base rate, whatever their score."
            findings.append(
                Finding(
                    f"{NAME}.mostly_by_lot",
                    Severity.MEDIUM,
                    said,
                    of,
                    "lower --strength, or choose model.thresholds",
                )
            )
    return metrics
