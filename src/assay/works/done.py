"""What a run leaves: each step that has ended, and the run as a whole; and who watches it happen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from assay.kernel.asset import Asset
from assay.kernel.errors import AssayError
from assay.kernel.verdict import Verdict
from assay.works.pipeline import Pipeline
from assay.works.registering import Registered
from assay.works.step import Step


class Observer(Protocol):
    """Who watches a run."""

    def begun(self, step: Step, index: int, of: int) -> None:
        """A step begins."""

    def progress(self, done: int, of: int, what: str) -> None:
        """The step is this far."""

    def ended(self, done: Done) -> None:
        """A step has ended."""


@dataclass(frozen=True, slots=True)
class Done:
    """A step that has ended. outcome: pass, fail, incomplete, error or stopped."""

    step: Step
    outcome: str
    cached: bool = False
    outputs: Mapping[str, Asset] = field(default_factory=dict)
    inputs: Mapping[str, Asset] = field(default_factory=dict)
    verdict: Verdict | None = None
    report: str | None = None
    seconds: float = 0.0
    note: str = ""
    registered: Registered | None = None
    error: Exception | None = None
    key: str = ""  # what a later run may reuse it by

    @property
    def passed(self) -> bool:
        """Whether what waits for it may go on."""
        if self.verdict is not None:
            return self.verdict.passed
        return self.outcome == "pass"


@dataclass(frozen=True, slots=True)
class RunResult:
    """A run that has ended."""

    id: str
    pipeline: Pipeline
    outcome: str
    steps: tuple[Done, ...]
    started: str
    seconds: float
    registered: Registered | None
    page: Path | None

    @property
    def exit_code(self) -> int:
        """Return 0 when every gate passed, 1 when one failed, or the code of the error that ended it."""
        if self.outcome == "pass":
            return 0
        errors = [d.error for d in self.steps if d.error is not None]
        failed = any(d.outcome in ("fail", "incomplete") for d in self.steps)
        if errors and not failed:
            return max(e.exit_code if isinstance(e, AssayError) else 3 for e in errors)
        return 1
