"""Validation by training anew: a way of training judged by models that it makes of some rows, on the others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.checks.model.validate import _apart
from assay.checks.model.validate._answers import Answers, One
from assay.checks.model.validate._contest import contest
from assay.checks.model.validate._curves import Curves
from assay.checks.model.validate._given import given_away
from assay.checks.model.validate._judged import Judged
from assay.checks.model.validate._left import unanswered, unlabelled
from assay.checks.model.validate._options import Training
from assay.checks.model.validate._problem import Wanted, answered, judge
from assay.checks.model.validate._scored import Scored, scored
from assay.checks.model.validate._several import Several
from assay.checks.model.validate._trials import Told, Trials
from assay.checks.model.validate._tuned import INNER, Tuned
from assay.checks.model.validate._weak import weak
from assay.kernel.errors import BadInput, UsageError
from assay.kernel.handles import Work
from assay.kernel.report import Chart, Coverage, Finding, Metric, Report, Skipped
from assay.kernel.severity import Severity
from assay.methods.headline import ERRORS

if TYPE_CHECKING:
    from assay.methods.folds import Fold


def retrained(
    table: Any, asked: Training, wanted: Wanted, look: One | Several, slices: int, work: Work
) -> Report:
    """Return scores over folds with their intervals, and what the folds and the curves say. look: how models are asked."""
    raw, rows, ideal, left = _prepared(table, asked, wanted, look)
    wanted, asked = _settled(ideal, wanted), asked.settled(_classes(ideal))
    strata = ideal.strata() if _classes(ideal) and asked.scheme not in ("kfold", "time") else None
    folds = _apart.held_out(rows, asked, strata, work)
    first = [f for f in folds if asked.repeats == 1 or f.name.startswith("1.")]
    hidden = tuple(n for n in asked.without if n != wanted.label)
    trials = Trials(raw, look, hidden, work, asked.minutes * 60, _foreseen(asked, folds, first))
    tuned = Tuned(rows, asked, wanted, ideal, strata, trials, work) if asked.tune else None
    told = _told(asked, folds, trials, tuned)
    found = scored(told, rows, wanted, ideal.main) if told else None
    if found is None:
        left += trials.findings()
        coverage = Coverage(0, rows.num_rows, tuple(trials.skipped))
        return Report.make(coverage=coverage, findings=left, data={"scheme": asked.scheme})
    made = found.made
    out = _Said(found, ideal, asked, work)
    findings = [*left, *out.findings()]
    charts = [*out.charts(), *made.charts()]
    curves = Curves(rows, wanted, ideal, trials, first, made)
    findings += _apart.on_both_sides(rows, found, asked, ideal.lower_is_better)
    if tuned is not None:
        more, drawn = tuned.findings(made, found.mean)
        findings, charts = findings + more, charts + drawn
    if asked.rival is not None:
        other = [
            t
            for f in folds
            if (t := trials.run(asked.rival, f, f"fold {f.name} of {asked.rival.name}", seen=False))
        ]
        there = scored(other, rows, wanted, ideal.main) if other else None
        if there is not None:
            findings += contest(found, there, asked.way.name, asked.rival.name, ideal)
    if asked.learning_curve:
        more, drawn = curves.learning(asked.way, _of_first(found, first))
        findings, charts = findings + more, charts + drawn
    more, drawn = curves.complexity(asked)
    findings, charts = findings + more, charts + drawn
    findings += given_away(made, rows, wanted.label, set(hidden), (), work)
    if slices:
        more, drawn = weak(made, rows, {wanted.label, *hidden}, slices, work)
        findings, charts = findings + more, charts + drawn
    findings += trials.findings()
    tested = (
        len({int(r) for one in told for r in one.fold.test})
        if asked.scheme not in ("holdout", "time")
        else rows.num_rows
    )
    missing = unanswered(found.unanswered, tested, "What it trains")
    skipped = [Skipped(f"{found.unanswered:,} rows", "no answer")] if missing else []
    findings += missing
    coverage = Coverage(tested - found.unanswered, rows.num_rows, (*trials.skipped, *skipped))
    made.data |= {
        "scheme": asked.scheme,
        "folds": len(found.folds),
        "trainings": trials.done - len(trials.skipped),
    }
    return Report.make(
        coverage=coverage, metrics=made.metrics, findings=findings, charts=charts, data=made.data
    )


def _prepared(
    raw: Any, asked: Training, wanted: Wanted, look: One | Several
) -> tuple[Any, Any, Judged, list[Finding]]:
    """Return the rows that can be learned from, as they are and as they are judged by; how a perfect answer would be judged;
    and what is left out.
    """
    from assay.methods import facets

    table = look.view(raw)
    label = Answers(table.column(wanted.label), column=wanted.label)
    known = answered(table, label, wanted)
    if asked.in_time and asked.repeats > 1:
        raise UsageError(
            "--repeats draws folds anew by lot, and in time there is one way to draw them",
            remedy="leave --repeats out, or ask for more --folds",
        )
    if asked.time and asked.in_time:
        known = known & facets.present(table.column(asked.time))
    if int(known.sum()) < 2:
        raise BadInput(f"fewer than two rows have a {wanted.label}", where=wanted.label)
    rows = table.filter(known)
    lost = table.num_rows - rows.num_rows
    left = unlabelled(lost, table.num_rows, wanted.label, " or no time" if asked.in_time else "")
    label = Answers(rows.column(wanted.label), column=wanted.label)
    return raw.filter(known), rows, judge(rows, label, answered(rows, label, wanted), wanted), left


def _settled(ideal: Judged, wanted: Wanted) -> Wanted:
    """Return what is wanted with the positive label named, which a single fold might not hold."""
    if ideal.kind != "binary" or wanted.positive:
        return wanted
    return wanted._replace(positive=(str(ideal.data["positive"]),))


def _classes(ideal: Judged) -> bool:
    return ideal.kind in ("binary", "multiclass", "multilabel")


def _foreseen(asked: Training, folds: list[Fold], first: list[Fold]) -> int:
    """Return how many trainings are to come."""
    from assay.methods.curves import STEPS

    many = len(folds) * (len(asked.tune) * (INNER + 1) if asked.tune else 1)
    many += len(folds) if asked.rival is not None else 0
    many += len(first) * (STEPS - 1) if asked.learning_curve else 0
    return many + (len(first) * len(asked.complexity[1]) if asked.complexity else 0)


def _told(asked: Training, folds: list[Fold], trials: Trials, tuned: Tuned | None) -> list[Told]:
    out = []
    for fold in folds:
        one = trials.run(asked.way, fold, f"fold {fold.name}") if tuned is None else tuned.run(fold)
        if one is not None:
            out.append(one)
    return out


def _of_first(found: Scored, first: list[Fold]) -> Scored:
    """Return the scores of the first repeat alone."""
    names = {f.name for f in first}
    kept = [i for i, f in enumerate(found.folds) if f.name in names]
    return Scored(
        found.made,
        found.main,
        [found.folds[i] for i in kept],
        [found.scores[i] for i in kept],
        [found.trained[i] for i in kept],
    )


_UNBOUNDED = (*ERRORS, "log_loss", "wape", "coverage_error")


def _possible(name: str, bounds: tuple[float, float] | None) -> tuple[float, float] | None:
    """Keep an interval to the values that a score can have."""
    from math import inf

    ends = dict.fromkeys(("mcc", "macro_mcc", "brier_within_bins"), (-1.0, 1.0))
    ends |= {"r2": (-inf, 1.0), "mean_error": (-inf, inf)} | dict.fromkeys(_UNBOUNDED, (0.0, inf))
    low, high = ends.get(name, (0.0, 1.0))
    return None if bounds is None else (max(bounds[0], low), min(bounds[1], high))


class _Said:
    """What the folds say by themselves: scores, intervals, the constant guess, fitting, and a course in time."""

    def __init__(self, found: Scored, ideal: Judged, asked: Training, work: Work) -> None:
        self.found, self.ideal, self.asked, self.work = found, ideal, asked, work
        self.made, self.main = found.made, found.main
        self.means: dict[str, float] = {}
        self.spread: dict[str, tuple[float, float] | None] = {}  # of each mean

    def findings(self) -> list[Finding]:
        """Put the scores into the metrics and say what follows."""
        import numpy as np

        found, made = self.found, self.made
        made.led_like(self.ideal)
        guess = self.ideal.guess()
        self._means()
        made.metrics += [Metric.number(k, v, of={"model": self.ideal.yardstick}) for k, v in guess.items()]
        of = {"folds": len(found.folds), "scheme": self.asked.scheme}
        spread = float(np.std(found.values, ddof=1)) if len(found.values) > 1 else float("nan")
        if len(found.values) > 1:
            made.metrics.append(Metric.number(f"{self.main}_sd_over_folds", spread, of=of))
        own = float(np.nanmean(found.trained)) if np.isfinite(found.trained).any() else float("nan")
        made.metrics.append(Metric.number(self.main, own, of={"data": "training"}))
        for fold, value, trained in zip(found.folds, found.values, found.trained, strict=True):
            made.metrics.append(Metric.number(self.main, value, of={"fold": fold.name}))
            made.metrics.append(Metric.number(f"{self.main}_in_training", trained, of={"fold": fold.name}))
        shown = f"{found.mean:.4f}" + (f" ± {spread:.4f} (sd)" if np.isfinite(spread) else "")
        if lost := int((~np.isfinite(found.values)).sum()):
            shown = f"has no mean, since it is undefined in {lost} of {len(found.values)}"
        if (bounds := self.spread[self.main]) is not None:
            shown += f", 95 % [{bounds[0]:.4f}, {bounds[1]:.4f}]"
        made.data["main"] = {"name": self.main, "value": found.mean if np.isfinite(found.mean) else None}
        n = len(found.folds)
        message = f"Trained anew {n} {'time' if n == 1 else 'times'} ({self.asked.way_out}) by {self.asked.way.name}: {self.main} {shown}."
        out = [made.reason(), Finding("model.validate.retrained", Severity.INFO, message)]
        return (
            out
            + made.worthless("What it trains", self.means, guess, self.spread)
            + made.notes
            + self._fitting(own, guess[self.main])
            + self._course()
            + made.more(made.scores(np.arange(len(made.truth))))
        )

    def _means(self) -> None:
        """The mean of each score over folds, with its interval by the corrected resampled t; of one fold by bootstrap."""
        import numpy as np

        from assay.methods import comparing, scores

        found, made = self.found, self.made
        drawn = {}
        if len(found.folds) == 1:
            drawn = scores.bootstrap(made.scores, made.draw, self.work.rng("bootstrap"))
        for name in found.scores[0]:
            values = [one[name] for one in found.scores]
            bounds = _possible(name, comparing.corrected_interval(values, *found.sizes)) or drawn.get(name)
            self.means[name], self.spread[name] = sum(values) / len(values), bounds
            made.metrics.append(Metric.number(name, self.means[name], interval=bounds))
        if (by := made.association) in self.means and not np.isfinite(self.means[by]):
            # A fold whose answers are all alike has none; only where all folds are so is there none of the whole
            values = [one[by] for one in found.scores]
            if np.isfinite(values).any():
                values = [float(v) for v in np.nan_to_num(values)]
                self.means[by] = sum(values) / len(values)
                self.spread[by] = comparing.corrected_interval(values, *found.sizes)

    def _fitting(self, own: float, guess: float) -> list[Finding]:
        mean, error = self.found.mean, self.ideal.lower_is_better
        self.made.metrics.append(Metric.number("generalisation_gap", mean - own if error else own - mean))
        return self.made.fitted(own, mean, guess, "the rows trained on", "rows held out")

    def _course(self) -> list[Finding]:
        """In time: whether the score goes down from each window to the next."""
        values = self.found.values
        if self.asked.scheme != "time" or len(values) < 3:
            return []
        from itertools import pairwise

        steps = [b - a for a, b in pairwise(values)]
        worse = [s > 0 if self.ideal.lower_is_better else s < 0 for s in steps]
        fall = (
            (values[-1] - values[0]) / (abs(values[0]) or 1)
            if self.ideal.lower_is_better
            else values[0] - values[-1]
        )
        if not all(worse) or fall <= 0.02:
            return []
        message = (
            f"It grows worse with each window of time: {self.main} {', '.join(f'{v:.3f}' for v in values)}."
        )
        remedy = "what is learned grows old: train on recent rows, retrain often, and see data.drift"
        return [Finding("model.validate.fades", Severity.MEDIUM, message, {}, remedy)]

    def charts(self) -> list[Chart]:
        """Return the score of each fold."""
        from math import isfinite

        told = [(f.name, v) for f, v in zip(self.found.folds, self.found.values, strict=True) if isfinite(v)]
        if not told:
            return []
        rows = [{"fold": name, "value": v} for name, v in told[:50]]
        values = [v for _, v in told]
        alt = f"From {min(values):.4f} to {max(values):.4f} over {len(values)} folds."
        return [Chart(f"{self.main} of each fold", "bar", tuple(rows), "fold", "value", alt=alt)]
