"""Repair: rows that contradict a rule are set right or marked, by the rules that an integrity report found or was given.

There are three remedies. `derived` sets the derived column to what its rule says: of a flag, what the count says.
`source` believes the derived column and corrects what it is derived from, where that has one answer: a flag that
denies `changes > 0` of a count makes it 0, and one that affirms it leaves the count as it is, counted. `soft-delete`
removes nothing: it marks the rows in a column, with the reason in another.

`--preview` shows the cells that would be changed, the UPDATE statements, and what each of the three remedies does to the
analysis: rows, and with `--label` and `--facet` the target's rate, the groups' shares and the scores of a quick model
before and after. `--in-place` changes the table where it lies: CSV, Parquet, DuckDB, SQLite, PostgreSQL; `--undo` takes
that back. Only cells that contradict their rule are changed, one rule after another; a cell whose rule is unknown there
(a null among its sources) stays. By default only flags and stated rules are applied: of a broken sum nobody knows
which of the columns is wrong (`--kinds sum` if you do).

Example: assay check data.integrity bookings.csv.gz --format json \\
  -o integrity.json --fail-on none &&
  assay treat data.repair bookings.csv.gz --using integrity.json -o clean.csv
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal

from annotated_types import Interval
from typing_extensions import Doc

from assay.kernel.errors import AssayError, UsageError
from assay.kernel.handles import Column, Table, Work
from assay.kernel.report import Report
from assay.kernel.treatment import Made

if TYPE_CHECKING:
    import pyarrow as pa

IN_PLACE = True  # the command line offers --in-place and --undo


def reads(
    columns: Sequence[str], reports: Mapping[str, Report], params: Mapping[str, Any]
) -> list[str] | None:
    """Return which of a table's columns a preview reads; None for all, as a quick model sees every one."""
    from assay.methods.repair import marking, reading
    from assay.methods.repair.mending import named

    if params.get("label") or "using" not in reports:
        return None
    try:
        rules = reading.listed(reports["using"].of("data.integrity").data)
        wanted = named(rules)
    except AssayError:  # the treatment itself says what is wrong
        return None
    facets = params.get("facet") or ()
    asked = {facets} if isinstance(facets, str) else {str(f) for f in facets}
    marker = str(params.get("marker") or marking.MARKER)
    if not wanted or not (wanted | asked) <= set(columns):
        return None
    wanted |= asked | {marker, marking.reason_of(marker)}
    return [c for c in columns if c in wanted]


def treat(
    table: Table,
    *,
    using: Annotated[Report | None, Doc("the integrity report whose rules are applied")] = None,
    kinds: Annotated[
        tuple[
            Literal[
                "derived_flag",
                "stated",
                "sum",
                "product",
                "order",
                "condition",
                "linear",
                "equal",
                "rounding",
                "dates",
                "copy",
            ],
            ...,
        ],
        Doc("the kinds of rules to apply"),
    ] = ("derived_flag", "stated"),
    remedy: Annotated[
        Literal["derived", "source", "soft-delete"],
        Doc("correct the derived column, its source, or mark the row"),
    ] = "derived",
    label: Annotated[
        Column | None, Doc("the outcome, for the effect on its rate and on a quick model")
    ] = None,
    positive: Annotated[tuple[str, ...], Doc("the label's value that is counted")] = (),
    facet: Annotated[tuple[Column, ...], Doc("a column of groups, for the effect on their shares")] = (),
    without: Annotated[tuple[Column, ...], Doc("a column that the quick model does not see")] = (),
    marker: Annotated[str, Doc("the column that soft-delete marks rows in")] = "_assay_deleted",
    leave_out: Annotated[bool, Doc("leave rows that are marked out of the result")] = False,
    preview: Annotated[bool, Doc("show what would be changed and its effect, and write nothing")] = False,
    shown: Annotated[int, Interval(ge=0, le=10_000), Doc("changed cells that the report shows")] = 20,
    work: Work,
) -> Made:
    """Return the table with each contradicted cell set right, or each such row marked; with ``preview``, what would change.

    A preview's one output, ``changes``, is a table: row (from 1), column, old and new as text, rule.
    """
    from assay.engines.rewrite import rewrite
    from assay.treatments.data.repair._course import Course
    from assay.treatments.data.repair._report import report

    if (positive or without) and not label:
        raise UsageError("which column is the label?", remedy="say --label COLUMN")
    if leave_out and remedy != "soft-delete":
        raise UsageError("only what is marked can be left out", remedy="say --remedy soft-delete")
    if not marker:
        raise UsageError("the column of marks needs a name", remedy="say --marker NAME")
    course = Course(table, using, kinds, remedy, marker, label or "", positive, facet, without, preview, work)
    if preview:
        known = {"label": label, "facet": facet, "marker": marker}
        needed = reads([c.name for c in table.columns], {"using": using} if using else {}, known)
        first = 0
        for batch in table.batches(needed):
            work.progress(first, table.rows, "looking")
            course.step(batch, first)
            first += batch.num_rows
        changes = work.put("changes", course.changes())
        return Made({"changes": changes}, report(table, course, shown, writes=False))

    def change(batch: pa.RecordBatch, first: int) -> pa.RecordBatch:
        return course.step(batch, first, leave_out)

    out = rewrite(table, work, "out", change)
    return Made({"out": out}, report(table, course, shown, writes=True))
