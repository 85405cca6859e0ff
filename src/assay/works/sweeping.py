"""A sweep: a training script tried with hyperparameters, each trial a part of the run, and the best one trained for good.

Trials are judged by model.validate: on a channel that the script does not learn from by Assay's hand (``on``), or on rows of
the first channel that are held out, several times. What a trial scored is kept under a key of all it depends on, so that a
sweep that was cut short, or is asked for again, goes on where it was.
"""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.engines.proposing import Tried, propose
from assay.engines.tracing import Open, spanned
from assay.kernel.asset import Asset
from assay.kernel.canonical import digest_of
from assay.kernel.errors import AssayError, UsageError
from assay.kernel.report import Coverage, Metric, Report, Skipped
from assay.methods.nearest import did_you_mean
from assay.methods.tuning import hopeless, read
from assay.office.alive import held
from assay.office.runs import USES_TRIAL
from assay.works import declared, training
from assay.works.examine import examine
from assay.works.reuse import code_digest, reuse_key
from assay.works.trainers import pin_script
from assay.works.trials import Trial, Trials, shown, why

if TYPE_CHECKING:
    from assay.office.runs import StepRecord
    from assay.works.bench import Bench
    from assay.works.home import Home
    from assay.works.step import Step
    from assay.works.work import Progress

JUDGE = "model.validate"
Carried = tuple[Report, dict[str, Asset], Exception | None]


