"""A run carried out again from its record: every step in its order, on the bytes it read then, and no result of then reused.

A step that cannot be carried out here (its data are gone, its key is not here) is told; what it made then stands in, so
that what comes behind it is rebuilt all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from assay.engines.tracing import spanned
from assay.kernel.asset import Asset
from assay.kernel.errors import AssayError
from assay.kernel.verdict import Verdict
from assay.works.done import Done
from assay.works.provenance.replay import Stage, _Quiet
from assay.works.reproduction.inputs import Gone, Input, as_it_was
from assay.works.step import Step
from assay.works.steps import Steps

if TYPE_CHECKING:
    from assay.works.pipeline import Pipeline
    from assay.works.provenance.past import Past

How = Literal["rebuilt", "recorded", "missing"]
Say = Callable[[str], None]


@dataclass(frozen=True)
class Rebuilt:
    """A step. how: rebuilt; recorded, where what it made then stands in; missing, where not even that can be had.

    alone: whether all that it read was as it was then, so that a difference began in it.
    """

    step: str
    how: How
    done: Done | None
    why: str = ""
    alone: bool = True


@dataclass
class Rebuild:
    """A rebuilding under way."""

    stage: Stage
    past: Past
    data: Mapping[str, Input]
    offline: bool = False  # whether no script's packages may be fetched
    made: dict[str, Rebuilt] = field(default_factory=dict)

    def __post_init__(self) -> None:
        laid: dict[str, dict[str, Any]] = {}
        self.lost: dict[str, str] = {}
        for name, raw in self.past.document["steps"].items():
            try:
                laid[name] = self.stage.laid_out(raw)
            except AssayError as error:
                self.lost[name] = error.what
        self.pipeline: Pipeline = self.stage.pipeline(self.past, laid)
        pinned = {n: i.asset for n, i in self.data.items() if i.asset is not None}
        self.steps = Steps(
            self.stage.home, self.pipeline, self.stage.bench, self.stage.home.actor, _Quiet(), "reproduction",
            force=True, pinned=pinned, held=self._held,
        )  # fmt: skip

    def go(self, say: Say) -> None:
        """Carry out every step that makes or examines something; what enters the office is not done again."""
        todo = [s for s in self.pipeline.steps.values() if s.verb != "do" and s.name in self.past.steps]
        for place, step in enumerate(todo, 1):
            say(f"{place} of {len(todo)}: {step.name}")
            with self._spanned(step.name, step):
                self.made[step.name] = self._step(step)

    def again(self, name: str) -> Done:
        """Carry one step out once more, on what it was just carried out on."""
        step = self.pipeline.steps[name]
        with self._spanned(f"again {name}", step):
            return self.steps.carry_out(step)

    def _spanned(self, name: str, step: Step) -> AbstractContextManager[Any]:
        return spanned(self.stage.bench.recorder, name, assay__step=step.name, assay__uses=step.uses)

    def _step(self, step: Step) -> Rebuilt:
        why = self._lacking(step)
        if why:
            return self._stand_in(step, why)
        done = self.steps.carry_out(step)
        was = self.past.steps[step.name]
        alone = self._alone(step, done)
        if done.outcome == "error" and was.outcome != "error" and (alone or isinstance(done.error, Gone)):
            return self._stand_in(step, done.error.what if isinstance(done.error, AssayError) else done.note)
        self.steps.done[step.name] = done
        return Rebuilt(step.name, "rebuilt", done, alone=alone)

    def _lacking(self, step: Step) -> str:
        """Return why a step cannot be carried out here, "" where it can."""
        if step.name in self.lost:
            return self.lost[step.name]
        for ref in step.inputs.values():
            found = self.data.get(ref.name)
            if found is not None and found.asset is None:
                return f"the data set {ref.name} {found.said}"
            before = self.made.get(ref.name)
            if before is not None and before.how == "missing":
                return f"what {ref.name} made cannot be had"
        if self.offline and step.script is not None and self._fetches(step):
            return "its requirements.txt asks for packages that would be fetched: say --build to allow it"
        return ""

    def _fetches(self, step: Step) -> bool:
        from assay.engines import requirements

        script = step.script
        return script is not None and bool(requirements.read(script.parent / "requirements.txt")[0])

    def _alone(self, step: Step, done: Done) -> bool:
        was = self.past.steps[step.name].inputs
        now = {p: self._digest(ref) for p, ref in step.inputs.items()}
        now |= {n: a.digest for n, a in done.inputs.items()}
        same = all(digest == was[n].digest for n, digest in now.items() if n in was)
        return same and all(self._told_alike(source) for source in step.reports.values())

    def _digest(self, ref: Any) -> str:
        if ref.name in self.steps.done:
            found = self.steps.done[ref.name].outputs.get(ref.output)
            return found.digest if found else ""
        held = self.data.get(ref.name)
        return held.digest if held else ""

    def _told_alike(self, source: str) -> bool:
        from assay.works.reproduction.reports import plain_report

        before, now = self.past.report(source), self.steps.done.get(source)
        if before is None or now is None or now.verdict is None:
            return False
        return plain_report(before) == plain_report(now.verdict.report)

    def _stand_in(self, step: Step, why: str) -> Rebuilt:
        was, report = self.past.steps[step.name], self.past.report(step.name)
        store = self.stage.bench.store
        if report is None or not all(store.has(a.digest) for a in was.outputs.values()):
            return Rebuilt(step.name, "missing", None, why)
        verdict = Verdict(report, step.gate)
        done = Done(
            step, was.outcome, True, was.outputs, was.inputs, verdict, was.report, note="as it was recorded"
        )
        self.steps.done[step.name] = done
        return Rebuilt(step.name, "recorded", done, why)

    def _held(self, step: Step, name: str, source: Any) -> Asset:
        recorded = self.past.steps[step.name].inputs.get(name)
        return as_it_was(recorded, source, self.stage.bench, self.stage.home)
