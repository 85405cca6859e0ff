"""A diagnosis in words and as JSON."""

from __future__ import annotations

from typing import Any

from assay.works.provenance.changes import Change
from assay.works.provenance.diagnosis import Diagnosis
from assay.works.provenance.outcome import Outcome
from assay.works.provenance.symptoms import shown

SCHEMA = "assay.diagnosis/1"
_MOST = 3


def sentences(found: Diagnosis) -> list[str]:
    """Return what was concluded, a sentence each: the culprit and what it does, then the proof."""
    if found.conclusion == "nothing_to_see":
        return _nothing(found)
    if found.conclusion == "unexplained":
        return ["Nothing that was recorded explains it.", *_no_proof(found)]
    if found.conclusion == "elsewhere":
        names = "; ".join(c.said for c in found.culprits[:_MOST])
        return [
            f"It is where the run was made, and not in the pipeline: {names}.",
            f"The pipeline of run {found.against}, with its data, carried out here now, comes out as run {found.run} did: "
            + "; ".join(found.proof.left[:2] if found.proof else ())
            + ".",
        ]
    return [_culprit(found), _proof(found), *_both_ways(found)]


def _nothing(found: Diagnosis) -> list[str]:
    out = ["There is nothing to see: what came of the two runs differs by no more than chance."]
    if found.changes:
        what = "; ".join(c.said for c in found.changes[:_MOST])
        more = f"; and {len(found.changes) - _MOST} more" if len(found.changes) > _MOST else ""
        out.append(f"What changed: {what}{more}.")
    if found.by and found.old.own and found.new.own:
        out.append(f"{found.by.shown} is {_interval(found.new.own)} (before: {_interval(found.old.own)}).")
    return out


def _no_proof(found: Diagnosis) -> list[str]:
    if not found.changes:
        return ["Nothing that a run records differs between the two."]
    tried = len([r for r in found.replays if not r.problem])
    return [f"Of {len(found.changes)} changes none was proved by {tried} replay{'s' * (tried != 1)}."]


def _culprit(found: Diagnosis) -> str:
    names = [c.said for c in found.culprits]
    said = names[0] if len(names) == 1 else "together " + ", and ".join(names)
    does = [p.said for p in found.evidence[:2]]
    opening = said[0].upper() + said[1:]
    comma = "," if ", " in said else ""  # it closes what was said between two
    one = len(names) == 1 and found.culprits[0].kind != "package"  # which are packages
    if not does:
        return f"{opening}{comma} {'is' if one else 'are'} what made the difference."
    return f"{opening}{comma} {'makes' if one else 'make'} the difference: {'; '.join(does)}."


def _proof(found: Diagnosis) -> str:
    how = _taken_back(found)
    replay = found.proof
    if replay is None or replay.outcome is None:
        return ""
    return f"Replayed {how}, {_restored(found, replay.outcome)}."


def _several(found: Diagnosis) -> str:
    """Say of several changes whether one of them taken back heals, as they do harm only together, or it takes them all."""
    one = found.proof is not None and len(found.proof.without) < len(found.culprits)
    return "with one of them taken back" if one else "with all of them taken back, and not with fewer"


def _taken_back(found: Diagnosis) -> str:
    culprits = found.culprits
    if len(culprits) > 1:
        return _several(found)
    change = culprits[0]
    return {
        "step_added": "without it",
        "step_removed": "with it",
        "step_replaced": f"with `{change.what}` as it was",
        "code": "with the code as it was",
        "package": "with the packages as they were",
        "file": "with the file as it was",
        "data": "on the data as they were",
        "seed": "with the seed as it was",
        "input": f"with `{change.before}` as it was",
    }.get(change.kind, f"with {_value(change.before)} as it was")


def _value(value: Any) -> str:
    text = "nothing" if value is None else str(value)
    return text if len(text) <= 60 else "the value"


def _restored(found: Diagnosis, now: Outcome) -> str:
    """Return what is as it was, by the measure that told most."""
    kinds = [s.kind for s in found.symptoms if s.model]
    by = found.by
    if by and "reference" in kinds and now.reference and found.new.reference and found.old.own:
        return (
            f"the model's {by.shown} is {shown(now.reference)} again on the rows that run {found.against} was judged on "
            f"(run {found.run}: {shown(found.new.reference)}; run {found.against}: {shown(found.old.own)})"
        )
    if by and {"score", "answers", "model", "gate"} & set(kinds) and now.own and found.old.own:
        was = shown(found.new.own) if found.new.own else "no model"
        return (
            f"the model's {by.shown} is {shown(now.own)} again (run {found.run}: {was}; "
            f"run {found.against}: {shown(found.old.own)})"
        )
    if "gate" in kinds:
        return "every step passes again"
    tables = sorted(
        {s.said.partition("`")[2].partition("`")[0] for s in found.symptoms if s.kind.startswith("table.")}
    )
    return f"{_and(tables)} {'are' if len(tables) != 1 else 'is'} as in run {found.against} again"


def _both_ways(found: Diagnosis) -> list[str]:
    if found.back is None or found.back.problem:
        return []
    one = len(found.culprits) == 1
    if found.back.left:
        return [
            f"Run {found.against} with {'this change' if one else 'these changes'} alone goes wrong in the same way."
        ]
    return []


def _and(names: list[str]) -> str:
    shown_ = [f"`{n}`" for n in names]
    return (
        shown_[0] if len(shown_) == 1 else ", ".join(shown_[:-1]) + " and " + shown_[-1] if shown_ else "all"
    )


def _interval(score: Any) -> str:
    ends = f" [{score.interval[0]:.2f}, {score.interval[1]:.2f}]" if score.interval else ""
    return shown(score) + ends


def document(found: Diagnosis) -> dict[str, Any]:
    """Return a diagnosis as JSON (assay.diagnosis/1)."""
    first = found.first
    culprits = [c.name for c in found.culprits]
    return {
        "schema": SCHEMA,
        "run": found.run,
        "against": found.against,
        "conclusion": found.conclusion,
        "said": [s for s in sentences(found) if s],
        "culprits": [c.to_dict() for c in found.culprits],
        "evidence": [p.to_dict() for p in found.evidence],
        "symptoms": [s.to_dict() for s in found.symptoms],
        "first_parting": first.to_dict() if first else None,
        "edges": [e.to_dict() for e in found.edges],
        "suspects": [
            c.to_dict() | {"culprit": c.name in culprits, "state": _state(c, found)} for c in found.changes
        ],
        "replays": [r.to_dict() for r in found.replays],
        "measure": {"label": found.by.label, "metric": found.by.metric, "yes": found.by.yes or None}
        if found.by
        else None,
        "before": found.old.to_dict(),
        "after": found.new.to_dict(),
        "replayed_in": "scratch",
        "notes": found.notes,
        "seconds": round(found.seconds, 2),
    }


def _state(change: Change, found: Diagnosis) -> str:
    """Return what is known of a suspect: culprit, cleared, untried, or irrevertible."""
    if change in found.culprits:
        return "culprit"
    if not change.revertible:
        return "cannot be taken back here"
    if found.conclusion == "explained" and found.proof is not None:
        return "cleared: it is in the replay that is whole"
    if any(r.without == (change.name,) and not r.whole for r in found.replays):
        return "cleared: taken back, it changes nothing by itself"
    return "not tried"
