"""One step of a run, carried out: its inputs pinned, what was done before reused, what it made recorded."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.engines.tracing import spanned
from assay.kernel.asset import Asset
from assay.kernel.errors import AssayError, UsageError, interrupted
from assay.kernel.report import Report
from assay.kernel.verdict import Verdict
from assay.methods.nearest import did_you_mean
from assay.works import datasets, declared, deeds, training
from assay.works.bench import Bench
from assay.works.done import Done, Observer
from assay.works.examine import examine, failed
from assay.works.keys import hold_key, of_the_home
from assay.works.pipeline import Pipeline
from assay.works.preparing import Prepared, prepared
from assay.works.provenance.recording import keep_data
from assay.works.reaching import Ledger
from assay.works.registering import Candidate, Registered
from assay.works.resolve import named, pin, still_as_pinned
from assay.works.reuse import reuse_key
from assay.works.signature import signature
from assay.works.step import Ref, Step
from assay.works.sweeping import Sweep
from assay.works.trainers import ITSELF, hold_trainer, pin_script
from assay.works.work import Progress

if TYPE_CHECKING:
    from assay.office.runs import StepRecord
    from assay.works.home import Home


@dataclass
class Steps:
    """The steps of one run. done: those that have ended, by name; each reads what the others made from there."""

    home: Home
    pipeline: Pipeline
    bench: Bench
    actor: str
    observer: Observer
    run: str
    force: bool = False
    done: dict[str, Done] = field(default_factory=dict)
    pinned: dict[str, Asset] = field(default_factory=dict)  # the data sets that were pinned so far
    known: Callable[[str], StepRecord | None] | None = (
        None  # what was done under a reuse key; else the office says
    )
    held: Callable[[Step, str, Any], Asset | None] | None = (
        None  # an input that a step's own parameters name, as it was; else it is looked for
    )
    parts: bool = False  # whether the trials of a sweep are recorded as parts of the run

    def carry_out(self, step: Step) -> Done:
        """Return the step as it ended; an AssayError ends it with the outcome error."""
        clock = time.perf_counter()
        blocked = self._blocked(step)
        if blocked:
            return Done(step, "stopped", note=blocked)
        try:
            inputs = {param: self._asset(ref) for param, ref in step.inputs.items()}
            if step.verb == "do":
                with spanned(self.bench.recorder, step.uses):
                    done = self._do(step, inputs)
            else:
                done = self._made(step, self._named(step) | inputs | self._trainers(step, inputs))
        except AssayError as error:
            done = Done(step, "error", note=_placed(step, error), error=error)
        except Exception as error:
            if interrupted(error):
                raise KeyboardInterrupt from error
            done = Done(step, "error", note=f"{step.place}: {failed(step.name, error)}", error=error)
        return replace(done, seconds=round(time.perf_counter() - clock, 3))

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
        if ref.name not in self.pinned:
            with spanned(self.bench.recorder, "pin", assay__asset=ref.name):
                source = self.pipeline.data[ref.name]
                asset = pin(source, ("table",), self.home.store, self.home).renamed(ref.name)
                keep_data(asset, self.home.store)
            self.pinned[ref.name] = asset
        return self.pinned[ref.name]

    def _named(self, step: Step) -> dict[str, Asset]:
        """Return the keys of the step, and the inputs that its own parameters name, pinned."""
        if step.verb not in ("check", "treat") or step.script is not None:
            return {}
        loaded = declared.load("check" if step.verb == "check" else "treatment", step.uses)
        spec = {p.name: p for p in signature(loaded.function)}
        out: dict[str, Asset] = {}
        asked = named(loaded, self._params(step)) | dict(step.keys)
        for name, source in (asked | of_the_home(spec.values(), asked, self.home)).items():
            param = spec[name.partition(".")[0]]
            as_it_was = self.held(step, name, source) if self.held is not None else None
            if as_it_was is not None:
                out[name] = as_it_was
            elif param.kinds == ("key",):
                out[name] = hold_key(source, param, self.bench, self.home)
            else:
                out[name] = pin(source, param.kinds, self.home.store, self.home, self.bench.logins)
        return out

    def _trainers(self, step: Step, inputs: Mapping[str, Asset]) -> dict[str, Asset]:
        """Return the ways of training of a step, pinned: a train step's script with all that the step says of it."""
        out: dict[str, Asset] = {}
        base = self.pipeline.file.resolve().parent
        for name, source in step.trainers.items():
            other = self.pipeline.steps.get(source) if source != ITSELF else None
            as_it_was = self.held(step, name, source) if self.held is not None and source != ITSELF else None
            if as_it_was is not None:
                out[name] = as_it_was
            elif other is not None:
                out[name] = pin_script(self._params(other), self.home.store)
            else:
                path = base / source if not (source == ITSELF or "://" in source) else source
                out[name] = hold_trainer(path, next(iter(inputs.values()), None), self.bench, self.home)
        return out

    def _made(self, step: Step, inputs: Mapping[str, Asset]) -> Done:
        reports = {p: self._report(name) for p, name in step.reports.items()}
        params = self._params(step)
        seed = step.seed if step.seed is not None else self.pipeline.seed
        key = reuse_key(
            step, inputs, reports, params | dict(step.reach), seed, self.bench.isolation, self.bench.engine
        )
        known = None if self.force or not key else self._known(key)
        if known is not None:
            again = self._again(step, inputs, known)
            if again is not None:
                return again
        progress: Progress = self.observer.progress
        self.bench.ledger = Ledger(self.home, self.actor, f"run/{self.run}/{step.name}")
        self.bench.reach = step.reach
        with spanned(self.bench.recorder, step.uses):
            if step.script is not None and params.get("tune"):
                report, made, raised = Sweep(
                    step, inputs, params, self.home, self.bench, self.actor, self.run, self.pipeline.name, seed,
                    self._known, self.parts, self.force, progress,
                ).carry_out()  # fmt: skip
            elif step.script is not None:
                report, made, raised = training.carry_out(
                    step, inputs, params, self.bench, seed=seed, progress=progress
                )
            else:
                loaded = declared.load("check" if step.verb == "check" else "treatment", step.uses)
                report, made, raised = examine(
                    loaded, inputs, reports, params, self.bench, seed=seed, progress=progress
                )
        still_as_pinned(inputs, self.home)
        made = {name: asset.renamed(str(Ref(step.name, name))) for name, asset in made.items()}
        verdict = Verdict(report, step.gate)
        self._vouched(step, inputs, verdict)
        digest = self.home.store.put_bytes(report.to_json())
        return Done(
            step,
            verdict.outcome,
            False,
            made,
            inputs,
            verdict,
            digest,
            note=_placed(step, raised) if isinstance(raised, AssayError) else report.error,
            error=raised,
            key=key,
        )

    def _known(self, key: str) -> StepRecord | None:
        from assay.office import runs

        return runs.known(self.home.office, key) if self.known is None else self.known(key)

    def _params(self, step: Step) -> dict[str, Any]:
        params = self._chosen_within(step) | dict(step.params)
        base = self.pipeline.file.resolve().parent
        for name, value in params.items():
            if isinstance(value, Path) and not value.is_absolute():
                params[name] = base / value
        return {name: Path(base, value) if name == "script" else value for name, value in params.items()}

    def _chosen_within(self, step: Step) -> dict[str, Any]:
        """Return what a check that trains by a step with a grid chooses among, in inner folds, where it says nothing itself.

        UsageError for a step that draws its candidates: what it tries it tries but once.
        """
        others = (self.pipeline.steps.get(s) for s in step.trainers.values() if s != ITSELF)
        tuned = next((s for s in others if s is not None and s.params.get("tune")), None)
        if tuned is None or "tune" in step.params:
            return {}
        grid = dict(tuned.params["tune"]).get("grid")
        if grid is None:
            raise UsageError(
                f"the step {tuned.name!r} draws its hyperparameters by lot, and each fold would judge others",
                where=step.name,
                remedy="say what is chosen among here: tune: {max_depth: [2, 4]}",
            )
        return {"tune": dict(grid)}

    def _report(self, step: str) -> Report:
        verdict = self.done[step].verdict
        if verdict is None:
            raise UsageError(f"the step {step!r} has no report")
        return verdict.report

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
        sources: dict[str, Asset] = dict(self.pinned)
        if maker is not None and maker.verdict is not None:
            environment = dict(maker.verdict.report.data.get("environment", {}))
            sources |= {f"{maker.step.name}.{c}": a for c, a in maker.inputs.items()}
        verdicts = {n: d.verdict for n, d in self.done.items() if d.verdict is not None}
        candidate = Candidate(
            home=self.home,
            bench=self.bench,
            run=self.run,
            pipeline=self.pipeline.name,
            actor=self.actor,
            verdicts=verdicts,
            inputs=sources,
            code=maker.outputs.get("code") if maker else None,
            environment=environment,
            isolation=str(environment.get("isolation", self.bench.isolation)),
            trained_on=_trained_on(maker) if maker is not None else None,
            prepared=self._prepared(model, maker, verdicts) if maker is not None else None,
        )
        given = {("as_" if k == "as" else k): v for k, v in self._params(step).items()}
        registered: Registered = deeds.DEEDS[step.uses](model, run=candidate, **given)
        record = registered.record
        note = f"{record.name}@{record.version} is {record.status}"
        note += "" if registered.new else ", as it was already registered"
        note += f"; {candidate.prepared.said}" if candidate.prepared is not None else ""
        return Done(step, "pass", not registered.new, {}, inputs, note=note, registered=registered)

    def _prepared(self, model: Asset, maker: Done, verdicts: Mapping[str, Verdict]) -> Prepared | None:
        from assay.works.inputschemas import features, labels

        try:
            return prepared(maker, self.done, self.bench, features(model, verdicts), labels(verdicts))
        except (AssayError, ValueError):  # rows that are no longer there: as where they are not known
            return None

    def record(self, done: Done) -> int:
        """Enter an ended step into the office: its assets, its findings, its row and its event together; return the event."""
        from assay.office import catalogue, findings, inventories, runs

        made = {a.digest for a in done.outputs.values()} if not done.cached else set()
        record = runs.StepRecord(
            run=self.run,
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
        used = (*done.inputs.values(), *done.outputs.values())
        seen = {a.digest: self._seen(a, made=a.digest in made) for a in used if a.kind == "table"}
        with self.home.office.transaction() as tx:
            for asset in used:
                catalogue.put(tx, asset)
            datasets.put(tx, {d: s for d, s in seen.items() if s}, {a.digest: a.name for a in used})
            if done.verdict is not None and not done.cached:
                findings.put(tx, done.verdict.report, done.report or "")
                inventories.put(tx, done.verdict.report, done.report or "")
            return runs.step(tx, record, actor=self.actor)

    def _seen(self, asset: Asset, *, made: bool) -> dict[str, Any] | None:
        """Return what was seen of a table while it was open; of one that was only made, what its file says."""
        seen = self.bench.looked.get(asset.digest)
        return seen if seen is not None or not made else datasets.of_parquet(asset, self.home.store)


def _trained_on(maker: Done) -> Asset | None:
    """Return the table that a model was made from: its channel ``train``, or the first table."""
    tables = {n: a for n, a in maker.inputs.items() if a.kind == "table"}
    return tables.get("train") or next(iter(tables.values()), None)


def _placed(step: Step, error: AssayError) -> str:
    """Return what went wrong behind the line of assay.yaml that it is about."""
    place = step.places.get(error.where.partition(".")[0], step.place)
    return f"{place}: {error}"
