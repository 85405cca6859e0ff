"""Which fields the card must have, which it has, and what to do about the others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from assay.kernel.card import Card, Field
from assay.kernel.report import Finding
from assay.kernel.severity import Severity
from assay.methods.card.fields import EXAMINED, FIELDS, PEOPLE
from assay.methods.card.file import Facts, Policy

_RUN = {
    "data": "train it with a `train:` step, or name its `training:` data in model.validate",
    "metrics": "assay check model.validate MODEL --data TABLE --label COLUMN",
    "bias": "assay check model.bias MODEL --data TABLE --label COLUMN --positive VALUE --facet COLUMN",
    "explanation": "assay check model.explain MODEL --data TABLE",
    "scan": "assay check model.scan MODEL",
    "slices": "assay check model.validate MODEL … (without --slices 0)",
    "robustness": "assay check model.validate MODEL … --robustness",
}


def fields(card: Card, facts: Facts, policy: Policy) -> tuple[Field, ...]:
    """Return every field and how it stands."""
    people = [(f.name, f.title) for f in PEOPLE]
    named = dict.fromkeys(
        [*facts.more, *(n.removeprefix("more.") for n in policy.required if n.startswith("more."))]
    )
    people += [(f"more.{name}", name) for name in named]
    out = []
    for name, title in people:
        values = facts.of(name)
        state, why = _state(name, bool(values), "said", policy)
        out.append(Field(name, title, "people", state, values, why))  # type: ignore[arg-type]
    told = _told(card)
    for one in EXAMINED:
        state, why = _state(one.name, told[one.name], "examined", policy)
        out.append(Field(one.name, one.title, "reports", state, (), why))  # type: ignore[arg-type]
    return tuple(out)


def _state(name: str, there: bool, word: str, policy: Policy) -> tuple[str, str]:
    if there:
        return word, ""
    if name in policy.waived:
        return "waived", policy.waived[name]
    return ("missing" if name in policy.required else "open"), ""


def _told(card: Card) -> Mapping[str, bool]:
    return {
        "data": any(d.digest for d in card.data_of("training")),
        "metrics": any(m.value is not None for e in card.evaluations for m in e.scores),
        "bias": any(f.when == "after" for f in card.facets),
        "explanation": bool(card.explanations),
        "scan": bool(card.scan),
        "slices": any(e.searched for e in card.evaluations),
        "robustness": any(e.robustness for e in card.evaluations),
    }


def missing(card: Card, facts: Facts, file: str) -> Iterator[Finding]:
    """Give a finding of severity high for each required field that is empty, with the way out."""
    where = file or "card.yaml"
    for one in card.missing:
        of = FIELDS.get(one.name)
        refs = of.refs if of is not None else ()
        if one.by == "reports":
            yield Finding(
                "model.card.not_examined",
                Severity.HIGH,
                f"No report tells {one.title.lower()}, and the card must.",
                {"field": one.name},
                _RUN[one.name],
                refs,
            )
            continue
        stands = facts.places.get(one.name, "")
        said = f"{one.title} is required, and {'empty in ' + stands if stands else f'nobody has said it ({where})'}."
        ask = of.ask if of is not None else "a policy asks for it"
        under = "more: " if one.name.startswith("more.") else ""
        yield Finding(
            "model.card.missing",
            Severity.HIGH,
            said,
            {"field": one.name},
            f"write `{under}{one.name.removeprefix('more.')}:` in {where}: {ask}",
            refs,
        )
