"""A run rebuilt from its record and held against it: reproduced, within a tolerance, not, or not to be told."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.engines.tracing import Recorder, spanned
from assay.kernel.report import Report
from assay.works.provenance.outcome import label_of
from assay.works.provenance.replay import Stage, stage
from assay.works.reproduction import environment
from assay.works.reproduction.artefacts import Comparer
from assay.works.reproduction.causes import Cause, causes
from assay.works.reproduction.compared import Compared, worst
from assay.works.reproduction.inputs import Input, data_sets
from assay.works.reproduction.rebuild import Rebuild, Rebuilt, Say
from assay.works.reproduction.reports import compare
from assay.works.scripts import BESIDE

if TYPE_CHECKING:
    import pyarrow as pa

    from assay.works.home import Home
    from assay.works.provenance.past import Past

TOLERANCE = 1e-6
_CAUSES = 3  # steps of which the cause is looked for


@dataclass(frozen=True)
class Wanted:
    """How a run is rebuilt.

    tolerance: the relative gap within which numbers are the same. python, wheels, build: what scripts are run with.
    given: files that stand for data sets. probes: whether steps that differ are run again to find the cause.
    offline: whether no script's packages may be fetched.
    """

    tolerance: float = TOLERANCE
    python: Path | None = None
    wheels: Path | None = None
    build: bool = False
    isolation: str | None = None
    given: Mapping[str, Path] = field(default_factory=dict)
    probes: bool = True
    offline: bool = False


@dataclass
class Reproduction:
    """verdict: reproduced, within_tolerance, not_reproduced or incomplete."""

    past: Past
    wanted: Wanted
    data: Mapping[str, Input]
    around: environment.Surroundings
    made: Mapping[str, Rebuilt]
    compared: Mapping[str, list[Compared]]
    causes: list[Cause]
    seconds: float = 0.0

    @property
    def verdict(self) -> str:
        """Return it. What could not be rebuilt, or held against what was made, makes it incomplete, never a pass."""
        found = worst([c for several in self.compared.values() for c in several])
        if found == "differs":
            return "not_reproduced"
        if found == "unknown" or self.lacking or not self.compared:
            return "incomplete"
        return "within_tolerance" if found == "tolerance" else "reproduced"

    @property
    def lacking(self) -> list[Rebuilt]:
        """Return the steps that were not carried out."""
        return [r for r in self.made.values() if r.how != "rebuilt"]

    @property
    def first(self) -> tuple[str, Compared] | None:
        """Return the first step that differs, and what of it does: of what it made first, what it says last."""
        for bad in (("differs", "unknown"), ("tolerance",)):
            for step, several in self.compared.items():
                for one in sorted(several, key=lambda c: c.kind == "report"):
                    if one.same in bad:
                        return step, one
        return None


def reproduce(
    home: Home,
    past: Past,
    wanted: Wanted,
    say: Say = lambda _: None,
    recorder: Recorder | None = None,
) -> Reproduction:
    """Rebuild a run in scratch and compare. Nothing of it enters the home but packages that are built."""
    clock = time.perf_counter()
    with stage(home, past, wanted.isolation, as_then=True, recorder=recorder) as place:
        data = data_sets(past, place.bench, wanted.given)
        python = environment.chosen(
            past, home.store, home.folder("cache", "environments"),
            python=wanted.python, wheels=wanted.wheels, build=wanted.build,
        )  # fmt: skip
        place.bench.python = None if python.here else python
        around = environment.compare(past, python, home.store)
        rebuild = Rebuild(place, past, data, wanted.offline)
        rebuild.go(say)
        say("comparing")
        with spanned(recorder, "compare"):
            compared = _compared(place, rebuild, wanted.tolerance)
        why = [
            cause
            for step in _origins(rebuild, compared)[:_CAUSES]
            for cause in causes(rebuild, step, around, probes=wanted.probes, say=say)
        ]
    return Reproduction(past, wanted, data, around, rebuild.made, compared, why, time.perf_counter() - clock)


def _origins(rebuild: Rebuild, compared: Mapping[str, list[Compared]]) -> list[str]:
    """Return the steps in which a difference begins: what they read is as it was."""
    return [
        n
        for n, several in compared.items()
        if rebuild.made[n].alone and worst(several) not in ("bits", "times")
    ]


def _compared(place: Stage, rebuild: Rebuild, tolerance: float) -> dict[str, list[Compared]]:
    past = rebuild.past
    fixed = frozenset(
        a.digest
        for s in past.steps.values()
        for a in (*s.inputs.values(), *s.outputs.values())
        if a.kind != "file"
    )
    comparer = Comparer(place.bench, tolerance, fixed)
    label = label_of(past.pipeline) or None
    out: dict[str, list[Compared]] = {}
    for name, found in rebuild.made.items():
        if found.how != "rebuilt" or found.done is None:
            continue
        was, done = past.steps[name], found.done
        several = [
            comparer.compare(n, a, done.outputs.get(n), _rows(place, past, name) if a.kind == "model" else None, label)
            for n, a in was.outputs.items() if n not in BESIDE
        ]  # fmt: skip
        several += [
            Compared(n, a.kind, "differs", "it was not made then", rebuilt=a.digest)
            for n, a in done.outputs.items() if n not in was.outputs and n not in BESIDE
        ]  # fmt: skip
        several += _beside(comparer, past.report(name), done)
        several += _report(past, name, found, tolerance, fixed)
        out[name] = several
    return out


def _beside(comparer: Comparer, was: Report | None, done: Any) -> list[Compared]:
    """Compare what a check made besides its report, by name."""
    if was is None or done.verdict is None or done.outputs:
        return []
    now = {a.name: a for a in done.verdict.report.outputs}
    return [comparer.compare(a.name, a, now.get(a.name), None, None) for a in was.outputs]


def _report(past: Past, name: str, found: Rebuilt, tolerance: float, fixed: frozenset[str]) -> list[Compared]:
    was, done = past.steps[name], found.done
    if done is None:
        return []
    report = past.report(name)
    if done.verdict is None or report is None:
        if done.outcome == was.outcome and was.report is None:
            return []
        if was.report is not None and report is None:
            return [Compared("report", "report", "unknown", "what it said then is gone")]
        said = f"it ends with {done.outcome} (recorded: {was.outcome}): {done.note}"
        return [Compared("report", "report", "differs", said, recorded=was.outcome, rebuilt=done.outcome)]
    outcomes = (was.outcome, done.outcome)
    return [
        compare(report, done.verdict.report, outcomes, tolerance=tolerance, fixed=fixed, alone=found.alone)
    ]


def _rows(place: Stage, past: Past, step: str) -> pa.Table | None:
    """Return rows that a model can be asked about: those it was judged on, else those it learnt from."""
    from assay.works.provenance.outcome import Tables

    steps = past.pipeline.steps.values()
    refs = [
        s.inputs["data"]
        for s in steps
        if "data" in s.inputs and any(r.name == step for r in s.inputs.values())
    ]
    refs += past.pipeline.steps[step].inputs.values()
    for ref in refs:
        asset = past.assets.get(str(ref))
        if asset is not None and asset.kind == "table":
            found = Tables(place.bench).read(asset)
            if found is not None:
                return found
    return None
