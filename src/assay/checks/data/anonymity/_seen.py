"""What an examination of anonymity has seen so far."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from assay.kernel.handles import Table
from assay.kernel.report import Chart, Coverage, Finding, Metric, Report, Skipped
from assay.kernel.severity import Severity

if TYPE_CHECKING:
    from assay.methods.anonymity.classes import Held
    from assay.methods.anonymity.quasi import Chosen

NAME = "data.anonymity"
MOST = 5_000_000  # combinations of values held at once
TOLD = 20


@dataclass
class Seen:
    """What was seen so far, and the limits it is held to."""

    k: int
    l: int  # noqa: E741 - the field's name
    t: float | None
    risk: float
    quasi: tuple[str, ...] = ()
    metrics: list[Metric] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    charts: list[Chart] = field(default_factory=list)
    outputs: list[Any] = field(default_factory=list)
    sets: list[Chosen] = field(default_factory=list)
    identifiers: list[str] = field(default_factory=list)
    sizes: Any = None
    held: dict[str, Held] = field(default_factory=dict)

    def add(self, name: str, value: float | None, **of: Any) -> None:
        """Tell a number."""
        reason = of.pop("reason", None)
        self.metrics.append(Metric.number(name, value, of=of, reason=reason))

    def tell(
        self, rule: str, severity: Severity, message: str, remedy: str, count: int = 1, **where: Any
    ) -> None:
        """Tell a finding."""
        self.findings.append(Finding(f"{NAME}.{rule}", severity, message, where, remedy, (), max(1, count)))

    def report(self, table: Table) -> Report:
        """Return all of it."""
        return Report.make(
            coverage=Coverage(table.rows, table.rows, tuple(self.skipped)),
            metrics=self.metrics,
            findings=self.findings,
            charts=self.charts,
            outputs=self.outputs,
            data={
                "quasi": list(self.quasi),
                "identifiers": self.identifiers,
                "sets": [{"columns": list(s.columns), "unique": s.unique, "distinction": s.distinction,
                          "separation": s.separation} for s in self.sets[:TOLD]],
            },
        )  # fmt: skip
