"""The subgroups on which the model is weakest, as findings, metrics and a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.checks.model.validate._judged import Judged
from assay.checks.model.validate._left import unsearched
from assay.kernel.handles import Work
from assay.kernel.report import Chart, Finding, Metric
from assay.kernel.severity import Severity
from assay.methods.inwords import p_value

if TYPE_CHECKING:
    from assay.methods.slices.search import Slice

_COLUMNS = 200
_GRAVE = 2.0  # times the loss of the rest


def weak(
    made: Judged, table: Any, hidden: set[str], most: int, work: Work
) -> tuple[list[Finding], list[Chart]]:
    """Search every column of the table but the hidden ones; tell of the ``most`` worst that are confirmed.

    What was looked for in one half of the rows is told as the other half, which did not choose it, has it. Rows whose loss is
    infinite are left out.
    """
    import numpy as np
    import pyarrow as pa

    from assay.methods.slices.cut import cut
    from assay.methods.slices.search import weakest

    every = [n for n in table.column_names if n not in hidden]
    names = every[:_COLUMNS]
    loss = made.loss()
    known = np.isfinite(loss)
    taken = table.select(names).take(pa.array(made.rows[known]))
    cuts = [c for c in (cut(n, taken.column(n)) for n in names) if c is not None]
    found = weakest(cuts, loss[known], work.rng("slices"))[:most]
    made.data["slices"] = {"searched_columns": len(cuts), "confirmed": len(found)}
    for one in found:
        of = {"slice": one.name}
        made.metrics += [
            Metric("rows", one.rows, of),
            Metric("tested", one.tested, of),
            Metric.number("loss", one.loss, of=of),
            Metric.number("loss_elsewhere", one.rest, of=of),
            Metric.number("adjusted_p", one.p, of=of),
        ]
    told = [_said(made, one) for one in found] + unsearched(len(every), _COLUMNS, "weak subgroups")
    return told, [_drawn(made, found)] if found else []


def _said(made: Judged, one: Slice) -> Finding:
    if made.kind == "multilabel":
        gap = f"{one.loss:.1%} of the labels are wrong, {one.rest:.1%} elsewhere"
    elif made.kind == "ranking":
        gap = f"it is {one.loss:.3f} short of the best order on average, {one.rest:.3f} elsewhere"
    elif made.kind in ("regression", "forecast"):
        gap = f"it is off by {one.loss:.4g} on average, {one.rest:.4g} elsewhere"
    else:
        gap = f"it is wrong in {one.loss:.1%} of rows, {one.rest:.1%} elsewhere"
    grave = one.loss > _GRAVE * one.rest
    return Finding(
        "model.validate.weak_slice",
        Severity.MEDIUM if grave else Severity.LOW,
        f"Where {one.name} ({one.rows:,} rows, {one.tested:,} of them put to the test) {gap} (p {p_value(one.p)}).",
        {"slice": one.name},
        "gather more rows like these, or do not use the model for them",
        count=one.rows,
    )


def _drawn(made: Judged, found: list[Slice]) -> Chart:
    what = {
        "regression": "mean absolute error",
        "forecast": "mean absolute error",
        "ranking": "NDCG short of 1",
        "multilabel": "share of labels that are wrong",
    }.get(made.kind, "share of rows that are wrong")
    rows = [{"slice": "all other rows", "value": found[0].rest}]
    rows += [{"slice": one.name, "value": one.loss} for one in found]
    alt = f"Weakest where {found[0].name}: {found[0].loss:.3g}, {found[0].rest:.3g} elsewhere."
    return Chart(f"Weakest subgroups: {what}", "bar", tuple(rows), "slice", "value", alt=alt)
