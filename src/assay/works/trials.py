"""The trials of a sweep: what each was given and scored, which is the best, and how they are told in the step's report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from assay.kernel.asset import Asset
from assay.kernel.report import Chart, Finding, Report
from assay.kernel.severity import Severity
from assay.methods.tuning import Range, Tuning

_SHOWN = 20  # trials in the report's table
_TOLD = 200  # trials that the step's own report lists; the rest are parts of the run all the same


@dataclass
class Trial:
    """A trial that has ended. state: complete, pruned or failed. made: what its training left, where it was kept."""

    number: int
    given: Mapping[str, Any]
    scores: list[float] = field(default_factory=list)
    state: str = "complete"
    error: str = ""
    run: str = ""
    made: Mapping[str, Asset] = field(default_factory=dict)
    report: Report | None = None

    @property
    def value(self) -> float | None:
        """Return the mean of its scores, None where it failed before any."""
        return sum(self.scores) / len(self.scores) if self.scores and self.state != "failed" else None

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON."""
        told = {"trial": self.number, "params": dict(self.given), "value": self.value, "state": self.state}
        told |= {"scores": self.scores} if len(self.scores) > 1 else {}
        return told | {n: getattr(self, n) for n in ("run", "error") if getattr(self, n)}


@dataclass(frozen=True)
class Trials:
    """All trials of a step, in order. metric: what they are scored by."""

    step: str
    tuning: Tuning
    metric: str
    held: list[Trial]

    @property
    def lower(self) -> bool:
        """Whether a lower score is better."""
        return self.tuning.lower(self.metric)

    @property
    def complete(self) -> list[Trial]:
        """Return those that were judged to the end."""
        return [t for t in self.held if t.state == "complete" and t.value is not None]

    @property
    def best(self) -> Trial | None:
        """Return the best of those, the first of several; None where there is none."""
        sign = 1 if self.lower else -1
        return min(self.complete, key=lambda t: (sign * (t.value or 0.0), t.number), default=None)

    def table(self) -> dict[str, Any]:
        """Return them as JSON, with how they were judged."""
        t = self.tuning
        held_out = f"rows of {t.on}" if t.on else f"held-out rows, {t.folds} times"
        return {
            "way": t.way, "metric": self.metric, "goal": "minimize" if self.lower else "maximize",
            "judged_on": held_out, "trials": [one.to_dict() for one in self.held[:_TOLD]],
        }  # fmt: skip

    def failures(self) -> list[Finding]:
        """Return one finding of all that failed, where any did."""
        failed = [t for t in self.held if t.state == "failed"]
        if not failed:
            return []
        fine = self.complete
        what = "Every trial" if not fine else f"{len(failed)} of {len(self.held)} trials"
        first = failed[0]
        return [
            Finding(
                "train.trial_failed",
                Severity.MEDIUM if fine else Severity.CRITICAL,
                f"{what} failed; the first, with {shown(first.given)}: {first.error}",
                {"step": self.step},
                "leave the values out that cannot be trained with, or mend the script",
                count=len(failed),
            )
        ]

    def of_best(self, best: Trial) -> list[Finding]:
        """Return what is said of the best: its score, and the ranges at whose end it lies."""
        pruned = sum(t.state == "pruned" for t in self.held)
        given_up = f", {pruned} of them given up early" if pruned else ""
        message = (
            f"Of {len(self.held)} trials{given_up}, trial {best.number} has the best {self.metric}, {best.value:.4f}, with "
            f"{shown(best.given)}."
        )
        out = [
            Finding(
                "train.tuned", Severity.INFO, message, {"step": self.step},
                "judge the model on rows that no trial has seen: the best of many scores is too good",
            )
        ]  # fmt: skip
        ends = {n: c for n, c in self.tuning.space.items() if isinstance(c, Range) and len(self.complete) > 1}
        for name, choice in ends.items():
            if choice.is_end(float(best.given[name])):
                said = f"The best {name}, {best.given[name]:.4g}, lies at the end of its range."
                out.append(
                    Finding("train.at_the_end", Severity.LOW, said, {"step": self.step}, "widen the range")
                )
        return out

    def charts(self) -> list[Chart]:
        """Return the best so far over the trials, and the best of them in a table."""
        lower = self.lower
        ranked = sorted(
            self.held,
            key=lambda t: (t.value is None, (t.value or 0.0) if lower else -(t.value or 0.0), t.number),
        )
        own = ("trial", self.metric, "state")  # a hyperparameter may bear one of these names too
        told = tuple(
            {"trial": t.number, self.metric: t.value, "state": t.state}
            | {f"{n} (given)" if n in own else n: v for n, v in t.given.items()}
            for t in ranked[:_SHOWN]
        )
        table = Chart(
            "The best trials", "table", told, "trial", self.metric, alt=f"{len(told)} of {len(self.held)}."
        )
        rows: list[dict[str, Any]] = []
        best: float | None = None
        for t in self.held:
            if t.value is None:
                continue
            if t.state == "complete":
                best = t.value if best is None else min(best, t.value) if lower else max(best, t.value)
                rows.append({"trial": t.number, "value": best, "series": "best so far"})
            rows.append({"trial": t.number, "value": t.value, "series": "trial"})
        if len({r["trial"] for r in rows}) < 2:
            return [table]
        alt = f"{self.metric} of {len(self.held)} trials; the best is {best:.4g}." if best is not None else ""
        title = f"{self.metric} of each trial"
        drawn = Chart(title, "line", tuple(rows), "trial", "value", "series", x_title="trial", alt=alt)
        return [drawn, table]


def shown(given: Mapping[str, Any]) -> str:
    """Return hyperparameters in a few words."""
    return ", ".join(f"{n} = {v:.4g}" if isinstance(v, float) else f"{n} = {v}" for n, v in given.items())


def why(report: Report) -> str:
    """Return in a sentence why a report has no score."""
    if report.error:
        return report.error
    grave = max(report.findings, key=lambda f: f.severity, default=None)
    return grave.message if grave is not None else "the model could not be judged"
