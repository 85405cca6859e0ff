"""Reject option: where a model is least sure, the disadvantaged group is told yes and the others no.

The subject is a model with data (--data), and what is made is a model that wraps it; or a table that holds --score, and what is
made has a column of decisions. Thresholds and margins around them are searched for the greatest balanced accuracy whose gap is
within --bound (Kamiran, Karim and Zhang 2012). The disadvantaged group is named (--disadvantaged), or is the one with the
lowest rate of good decisions. No lot is drawn: the same score of the same group is told the same.

Told are the band, each group's rates before and after, and the trade at several bounds, on rows held out. What was learnt is kept
as JSON (--fitted applies it). Deciding by group may be unlawful in credit and employment: the report says so.

Example: assay treat model.rejectoption registry://bookings \\
  --data bookings.csv.gz --label is_canceled --positive 0 \\
  --facet customer_type -o band.tar.gz
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from annotated_types import Interval
from typing_extensions import Doc

from assay.kernel.errors import BadInput, Missing
from assay.kernel.handles import Column, Model, Table, Tree, Work
from assay.kernel.report import Finding, Metric
from assay.kernel.severity import Severity
from assay.kernel.treatment import Made
from assay.methods.nearest import did_you_mean
from assay.treatments.model import _made
from assay.treatments.model._scored import Learnt, Scored, scored

if TYPE_CHECKING:
    from assay.methods.mitigation.rules import Band

NAME = "model.rejectoption"
GIVES = "subject"  # what is made is a model where the subject is one
BOUNDS = (0.2, 0.15, 0.1)  # that the trade is drawn for, beside the one asked for
GAPS = {
    "demographic_parity": "demographic_parity_difference", "equal_opportunity": "equal_opportunity_difference",
    "average_odds": "equalized_odds_difference",
}  # fmt: skip


def treat(
    subject: Table | Model,
    *,
    data: Annotated[Table | None, Doc("the table that the band is learnt on, of a model")] = None,
    label: Annotated[Column | None, Doc("the column that holds the outcome")] = None,
    score: Annotated[
        Column | None, Doc("the column that holds the probability of the good outcome, of a table")
    ] = None,
    positive: Annotated[tuple[str, ...], Doc("the values of the label that are good for the person")] = (),
    facet: Annotated[tuple[Column, ...], Doc("a column that tells groups apart, such as sex")] = (),
    disadvantaged: Annotated[
        tuple[str, ...], Doc("the group that is told yes near the threshold; else that with the lowest rate")
    ] = (),
    measure: Annotated[
        Literal["demographic_parity", "equal_opportunity", "average_odds"], Doc("the gap that is held")
    ] = "demographic_parity",
    bound: Annotated[float, Interval(ge=0, le=1), Doc("how wide the gap may be")] = 0.05,
    column: Annotated[str, Doc("what the column of decisions is called, of a table")] = "decision",
    fitted: Annotated[
        Tree | None, Doc("what an earlier model.rejectoption learnt: apply it, learn nothing")
    ] = None,
    trade: Annotated[bool, Doc("measure what it buys and costs")] = True,
    work: Work,
) -> Made:
    """Return the model, or the table, decided with a band, and what was learnt."""
    rows = scored(
        NAME, subject, data, label=label, score=score, positive=positive, facet=facet, fitted=fitted,
        disadvantaged=bool(disadvantaged), measure=measure != "demographic_parity", bound=bound != 0.05,
    )  # fmt: skip
    if rows.learnt is not None:
        return _made.made(NAME, subject, rows, rows.learnt, work, column=column)
    findings: list[Finding] = []
    favoured = _favoured(rows, disadvantaged, findings)
    rule, gap = _learnt(rows, rows.known, favoured, measure, bound)
    if abs(gap) > bound + 1e-9:
        said = f"No band brings the gap within {bound:g}: it is {abs(gap):.3f} on the rows learnt from."
        findings.append(Finding(f"{NAME}.beyond_bound", Severity.MEDIUM, said, {}, "allow a wider --bound"))
    metrics = [
        Metric.number("threshold", rule.threshold),
        Metric.number("margin", rule.margin),
        Metric.number("gap_of_fit", gap),
    ]
    near = abs(rows.score - rule.threshold) <= rule.margin
    metrics.append(Metric("rows_in_band", int(near.sum()), unit="rows"))
    bought = None
    if trade:
        steps = (*(b for b in BOUNDS if b > bound), bound)
        bought = _made.trade(
            NAME, rows, lambda mask, b: _learnt(rows, mask, favoured, measure, b)[0], steps, "bound", GAPS[measure], work
        )  # fmt: skip
    found = Learnt(rule, rows.grouping, rows.yes, rows.no)
    return _made.made(
        NAME, subject, rows, found, work, column=column, bought=bought, findings=findings,
        metrics=metrics,
    )  # fmt: skip


def _favoured(rows: Scored, names: tuple[str, ...], findings: list[Finding]) -> list[bool]:
    """Return which groups are told yes near the threshold."""
    held = rows.grouping.names
    for name in names:
        if name not in held:
            raise Missing(f"there is no group {name!r}", remedy=did_you_mean(name, held))
    if names:
        if len(set(names)) == len(held):
            raise Missing("every group was named, and none is left to be told no", remedy="name fewer")
        for name in dict.fromkeys(names):
            few = int((rows.known & (rows.groups == held.index(name))).sum())
            if few < _made.FEW:
                where = {"facet": rows.grouping.shown, "group": name}
                said = f"{rows.grouping.shown} = {name} has {few} of the rows learnt from: how it fares is by chance."
                remedy = "join it with another group"
                findings.append(Finding(f"{NAME}.small_group", Severity.LOW, said, where, remedy))
        return [n in names for n in held]
    rates: dict[str, float] = {}
    for at, name in enumerate(held):
        own = rows.known & (rows.groups == at)
        if int(own.sum()) >= _made.FEW:
            rates[name] = float(rows.said[own].mean())
    if len(rates) < 2:
        raise BadInput(f"no two groups of {rows.grouping.shown} have {_made.FEW} rows to compare")
    lowest = min(rates, key=lambda n: rates[n])
    said = f"{rows.grouping.shown} = {lowest} has the lowest rate of good decisions, {rates[lowest]:.0%}, and is told yes near the threshold."
    findings.append(
        Finding(
            f"{NAME}.favoured",
            Severity.INFO,
            said,
            {"facet": rows.grouping.shown, "group": lowest},
            "say --disadvantaged to name another",
        )
    )
    return [n == lowest for n in held]


def _learnt(rows: Scored, mask: Any, favoured: list[bool], measure: str, bound: float) -> tuple[Band, float]:
    """Return the band that some rows teach, and the gap on them."""
    import numpy as np

    from assay.methods.mitigation import rejecting

    theirs = np.array([*favoured, False])[rows.groups[mask]]
    if not theirs.any() or theirs.all():
        raise BadInput("nobody of the group that is told yes, or nobody else, has a label and a score")
    tried = rejecting.tried(rows.score[mask], rows.truth[mask], theirs, measure)
    return tried.band(bound, favoured), float(tried.gap[tried.best(bound)])
