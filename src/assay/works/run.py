"""A pipeline, carried out: each step when what it waits for is there, reused when nothing changed, recorded when done."""

from __future__ import annotations

import fcntl
import json
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from assay.kernel.asset import Asset
from assay.kernel.errors import AssayError, UsageError
from assay.kernel.report import Report
from assay.kernel.verdict import Verdict
from assay.methods.nearest import did_you_mean
from assay.works import actions, deeds
from assay.works.bench import Bench
from assay.works.examine import examine
from assay.works.pipeline import Pipeline, Ref, Step
from assay.works.registering import Candidate, Registered
from assay.works.resolve import pin
from assay.works.reuse import reuse_key
from assay.works.work import Progress, utc_now

if TYPE_CHECKING:
    from assay.office.runs import StepRecord
    from assay.works.home import Home


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
    id: str = field(default_factory=lambda: _new_id())
    done: dict[str, Done] = field(default_factory=dict)
    _pinned: dict[str, Asset] = field(default_factory=dict)

    def go(self) -> RunResult:
        """Run every step that can; an interrupted run is recorded as such, and the next one goes on from it."""
        from assay.office import runs

        office, started, clock = self.home.office, utc_now(), time.perf_counter()
        wanted = self._wanted()
        with self._lock():
            self._sweep()
            with office.transaction() as tx:
                detail = {"steps": list(wanted), "seed": self.pipeline.seed}
                runs.begin(tx, self.id, self.pipeline.name, self.actor, detail)
            outcome = "interrupted"
            try:
                for index, name in enumerate(wanted):
                    self.observer.begun(self.pipeline.steps[name], index, len(wanted))
                    self.done[name] = self._step(self.pipeline.steps[name])
                    self._record(self.done[name])
                    self.observer.ended(self.done[name])
                outcome = self._outcome()
            finally:
                result = self._end(outcome, started, time.perf_counter() - clock)
        return result

    def _outcome(self) -> str:
        gated = [d for d in self.done.values() if d.outcome != "stopped"]
        if any(d.outcome in ("fail", "incomplete") and not d.passed for d in gated):
            return "fail"
        if any(d.outcome == "error" for d in gated):
            return "error"
        return "pass" if all(d.passed for d in self.done.values()) else "fail"

    def _end(self, outcome: str, started: str, seconds: float) -> RunResult:
        from assay.office import runs
        from assay.works.page import write_page

        steps = tuple(self.done.values())
        registered = next((d.registered for d in steps if d.registered), None)
        result = RunResult(self.id, self.pipeline, outcome, steps, started, seconds, registered, None)
        page = write_page(result, self.home, self.actor) if outcome != "interrupted" else None
        digest = self.home.store.put_file(page) if page else None
        model = f"{registered.record.name}@{registered.record.version}" if registered else None
        with self.home.office.transaction() as tx:
            runs.end(tx, self.id, outcome, digest, model)
        return RunResult(self.id, self.pipeline, outcome, steps, started, seconds, registered, page)

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

    @contextmanager
    def _lock(self) -> Iterator[None]:
        """Held while the run lives: whoever can take it knows that the run has died."""
        with (self.home.folder("runs", self.id) / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _sweep(self) -> None:
        """Record the runs that died without a word as interrupted."""
        from assay.office import runs

        for record in runs.interrupted(self.home.office):
            if record.id != self.id and _dead(self.home.root / "runs" / record.id / "lock"):
                with self.home.office.transaction() as tx:
                    runs.end(tx, record.id, "interrupted", None, None)

    def _step(self, step: Step) -> Done:
        clock = time.perf_counter()
        blocked = self._blocked(step)
        if blocked:
            return Done(step, "stopped", note=blocked)
        try:
            inputs = {param: self._asset(ref) for param, ref in step.inputs.items()}
            if step.verb == "do":
                done = self._do(step, inputs)
            else:
                done = self._made(step, inputs)
        except AssayError as error:
            done = Done(step, "error", note=str(error), error=error)
        return _timed(done, time.perf_counter() - clock)

    def _blocked(self, step: Step) -> str:
        needs = self.pipeline.needs[step.name]
        for name in sorted(needs.made | needs.gates):
            done = self.done.get(name)
            if done is not None and not done.passed:
                return f"stopped by {name}" if done.outcome != "stopped" else done.note
        return ""

    def _asset(self, ref: Ref) -> Asset:
        if ref.name in self.done:
            outputs = self.done[ref.name].outputs
            if ref.output not in outputs:
                raise UsageError(
                    f"the step {ref.name!r} gives no {ref.output!r}", remedy=did_you_mean(ref.output, outputs)
                )
            return outputs[ref.output].renamed(str(ref))
        if ref.name not in self._pinned:
            asset = pin(self.pipeline.data[ref.name], ("table",), self.home.store, self.home).renamed(
                ref.name
            )
            self._pinned[ref.name] = asset
        return self._pinned[ref.name]

    def _made(self, step: Step, inputs: Mapping[str, Asset]) -> Done:
        from assay.office import runs

        reports = {p: self._report(name) for p, name in step.reports.items()}
        params = self._params(step)
        seed = step.seed if step.seed is not None else self.pipeline.seed
        key = reuse_key(step, inputs, reports, params, seed, self.bench.isolation)
        known = None if self.force or not key else runs.known(self.home.office, key)
        if known is not None:
            again = self._again(step, inputs, known)
            if again is not None:
                return again
        progress: Progress = self.observer.progress
        if step.verb == "train":
            report, made, raised = self._train(step, inputs, params, seed, progress)
        else:
            loaded = actions.load("check" if step.verb == "check" else "treatment", step.uses)
            report, made, raised = examine(
                loaded, inputs, reports, params, self.bench, seed=seed, progress=progress
            )
            self._unchanged(inputs)
        made = {name: asset.renamed(str(Ref(step.name, name))) for name, asset in made.items()}
        verdict = Verdict(report, step.gate)
        self._vouched(step, inputs, verdict)
        digest = self.home.store.put_bytes(_bytes(report))
        return Done(
            step,
            verdict.outcome,
            False,
            made,
            inputs,
            verdict,
            digest,
            note=report.error,
            error=raised,
            key=key,
        )

    def _params(self, step: Step) -> dict[str, Any]:
        params = dict(step.params)
        base = self.pipeline.file.resolve().parent
        for name, value in params.items():
            if isinstance(value, Path) and not value.is_absolute():
                params[name] = base / value
        return {name: Path(base, value) if name == "script" else value for name, value in params.items()}

    def _report(self, step: str) -> Report:
        verdict = self.done[step].verdict
        if verdict is None:
            raise UsageError(f"the step {step!r} has no report")
        return verdict.report

    def _train(
        self,
        step: Step,
        inputs: Mapping[str, Asset],
        params: Mapping[str, Any],
        seed: int,
        progress: Progress,
    ) -> tuple[Report, dict[str, Asset], Exception | None]:
        from assay.works.training import carry_out

        return carry_out(step, inputs, params, self.bench, seed=seed, progress=progress)

    def _unchanged(self, inputs: Mapping[str, Asset]) -> None:
        """What was read where it lies must be what was pinned."""
        from assay.engines import tables

        for asset in inputs.values():
            if (
                asset.kind == "table"
                and not asset.uri.startswith(("object:", "memory:"))
                and tables.changed(asset)
            ):
                raise UsageError(
                    f"{asset.name} changed while it was examined",
                    where=asset.uri,
                    remedy="run again when it is still",
                )

    def _vouched(self, step: Step, inputs: Mapping[str, Asset], verdict: Verdict) -> None:
        if step.uses == "model.scan":
            for asset in inputs.values():
                self.bench.scans[asset.digest] = verdict

    def _again(self, step: Step, inputs: Mapping[str, Asset], known: StepRecord) -> Done | None:
        """Return a step done before with the same inputs, parameters and code; None when its results are gone."""
        store = self.home.store
        if not known.report or not store.has(known.report):
            return None
        if not all(store.has(a.digest) for a in known.outputs.values()):
            return None
        report = Report.from_dict(json.loads(store.read(known.report)))
        verdict = Verdict(report, step.gate)
        self._vouched(step, inputs, verdict)
        return Done(
            step,
            verdict.outcome,
            True,
            known.outputs,
            inputs,
            verdict,
            known.report,
            note="reused: nothing changed",
        )

    def _do(self, step: Step, inputs: Mapping[str, Asset]) -> Done:
        model = inputs["model"]
        maker = next(
            (d for d in self.done.values() if any(a.digest == model.digest for a in d.outputs.values())), None
        )
        environment: dict[str, Any] = {}
        sources: dict[str, Asset] = dict(self._pinned)
        if maker is not None and maker.verdict is not None:
            environment = dict(maker.verdict.report.data.get("environment", {}))
            sources |= {f"{maker.step.name}.{c}": a for c, a in maker.inputs.items()}
        candidate = Candidate(
            home=self.home,
            bench=self.bench,
            run=self.id,
            pipeline=self.pipeline.name,
            actor=self.actor,
            verdicts={n: d.verdict for n, d in self.done.items() if d.verdict is not None},
            inputs=sources,
            code=maker.outputs.get("code") if maker else None,
            environment=environment,
            isolation=str(environment.get("isolation", self.bench.isolation)),
        )
        given = {("as_" if k == "as" else k): v for k, v in step.params.items()}
        registered: Registered = deeds.DEEDS[step.uses](model, run=candidate, **given)
        record = registered.record
        note = f"{record.name}@{record.version} is {record.status}"
        note += "" if registered.new else ", as it was already registered"
        return Done(step, "pass", not registered.new, {}, inputs, note=note, registered=registered)

    def _record(self, done: Done) -> None:
        from assay.office import catalogue, findings, runs

        record = runs.StepRecord(
            run=self.id,
            name=done.step.name,
            uses=done.step.uses,
            outcome=done.outcome,
            cached=done.cached,
            key=done.key,
            inputs=dict(done.inputs),
            outputs=dict(done.outputs),
            report=done.report,
            seconds=done.seconds,
        )
        with self.home.office.transaction() as tx:
            for asset in (*done.inputs.values(), *done.outputs.values()):
                catalogue.put(tx, asset)
            if done.verdict is not None and not done.cached:
                findings.put(tx, done.verdict.report, done.report or "")
            runs.step(tx, record, actor=self.actor)


def _timed(done: Done, seconds: float) -> Done:
    return replace(done, seconds=round(seconds, 3))


def _new_id() -> str:
    return f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"


def _dead(lock: Path) -> bool:
    try:
        with lock.open("r") as held:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
    except FileNotFoundError:
        return True
    except OSError:
        return False


def _bytes(report: Report) -> bytes:
    return json.dumps(report.to_dict(), ensure_ascii=False, allow_nan=False).encode()
