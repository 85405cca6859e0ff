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


@dataclass(frozen=True)
class Symptom:
    """said: a sentence. there: whether an outcome shows it too. model: of what models answer, or of their gates and labels.

    A run whose models are as they were may still have other data: that is told, and explained, when nothing graver is.
    """

    kind: str
    said: str
    model: bool
    there: Callable[[Outcome], bool] = field(repr=False)

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
        said = f"the step `{step}` ended with {how}, and passed before"

        def there(found: Outcome, step: str = step) -> bool:
            return step in found.bad

        yield Symptom("gate", said, True, there)


def _scores(old: Outcome, new: Outcome, by: Yardstick) -> Iterator[Symptom]:
    a, b = old.own, new.own
    if a is None:
        return
    if b is None:
        if not new.bad:
            return

        def no_model(found: Outcome) -> bool:
            return found.own is None

        yield Symptom("model", "there is no model that could be judged", True, no_model)
        return
    if (
        new.reference is not None
        and differ(a, new.reference, by, same_rows=True)
        and worse(a, new.reference, by)
    ):
        said = f"on the rows that the older model was judged on, {by.shown} is {shown(new.reference)} (before: {shown(a)})"

        def on_reference(found: Outcome) -> bool:
            other = found.reference
            return other is None or (differ(a, other, by, same_rows=True) and worse(a, other, by))

        yield Symptom("reference", said, True, on_reference)
    if differ(a, b, by, same_rows=False):
        said = f"on the run's own rows {by.shown} is {shown(b)} (before: {shown(a)})"

        def on_own(found: Outcome) -> bool:
            return found.own is None or differ(a, found.own, by, same_rows=False)

        yield Symptom("score", said, True, on_own)
    if answers_differ(a, b, by):
        said = f"the model answers {mix(b)} (before: {mix(a)})"

        def on_answers(found: Outcome) -> bool:
            return found.own is None or answers_differ(a, found.own, by)

        yield Symptom("answers", said, True, on_answers)


def _of_table(tables: Tables, before: Asset, name: str, parting: Parting, label: str) -> Symptom:
    grave = parting.label or parting.kind in ("giveaway", "association")

    def there(found: Outcome) -> bool:
        asset = found.tables.get(name)
        if asset is None:
            return True
        again = compared(tables, before, asset, label)[0]
        return any((p.kind, p.column) == (parting.kind, parting.column) for p in again)

    return Symptom(f"table.{parting.kind}", f"in `{name}`, {parting.said}", grave, there)


def shown(score: Scored) -> str:
    """Return a score as people write it."""
    if score.value is None:
        return "undefined" if score.shares else "not to be had"
    return f"{score.value:.3g}" if abs(score.value) >= 10 else f"{score.value:.2f}"


def mix(score: Scored) -> str:
    """Return a model's answers, the commonest first."""
    top = sorted(score.shares.items(), key=lambda kv: -kv[1])[:3]
    return ", ".join(f"{name} in {share:.0%}" for name, share in top)
