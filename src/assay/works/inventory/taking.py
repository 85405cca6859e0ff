"""The inventory taken: what the office knows of each model, held against the policy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from assay.kernel.errors import AssayError
from assay.kernel.inventory import Asked, Entry, Inventory
from assay.works.inventory.policies import policy_of

if TYPE_CHECKING:
    from assay.kernel.card import Card
    from assay.methods.inventory.policy import Policy
    from assay.office.answers import Answer
    from assay.office.registry import PackageRecord
    from assay.works.home import Home


def take(home: Home, *, cards: bool = False) -> Inventory:
    """Return the inventory of a home, as it is or as it was. cards: with each model's own card, where it has one."""
    from assay.office import answers, registry
    from assay.works.registering import tool

    office, policy, given = home.office, policy_of(home), answers.every(home.office)
    entries = []
    for record in registry.listing(office):
        entry = _entry(record, policy, given.get(record.title, {}))
        entries.append(replace(entry, card=_card(home, record)) if cards else entry)
    pruned = office.pruned("packages") if office.past else 0
    return Inventory(
        tuple(entries), office.clock(), policy.stages, policy.tiers, policy.digest, pruned, tool()
    )


def entry_of(home: Home, record: PackageRecord) -> Entry:
    """Return what the inventory says of one package."""
    from assay.office import answers

    return _entry(record, policy_of(home), answers.of(home.office, record))


def _entry(record: PackageRecord, policy: Policy, given: Mapping[str, Answer]) -> Entry:
    from assay.office import approvals

    rules = policy.of(record.tier)
    used = record.status in ("PENDING", "REJECTED", "EXPIRED")
    card, artifact = record.metadata.get("card"), str(record.metadata.get("artifact", ""))
    return Entry(
        name=record.name,
        version=record.version,
        status=record.status,
        digest=record.digest,
        registered_by=record.registered_by,
        registered_at=record.registered_at,
        stage=record.stage,
        aliases=tuple(record.aliases),
        tags=dict(record.tags),
        tier=record.tier,
        owners=tuple(record.owners),
        purpose=record.purpose,
        decided_by=record.decided_by or "",
        decided_at=record.decided_at or "",
        reason=record.reason or "",
        approvals=tuple(record.approvals),
        pending=tuple(record.pending),
        awaited=max(0, rules.approvals - len(record.pending)) if used else 0,
        expires=record.expires or "",
        ended=dict(record.ended or {}),
        questions=_asked(policy, record.tier, given),
        lacking=tuple(approvals.lacking(record, policy, given)) if used else (),
        image=dict(record.image or {}),
        artifact=(artifact, record.files.get(artifact, "")),
        hallmark=record.hallmark is not None,
        complete_card=isinstance(card, Mapping) and bool(card.get("complete")),
        run=record.run,
    )


def _asked(policy: Policy, tier: str, given: Mapping[str, Answer]) -> tuple[Asked, ...]:
    out = []
    for question in policy.asked(tier):
        answer = given.get(question.key)
        told = (
            (answer.text, answer.by, answer.at, not answer.answers(question))
            if answer
            else ("", "", "", False)
        )
        out.append(Asked(question.key, question.ask, *told))
    return tuple(out)


def _card(home: Home, record: PackageRecord) -> Card | None:
    from assay.works import cards

    own = record.files.get(f"{cards.FOLDER}/card.json")
    if own is None:
        return None
    try:
        return cards.parse(home.store.read(own), record.urn)
    except AssayError:  # damage of the store is for `model verify` to tell
        return None
