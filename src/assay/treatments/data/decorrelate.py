"""Correlation remover: numbers without what the facets tell of them in a straight line.

Of each column of numbers is taken off what least squares on the facets say of it, --alpha of the way (0 nothing, 1 all), as
fairlearn's CorrelationRemover does. A facet of texts, or of few numbers, is a column of 0 and 1 a value, a missing one a value of
its own; one of many numbers is taken as it is. What was learnt is kept as JSON, and --fitted applies it to further tables: test
rows, and those that are decided of, whose facets are then needed.

Told are each column's correlation with the facets before and after, and how well trees, which know more than straight lines, still
tell the facet; with --label the trade, by reference learners that are not shown the facet.

Example: assay treat data.decorrelate bookings.csv.gz --facet customer_type \\
  --columns lead_time --columns adr -o apart.parquet
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from annotated_types import Interval
from typing_extensions import Doc

from assay.kernel.errors import BadInput, UsageError
from assay.kernel.handles import Column, Table, Tree, Work
from assay.kernel.report import Finding, Metric
from assay.kernel.severity import Severity
from assay.kernel.treatment import Fitted, Made
from assay.methods.inwords import share
from assay.treatments.data import _groups, _numbers

if TYPE_CHECKING:
    import pyarrow as pa

    from assay.methods.mitigation.decorrelation import Learnt

NAME = "data.decorrelate"
ROWS = 20_000  # by lot, in which the facet is told
GAIN = 0.1  # of what a constant guess leaves open, from which the facet can still be told
_ROUNDING = 1e-12  # a correlation that sums of many rows leave where there is none


def treat(
    table: Table,
    *,
    facet: Annotated[tuple[Column, ...], Doc("a column that tells groups apart, such as sex")] = (),
    columns: Annotated[tuple[Column, ...], Doc("a column of numbers; else every one but the label")] = (),
    alpha: Annotated[float, Interval(ge=0, le=1), Doc("how much is taken off: from 0, nothing, to 1")] = 1.0,
    label: Annotated[
        Column | None, Doc("the column that holds the outcome: it stays, and the trade is told")
    ] = None,
    positive: Annotated[tuple[str, ...], Doc("the values of the label that are good for the person")] = (),
    keep_facet: Annotated[bool, Doc("leave the facet in the table")] = True,
    hide: Annotated[tuple[Column, ...], Doc("a column that is neither changed nor shown to learners")] = (),
    fitted: Annotated[
        Tree | None, Doc("what an earlier data.decorrelate learnt: apply it, learn nothing")
    ] = None,
    trade: Annotated[bool, Doc("with a label, measure what it buys and costs")] = True,
    work: Work,
) -> Made:
    """Return the table without what facets tell of its numbers, and what was learnt."""
    import pyarrow as pa

    from assay.engines.trade import Told
    from assay.methods import outcomes
    from assay.methods.mitigation import grouping
    from assay.methods.mitigation.applied import no_part
    from assay.methods.mitigation.decorrelation import Learnt

    if not table.rows:
        raise BadInput("there is no row to change", where=table.asset.name)
    if fitted is None:
        _numbers.named(facet)
        names = _numbers.chosen(table, columns, [*facet, *hide, *([label] if label else [])])
        data = table.arrow([*dict.fromkeys([*facet, *names])])
        learnt = Learnt.of(data, facet, names, alpha)
    else:
        learnt = Learnt.read(_numbers.read(fitted, NAME), fitted.asset.name)
        no_part(
            list(learnt.facets), facet, columns=bool(columns), alpha=alpha != 1.0, label=label is not None,
            positive=bool(positive), hide=bool(hide),
        )  # fmt: skip
        _numbers.lacking(table, [*learnt.facets, *learnt.names])
        data = table.arrow([*dict.fromkeys([*learnt.facets, *learnt.names])])
    before = outcomes.floats(data, learnt.names)
    told = learnt.of_facets(data)
    after = learnt.straight.removed(told, before, learnt.alpha)
    changed = {n: pa.array(after[:, i], from_pandas=True) for i, n in enumerate(learnt.names)}
    outputs = {
        "out": _numbers.written(
            table, work, changed if learnt.alpha else {}, () if keep_facet else list(learnt.facets)
        )
    }
    if fitted is None:
        outputs["fitted"] = work.put("fitted", Fitted(NAME, learnt.to_json()).to_bytes(), "json")
    metrics = _correlations(told, before, after, learnt)
    more, findings = _groups_of(data, learnt, after, work, fitted is not None)
    metrics += more
    findings += _numbers.beside(NAME, list(learnt.facets), keep_facet)
    strange = learnt.strange(data)
    if strange:
        said = f"{strange:,} values of facets were never there when this was learnt, and count as the first of those that were."
        findings.append(
            Finding(f"{NAME}.unknown_value", Severity.MEDIUM, said, {}, "fit anew", count=strange)
        )
    bought = Told()
    if trade and label is not None and fitted is None:
        cells = grouping.cells(table.arrow([*dict.fromkeys([label, *facet])]), label, positive, facet)
        bought = _groups.trade(NAME, table, cells, label, work, hide=(*hide, *facet), treated=_at(learnt))
    report = bought.report(table.rows, metrics, findings)
    return Made(outputs, report)


def _groups_of(
    data: pa.Table, learnt: Learnt, after: Any, work: Work, applied: bool
) -> tuple[list[Metric], list[Finding]]:
    """Return what is told of the groups. applied: something learnt before is, and then the rows may be of one group alone."""
    from assay.methods.mitigation.grouping import Grouping

    findings = []
    if applied and learnt.untold(data):
        shown = " & ".join(learnt.facets)
        said = (
            f"No row has a {shown} that was there when this was learnt, so that nothing of it is taken off."
        )
        remedy = "look at whether the column holds what it held then"
        findings.append(Finding(f"{NAME}.no_group", Severity.HIGH, said, {"facet": shown}, remedy))
    try:
        groups = Grouping.learnt(data, tuple(learnt.facets))
    except UsageError:
        if not applied:
            raise
        of = {"facet": " & ".join(learnt.facets)}
        return [Metric("told_right", None, of, reason="the rows are of one group, or of too many")], findings
    codes = groups.codes(data)
    metrics, more = _still(after, codes, groups, work)
    return metrics, [*findings, *more, *_numbers.whose(NAME, groups, codes, lambda at: True)]


def _correlations(told: Any, before: Any, after: Any, learnt: Learnt) -> list[Metric]:
    """Return the widest correlation of each column with a column of the facets, and how far values moved."""
    import numpy as np

    out = []
    for at, name in enumerate(learnt.names):
        of = {"column": name}
        for word, values in (("correlation_before", before[:, at]), ("correlation", after[:, at])):
            out.append(Metric.number(word, _widest(told, values), of=of))
        known = np.isfinite(before[:, at])
        spread = float(before[known, at].std()) if known.any() else 0.0
        moved = float(np.abs(after[known, at] - before[known, at]).mean()) / spread if spread else 0.0
        out.append(Metric.number("moved", moved, of=of))
    return out


def _widest(told: Any, values: Any) -> float:
    import numpy as np

    known = np.isfinite(values)
    x = values[known] - values[known].mean() if known.any() else values[known]
    size = float(np.sqrt((x**2).sum()))
    found = []
    for at in range(told.shape[1]):
        s = told[known, at] - (told[known, at].mean() if known.any() else 0)
        both = size * float(np.sqrt((s**2).sum()))
        # what is left of a column that the facets tell whole is rounding, and no correlation
        found.append(
            abs(float(s @ x)) / both
            if both > 1e-9 * max(1.0, float(np.abs(values[known]).max(initial=0)))
            else 0.0
        )
    widest = max(found, default=float("nan"))
    return 0.0 if widest < _ROUNDING else widest  # which no two machines have alike


def _still(after: Any, codes: Any, groups: Any, work: Work) -> tuple[list[Metric], list[Finding]]:
    """Return how well trees still tell the groups from the changed columns together."""
    import numpy as np

    from assay.methods.components import told

    known = np.flatnonzero(codes >= 0)
    if len(known) > ROWS:
        known = np.sort(work.rng("decorrelate/rows").choice(known, ROWS, replace=False))
    truth = np.unique(codes[known], return_inverse=True)[1]
    many = int(truth.max(initial=0)) + 1
    of = {"facet": groups.shown}
    if len(known) < 100 or not 2 <= many <= 20:
        return [Metric("told_right", None, of, reason="too few rows, or too many groups")], []
    right, guess = told(after[known], truth, True, work.rng("decorrelate/told"))
    metrics = [Metric.number("told_right", right, of=of), Metric.number("constant_guess", guess, of=of)]
    if (right - guess) / max(1e-9, 1 - guess) < GAIN:
        return metrics, []
    said = f"Trees still tell {groups.shown} from the changed columns: right in {share(right)} of rows, a constant guess in {share(guess)}. What is not a straight line stays."
    remedy = "data.impact makes whole distributions alike; leave out the columns that tell most"
    return metrics, [Finding(f"{NAME}.told", Severity.MEDIUM, said, of, remedy)]


def _at(learnt: Learnt) -> Any:
    """Return what learners are given at a strength: learnt of the rows that they learn from, applied to both parts."""
    from assay.methods import outcomes
    from assay.methods.mitigation.decorrelation import Learnt

    def treated(given: _groups.Given, alpha: float) -> _groups.Given:
        import pyarrow as pa

        own = Learnt.of(given.table, list(learnt.facets), learnt.names, alpha)
        out = []
        for part in (given.table, given.asked):
            after = own.straight.removed(own.of_facets(part), outcomes.floats(part, own.names), alpha)
            for at, name in enumerate(own.names):
                part = part.set_column(
                    part.column_names.index(name), name, pa.array(after[:, at], from_pandas=True)
                )
            out.append(part)
        return given.with_(table=out[0], asked=out[1])

    return treated
