"""Disparate impact remover: columns whose distribution is alike in every group, with the order within each group kept.

A number is replaced by what has its rank in the median of the groups' distributions, --level of the way (0 nothing, 1 all of
it), after Feldman and others (2015). Columns of texts named with --categorical are brought to the shares of all rows by
changing, by lot, as few as will do. Missing values stay missing; rows without a facet are a group; groups under 30 rows stay as
they are. What was learnt is kept as JSON, and --fitted applies it to further tables: test rows and those that are decided of.

Told are how far apart each column's distributions were and are, how far values moved, and with --label the trade: reference
learners, which are not shown the facet, learn from part of the rows and are judged on the others at each level.

Example: assay treat data.impact bookings.csv.gz --facet customer_type \\
  --columns lead_time --columns adr -o repaired.parquet
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from annotated_types import Interval
from typing_extensions import Doc

from assay.kernel.errors import BadInput, UsageError
from assay.kernel.handles import Column, Table, Tree, Work
from assay.kernel.report import Metric
from assay.kernel.treatment import Fitted, Made
from assay.treatments.data import _groups, _numbers

if TYPE_CHECKING:
    import pyarrow as pa

    from assay.methods.mitigation.repairing import Learnt

NAME = "data.impact"


def treat(
    table: Table,
    *,
    facet: Annotated[tuple[Column, ...], Doc("a column that tells groups apart, such as sex")] = (),
    columns: Annotated[tuple[Column, ...], Doc("a column of numbers; else every one but the label")] = (),
    categorical: Annotated[tuple[Column, ...], Doc("a column of texts to repair, too")] = (),
    level: Annotated[float, Interval(ge=0, le=1), Doc("how much is repaired: from 0, nothing, to 1")] = 1.0,
    label: Annotated[
        Column | None, Doc("the column that holds the outcome: it stays, and the trade is told")
    ] = None,
    positive: Annotated[tuple[str, ...], Doc("the values of the label that are good for the person")] = (),
    keep_facet: Annotated[bool, Doc("leave the facet in the table")] = True,
    hide: Annotated[tuple[Column, ...], Doc("a column that is neither repaired nor shown to learners")] = (),
    fitted: Annotated[Tree | None, Doc("what an earlier data.impact learnt: apply it, learn nothing")] = None,
    trade: Annotated[bool, Doc("with a label, measure what it buys and costs")] = True,
    work: Work,
) -> Made:
    """Return the repaired table, and what was learnt."""
    from assay.engines.trade import Told
    from assay.methods.mitigation import grouping as groups_
    from assay.methods.mitigation.applied import no_part
    from assay.methods.mitigation.repairing import Learnt

    if not table.rows:
        raise BadInput("there is no row to repair", where=table.asset.name)
    if fitted is None:
        _numbers.named(facet)
        left = [*facet, *hide, *([label] if label else [])]
        names = _numbers.chosen(table, columns, left)
        for name in categorical:
            if name in left or name in names:
                raise UsageError(
                    f"{name} is the label, a facet, or a column of numbers", remedy="leave it out"
                )
        data = table.arrow([*dict.fromkeys([*facet, *names, *categorical])])
        learnt = Learnt.of(data, groups_.Grouping.learnt(data, facet), names, categorical, level)
    else:
        learnt = Learnt.read(_numbers.read(fitted, NAME), fitted.asset.name)
        no_part(
            learnt.grouping.facets, facet, columns=bool(columns), categorical=bool(categorical), level=level != 1.0,
            label=label is not None, positive=bool(positive), hide=bool(hide),
        )  # fmt: skip
        _numbers.lacking(table, [*learnt.grouping.facets, *learnt.numbers, *learnt.words])
        data = table.arrow([*dict.fromkeys([*learnt.grouping.facets, *learnt.numbers, *learnt.words])])
    codes = learnt.grouping.codes(data)
    changed, before, after = learnt.applied(data, codes, learnt.level, work.rng)
    facets = learnt.grouping.facets
    outputs = {"out": _numbers.written(table, work, changed, () if keep_facet else facets)}
    if fitted is None:
        outputs["fitted"] = work.put("fitted", Fitted(NAME, learnt.to_json()).to_bytes(), "json")
    metrics = _numbers.apart(NAME, before, after, codes, learnt.grouping, list(learnt.numbers))
    metrics += _moved(learnt, data, changed)
    findings = _numbers.whose(NAME, learnt.grouping, codes, learnt.kept) + _numbers.beside(
        NAME, facets, keep_facet
    )
    bought = Told()
    if trade and label is not None and fitted is None:
        cells = groups_.cells(table.arrow([*dict.fromkeys([label, *facets])]), label, positive, facets)
        bought = _groups.trade(
            NAME, table, cells, label, work, hide=(*hide, *facets), treated=_at(learnt, work)
        )
    report = bought.report(table.rows, metrics, findings)
    return Made(outputs, report)


def _moved(learnt: Learnt, data: pa.Table, changed: dict[str, Any]) -> list[Metric]:
    """Return how many texts of each column were changed."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    out = []
    for name in learnt.words:
        given = data.column(name).combine_chunks().cast(pa.string())
        same = pc.fill_null(pc.equal(given, changed[name]), False)
        both = pc.and_(given.is_null(), changed[name].is_null())
        rows = int((~(np.asarray(same) | np.asarray(both))).sum())
        out.append(Metric("texts_changed", rows, of={"column": name}, unit="rows"))
    return out


def _at(learnt: Learnt, work: Work) -> Any:
    """Return what learners are given at a level: learnt of the rows that they learn from, applied to both parts."""
    from assay.methods.mitigation.repairing import Learnt

    def treated(given: _groups.Given, level: float) -> _groups.Given:
        own = Learnt.of(given.table, learnt.grouping, list(learnt.numbers), list(learnt.words), level)
        out = []
        for part in (given.table, given.asked):
            changed, _, _ = own.applied(part, learnt.grouping.codes(part), level, work.rng)
            for name, values in changed.items():
                part = part.set_column(part.column_names.index(name), name, values)
            out.append(part)
        return given.with_(table=out[0], asked=out[1])

    return treated
