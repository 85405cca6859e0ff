"""Reweighing: a column of weights that makes the label independent of the groups, for whatever learns with weights.

A row weighs what its group and label would be in together if they were independent, over what they are: n(group) ·
n(label) / (n · n(group, label)), after Kamiran and Calders (2012). Nothing else of a row changes. Several facets are
taken together with all their intersections; rows without a facet are a group of their own. A cell without a row cannot
be weighed up and is told. --strength lies between no weights (0) and the whole of them (1).

Told are the difference in good outcomes before and after, how many rows the weighted ones are worth, and the trade:
boosted trees and logistic regression learn from part of the rows and are judged on the others, at each strength.

Example: assay treat data.reweigh bookings.csv.gz --label is_canceled \\
  --positive 0 --facet customer_type --hide reservation_status \\
  -o weighed.parquet
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Any

from annotated_types import Interval
from typing_extensions import Doc

from assay.kernel.errors import BadInput, UsageError
from assay.kernel.handles import Column, Table, Work
from assay.kernel.report import Finding, Metric
from assay.kernel.severity import Severity
from assay.kernel.treatment import Made
from assay.treatments.data import _groups

if TYPE_CHECKING:
    import pyarrow as pa

    from assay.methods.mitigation.grouping import Cells

NAME = "data.reweigh"
WEIGHTY = 10.0  # times: a row that weighs so much more than its share


def treat(
    table: Table,
    *,
    label: Annotated[Column, Doc("the column that holds the outcome")],
    positive: Annotated[
        tuple[str, ...], Doc("the values of the label that are good for the person; else each class is one")
    ] = (),
    facet: Annotated[tuple[Column, ...], Doc("a column that tells groups apart, such as sex")],
    weights: Annotated[
        Column | None, Doc("a column of weights that the rows have already; they are multiplied")
    ] = None,
    column: Annotated[str, Doc("what the new column is called")] = "weight",
    strength: Annotated[
        float, Interval(ge=0, le=1), Doc("from no weights (0) to the whole of them (1)")
    ] = 1.0,
    hide: Annotated[
        tuple[Column, ...], Doc("a column that the reference learners are not shown, such as a row's number")
    ] = (),
    trade: Annotated[bool, Doc("measure what it buys and costs")] = True,
    work: Work,
) -> Made:
    """Return the table with a column of weights."""
    from assay.engines.rewrite import rewrite
    from assay.engines.trade import Told
    from assay.methods import question
    from assay.methods.mitigation import grouping, reweighing

    names = [c.name for c in table.columns]
    if column in names and column != weights:
        raise UsageError(f"there is a column {column!r} already", remedy="name another: --column")
    if not table.rows:
        raise BadInput("there is no row to weigh", where=table.asset.name)
    data = table.arrow(list(dict.fromkeys([label, *facet, *([weights] if weights else [])])))
    base = question.weights(data, weights)
    cells = grouping.cells(data, label, positive, facet)
    counts = cells.counts(base)
    found = reweighing.row_weights(cells, reweighing.cell_weights(counts, strength), base)

    def change(batch: pa.RecordBatch, first: int) -> pa.RecordBatch:
        import pyarrow as pa

        held = {n: batch.column(n) for n in batch.schema.names if n != column}
        return pa.RecordBatch.from_pydict(held | {column: pa.array(found[first : first + batch.num_rows])})

    out = rewrite(table, work, "out", change)
    metrics, findings = _told(cells, counts, found, base)
    findings += _groups.told(NAME, cells, label)
    bought = Told()
    if trade:
        hidden = (*hide, *([weights] if weights else []))
        bought = _groups.trade(NAME, table, cells, label, work, hide=hidden, treated=_weighted(base))
    report = bought.report(table.rows, metrics, findings)
    return Made({"out": out}, report)


def _weighted(base: Any) -> Any:
    """Return what a learner is given at a strength: the rows as they are, and their weights."""
    from assay.methods.mitigation import reweighing

    def weigh(given: _groups.Given, strength: float) -> _groups.Given:
        mine = None if base is None else base[given.rows]
        counts = given.cells.counts(mine)
        held = reweighing.row_weights(given.cells, reweighing.cell_weights(counts, strength), mine)
        return given.with_(weights=held)

    return weigh


def _told(cells: Cells, counts: Any, found: Any, base: Any) -> tuple[list[Metric], list[Finding]]:
    import numpy as np

    from assay.methods.mitigation import reweighing

    known = cells.labelled
    after = cells.counts(found)
    metrics = [Metric("weighed_rows", int(known.sum()), unit="rows")]
    worth = float(found[known].sum() ** 2 / max((found[known] ** 2).sum(), 1e-300))
    metrics.append(Metric.number("effective_rows", worth, unit="rows"))
    metrics += [
        Metric.number("least_weight", float(found[known].min())),
        Metric.number("greatest_weight", float(found[known].max())),
    ]
    for at, group in enumerate(cells.grouping.names):
        of = {"facet": cells.grouping.shown, "group": group}
        metrics.append(Metric("rows", int((known & (cells.groups == at)).sum()), of))
        for place, name in enumerate(cells.classes):
            if len(cells.classes) == 2 and not place:
                continue
            about = of | ({"class": name} if len(cells.classes) > 2 else {})
            for told, held in (("positive_share_before", counts), ("positive_share", after)):
                metrics.append(Metric.number(told, _share(held[at], place), of=about))
            for told, held in (("DPL_before", counts), ("DPL", after)):
                metrics.append(Metric.number(told, _apart(held, at, place), of=about))
        for place, name in enumerate(cells.classes):
            held, now = counts[at, place], after[at, place]
            metrics.append(Metric.number(f"weight_of_{name}", float(now / held) if held else math.nan, of=of))
    findings = []
    for at, place in reweighing.empty(counts):
        group, name = cells.grouping.names[at], cells.classes[place]
        said = f"No row of {cells.grouping.shown} = {group} is {name}, so that no weight makes them as the others."
        remedy = "join the group with another, or collect rows of it"
        where = {"facet": cells.grouping.shown, "group": group}
        findings.append(Finding(f"{NAME}.empty_cell", Severity.MEDIUM, said, where, remedy))
    if base is None and len(found[known]) and float(found[known].max()) > WEIGHTY:
        heavy = int((found[known] > WEIGHTY).sum())
        said = f"{heavy:,} rows weigh more than {WEIGHTY:g}: few rows stand for many, and what is learnt of them is by chance."
        remedy = "lower --strength, or join small groups"
        findings.append(Finding(f"{NAME}.heavy", Severity.LOW, said, {}, remedy, count=heavy))
    gap = max(
        (abs(_apart(counts, g, -1)) for g in range(len(counts)) if np.isfinite(_apart(counts, g, -1))),
        default=0.0,
    )
    now = max(
        (abs(_apart(after, g, -1)) for g in range(len(counts)) if np.isfinite(_apart(after, g, -1))),
        default=0.0,
    )
    if len(cells.classes) == 2:
        said = f"The groups' good outcomes are at most {now:.3f} apart, and were {gap:.3f}; the weighted rows are worth {worth:,.0f} equal ones of {int(known.sum()):,}."
        findings.append(Finding(f"{NAME}.weighed", Severity.INFO, said))
    return metrics, findings


def _share(counts: Any, place: int) -> float:
    return float(counts[place] / counts.sum()) if counts.sum() else float("nan")


def _apart(counts: Any, at: int, place: int) -> float:
    """Return the share of a class among the others less that of a group: DPL."""
    others = counts.sum(axis=0) - counts[at]
    return _share(others, place) - _share(counts[at], place)
