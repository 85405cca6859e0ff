"""The inventory, asked and kept: what is said of models after they were registered, and all of them in one list."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.kernel.errors import UsageError
from assay.methods.nearest import did_you_mean
from assay.works.home import Home
from assay.works.verbs.models import told
from assay.works.verbs.shape import Json, listed, plain_record

if TYPE_CHECKING:
    from assay.kernel.inventory import Entry
    from assay.office.registry import PackageRecord

FILTERS = ("name", "status", "stage", "alias", "tag", "tier", "owner")


def inventory_list(home: Home, actor: str, **filters: str | None) -> Json:
    """List every version, or those of a name, status, stage, alias, tag, tier or owner."""
    from assay.works.inventory.taking import take

    unknown = [f for f in filters if f not in FILTERS]
    if unknown:
        raise UsageError(
            f"the inventory is not asked by {unknown[0]!r}", remedy=did_you_mean(unknown[0], FILTERS)
        )
    found = take(home)
    chosen = [e.to_dict() for e in found.entries if all(_fits(e, k, v) for k, v in filters.items() if v)]
    return found.to_dict() | {"models": chosen}


def _fits(entry: Entry, name: str, value: str) -> bool:
    if name == "tag":
        key, mark, said = value.partition("=")
        return key in entry.tags and (not mark or entry.tags[key] == said)
    held = {
        "name": [entry.name],
        "status": [entry.status.lower()],
        "stage": [entry.stage or "none"],
        "alias": entry.aliases,
        "tier": [entry.tier or "none"],
        "owner": entry.owners or ("none",),
    }[name]
    return (value.lower() if name == "status" else value) in held


def inventory_export(home: Home, actor: str, *, format: str) -> Json:
    """Return the whole inventory as csv, html, cyclonedx or json text."""
    from assay.reports.inventory import FORMATS, render
    from assay.works.inventory.taking import take

    if format not in FORMATS:
        raise UsageError(f"an inventory is not shown as {format!r}", remedy=did_you_mean(format, FORMATS))
    found = take(home, cards=format == "cyclonedx")
    content = render(found, format)
    return {
        "schema": "assay.shown_inventory/1",
        "format": format,
        "models": len(found.entries),
        "content": content,
    }


def inventory_policy(home: Home | None, actor: str, *, template: bool = False) -> Json:
    """Tell the policy that models are held to; or a commented one to begin with."""
    from assay.methods.inventory.policy import TEMPLATE, Policy
    from assay.works.inventory.policies import policy_of

    if template:
        return {"schema": "assay.registry_policy/1", "content": TEMPLATE}
    found = policy_of(home) if home is not None else Policy()
    return {"schema": "assay.registry_policy/1", **plain_record(found)}


def inventory_questions(home: Home, actor: str, *, tier: str = "") -> Json:
    """List the questions that are asked of a model, of one tier if said."""
    from assay.works.inventory.policies import policy_of

    policy = policy_of(home)
    if tier and tier not in policy.tiers:
        raise UsageError(f"there is no tier {tier!r}", remedy=did_you_mean(tier, policy.tiers))
    return listed("questions", [plain_record(q) for q in policy.asked(tier)])


def model_history(home: Home, actor: str, *, name: str) -> Json:
    """Tell what became of a package: each state that an event left it in, and what that event was."""
    from assay.office import history, ledger, registry

    record = registry.get(home.office, name)
    states, before = [], dict[str, Any]()
    for state in history.of(home.office, "packages", record.title):
        event = ledger.event(home.office, state.seq)
        told = {"event": state.seq, "at": state.at, "pruned": state.value is None}
        if event is not None and event.action != "pruned":
            told |= {"action": event.action, "actor": event.actor, "detail": dict(event.detail)}
        if state.value is not None:
            told |= {"status": state.value["status"], "changed": _differs(before, state.value)}
            before = state.value
        states.append(told)
    return listed("states", states) | {"model": record.title}


def _differs(before: Mapping[str, Any], after: Mapping[str, Any]) -> Json:
    """Return what changed from one state to the next, but for the event's own number."""
    if not before:
        return {}
    names = sorted((set(before) | set(after)) - {"event"})
    return {n: [before.get(n), after.get(n)] for n in names if before.get(n) != after.get(n)}


def _left(home: Home, record: PackageRecord) -> Json:
    return told(home, record) | {"event": record.event}


def _steward(home: Home, actor: str) -> Any:
    from assay.works.inventory.changing import Steward

    return Steward(home, actor)


def model_describe(
    home: Home, actor: str, *, name: str, owners: Sequence[str] | None = None, purpose: str | None = None,
    tier: str | None = None,
) -> Json:  # fmt: skip
    """Say who owns a package, what it is for, and its risk tier."""
    return _left(home, _steward(home, actor).describe(name, owners, purpose, tier))


def model_alias(
    home: Home, actor: str, *, name: str, alias: str, reason: str = "", remove: bool = False
) -> Json:
    """Give an alias to a version, taking it from the one that bears it; or take it away."""
    steward = _steward(home, actor)
    return _left(home, steward.unalias(name, alias, reason) if remove else steward.alias(name, alias, reason))


def model_tag(
    home: Home, actor: str, *, name: str, tags: Mapping[str, str], remove: Sequence[str] = ()
) -> Json:
    """Give a package tags, and take some away."""
    return _left(home, _steward(home, actor).tag(name, tags, remove))


def model_stage(home: Home, actor: str, *, name: str, stage: str, reason: str = "") -> Json:
    """Put a package on a stage, or on none."""
    return _left(home, _steward(home, actor).stage(name, stage, reason))


def model_answer(
    home: Home, actor: str, *, name: str, answers: Mapping[str, str] | None = None, file: str | None = None
) -> Json:
    """Answer the questions that are asked of a package; ``file``: a YAML file of question to answer."""
    given = dict(answers or {})
    if file is not None:
        from assay.methods.document import read

        node = read(Path(file), "write question: answer, a line each")
        given = {
            k: v.text(f"the answer to {k}") for k, v in node.mapping("the file of answers").items()
        } | given
    return _left(home, _steward(home, actor).answer(name, given))


def model_image(home: Home, actor: str, *, name: str, folder: str) -> Json:
    """Record the image of a package's environment, an OCI layout on disk, by its digest."""
    return _left(home, _steward(home, actor).image(name, Path(folder)))


def model_archive(home: Home, actor: str, *, name: str, reason: str) -> Json:
    """Put a package away until it is restored."""
    return _left(home, _steward(home, actor).archive(name, reason))


def model_restore(home: Home, actor: str, *, name: str, reason: str) -> Json:
    """Take an archived package back."""
    return _left(home, _steward(home, actor).restore(name, reason))


def model_retire(home: Home, actor: str, *, name: str, reason: str, successor: str = "") -> Json:
    """End a package for good, and say what takes its place."""
    return _left(home, _steward(home, actor).retire(name, reason, successor))


VERBS: Mapping[str, Callable[..., Any]] = {
    "inventory.list": inventory_list,
    "inventory.export": inventory_export,
    "inventory.policy": inventory_policy,
    "inventory.questions": inventory_questions,
    "model.history": model_history,
    "model.describe": model_describe,
    "model.alias": model_alias,
    "model.tag": model_tag,
    "model.stage": model_stage,
    "model.answer": model_answer,
    "model.image": model_image,
    "model.archive": model_archive,
    "model.restore": model_restore,
    "model.retire": model_retire,
}
