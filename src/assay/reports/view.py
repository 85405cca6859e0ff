"""A run as reports show it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from assay.kernel.report import Finding
from assay.kernel.verdict import Verdict


@dataclass(frozen=True, slots=True)
class StepView:
    """One step: what it used, how it ended, and its verdict where it has one."""

    name: str
    uses: str
    kind: str
    outcome: str
    cached: bool
    seconds: float
    verdict: Verdict | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class RunView:
    """A run: its steps, what it registered, and the mark it bears."""

    id: str
    pipeline: str
    outcome: str
    started: str
    seconds: float
    actor: str
    actor_note: str
    steps: tuple[StepView, ...]
    model: Mapping[str, Any] | None = None
    hallmark: Mapping[str, Any] | None = None
    edges: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()
    tool: Mapping[str, str] = field(default_factory=dict)

    @property
    def findings(self) -> list[tuple[str, Finding, bool]]:
        """Return every finding as (step, finding, whether it stopped the run), gravest first."""
        found = [
            (s.name, f, not s.verdict.passed and f in s.verdict.stopping)
            for s in self.steps
            if s.verdict
            for f in s.verdict.report.findings
        ]
        return sorted(found, key=lambda item: (not item[2], -item[1].severity))