@dataclass
class Sweep:
    """The trials of one train step. known: what was done under a key. parts: whether each trial is recorded as a run."""

    step: Step
    inputs: Mapping[str, Asset]
    params: Mapping[str, Any]
    home: Home
    bench: Bench
    actor: str
    run: str
    pipeline: str
    seed: int
    known: Callable[[str], StepRecord | None]
    parts: bool
    force: bool = False
    progress: Progress | None = None
    trials: list[Trial] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    metric: str = ""

    def carry_out(self) -> Carried:
        """Try, choose, and train the best one; a sweep in which every trial failed leaves no model."""
        began, clock = time.monotonic(), time.perf_counter()
        try:
            tuning = self.tuning = read(self.params["tune"], tuple(self.inputs))
            for number in range(tuning.trials):
                before = [Tried(t.given, t.value if t.state != "failed" else None) for t in self.trials]
                given = propose(tuning, number, before, self.seed, lower=tuning.lower(self.metric))
                if given is None:
                    break
                if time.monotonic() - began > tuning.minutes * 60:
                    self.skipped.append(
                        Skipped(f"{tuning.trials - number} trials", "the time for them was up")
                    )
                    break
                if self.progress is not None:
                    self.progress(number, tuning.trials, f"trial {number + 1}: {shown(given)}")
                self.trials.append(self._trial(number, given))
            report, made, raised = self._chosen()
        except AssayError as error:
            report, made, raised = Report(error=str(error)), {}, error
        told = {k: str(v) if k == "source" else v for k, v in self.params.items() if k != "script"}
        params = told | {"script": Path(self.params["script"]).name}
        if report.params.get("hyperparameters"):
            params["hyperparameters"] = report.params["hyperparameters"]
        report = report.with_(
            check=self.step.uses, subject=next(iter(self.inputs.values()), None), inputs=dict(self.inputs),
            params=params, seed=self.seed, seconds=round(time.perf_counter() - clock, 3), engine="sandbox",
        )  # fmt: skip
        return report, made, raised

    def _trial(self, number: int, given: Mapping[str, Any]) -> Trial:
        trial = Trial(number, given, run=f"{self.run}-{self.step.name}-{number:03d}" if self.parts else "")
        with contextlib.ExitStack() as stack:
            about: dict[str, Any] = {"assay__run": trial.run or None, "assay__trial": number}
            span = stack.enter_context(spanned(self.bench.recorder, f"trial {number + 1}", **about))
            if self.parts:
                stack.enter_context(held(self.home.run_lock(trial.run)))
                self._begun(trial)
            rungs = 1 if self.tuning.on else self.tuning.folds
            for rung in range(rungs):
                try:
                    with spanned(self.bench.recorder, f"fold {rung + 1}" if rungs > 1 else "judged"):
                        self._rung(trial, rung)
                except (
                    AssayError
                ) as error:  # it is of no trial alone, so the sweep ends, and says so of this one
                    trial.state, trial.error = "failed", str(error)
                    if self.parts:
                        self._ended(trial, span)
                    raise
                if trial.state == "failed":
                    break
                earlier = [t.scores for t in self.trials if t.state == "complete"]
                lower = self.tuning.lower(self.metric)
                if self.tuning.prune and rung + 1 < rungs and hopeless(trial.scores, earlier, lower=lower):
                    trial.state = "pruned"
                    break
            if self.parts:
                self._ended(trial, span)
        return trial

    def _rung(self, trial: Trial, rung: int) -> None:
        """Score a trial once more: train, and judge on rows that the training has not seen."""
        clock, seed = time.perf_counter(), self.seed + 7919 * rung
        key = self._key(trial.given, rung, seed)
        known = self.known(key) if not self.force else None
        report = self._again(trial, known)
        cached = report is not None
        if report is None:
            judged = self._on_channel if self.tuning.on else self._held_out
            try:
                report = judged(trial, seed)
            except AssayError as error:
                report = Report(check=JUDGE, error=str(error))
        value = self._score(report)
        if value is None:
            trial.state, trial.error = "failed", why(report)
        else:
            trial.scores.append(value)
        if self.parts:
            name = "judged" if self.tuning.on else f"fold {rung + 1}"
            self._kept(trial, name, report, key, cached, value is not None, time.perf_counter() - clock)

    def _key(self, given: Mapping[str, Any], rung: int, seed: int) -> str:
        t = self.tuning
        params = self._told(given) | {"judged": [t.label, t.positive, t.on, t.folds, rung]}
        key = reuse_key(self.step, self.inputs, {}, params, seed, self.bench.isolation, self.bench.engine)
        return key and digest_of([key, code_digest(replace(self.step, verb="check", uses=JUDGE, params={}))])

    def _told(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return the parameters of a training with some hyperparameters."""
        rest = {k: v for k, v in self.params.items() if k != "tune"}
        return rest | {"hyperparameters": {**(self.params.get("hyperparameters") or {}), **given}}

    def _again(self, trial: Trial, known: StepRecord | None) -> Report | None:
        """Return the report of what was done before; None where its results are gone."""
        import json

        store = self.bench.store
        if known is None or not known.report or not store.has(known.report):
            return None
        if not all(store.has(a.digest) for a in known.outputs.values()):
            return None
        trial.made = dict(known.outputs)
        return Report.from_dict(json.loads(store.read(known.report)))

    def _on_channel(self, trial: Trial, seed: int) -> Report:
        """Train on all channels, and judge the model on the one that is named."""
        report, made, raised = training.carry_out(
            self.step, self.inputs, self._told(trial.given), self.bench, seed=seed
        )
        if raised is not None or "out" not in made:
            return report.with_(error=str(raised or why(report)))
        trial.made, trial.report = made, report
        return self._judged({"subject": made["out"], "data": self.inputs[self.tuning.on]}, {}, seed)

    def _held_out(self, trial: Trial, seed: int) -> Report:
        """Train on a part of the first channel's rows, and judge on the others."""
        told = self._told(trial.given)
        rows = next(iter(self.inputs.values()))
        share = 1 / max(self.tuning.folds, 4)
        params = {"scheme": "holdout", "test": share, "hyperparameters": dict(told["hyperparameters"])}
        return self._judged({"subject": rows, "retrain": pin_script(told, self.bench.store)}, params, seed)

    def _judged(self, inputs: Mapping[str, Asset], params: Mapping[str, Any], seed: int) -> Report:
        given = {"label": self.tuning.label, "slices": 0, **params}
        if self.tuning.positive:
            given["positive"] = (self.tuning.positive,)
        report, _, _ = examine(declared.load("check", JUDGE), inputs, {}, given, self.bench, seed=seed)
        return report

    def _score(self, report: Report) -> float | None:
        """Return a report's score, None where it has none; UsageError for a metric that there is not."""
        self.metric = self.metric or self.tuning.metric or str(report.data.get("metric") or "")
        whole = {m.name: m.value for m in report.metrics if not m.of}
        if report.error or not whole:
            return None
        if self.metric not in whole:
            raise UsageError(
                f"{JUDGE} tells no metric {self.metric!r} here", remedy=did_you_mean(self.metric, whole)
            )
        value = whole[self.metric]
        return None if value is None or not math.isfinite(value) else float(value)

    def _begun(self, trial: Trial) -> None:
        from assay.office import runs

        detail = {"trial": trial.number, "step": self.step.name, "params": dict(trial.given)}
        with self.home.office.transaction() as tx:
            parent = tx.get("runs", self.run) or {}
            runs.begin(
                tx, trial.run, self.pipeline, self.actor, detail,
                experiment=str(parent.get("experiment") or ""), parent=self.run,
            )  # fmt: skip

    def _kept(
        self, trial: Trial, name: str, report: Report, key: str, cached: bool, fine: bool, seconds: float
    ) -> None:
        from assay.office import runs

        digest = self.bench.store.put_bytes(report.to_json())
        outcome = "pass" if fine else "error"
        record = runs.StepRecord(
            trial.run,
            name,
            JUDGE,
            outcome,
            cached,
            key,
            dict(self.inputs),
            dict(trial.made),
            digest,
            round(seconds, 3),
        )
        with self.home.office.transaction() as tx:
            runs.step(tx, record, actor=self.actor)

    def _ended(self, trial: Trial, span: Open | None) -> None:
        from assay.office import runs, traces
        from assay.works.traces import keeping

        score = [Metric.number(self.metric, trial.value)] if trial.value is not None else []
        report = Report.make(coverage=Coverage(1, 1, unit="trials"), metrics=score, data=trial.to_dict())
        report = report.with_(check=USES_TRIAL, params=dict(trial.given), error=trial.error, seed=self.seed)
        digest = self.bench.store.put_bytes(report.to_json())
        outcome = "error" if trial.state == "failed" else "pass"
        recorder, kept = self.bench.recorder, list[traces.TraceRecord]()
        if recorder is not None and span is not None:
            span.set(assay__outcome=outcome, assay__state=trial.state)
            if trial.state == "failed":
                span.fail(trial.state)
            kept = keeping.kept(self.home, recorder.spans(span), trial.run, self.actor)
        record = runs.StepRecord(trial.run, "trial", USES_TRIAL, outcome, False, "", {}, {}, digest, 0.0)
        with self.home.office.transaction() as tx:
            for trace in kept:
                traces.put(tx, trace)
            runs.step(tx, record, actor=self.actor)
            trace_id = recorder.trace if recorder is not None and kept else None
            runs.end(tx, trial.run, outcome, None, None, trace_id, more={"state": trial.state})

    def _chosen(self) -> Carried:
        trials = Trials(self.step.name, self.tuning, self.metric, self.trials)
        findings, told, best = trials.failures(), trials.table(), trials.best
        whole = Coverage(
            len(self.trials), len(self.trials) + len(self.skipped), tuple(self.skipped), unit="trials"
        )
        if best is None:
            return Report.make(coverage=whole, findings=findings, data={"tuning": told}), {}, None
        given = self._told(best.given)
        if best.report is None or "out" not in best.made:
            if self.progress is not None:
                self.progress(len(self.trials), len(self.trials), f"the best: {shown(best.given)}")
            report, made, raised = training.carry_out(
                self.step, self.inputs, given, self.bench, seed=self.seed
            )
        else:
            report, made, raised = best.report, dict(best.made), None
        findings += trials.of_best(best)
        told["best"] = best.to_dict()
        metrics = (
            *report.metrics,
            Metric("trials", len(self.trials)),
            Metric.number("best", best.value, of={"metric": self.metric}),
        )
        ordered = tuple(sorted((*report.findings, *findings), key=lambda f: -f.severity))
        return (
            report.with_(
                metrics=metrics, findings=ordered, charts=(*report.charts, *trials.charts()),
                coverage=whole, data={**report.data, "tuning": told},
                params={"hyperparameters": given["hyperparameters"]},
            ),
            made,
            raised,
        )  # fmt: skip
