"""A pipeline, carried out in a home: begun, step after step, ended, and its page written."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from assay.engines.tracing import Open, spanned
from assay.kernel.errors import UsageError
from assay.methods.nearest import did_you_mean
from assay.office.alive import held
from assay.works import datasets
from assay.works.bench import Bench
from assay.works.done import Done, Observer, RunResult
from assay.works.fitting import present
from assay.works.pipeline import Pipeline
from assay.works.provenance.recording import record
from assay.works.step import Step
from assay.works.steps import Steps
from assay.works.work import utc_now

if TYPE_CHECKING:
    from assay.works.home import Home


@dataclass
class Runner:
    """Carries a pipeline out in a home."""

    home: Home
    pipeline: Pipeline
    bench: Bench
    actor: str
    observer: Observer
    force: bool = False
    only: tuple[str, ...] = ()
    id: str = field(default_factory=lambda: new_id())
    done: dict[str, Done] = field(default_factory=dict)

    def go(self) -> RunResult:
        """Run every step that can; an interrupted run is recorded as such, and the next one goes on from it."""
        from assay.office import runs

        office, started, clock = self.home.office, utc_now(), time.perf_counter()
        wanted = self._wanted()
        present(self.pipeline, wanted)
        steps = Steps(
            self.home,
            self.pipeline,
            self.bench,
            self.actor,
            self.observer,
            self.id,
            self.force,
            self.done,
            parts=True,
        )
        recorder = self.bench.recorder
        self.bench.wanted = lambda digest: datasets.wanted(office, digest)
        about = {"assay__run": self.id, "assay__pipeline": self.pipeline.name}
        with (
            held(self.home.run_lock(self.id)),
            spanned(recorder, f"run {self.pipeline.name}", **about) as span,
        ):
            with spanned(recorder, "record provenance"):
                provenance = record(self.pipeline, self.bench)
            with office.transaction() as tx:
                detail = {"steps": list(wanted), "seed": self.pipeline.seed, "provenance": provenance}
                event = runs.begin(
                    tx, self.id, self.pipeline.name, self.actor, detail, experiment=self.pipeline.experiment
                )
            outcome = "interrupted"
            try:
                for index, name in enumerate(wanted):
                    self.observer.begun(self.pipeline.steps[name], index, len(wanted))
                    self._carry_out(steps, self.pipeline.steps[name])
                    self.observer.ended(self.done[name])
                outcome = self._outcome()
            finally:
                result = self._end(outcome, started, time.perf_counter() - clock, span, event)
        return result

    def _carry_out(self, steps: Steps, step: Step) -> None:
        with spanned(self.bench.recorder, step.name, assay__step=step.name, assay__uses=step.uses) as span:
            done = self.done[step.name] = steps.carry_out(step)
            event = steps.record(done)
            if span is not None:
                cached = done.cached or None
                span.set(
                    assay__outcome=done.outcome,
                    assay__event=event,
                    assay__cached=cached,
                    assay__report=done.report,
                )
                if not done.passed and done.outcome != "stopped":
                    span.fail(done.outcome)

    def _outcome(self) -> str:
        gated = [d for d in self.done.values() if d.outcome != "stopped"]
        if any(d.outcome in ("fail", "incomplete") and not d.passed for d in gated):
            return "fail"
        if any(d.outcome == "error" for d in gated):
            return "error"
        return "pass" if all(d.passed for d in self.done.values()) else "fail"

    def _end(self, outcome: str, started: str, seconds: float, span: Open | None, event: int) -> RunResult:
        from assay.office import runs, traces
        from assay.works.page import write_page
        from assay.works.traces import keeping

        recorder = self.bench.recorder
        if span is not None:
            span.set(assay__outcome=outcome, assay__event=event)
            if outcome != "pass":
                span.fail(outcome)

        steps = tuple(self.done.values())
        registered = next((d.registered for d in steps if d.registered), None)
        result = RunResult(self.id, self.pipeline, outcome, steps, started, seconds, registered, None)
        spans = recorder.spans(span) if recorder else []
        with spanned(recorder, "write report"):
            page = write_page(result, self.home, self.actor, spans) if outcome != "interrupted" else None
            digest = self.home.store.put_file(page) if page else None
        model = f"{registered.record.name}@{registered.record.version}" if registered else None
        kept = keeping.kept(self.home, recorder.spans(span), self.id, self.actor) if recorder else []
        with self.home.office.transaction() as tx:
            for trace in kept:
                traces.put(tx, trace)
            runs.end(tx, self.id, outcome, digest, model, recorder.trace if kept and recorder else None)
        return replace(result, page=page)

    def _wanted(self) -> list[str]:
        steps = self.pipeline.steps
        if not self.only:
            return list(steps)
        for name in self.only:
            if name not in steps:
                raise UsageError(f"--only names the step {name!r}", remedy=did_you_mean(name, steps))
        wanted, todo = set(), list(self.only)
        while todo:
            name = todo.pop()
            if name not in wanted:
                wanted.add(name)
                todo += self.pipeline.needs[name].all
        return [name for name in steps if name in wanted]


def new_id() -> str:
    """Return an id for a run: its moment, and a lot."""
    return f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
