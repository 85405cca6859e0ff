"""Resampling: rows said again, left out, or put between neighbours, so that classes are even or groups' outcomes alike.

--by label evens the classes; --by cell makes label and group independent, each cell of both having n(group) · n(label) / n rows,
times what lets none shrink (--how over, smote), none grow (under) or the whole stay (both), after Kamiran and Calders (2012).
--how smote makes new rows between a row and one of its --neighbours nearest of the same cell; texts are the commonest among
those (SMOTE-NC). Rows without a label are left out; those without a facet are a group.

Resample training rows alone, and after the split. Told are the cells before and after, and the trade on rows that were not resampled.

Example: assay treat data.resample bookings.csv.gz --label is_canceled \\
  --positive 0 --facet customer_type --by cell --how both \\
  --hide reservation_status -o even.parquet
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

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
    from assay.methods.mitigation.resampling import By, How

NAME = "data.resample"
MANY = 20.0  # times: a cell that is so many times what it was
MOST = 5_000_000
_EXACT = 2.0**53  # up to which a float holds every whole number


def treat(
    table: Table,
    *,
    label: Annotated[Column, Doc("the column that holds the outcome")],
    positive: Annotated[
        tuple[str, ...], Doc("the values of the label that are good for the person; else each class is one")
    ] = (),
    facet: Annotated[tuple[Column, ...], Doc("a column that tells groups apart, such as sex")],
    by: Annotated[Literal["cell", "label"], Doc("make groups' outcomes alike, or classes even")] = "cell",
    how: Annotated[
        Literal["both", "over", "under", "smote"],
        Doc("say rows again, leave rows out, both, or make new ones"),
    ] = "both",
    neighbours: Annotated[int, Interval(ge=1, le=100), Doc("the nearest that new rows lie towards")] = 5,
    hide: Annotated[tuple[Column, ...], Doc("a column that the reference learners are not shown")] = (),
    trade: Annotated[bool, Doc("measure what it buys and costs")] = True,
    work: Work,
) -> Made:
    """Return the resampled table: rows that were kept in their order, then those that were added."""
    from assay.engines.rewrite import store_batches
    from assay.engines.trade import Told
    from assay.methods.mitigation import grouping

    if not table.rows:
        raise BadInput("there is no row to resample", where=table.asset.name)
    data = table.arrow()
    cells = grouping.cells(data, label, positive, facet)
    out, before, after = resampled(data, cells, by, how, neighbours, [label, *facet], work)
    metrics, findings = _told(cells, before, after, how)
    findings += _groups.told(NAME, cells, label)
    bought = Told()
    if trade:

        def treated(given: _groups.Given, strength: float) -> _groups.Given:
            if not strength:
                return given
            some, _, _ = resampled(
                given.table.append_column("__label", _codes(given.cells)),
                given.cells,
                by,
                how,
                neighbours,
                ["__label", *facet],
                work,
                strength,
            )
            labels = some.column("__label").to_numpy()
            groups = given.cells.grouping.codes(some)
            from dataclasses import replace

            held = replace(given.cells, groups=groups, labels=labels)
            return given.with_(table=some.drop_columns("__label"), cells=held)

        bought = _groups.trade(NAME, table, cells, label, work, hide=hide, treated=treated)
    report = bought.report(table.rows, metrics, findings)
    return Made({"out": store_batches(out.to_batches(), work, "out")}, report)


def _codes(cells: Cells) -> Any:
    import pyarrow as pa

    return pa.array(cells.labels)


def resampled(
    data: pa.Table,
    cells: Cells,
    by: By,
    how: How,
    neighbours: int,
    fixed: list[str],
    work: Work,
    strength: float = 1.0,
) -> tuple[pa.Table, Any, Any]:
    """Return the table resampled, and the counts of cells before and after. fixed: columns that a new row has of its base."""
    import numpy as np
    import pyarrow as pa

    from assay.methods.mitigation import resampling

    before = cells.counts()
    wanted = np.rint(before + strength * (resampling.targets(before, by, how) - before)).astype(int)
    if wanted.sum() > MOST:
        raise UsageError(
            f"{wanted.sum():,} rows would be made, and {MOST:,} are the most",
            remedy="say --how both, or under",
        )
    rng = work.rng("resample")
    kept, added = [], []
    for group, place in np.argwhere(before > 0):
        rows = np.flatnonzero((cells.groups == group) & (cells.labels == place))
        keep, bases = resampling.picked(rows, int(wanted[group, place]), rng)
        kept.append(keep)
        if how == "smote" and len(bases) and len(rows) > 1:
            added.append(_new(data, rows, bases, neighbours, fixed, rng))
        elif len(bases):
            added.append(data.take(pa.array(bases)))
    out = pa.concat_tables([data.take(pa.array(np.sort(np.concatenate(kept)))), *added])
    return out, before, wanted


def _new(data: pa.Table, rows: Any, bases: Any, neighbours: int, fixed: list[str], rng: Any) -> pa.Table:
    """Return new rows of a cell: numbers between neighbours, texts the commonest, everything else of the base."""
    import numpy as np
    import pyarrow as pa

    from assay.methods import facets, outcomes

    own = data.take(pa.array(rows))
    from assay.methods.mitigation import resampling

    floats = {
        f.name: outcomes.finite(own.column(f.name), f.name)
        for f in own.schema
        if f.name not in fixed and (pa.types.is_integer(f.type) or pa.types.is_floating(f.type))
    }
    numbers = [n for n, values in floats.items() if _measured(own.column(n), values)]
    texts = [
        f.name
        for f in own.schema
        if f.name not in fixed and (pa.types.is_string(f.type) or pa.types.is_large_string(f.type))
    ]
    texts = [n for n in texts if len(own.column(n).unique()) <= 100]
    coded = [facets.coded(own.column(n)) for n in texts]
    x = np.column_stack([floats[n] for n in numbers]) if numbers else np.zeros((len(rows), 0))
    codes = np.column_stack([c for c, _ in coded]) if texts else np.zeros((len(rows), 0), dtype=np.int64)
    at = np.searchsorted(rows, bases)
    made, words = resampling.between(x, codes, at, neighbours, rng)
    out = own.take(pa.array(at))
    for i, name in enumerate(numbers):
        kind = out.schema.field(name).type
        values = np.rint(made[:, i]) if pa.types.is_integer(kind) else made[:, i]
        out = out.set_column(
            out.column_names.index(name), name, pa.array(values, from_pandas=True).cast(kind)
        )
    for i, (name, (_, held)) in enumerate(zip(texts, coded, strict=True)):
        places = pa.array([None if w < 0 else int(w) for w in words[:, i]], pa.int64())
        out = out.set_column(
            out.column_names.index(name), name, held.take(places).cast(out.schema.field(name).type)
        )
    return out


def _measured(column: Any, values: Any) -> bool:
    """Whether numbers can lie between others: whole ones that no float holds are identifiers, and stay those of the base."""
    import numpy as np
    import pyarrow as pa

    known = np.abs(values[np.isfinite(values)])
    return not pa.types.is_integer(column.type) or float(known.max(initial=0)) < _EXACT


def _told(cells: Cells, before: Any, after: Any, how: str) -> tuple[list[Metric], list[Finding]]:
    metrics = [
        Metric("rows_before", int(before.sum()), unit="rows"),
        Metric("rows", int(after.sum()), unit="rows"),
    ]
    findings = []
    for at, group in enumerate(cells.grouping.names):
        of = {"facet": cells.grouping.shown, "group": group}
        for place, name in enumerate(cells.classes):
            metrics += [
                Metric(f"rows_of_{name}_before", int(before[at, place]), of),
                Metric(f"rows_of_{name}", int(after[at, place]), of),
            ]
            if before[at, place] and after[at, place] > MANY * before[at, place]:
                said = f"{cells.grouping.shown} = {group}, {name}: {int(before[at, place])} rows were made {int(after[at, place]):,}; few people stand for many."
                findings.append(
                    Finding(
                        f"{NAME}.few_stand_for_many", Severity.MEDIUM, said, of, "say --how both, or under"
                    )
                )
            if not before[at, place] and before[at].sum() and before[:, place].sum():
                said = f"No row of {cells.grouping.shown} = {group} is {name}, and none is made of nothing."
                findings.append(
                    Finding(f"{NAME}.empty_cell", Severity.MEDIUM, said, of, "collect rows of it")
                )
    said = f"{int(before.sum()):,} rows became {int(after.sum()):,}{', new ones among them that nobody is' if how == 'smote' else ''}."
    findings.append(Finding(f"{NAME}.resampled", Severity.INFO, said))
    return metrics, findings
