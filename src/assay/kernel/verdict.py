"""The asker's judgement of a report: it never travels with a reused report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from assay.kernel.report import Finding, Report
from assay.kernel.severity import Severity

Outcome = Literal["pass", "fail", "incomplete", "error"]


@dataclass(frozen=True, slots=True)
class Gate:
    """What stops: findings at or above ``at`` (None: nothing does), and incomplete unless allowed by name."""

    at: Severity | None = Severity.HIGH
    allow_incomplete: bool = False

    def __str__(self) -> str:
        return "none" if self.at is None else str(self.at)


@dataclass(frozen=True, slots=True)
class Verdict:
    """A report and the gate it was held against."""

    report: Report
    gate: Gate

    @property
    def outcome(self) -> Outcome:
        """Return pass, fail, incomplete or error."""
        if self.report.error:
            return "error"
        if self.stopping:
            return "fail"
        if not self.report.coverage.complete and not self.gate.allow_incomplete:
            return "incomplete"
        return "pass"

    @property
    def stopping(self) -> tuple[Finding, ...]:
        """Return the findings at or above the gate, gravest first."""
        at = self.gate.at
        return () if at is None else tuple(f for f in self.report.findings if f.severity >= at)

    @property
    def passed(self) -> bool:
        """Whether the gate lets what was examined through; a gate of none lets all but an error through."""
        if self.gate.at is None:
            return self.outcome != "error"
        return self.outcome == "pass"

    def to_dict(self, tool: Mapping[str, str] | None = None) -> dict[str, Any]:
        """Return the report as JSON with its outcome."""
        raw = self.report.to_dict()
        out: dict[str, Any] = {}
        for key, value in raw.items():
            if key == "coverage":
                out["outcome"] = self.outcome
            out[key] = value
        return out | {"tool": dict(tool or {})}
