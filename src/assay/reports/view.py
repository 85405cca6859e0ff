"""A run as reports show it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from assay.kernel.report import Finding, Report
from assay.kernel.severity import SEVERITIES, Severity
from assay.kernel.timeline import Timeline
from assay.kernel.verdict import Verdict
from assay.reports.svg import Graph


@dataclass(frozen=True, slots=True)
class StepView:
    """One step: what it used, how it ended, its verdict where it has one, and in one line what it is for."""

    name: str
    uses: str
    kind: str
    outcome: str
    cached: bool
    seconds: float
    verdict: Verdict | None = None
    note: str = ""
    about: str = ""

    @property
    def counts(self) -> dict[str, int]:
        """Return how many findings it has of each severity worth a look, gravest first."""
        found = self.verdict.report.findings if self.verdict else ()
        return _counts([f for f in found if f.severity >= Severity.MEDIUM])


@dataclass(frozen=True, slots=True)
class Found:
    """A finding in its run. stops: it stopped the run. through: it is grave, and its step's gate let it through."""

    step: str
    finding: Finding
    stops: bool
    through: bool


@dataclass(frozen=True, slots=True)
class Note:
    """Lesser findings of one rule and one remedy, told together."""

    step: str
    rule: str
    severity: Severity
    remedy: str
    findings: tuple[Finding, ...]

    @property
    def count(self) -> int:
        """Return how many findings it tells together."""
        return len(self.findings)


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
    made: Graph = field(default_factory=Graph)
    notes: tuple[str, ...] = ()
    tool: Mapping[str, str] = field(default_factory=dict)
    timeline: Timeline | None = None

    @property
    def findings(self) -> list[Found]:
        """Return every finding but remarks that a table of their step says: first what stopped the run, then the gravest."""
        found = [
            Found(
                s.name,
                f,
                stops := not s.verdict.passed and f in s.verdict.stopping,
                _through(s.verdict, f, stops),
            )
            for s in self.steps
            if s.verdict
            for f in s.verdict.report.findings
            if not _written_out(s.verdict.report, f)
        ]
        return sorted(found, key=lambda one: (not one.stops, -one.finding.severity))

    @property
    def grave(self) -> list[Found]:
        """Return the findings that a person should read one by one: medium and graver, and what stopped the run."""
        return [f for f in self.findings if f.stops or f.finding.severity >= Severity.MEDIUM]

    @property
    def lesser(self) -> list[Note]:
        """Return the rest, those of one step, rule and remedy together."""
        groups: dict[tuple[Any, ...], list[Finding]] = {}
        for one in self.findings:
            if not one.stops and one.finding.severity < Severity.MEDIUM:
                f = one.finding
                groups.setdefault((one.step, f.rule, f.severity, f.remedy), []).append(f)
        return [
            Note(step, rule, severity, remedy, tuple(held))
            for (step, rule, severity, remedy), held in groups.items()
        ]

    @property
    def counts(self) -> dict[str, int]:
        """Return how many findings there are of each severity, gravest first."""
        return _counts([one.finding for one in self.findings])

    @property
    def summary(self) -> str:
        """Return in a sentence or two how the run ended, and what let grave findings pass."""
        steps, one = self.steps, len(self.steps) == 1
        whole = "The step" if one else f"All {len(steps)} steps"
        failed = [s.name for s in steps if s.outcome in ("fail", "error", "incomplete") and not _passed(s)]
        stopped = sum(s.outcome == "stopped" for s in steps)
        if one and steps[0].kind == "tracked":  # its code says how it ended, and no gate stood before it
            return "This is what the code said of itself; nothing of it was examined."
        if not self.id:
            said = _alone(steps)
        elif not failed and not stopped:
            said = f"{whole} passed {'its gate' if one else 'their gates'}."
        else:
            said = f"{_listed(failed)} did not pass" if failed else "Not every step passed"
            said += f", and stopped {stopped} of {len(steps)} steps." if stopped else "."
        let = [one.step for one in self.findings if one.through]
        if let:
            told = "1 grave finding was" if len(let) == 1 else f"{len(let)} grave findings were"
            gates = "the gate" if len(set(let)) == 1 else "the gates"
            said += f" {told} let through by {gates} of {_listed(list(dict.fromkeys(let)))}."
        return said


def _written_out(report: Report, finding: Finding) -> bool:
    """Whether a remark stands word for word in a table that the step draws: it is not told twice on one page."""
    return finding.severity == Severity.INFO and any(
        finding.message in row.values()
        for chart in report.charts
        if chart.kind == "table"
        for row in chart.data
    )


def _passed(step: StepView) -> bool:
    return step.verdict is not None and step.verdict.passed


def _through(verdict: Verdict, finding: Finding, stops: bool) -> bool:
    return not stops and finding.severity >= Severity.HIGH and verdict.passed


def _counts(findings: list[Finding]) -> dict[str, int]:
    words = [str(f.severity) for f in findings]
    return {word: words.count(word) for word in reversed(SEVERITIES) if word in words}


def _alone(steps: tuple[StepView, ...]) -> str:
    """What reports that belong to no run say: how far they looked."""
    whole = all(s.verdict is not None and s.verdict.report.coverage.complete for s in steps)
    errors = [s.name for s in steps if s.outcome == "error"]
    if errors:
        return f"{_listed(errors)} could not be carried out."
    return (
        "Everything was examined."
        if whole
        else "Not everything could be examined; what was left out is named."
    )


def _listed(names: list[str]) -> str:
    if len(names) > 3:
        return f"{', '.join(names[:3])} and {len(names) - 3} more"
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
