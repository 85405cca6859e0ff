"""A model card, written from what was examined and what its owner says; a required field that is empty is a finding.

The card stands on the reports it is given with --using: data and its lineage, training, scores with intervals and
weakest subgroups, bias by facet, what the model goes by, and limits as sentences, each with the report it comes from.
In a pipeline they are, where none is named, all reports about the model and the data behind it. What no report tells
is written as not examined. What only people know (owner, contact, licence, intended use and users, uses out of scope,
risk tier, considerations, limits, oversight) comes from a card.yaml; empty, TBD, todo and n/a count as empty. A claim
there that a report contradicts is a finding, and so is a report of another model. --policy adds required fields
(`require:`), and waives others with a reason (`waive:`). The model itself is not loaded.

The card is the output `card`, JSON (assay.card/1); `assay model card` shows it as HTML, Markdown, Hugging Face's
README.md, SageMaker's model card or a CycloneDX ML-BOM. Required by default: Mitchell et al. 2019, AI Act article 13(3),
NIST AI RMF MAP 1.1.

Example: assay check model.card registry://bookings --facts card.yaml \\
  --using .assay/packages/bookings/1/package/reports
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from typing_extensions import Doc

from assay.checks.model.card._behind import Behind
from assay.kernel.card import Card, Source
from assay.kernel.handles import AllAbout, Tree, Work
from assay.kernel.report import Coverage, Finding, Metric, Report
from assay.kernel.severity import Severity


def check(
    model: Tree,
    *,
    using: Annotated[
        Mapping[str, Report],
        AllAbout,
        Doc("reports of the model and its data: files, or folders of them; in a pipeline steps"),
    ] = {},
    facts: Annotated[Path | None, Doc("card.yaml: what only people know")] = None,
    policy: Annotated[Path | None, Doc("which fields are required, and which are waived and why")] = None,
    owner: Annotated[str, Doc("who answers for it; instead of what the file says")] = "",
    contact: Annotated[str, Doc("where they can be reached")] = "",
    license: Annotated[str, Doc("its licence")] = "",
    intended_use: Annotated[str, Doc("the decision that it serves")] = "",
    risk_tier: Annotated[str, Doc("minimal, low, limited, medium, high or unacceptable")] = "",
    work: Work,
) -> Report:
    """Return the card as the output ``card``, and what it lacks or says against what was measured."""
    from assay.checks.model.card import _claims, _fields
    from assay.checks.model.card._sound import sound
    from assay.methods.card.file import DEFAULT, Facts, read_facts, read_policy

    said = read_facts(facts) if facts is not None else Facts()
    given = {
        "owner": owner,
        "contact": contact,
        "license": license,
        "intended_use": intended_use,
        "risk_tier": risk_tier,
    }
    said = said.with_({name: (value,) for name, value in given.items() if value})
    wanted = read_policy(policy) if policy is not None else DEFAULT
    sound(using)
    in_order = sorted(using.items(), key=lambda one: (one[1].started, one[0]))
    behind = Behind(model.asset, dict(in_order))
    card = _written(model, behind).with_(mitigations=dict(said.mitigations))
    card = card.with_(fields=_fields.fields(card, said, wanted))
    findings = [
        *_fields.missing(card, said, facts.name if facts is not None else ""),
        *_claims.contradictions(said.claims, card),
        *_strangers(behind),
    ]
    required = [f for f in card.fields if f.name in wanted.required]
    filled = sum(f.state in ("said", "examined") for f in required)
    asset = work.put("card", card.to_bytes(), "json")
    return Report.make(
        coverage=Coverage(filled, len(required), unit="fields"),
        metrics=[
            Metric("fields_required", len(required), unit="fields"),
            Metric("fields_filled", filled, unit="fields"),
            Metric("fields_waived", len(wanted.waived), unit="fields"),
            Metric("reports", len(card.sources), unit="reports"),
            Metric("limits_found", len(card.limits), unit="limits"),
        ],
        findings=findings,
        outputs=[asset],
        data={
            "missing": [f.name for f in card.missing],
            "waived": dict(wanted.waived),
            "owner": card.first("owner"),
            "intended_use": card.first("intended_use"),
            "risk_tier": card.first("risk_tier"),
        },
    )


def _written(model: Tree, behind: Behind) -> Card:
    from assay.checks.model.card import _data, _judged, _limits, _model

    card = Card(
        _model.identity(model, behind),
        data=tuple(_data.tables(behind)),
        changes=_data.changes(behind),
        personal=_data.personal(behind),
        scan=_judged.scanned(behind),
        training=_data.training(behind),
        evaluations=_judged.evaluations(behind),
        facets=_judged.facets(behind),
        explanations=_judged.explanations(behind),
        limits=_limits.limits(behind),
        gaps=_limits.gaps(behind),
    )
    aside = behind.other.keys() | behind.untied.keys() | behind.besides.keys() | behind.cards
    used = [(n, r) for n, r in behind.using.items() if n not in aside]
    sources = tuple(
        Source(
            r.check,
            behind.digest(r),
            n,
            r.subject.name if r.subject else "",
            r.subject.digest if r.subject else "",
            r.started,
        )
        for n, r in used
    )
    return card.with_(sources=sources, made=max((r.started for _, r in used), default=""))


def _strangers(behind: Behind) -> list[Finding]:
    """Tell the reports that are of another model, and those of predictions that may be anybody's."""
    out = [
        Finding(
            "model.card.other_model",
            Severity.HIGH,
            f"The report {name!r} ({r.check}) is of {r.subject.name if r.subject else 'another'}, "
            f"{(r.subject.digest if r.subject else '')[:19]}, and not of this model; it is left out.",
            {"step": name},
            "examine this very model, or leave the report out",
        )
        for name, r in behind.other.items()
    ]
    out += [
        Finding(
            "model.card.untied",
            Severity.MEDIUM,
            f"The report {name!r} ({r.check}) is of a table of predictions, and nothing in it says whose they are; "
            "it is left out.",
            {"step": name},
            "examine the model itself: give it, and the table as --data",
        )
        for name, r in behind.untied.items()
    ]
    out += [
        Finding(
            "model.card.besides",
            Severity.INFO,
            f"The report {name!r} ({r.check}) judges a way of training, or candidates side by side, and no model by "
            "itself; it is left out.",
            {"step": name},
        )
        for name, r in behind.besides.items()
    ]
    return out
