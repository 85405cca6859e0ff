"""A card in a few sentences, for whoever decides about a model and does not build one."""

from __future__ import annotations

from collections.abc import Iterator

from assay.kernel.card import Card, Evaluation
from assay.kernel.severity import Severity
from assay.reports.card.metrics import LOWER_IS_BETTER
from assay.reports.numbers import number


def percent(share: float) -> str:
    """Return a share of one as people read it: ``29.6 %``, ``0.04 %``."""
    value = share * 100
    return f"{value:.0f} %" if value in (0, 100) else f"{value:.1f} %" if value >= 0.1 else f"{value:.2g} %"


def in_short(card: Card) -> Iterator[str]:
    """Give what matters most, a sentence or two each."""
    if card.missing:
        names = ", ".join(f.title.lower() for f in card.missing)
        yield f"This card is not complete: {names} {'are' if len(card.missing) > 1 else 'is'} missing."
    what = card.first("description") or card.first("intended_use")
    if what:
        yield what
    if card.said("out_of_scope"):
        yield f"It is not for: {'; '.join(v.rstrip('.') for v in card.said('out_of_scope'))}."
    tier = card.first("risk_tier")
    if tier:
        why = card.first("risk_reason")
        yield f"Its risk is {tier}{': ' + why.rstrip('.') if why else ''}."
    if card.evaluations:
        yield from _well(card.evaluations[0])
    else:
        yield "How well it does was not examined."
    yield from _groups(card)
    yield _goes_by(card)
    grave = sum(Severity.parse(x.severity) >= Severity.HIGH for x in card.limits)
    if card.limits:
        told = f", {number(grave)} of them grave" if grave else ""
        n = len(card.limits)
        yield f"Examination found {number(n)} limit{'s' if n > 1 else ''}{told}; they are listed below."
    if card.said("human_oversight"):
        yield f"Who looks at its answers: {card.first('human_oversight')}"


def _well(one: Evaluation) -> Iterator[str]:
    main = one.main
    if main is None or main.value is None:
        yield f"On {one.data} no score stands for it."
        return
    rows = f"{number(one.rows)} rows" if one.rows is not None else "rows"
    between = (
        f", and with 95 % confidence between {number(main.interval[0])} and {number(main.interval[1])}"
        if main.interval
        else ""
    )
    guess = next((m for m in one.guess if m.name == one.headline and m.value is not None), None)
    beats = f"; a {one.guesser} has {number(guess.value)}" if guess is not None else ""
    way = ", where less is better" if any(one.headline.startswith(n) for n in LOWER_IS_BETTER) else ""
    yield f"On {rows} that it had not seen, its {one.headline} is {number(main.value)}{between}{beats}{way}."
    accuracy = next((m.value for m in one.scores if m.name == "accuracy"), None)
    if accuracy is not None and one.headline != "accuracy":
        yield f"It is right in {percent(accuracy)} of them."
    if one.slices and one.slices[0].loss is not None and one.slices[0].elsewhere is not None:
        worst = one.slices[0]
        yield (
            f"It is weakest where {worst.where}: its loss is {number(worst.loss)} there and "
            f"{number(worst.elsewhere)} elsewhere."
        )


def _groups(card: Card) -> Iterator[str]:
    after = [f for f in card.facets if f.when == "after"]
    if not after:
        yield "Whether it treats groups alike was not examined."
        return
    for one in after[:4]:
        if one.found:
            yield f"By {one.name} it does not treat groups alike: {one.found[0]}"
        else:
            yield f"By {one.name} nothing went beyond {one.against}."


def _goes_by(card: Card) -> str:
    for one in card.explanations:
        total = sum(m.value or 0.0 for m in one.importance)
        if total:
            told = [
                f"{m.of.get('feature')} ({percent((m.value or 0.0) / total)})" for m in one.importance[:3]
            ]
            return f"It goes most by {', '.join(told)}."
    return "What it goes by was not examined."
