"""Choosing hyperparameters by inner folds, which outer folds judge: nested cross-validation.

The best of several scores on the same folds is too good, since the choice has seen them (Cawley and Talbot 2010, JMLR 11).
How much is told as optimism: the best mean over the outer folds, less the mean of those that inner folds chose.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from assay.checks.model.validate import _apart
from assay.checks.model.validate._judged import Judged
from assay.checks.model.validate._options import Training
from assay.checks.model.validate._problem import Wanted
from assay.checks.model.validate._scored import scored
from assay.checks.model.validate._trials import Told, Trials
from assay.kernel.errors import UsageError
from assay.kernel.handles import Work
from assay.kernel.report import Chart, Finding, Metric
from assay.kernel.severity import Severity

if TYPE_CHECKING:
    from assay.methods.folds import Fold

INNER = 3
_WORTH = 0.01  # of optimism, of the score or of an error's size


class Tuned:
    """Chooses for each outer fold, and remembers what each candidate scored where."""

    def __init__(
        self,
        table: Any,
        asked: Training,
        wanted: Wanted,
        ideal: Judged,
        strata: Any,
        trials: Trials,
        work: Work,
    ) -> None:
        self.table, self.asked, self.wanted, self.ideal = table, asked, wanted, ideal
        self.strata, self.trials, self.work = strata, trials, work
        self.chosen: dict[str, int] = {}  # the place of the candidate, by outer fold
        self.outer: list[list[Told]] = [[] for _ in asked.tune]

    def run(self, fold: Fold) -> Told | None:
        """Choose by inner folds, train what was chosen on the whole fold, and ask it; None where that fails.

        The other candidates are trained on it too, which tells what is gained by choosing on the folds that judge.
        """
        means = self._inner(fold)
        if means is None:
            return None
        best = min(range(len(means)), key=lambda i: self._cost(means[i]))
        self.chosen[fold.name] = best
        out: Told | None = None
        for place, given in enumerate(self.asked.tune):
            what = f"fold {fold.name} with {shown(given)}"
            told = self.trials.run(self.asked.way.with_(**given), fold, what, seen=place == best)
            if told is not None:
                self.outer[place].append(told)
            out = told if place == best else out
        return out

    def _inner(self, fold: Fold) -> list[float] | None:
        """Return each candidate's mean over the inner folds, NaN where one of them failed; None where all did."""
        inner = _apart.inside(fold, self.table, self.asked, INNER, self.strata, self.work)
        means = []
        for given in self.asked.tune:
            way = self.asked.way.with_(**given)
            told = [
                self.trials.run(way, one, f"fold {one.name} with {shown(given)}", seen=False) for one in inner
            ]
            means.append(self._mean([t for t in told if t is not None], len(inner)))
        return means if any(math.isfinite(m) for m in means) else None

    def _mean(self, told: list[Told], wanted: int) -> float:
        if len(told) < wanted:
            return math.nan
        try:
            found = scored(told, self.table, self.wanted, self.ideal.main)
        except UsageError:
            return math.nan
        return math.nan if found is None else found.mean

    def _cost(self, mean: float) -> float:
        if not math.isfinite(mean):
            return math.inf
        return mean if self.ideal.lower_is_better else -mean

    def findings(self, made: Judged, nested: float) -> tuple[list[Finding], list[Chart]]:
        """Tell what was chosen and how much too good the best score is. nested: the mean over the outer folds."""
        folds = len(self.chosen)
        means = [self._mean(told, folds) for told in self.outer]
        best = min(range(len(means)), key=lambda i: self._cost(means[i]))
        main = self.ideal.main
        for given, mean in zip(self.asked.tune, means, strict=True):
            made.metrics.append(Metric.number(main, mean, of={"hyperparameters": shown(given)}))
        chosen = [shown(self.asked.tune[i]) for i in self.chosen.values()]
        counts = {name: chosen.count(name) for name in dict.fromkeys(chosen)}
        made.data["tuned"] = {"chosen": dict(zip(self.chosen, chosen, strict=True)), "inner_folds": INNER}
        said = ", ".join(f"{name} {n} of {folds} times" for name, n in counts.items())
        out = [Finding("model.validate.tuned", Severity.INFO, f"The inner folds chose {said}.")]
        if len(counts) > 1 and max(counts.values()) <= folds / 2:
            message = "No choice was made in more than half of the folds: they hardly differ, or the data is too little to tell."
            out.append(Finding("model.validate.unsteady_choice", Severity.LOW, message))
        if not math.isfinite(means[best]):
            return out, []
        gain = (nested - means[best]) if self.ideal.lower_is_better else (means[best] - nested)
        made.metrics += [
            Metric.number(main, means[best], of={"estimate": "not nested"}),
            Metric.number("optimism", gain),
        ]
        message = (
            f"The best of {len(means)} candidates on the same folds, {shown(self.asked.tune[best])}, has {main} {means[best]:.4f}; "
            f"nested it is {nested:.4f}: choosing on what judges is too good by {gain:.4f}."
        )
        grave = gain > _WORTH * (abs(nested) if self.ideal.lower_is_better else 1)
        severity = Severity.LOW if grave else Severity.INFO
        out.append(Finding("model.validate.optimism", severity, message, {}, "report the nested score"))
        rows = [
            {"hyperparameters": shown(g), "value": m}
            for g, m in zip(self.asked.tune, means, strict=True)
            if math.isfinite(m)
        ]
        alt = f"Best with {shown(self.asked.tune[best])}: {means[best]:.4f}; nested {nested:.4f}."
        return out, [
            Chart(f"{main} of each candidate", "bar", tuple(rows), "hyperparameters", "value", alt=alt)
        ]


def shown(given: dict[str, Any]) -> str:
    """Return hyperparameters in words."""
    return ", ".join(f"{name} = {value}" for name, value in given.items())
