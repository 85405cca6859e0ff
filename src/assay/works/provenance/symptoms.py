"""What is wrong with a run beside a good one: each symptom can be looked for again in a replay."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from assay.kernel.asset import Asset
from assay.methods.parting.parting import Parting
from assay.works.provenance.edges import compared
from assay.works.provenance.outcome import Outcome, Tables
from assay.works.provenance.scoring import Scored, Yardstick, answers_differ, differ, worse

GRAVE = ("constant", "label", "giveaway", "association", "shuffled", "remapped")
_NO_MODEL = "there is no model that could be judged"


@dataclass(frozen=True)
class Symptom:
    """said: a sentence. there: what an outcome shows of it, as a sentence too; None where it is gone. model: of what models
    answer, or of their gates and labels.

    A run whose models are as they were may still have other data: that is told, and explained, when nothing graver is.
    """

    kind: str
    said: str
    model: bool
    there: Callable[[Outcome], str | None] = field(repr=False)

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {"kind": self.kind, "said": self.said, "model": self.model}


def symptoms(tables: Tables, old: Outcome, new: Outcome, by: Yardstick | None, label: str) -> list[Symptom]:
    """Return what the new outcome shows that the old one does not: gates and failures, scores, answers, tables."""
    out = list(_failures(old, new))
    if by is not None:
        out += _scores(old, new, by)
    for name, asset in new.tables.items():
        before = old.tables.get(name)
        if before is None:
            continue
        found = compared(tables, before, asset, label)[0]
        for parting in found:
            out.append(_of_table(tables, before, name, parting, label))
    return out


def _failures(old: Outcome, new: Outcome) -> Iterator[Symptom]:
    for step, how in new.bad.items():
        if step in old.bad:
            continue
        if how == "stopped":
            continue  # by another, which is told

        def there(found: Outcome, step: str = step) -> str | None:
            how = found.bad.get(step)
            return how and f"the step `{step}` ended with {how}, and passed before"

        yield Symptom("gate", there(new) or "", True, there)


def _scores(old: Outcome, new: Outcome, by: Yardstick) -> Iterator[Symptom]:
    a, b = old.own, new.own
    if a is None:
        return
    if b is None:
        if new.bad:
            yield Symptom("model", _NO_MODEL, True, lambda found: None if found.own else _NO_MODEL)
        return

    def on_reference(found: Outcome) -> str | None:
        other = found.reference
        if other is None:
            return _NO_MODEL
        if not (differ(a, other, by, same_rows=True) and worse(a, other, by)):
            return None
        rows = "on the rows that the older model was judged on"
        return f"{rows}, {by.shown} is {shown(other)} (before: {shown(a)}){_why(other)}"

    def on_own(found: Outcome) -> str | None:
        if found.own is None:
            return _NO_MODEL
        if not differ(a, found.own, by, same_rows=False):
            return None
        return f"on the run's own rows {by.shown} is {shown(found.own)} (before: {shown(a)}){_why(found.own)}"

    def on_answers(found: Outcome) -> str | None:
        if found.own is None:
            return _NO_MODEL
        if not found.own.shares or not answers_differ(a, found.own, by):
            return None  # one that cannot be asked has a score that is not to be had
        return f"the model answers {mix(found.own)} (before: {mix(a)})"

    for kind, there in (("reference", on_reference), ("score", on_own), ("answers", on_answers)):
        said = there(new) if kind != "reference" or new.reference is not None else None
        if said is not None:
            yield Symptom(kind, said, True, there)


def _of_table(tables: Tables, before: Asset, name: str, parting: Parting, label: str) -> Symptom:
    grave = parting.label or parting.kind in ("giveaway", "association")

    def there(found: Outcome) -> str | None:
        asset = found.tables.get(name)
        if asset is None:
            return f"there is no table `{name}`"
        again = compared(tables, before, asset, label)[0]
        said = (p.said for p in again if (p.kind, p.column) == (parting.kind, parting.column))
        return next((f"in `{name}`, {s}" for s in said), None)

    return Symptom(f"table.{parting.kind}", f"in `{name}`, {parting.said}", grave, there)


def shown(score: Scored) -> str:
    """Return a score as people write it."""
    if score.value is None:
        return "undefined" if score.shares else "not to be had"
    return f"{score.value:.3g}" if abs(score.value) >= 10 else f"{score.value:.2f}"


def _why(score: Scored) -> str:
    return f": {score.reason}" if score.reason and not score.shares else ""


def mix(score: Scored) -> str:
    """Return a model's answers, the commonest first."""
    top = sorted(score.shares.items(), key=lambda kv: -kv[1])[:3]
    return ", ".join(f"{name} in {share:.0%}" for name, share in top)
