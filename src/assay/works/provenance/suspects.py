"""Which changes may explain what came of a run, the most suspect first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.works.provenance.changes import Change
from assay.works.provenance.outcome import Outcome, ends, judgement

if TYPE_CHECKING:
    from assay.works.provenance.diagnosis import Diagnosis
    from assay.works.provenance.past import Past

RULE = (
    "first the changes of the step, or the data set, where the tables first part; then those of other steps whose tables "
    "part, by how grave that is (the label first); then the rest in the order of the pipeline; seeds, gates and what "
    "cannot have had an effect last"
)


def ranked(old: Past, new: Past, found: Diagnosis) -> list[Change]:
    """Return the changes that can be taken back and that the outcome depends on, the most suspect first: see RULE."""
    wanted = _upstream(new, steps_wanted(new, found.new)) | _upstream(old, steps_wanted(old, found.old))
    order = {n: i for i, n in enumerate([*new.pipeline.data, *new.pipeline.steps])}
    worst: dict[str, tuple[int, int, float]] = {}
    for edge in found.edges:
        if edge.partings:
            worst.setdefault(edge.step or edge.name, edge.partings[0].rank)
    first = min((order.get(n, 0) for n in worst), default=0)

    def key(change: Change) -> tuple[Any, ...]:
        owner = change.step or change.what
        place = order.get(owner, len(order))
        parts = owner in worst
        late = {"gate": 2, "seed": 1}.get(change.kind, 0)
        return (
            late,
            0 if parts and place == first else 1 if parts else 2,
            worst.get(owner, (9, 99, 0.0)),
            place,
        )

    kept = [c for c in found.changes if c.revertible and (not c.step or c.step in wanted or c.what in wanted)]
    return sorted(kept, key=key)


def _upstream(past: Past, names: set[str]) -> set[str]:
    out: set[str] = set()
    todo = list(names)
    while todo:
        name = todo.pop()
        if name not in out:
            out.add(name)
            todo += past.pipeline.needs[name].all if name in past.pipeline.needs else ()
    return out


def steps_wanted(past: Past, found: Outcome) -> set[str]:
    """Return the steps whose outcome counts: those that make what counts in the end, train, and those that did not pass."""
    steps = past.pipeline.steps
    out = {n.partition(".")[0] for n in ends(past.pipeline)} | {
        n for n, s in steps.items() if s.verb == "train"
    }
    judged = judgement(past.pipeline)
    if judged is not None:
        out.add(judged.model.partition(".")[0])
    return (out | {n for n, how in found.bad.items() if how != "stopped"}) & set(steps)
