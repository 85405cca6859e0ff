"""Repair: derived columns set right, by the rules that an integrity report found or was given.

Only cells that contradict their rule are changed, one rule after another; a cell whose rule is unknown there
(a null among its sources) stays. By default only flags and stated repairs are applied: of a broken sum nobody
knows which of the columns is wrong (`--kinds sum` if you do).

Example: assay check data.integrity bookings.csv.gz --format json \\
  -o integrity.json --fail-on none &&
  assay treat data.repair bookings.csv.gz --using integrity.json -o clean.csv
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

from typing_extensions import Doc

from assay.kernel.errors import Missing, UsageError
from assay.kernel.handles import Table, Work
from assay.kernel.report import Chart, Coverage, Finding, Metric, Report
from assay.kernel.severity import Severity
from assay.kernel.treatment import Made

if TYPE_CHECKING:
    import pyarrow as pa

    from assay.methods.expressions import Expression


@dataclass
class _Repair:
    """One rule being applied, and what it did."""

    title: str
    column: str
    holds: Expression
    to: Expression
    words: tuple[Any, Any] | None
    changed: int = 0
    left: int = 0


def treat(
    table: Table,
    *,
    using: Annotated[Report | None, Doc("the integrity report whose rules are applied")] = None,
    kinds: Annotated[
        tuple[Literal["derived_flag", "stated", "sum", "product"], ...],
        Doc("the kinds of rules to apply"),
    ] = ("derived_flag", "stated"),
    work: Work,
) -> Made:
    """Return the table with each contradicted cell set to what its rule says."""
    from assay.engines.rewrite import rewrite

    repairs = _repairs(table, using, kinds)
    touched = 0

    def change(batch: pa.RecordBatch, first: int) -> pa.RecordBatch:
        nonlocal touched
        batch, wrong = _repaired(batch, repairs)
        touched += wrong
        return batch

    out = rewrite(table, work, "out", change)
    return Made({"out": out}, _report(table, repairs, touched))


def _repairs(table: Table, using: Report | None, kinds: Sequence[str]) -> list[_Repair]:
    from assay.methods.expressions import parse

    listed = using.of("data.integrity").data.get("rules", ()) if using else ()
    if not isinstance(listed, Sequence) or isinstance(listed, str):
        raise UsageError(
            "the report given as `using` lists no rules", remedy="give a report of data.integrity"
        )
    known = {c.name for c in table.columns}
    out = []
    for rule in listed:
        repair = rule.get("repair") if isinstance(rule, Mapping) else None
        if not repair or rule.get("kind") not in kinds or not rule.get("holds") or not rule.get("violations"):
            continue
        holds, to = parse(str(rule["holds"])), parse(str(repair["to"]))
        lost = [c for c in (*holds.columns, *to.columns, repair["set"]) if c not in known]
        if lost:
            raise Missing(
                f"there is no column {lost[0]!r} for the rule {rule.get('rule', '')!r}",
                where=table.asset.name,
                remedy="repair the table that the report is about",
            )
        words = (repair["true"], repair["false"]) if "true" in repair and "false" in repair else None
        out.append(_Repair(str(rule.get("rule", repair["to"])), str(repair["set"]), holds, to, words))
    return out


def _repaired(batch: pa.RecordBatch, repairs: Sequence[_Repair]) -> tuple[pa.RecordBatch, int]:
    import pyarrow as pa
    import pyarrow.compute as pc

    touched = None
    for repair in repairs:
        wrong = pc.fill_null(pc.invert(repair.holds.evaluate(batch)), False)
        if not pc.any(wrong).as_py():
            continue
        place = batch.schema.get_field_index(repair.column)
        old = batch.column(place)
        plain = old.cast(old.type.value_type) if pa.types.is_dictionary(old.type) else old
        value = repair.to.evaluate(batch)
        try:
            if repair.words:
                yes, no = (pa.scalar(w).cast(plain.type) for w in repair.words)
                new = pc.if_else(pc.cast(value, pa.bool_()), yes, no)
            else:
                new = pc.cast(value, plain.type)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowTypeError) as error:
            raise UsageError(
                f"{repair.to.text!r} does not fit the type of {repair.column}: {str(error).splitlines()[0][:120]}",
                remedy="state a repair whose result is of the column's own type",
            ) from None
        wrong = pc.and_(wrong, pc.is_valid(new))
        plain = pc.if_else(wrong, new, plain)
        repair.changed += pc.sum(wrong).as_py() or 0
        batch = batch.set_column(place, batch.schema.field(place), plain.cast(old.type))
        repair.left += pc.sum(pc.invert(repair.holds.evaluate(batch))).as_py() or 0
        touched = wrong if touched is None else pc.or_(touched, wrong)
    return batch, 0 if touched is None else int(pc.sum(touched).as_py() or 0)


def _report(table: Table, repairs: Sequence[_Repair], touched: int) -> Report:
    findings = [
        Finding(
            "data.repair.changed",
            Severity.INFO,
            f"{r.changed:,} cells of {r.column} were set right by the rule: {r.title}; {r.left:,} still break it.",
            {"column": r.column, "pair": r.title},
            count=max(1, r.changed),
        )
        for r in repairs
    ]
    if not repairs:
        said = "No rule with a repair was given, so the table was copied unchanged."
        findings = [Finding("data.repair.unchanged", Severity.INFO, said)]
    metrics = [Metric("rows_changed", touched, unit="rows")]
    for r in repairs:
        of = {"column": r.column, "rule": r.title}
        metrics += [
            Metric("cells_changed", r.changed, of=of, unit="cells"),
            Metric("violations_before", r.changed + r.left, of=of, unit="rows"),
            Metric("violations_after", r.left, of=of, unit="rows"),
        ]
    rows = [
        {"rule": r.title, "when": when, "rows": n}
        for r in repairs[:20]
        for when, n in (("before", r.changed + r.left), ("after", r.left))
    ]
    charts = (
        [
            Chart(
                "Rows that break a rule, before and after",
                "grouped_bar",
                tuple(rows),
                "rule",
                "rows",
                series="when",
                alt=f"{touched} rows were changed.",
            )
        ]
        if rows
        else []
    )
    return Report.make(
        coverage=Coverage(table.rows, table.rows),
        metrics=metrics,
        findings=findings,
        charts=charts,
        data={"rows_changed": touched},
    )
