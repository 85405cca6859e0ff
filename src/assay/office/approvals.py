"""Who may decide upon a package, and when enough have: the policy's rules held against what the office knows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import sqlalchemy as sa

from assay.kernel.errors import Missing, Refused, UsageError
from assay.methods.inventory.names import readable, same
from assay.office import registry, runs, schema
from assay.office.rows import read

if TYPE_CHECKING:
    from assay.methods.inventory.policy import Policy, Rules
    from assay.methods.inventory.questions import Question
    from assay.office.answers import Answer
    from assay.office.office import Office
    from assay.office.registry import PackageRecord


def decidable(
    office: Office, record: PackageRecord, status: str, *, actor: str, rules: Rules, lacking: Sequence[str]
) -> None:
    """Raise where a person cannot give a package that status.

    It has it; it was archived or retired; the person's name cannot be told from another's by eye; the policy asks for others than who registered or trained it, or for another than
    who has approved it already; or something must be known first (``lacking``, of approvals alone).
    """
    registry.usable(record)
    readable(actor)
    if record.status == status:
        raise UsageError(f"{record.title} is already {status}")
    for role, people in involved(office, record, rules.apart).items():
        if same(actor, people):
            raise Refused(
                f"{record.title} was {role} by {actor}, and the policy asks for another person",
                remedy="have someone else decide",
            )
    if status != "APPROVED":
        return
    if same(actor, (a["by"] for a in record.pending)):
        raise Refused(
            f"{actor} has approved {record.title} already, and the policy asks for {rules.approvals} different people",
            remedy="have someone else approve it",
        )
    if lacking:
        raise Refused(
            f"{record.title} cannot be approved: {'; '.join(lacking)}",
            remedy=f"see `assay model show {record.title}`",
        )


def lacking(record: PackageRecord, policy: Policy, given: Mapping[str, Answer]) -> list[str]:
    """Return what the policy asks to be known of a package before it is approved, and is not, each as a sentence.

    given: the answers of people, by question.
    """
    card = record.metadata.get("card")
    complete = isinstance(card, Mapping) and bool(card.get("complete"))
    unanswered = [q.key for q in open_questions(given, policy, record.tier)]
    said = {
        "owner": "" if record.owners else "it has no owner",
        "purpose": "" if record.purpose else "its purpose is not said",
        "tier": "" if record.tier in policy.tiers else f"it has no risk tier of {', '.join(policy.tiers)}",
        "answers": f"nobody has answered {', '.join(unanswered)}" if unanswered else "",
        "image": "" if record.image else "no image of its environment is recorded",
        "hallmark": "" if record.hallmark else "it bears no hallmark",
        "card": "" if complete else "its model card is not complete",
    }
    return [said[name] for name in policy.of(record.tier).require if said[name]]


def open_questions(given: Mapping[str, Answer], policy: Policy, tier: str) -> list[Question]:
    """Return the questions that nobody has answered as they are asked now."""
    return [q for q in policy.asked(tier) if q.key not in given or not given[q.key].answers(q)]


def enough(record: PackageRecord, rules: Rules) -> bool:
    """Whether one approval more is the last that the policy asks for."""
    return len(record.pending) + 1 >= rules.approvals


def involved(office: Office, record: PackageRecord, roles: Iterable[str]) -> Mapping[str, set[str]]:
    """Return who registered a package, and who trained what is in it, as far as the office knows."""
    known = {"registered": lambda: {record.registered_by}, "trained": lambda: _trained(office, record)}
    return {role: known[role]() for role in roles}


def _trained(office: Office, record: PackageRecord) -> set[str]:
    edges = schema.edges
    artifact = record.files.get(str(record.metadata.get("artifact")), "")
    made = office.rows(sa.select(edges.c.value).where(edges.c.target == artifact))
    ids = {record.run, *(read(runs.Edge, text).run for (text,) in made)} - {""}
    people = set()
    for run in ids:
        try:
            people.add(runs.get(office, run).actor)
        except Missing:
            continue
    return people
