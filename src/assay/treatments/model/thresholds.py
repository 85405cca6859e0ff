"""Thresholds by group: each group's own, so that rates of good decisions or of errors are alike, at the least loss.

The subject is a model with data (--data), and what is made is a model that wraps it; or a table that holds --score, and what
is made has a column of decisions. Demographic parity makes the rate of good decisions alike, equal opportunity the true
positive rate, false positive rate parity that, and equalised odds both (Hardt, Price and Srebro 2016). One threshold a group
is chosen within --tolerance; with --lot the parity is held exactly, by lot between two thresholds, as published. Rows without
a facet are a group; groups under 30 rows keep the threshold 0.5, and are told.

Told are each group's rates before and after, and the trade: learnt from some rows and judged on others, at several tolerances.
What was learnt is kept as JSON (--fitted applies it to further tables and models). Deciding by group may be unlawful in
credit and employment: the report says so.

Example: assay treat model.thresholds registry://bookings \\
  --data bookings.csv.gz --label is_canceled --positive 0 \\
  --facet customer_type -o fair.tar.gz
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, Literal

from annotated_types import Interval
from typing_extensions import Doc

from assay.kernel.handles import Column, Model, Table, Tree, Work
from assay.kernel.report import Finding
from assay.kernel.severity import Severity
from assay.kernel.treatment import Made
from assay.treatments.model import _made
from assay.treatments.model._scored import MIDDLE, Learnt, Scored, scored

if TYPE_CHECKING:
    from assay.methods.mitigation.rules import Rule
    from assay.methods.mitigation.thresholding import Objective, Parity

NAME = "model.thresholds"
GIVES = "subject"  # what is made is a model where the subject is one
TOLERANCES = (0.3, 0.2, 0.15, 0.1, 0.05)  # that the trade is drawn for, beside the one asked for
SHARES = (0.25, 0.5, 0.75, 1.0)  # of decisions that are by the rule, where it is by lot
GAPS = {
    "demographic_parity": "demographic_parity_difference", "equal_opportunity": "equal_opportunity_difference",
    "false_positive_rate_parity": "equalized_odds_difference", "equalized_odds": "equalized_odds_difference",
}  # fmt: skip


def treat(
    subject: Table | Model,
    *,
    data: Annotated[Table | None, Doc("the table that the model's thresholds are learnt on")] = None,
    label: Annotated[Column | None, Doc("the column that holds the outcome")] = None,
    score: Annotated[
        Column | None, Doc("the column that holds the probability of the good outcome, of a table")
    ] = None,
    positive: Annotated[tuple[str, ...], Doc("the values of the label that are good for the person")] = (),
    facet: Annotated[tuple[Column, ...], Doc("a column that tells groups apart, such as sex")] = (),
    parity: Annotated[
        Literal["demographic_parity", "equalized_odds", "equal_opportunity", "false_positive_rate_parity"],
        Doc("what is to be alike"),
    ] = "demographic_parity",
    objective: Annotated[
        Literal["accuracy", "balanced_accuracy"], Doc("what is to be as great as can be")
    ] = "accuracy",
    tolerance: Annotated[float, Interval(ge=0, le=1), Doc("how far apart rates may be")] = 0.02,
    lot: Annotated[bool, Doc("hold the parity exactly, by lot between two thresholds")] = False,
    column: Annotated[str, Doc("what the column of decisions is called, of a table")] = "decision",
    fitted: Annotated[
        Tree | None, Doc("what an earlier model.thresholds learnt: apply it, learn nothing")
    ] = None,
    trade: Annotated[bool, Doc("measure what it buys and costs")] = True,
    work: Work,
) -> Made:
    """Return the model, or the table, decided by thresholds by group, and what was learnt."""
    rows = scored(
        NAME, subject, data, label=label, score=score, positive=positive, facet=facet, fitted=fitted,
        parity=parity != "demographic_parity", objective=objective != "accuracy", tolerance=tolerance != 0.02, lot=lot,
    )  # fmt: skip
    if rows.learnt is not None:
        return _made.made(NAME, subject, rows, rows.learnt, work, column=column)
    findings: list[Finding] = []
    rule, apart = learnt(rows, rows.known, parity, objective, None if lot else tolerance, findings)
    if apart is not None and apart > tolerance + 1e-9:
        said = f"No thresholds bring the groups' rates within {tolerance:g} of each other: they are {apart:.3f} apart on the rows learnt from."
        remedy = "allow a wider --tolerance, or a --lot"
        findings.append(Finding(f"{NAME}.beyond_tolerance", Severity.MEDIUM, said, {}, remedy))
    bought = None
    if trade:
        learn = _by_lot(rows, parity, objective) if lot else _within(rows, parity, objective)
        steps = SHARES if lot else (*(t for t in TOLERANCES if t > tolerance), tolerance)
        word = "share by the rule" if lot else "tolerance"
        bought = _made.trade(NAME, rows, learn, steps, word, GAPS[parity], work, gain=objective)
    found = Learnt(rule, rows.grouping, rows.yes, rows.no)
    return _made.made(
        NAME,
        subject,
        rows,
        found,
        work,
        column=column,
        bought=bought,
        findings=findings,
    )


def learnt(
    rows: Scored,
    mask: Any,
    parity: Parity,
    objective: Objective,
    tolerance: float | None,
    told: list[Finding],
) -> tuple[Rule, float | None]:
    """Return the rule that some rows teach, and how far apart the rates are on them; by lot where there is no tolerance."""
    import numpy as np

    from assay.methods.mitigation import thresholding as t
    from assay.methods.mitigation.rules import Cut

    otherwise = Cut(MIDDLE, MIDDLE)
    curves, places = [], []
    for group in range(len(rows.grouping.names)):
        own = mask & (rows.groups == group)
        yes = rows.truth[own]
        if len(yes) < _made.FEW:
            told.append(_made.untreated(NAME, rows, group, f"is {len(yes)} rows"))
        elif (parity in ("equalized_odds", "equal_opportunity") and not yes.any()) or (
            parity in ("equalized_odds", "false_positive_rate_parity") and yes.all()
        ):
            told.append(_made.untreated(NAME, rows, group, "has one outcome only"))
        else:
            places.append(group)
    worth = t.worth(rows.truth[mask & np.isin(rows.groups, places)], objective)
    curves = [
        t.curve(rows.score[own], rows.truth[own], worth)
        for g in places
        for own in (mask & (rows.groups == g),)
    ]
    cuts: list[Cut | None] = [None] * len(rows.grouping.names)
    apart = None
    if len(places) > 1:
        if tolerance is None:
            found = t.by_lot(curves, parity)
        else:
            chosen = t.one_each(curves, parity, tolerance)
            found, apart = chosen.cuts, chosen.apart
        for group, cut in zip(places, found, strict=True):
            cuts[group] = cut
    else:
        said = "Fewer than two groups have the rows that thresholds are learnt from, so that every group keeps its threshold."
        told.append(
            Finding(f"{NAME}.nothing_learnt", Severity.MEDIUM, said, {}, "name a facet with larger groups")
        )
    return t.rule(cuts, otherwise), apart


def _within(rows: Scored, parity: Parity, objective: Objective) -> Callable[[Any, float], Rule]:
    return lambda mask, tolerance: learnt(rows, mask, parity, objective, tolerance, [])[0]


def _by_lot(rows: Scored, parity: Parity, objective: Objective) -> Callable[[Any, float], Rule]:
    """Return what learns a rule that takes only a share of the decisions; the others are as they were."""

    def learn(mask: Any, share: float) -> Rule:
        from assay.methods.mitigation.rules import Softened

        return Softened(learnt(rows, mask, parity, objective, None, [])[0], share, MIDDLE)

    return learn
