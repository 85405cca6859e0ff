"""A finding opened with the diagnosis: which column, since when, from whom."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from assay.kernel.action import Begun, Made, Settled, Writer
from assay.kernel.asset import Asset
from assay.kernel.report import Coverage, Finding, Report
from assay.kernel.severity import Severity
from assay.works.remedies.remedy import Remedy

if TYPE_CHECKING:
    from assay.office.office import Tx

CHECK = "monitor.diagnosis"


class OpenFinding(Remedy):
    """A finding for each column that the diagnosis names; one for the endpoint where it names none."""

    verb = "finding"

    def do(self, begun: Begun) -> Made:
        """Write the report that holds them."""
        report = self._report()
        return {"report": self.home.store.put_bytes(report.to_json()), "findings": self._fingerprints(report)}

    def settle(self, tx: Writer, made: Made) -> Settled:
        """Leave the findings, open."""
        from assay.office import findings

        findings.put(cast("Tx", tx), self._report(), str(made["report"]))
        told = super().settle(tx, made)
        return Settled(inputs={**self.inputs, "report": str(made["report"])}, detail=told.detail)

    def _report(self) -> Report:
        worst = max(
            (Severity.parse(str(v["severity"])) for v in self.execution.violations), default=Severity.MEDIUM
        )
        name = self.asked.target
        columns = self.diagnosis.get("columns") or []
        rule = f"{CHECK}.{self.asked.rule}"
        remedy = f"see `assay monitor show {self.asked.monitor}`, and ask who fills the column"
        found = [
            Finding(rule, worst, _sentence(name, c), {"column": c["column"], "resource": name}, remedy)
            for c in columns
        ] or [
            Finding(
                rule,
                worst,
                str(self.diagnosis.get("sentence") or self.execution.why),
                {"resource": name},
                remedy,
            )
        ]
        rows = int(self.execution.rows or 0)
        subject = Asset("table", name, self.execution.urn, "")
        return Report.make(coverage=Coverage(rows, rows), findings=found, data=dict(self.diagnosis)).with_(
            check=CHECK, subject=subject, started=self.execution.started
        )

    def _fingerprints(self, report: Report) -> list[str]:
        return [f.fingerprint(self.asked.target) for f in report.findings]


def _sentence(endpoint: str, column: dict[str, object]) -> str:
    from assay.works.remedies.diagnosing import said

    return f"{endpoint}: {said(column)}"
