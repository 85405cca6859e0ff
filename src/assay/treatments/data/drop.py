"""Drop: columns left out, by name or because a leakage report found that they give the target away.

Example: assay treat data.drop bookings.csv.gz --columns reservation_status \\
  -o safe.parquet
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

from typing_extensions import Doc

from assay.kernel.errors import UsageError
from assay.kernel.handles import Column, Table, Work
from assay.kernel.report import Coverage, Finding, Metric, Report
from assay.kernel.severity import Severity
from assay.kernel.treatment import Made

if TYPE_CHECKING:
    import pyarrow as pa


def treat(
    table: Table,
    *,
    using: Annotated[Report | None, Doc("a leakage report: what it found to give the target away")] = None,
    columns: Annotated[tuple[Column, ...], Doc("a column to leave out")] = (),
    work: Work,
) -> Made:
    """Return the table without the named columns and those that the report says to drop."""
    from assay.engines.rewrite import rewrite

    reasons: dict[str, str] = dict.fromkeys(columns, "named")
    present = [c.name for c in table.columns]
    for name, reason in _advised(using).items():
        reasons.setdefault(name, reason)
    gone = [name for name in reasons if name not in present]
    kept = [name for name in present if name not in reasons]
    if not kept:
        raise UsageError("no column would be left", where=table.asset.name, remedy="drop fewer columns")

    def change(batch: pa.RecordBatch, first: int) -> pa.RecordBatch:
        return batch

    out = rewrite(table, work, "out", change, kept)
    dropped = [name for name in present if name in reasons]
    findings = [
        Finding(
            "data.drop.dropped", Severity.INFO, f"{name} was left out: {reasons[name]}.", {"column": name}
        )
        for name in dropped
    ]
    findings += [
        Finding(
            "data.drop.absent",
            Severity.INFO,
            f"{name} was to be left out and is not in the table any more.",
            {"column": name},
        )
        for name in gone
    ]
    if not findings:
        said = "No column was named and none gives the target away, so the table was copied unchanged."
        findings = [Finding("data.drop.unchanged", Severity.INFO, said)]
    report = Report.make(
        coverage=Coverage(table.rows, table.rows),
        metrics=[
            Metric("columns_dropped", len(dropped), unit="columns"),
            Metric("columns_kept", len(kept), unit="columns"),
        ],
        findings=findings,
        data={"dropped": dropped},
    )
    return Made({"out": out}, report)


def _advised(using: Report | None) -> Mapping[str, str]:
    if using is None:
        return {}
    listed: Any = using.of("data.leakage").data.get("drop")
    if not isinstance(listed, (list, tuple)):
        raise UsageError(
            "the report given as `using` does not say what to drop", remedy="give a report of data.leakage"
        )
    return {str(name): "it gives the target away" for name in listed}
