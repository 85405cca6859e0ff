"""Why a run came out otherwise than a good one: suspects from what changed, and proof by replaying without them.

A change is a culprit where the new run, carried out again without it, is as the good one was; two or more where it takes
all of them. What is as good as before is asked of the run's own measures: its gates, its models' scores and answers, the
label in what they learnt from; where those are all as they were, of the tables. Replays are carried out in scratch.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from assay.kernel.asset import Asset
from assay.kernel.errors import AssayError
from assay.methods.parting.parting import Parting
from assay.works.provenance.changes import Change, changes
from assay.works.provenance.edges import Edge, compared, edges
from assay.works.provenance.outcome import (
    Outcome,
    Tables,
    can_be_asked,
    ends,
    label_of,
    measure,
    of_past,
    outcome,
)
from assay.works.provenance.replay import Stage, stage
from assay.works.provenance.reverting import without
from assay.works.provenance.scoring import Yardstick
from assay.works.provenance.suspects import ranked, steps_wanted
from assay.works.provenance.symptoms import Symptom, symptoms

if TYPE_CHECKING:
    from assay.engines.tracing import Recorder
    from assay.works.home import Home
    from assay.works.provenance.past import Past

MOST_REPLAYS = 40
Say = Callable[[str], None]


@dataclass(frozen=True)
class Replay:
    """One replay: the changes taken back, what was left of the symptoms, what ran anew. problem: why it gave nothing."""

    without: tuple[str, ...]
    left: tuple[str, ...]
    ran: tuple[str, ...]
    seconds: float
    outcome: Outcome | None
    problem: str = ""
    assets: Mapping[str, Asset] = field(default_factory=dict, repr=False)

    @property
    def whole(self) -> bool:
        """Whether nothing is left of what was wrong."""
        return not self.problem and not self.left

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "without": list(self.without),
            "whole": self.whole,
            "left": list(self.left),
            "ran": list(self.ran),
            "seconds": round(self.seconds, 2),
            "outcome": self.outcome.to_dict() if self.outcome else None,
            "problem": self.problem or None,
        }


@dataclass
class Diagnosis:
    """conclusion: nothing_to_see, explained, elsewhere (the machine's packages or the like), or unexplained."""

    run: str
    against: str
    old: Outcome
    new: Outcome
    by: Yardstick | None
    changes: list[Change]
    edges: list[Edge]
    symptoms: list[Symptom]
    conclusion: str = "unexplained"
    culprits: tuple[Change, ...] = ()
    evidence: tuple[Parting, ...] = ()
    replays: list[Replay] = field(default_factory=list)
    proof: Replay | None = None
    back: Replay | None = None  # the old run with nothing but the culprits
    seconds: float = 0.0
    notes: list[str] = field(default_factory=list)

    @property
    def first(self) -> Edge | None:
        """Return the first table that parts."""
        return next((e for e in self.edges if e.partings), None)


@dataclass
class _Case:
    """A diagnosis under way."""

    stage: Stage
    tables: Tables
    old: Past
    new: Past
    reference: Any
    asked: list[Symptom]
    found: Diagnosis
    say: Say

    def taken_back(self, some: list[Change]) -> Replay:
        """Replay the new run without some of its changes; the same set is replayed once."""
        names = tuple(sorted(c.name for c in some))
        known = next((r for r in self.found.replays if r.without == names), None)
        if known is not None:
            return known
        self.say(f"replaying without {_listed([c.said.partition(',')[0] for c in some])}")
        clock = time.perf_counter()
        try:
            document = without(self.old, self.new, some)
            needed = steps_wanted(self.new, self.found.new) | steps_wanted(self.old, self.found.old)
            played = self.stage.replay(document, self.new, needed)
            bad = {n: d.outcome for n, d in played.done.items() if not d.passed}
            result = outcome(
                self.stage.bench,
                self.tables,
                played.pipeline,
                played.assets,
                bad,
                self.found.by,
                self.reference,
            )
            left = tuple(said for s in self.asked if (said := s.there(result)) is not None)
            broken = next((d.note for d in played.done.values() if d.outcome == "error"), "")
            made = Replay(
                names, left, tuple(played.ran), time.perf_counter() - clock, result,
                broken if broken and not self.found.new.bad else "", played.assets,
            )  # fmt: skip
        except AssayError as error:
            made = Replay(names, (), (), time.perf_counter() - clock, None, str(error))
        self.found.replays.append(made)
        return made


def diagnose(
    home: Home,
    new: Past,
    old: Past,
    *,
    isolation: str | None = None,
    say: Say = lambda _: None,
    recorder: Recorder | None = None,
) -> Diagnosis:
    """Say why a run came out otherwise than an older one, and prove it; or that there is nothing to see, or no proof."""
    clock = time.perf_counter()
    with stage(home, new, isolation, recorder=recorder) as place:
        tables = Tables(place.bench)
        found, asked = compare(place, tables, old, new, say)
        of_models = [s for s in found.symptoms if s.model]
        case = _Case(place, tables, old, new, asked, of_models or found.symptoms, found, say)
        if not found.symptoms:
            found.conclusion = "nothing_to_see"
        else:
            _explain(case, label_of(new.pipeline) or label_of(old.pipeline))
        found.seconds = time.perf_counter() - clock
    return found


def compare(place: Stage, tables: Tables, old: Past, new: Past, say: Say) -> tuple[Diagnosis, Any]:
    """Return what differs between two runs and what is wrong with the newer, nothing replayed yet.

    And the rows that the older was judged on, where the newer model can be asked about them, else None.
    """
    by, reference = measure(tables, old)
    say("asking both models about the same rows")
    asked = reference if reference is not None and can_be_asked(tables, old, new) else None
    was = of_past(place.bench, tables, old, by, reference)
    now = of_past(place.bench, tables, new, by, asked)
    label = label_of(new.pipeline) or label_of(old.pipeline)
    say("comparing the two runs' tables")
    found = Diagnosis(
        new.id,
        old.id,
        was,
        now,
        by,
        changes(old, new),
        list(edges(tables, old, new)),
        symptoms(tables, was, now, by, label),
    )
    if asked is None and reference is not None:
        found.notes.append(
            "the rows that the older model was judged on are no rows of the newer pipeline, so each model was asked "
            "about its own"
        )
    return found, asked


def _explain(case: _Case, label: str) -> None:
    found = case.found
    suspects = ranked(case.old, case.new, found)
    if not suspects:
        _elsewhere(case)
        return
    for change in suspects if len(suspects) > 1 else []:
        if len(found.replays) >= MOST_REPLAYS:
            break
        if case.taken_back([change]).whole:
            _proved(case, [change], suspects, label)
            return
    everything = case.taken_back(suspects)
    if everything.problem:
        found.notes.append(f"with every change taken back it could not be replayed: {everything.problem}")
        return
    if not everything.whole:
        _elsewhere(case)
        return
    needed = list(suspects)
    for change in reversed(suspects):  # the least suspect first
        rest = [c for c in needed if c is not change]
        if rest and len(found.replays) < MOST_REPLAYS and case.taken_back(rest).whole:
            needed = rest
    if len(found.replays) >= MOST_REPLAYS:
        found.notes.append(f"after {MOST_REPLAYS} replays the search was ended; fewer changes may suffice")
    _proved(case, needed, suspects, label)


def _proved(case: _Case, culprits: list[Change], suspects: list[Change], label: str) -> None:
    found = case.found
    found.proof = case.taken_back(culprits)
    others = [c for c in suspects if c not in culprits]
    if others:
        found.back = case.taken_back(others)
        if found.back.whole:  # alone they do no harm
            culprits = _enough(case, culprits, suspects)
            found.back = case.taken_back([c for c in suspects if c not in culprits])
    found.conclusion, found.culprits = "explained", tuple(culprits)
    found.evidence = _evidence(case, culprits, found.proof, label)


def _enough(case: _Case, culprits: list[Change], suspects: list[Change]) -> list[Change]:
    """Return the fewest changes that do the harm together: without any one of them the old run stays as it was."""
    held = list(suspects)
    for change in reversed(suspects):
        rest = [c for c in held if c is not change]
        if change in culprits or len(case.found.replays) >= MOST_REPLAYS:
            continue
        replay = case.taken_back([c for c in suspects if c not in rest])
        if replay.left and not replay.problem:
            held = rest
    return held


def _evidence(case: _Case, culprits: list[Change], proof: Replay, label: str) -> tuple[Parting, ...]:
    """Return what the culprits do: their steps' tables beside the replay's, or beside what a new step was made from."""
    out: list[Parting] = []
    made = case.new.assets
    for change in culprits:
        if change.kind == "data":
            out += compared(case.tables, case.old.assets.get(change.what), made.get(change.what), label)[0]
            continue
        step = case.new.pipeline.steps.get(change.step)
        names = [n for n, a in made.items() if n.partition(".")[0] == change.step and a.kind == "table"]
        for name in names:
            before = proof.assets.get(name) or case.old.assets.get(name)
            if before is None and step is not None:
                before = _source(step.inputs.values(), proof, made)
            out += compared(case.tables, before, made.get(name), label)[0]
        if change.kind == "step_removed":
            for name in ends(case.new.pipeline):
                out += compared(case.tables, proof.assets.get(name), made.get(name), label)[0]
    if not out and case.found.first is not None:  # what a data set lacks may show only where it is joined
        out += case.found.first.partings
    unique = {(p.kind, p.column): p for p in reversed(out)}
    return tuple(sorted(unique.values(), key=lambda p: p.rank))


def _source(refs: Any, proof: Replay, made: Mapping[str, Asset]) -> Asset | None:
    """Return the table that a step was made from: of several, the one that the replay goes on with."""
    names = [str(r) for r in refs]
    return next((made[n] for n in names if n in made and n in proof.assets), None)


def _elsewhere(case: _Case) -> None:
    """No change that can be taken back explains it: is it where the runs were made? The old run is carried out again here."""
    found = case.found
    rest = [c for c in found.changes if not c.revertible]
    every = [c for c in found.changes if c.revertible]
    again = case.taken_back(every)
    if again.problem or again.whole:
        return
    if rest:
        found.conclusion = "elsewhere"
        found.culprits = tuple(rest)
        found.proof = again
    else:
        found.notes.append(
            "even with every recorded change taken back it comes out the same here: what changed was not recorded"
        )


def _listed(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
