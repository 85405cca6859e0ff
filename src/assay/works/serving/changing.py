"""Endpoints made and changed: each change is one revision and one event, and only what may be deployed is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from assay.kernel.errors import Missing, Refused, UsageError
from assay.methods.nearest import did_you_mean
from assay.methods.routing import shares
from assay.office import endpoints
from assay.office.endpoints import EndpointRecord, Variant
from assay.works.serving import fallbacks, options
from assay.works.serving.deployable import deployable
from assay.works.serving.plans import Plan, Wanted

if TYPE_CHECKING:
    from assay.works.home import Home

_MOST = 16  # variants of an endpoint
_REPLICAS = 64
_REASON = 1000


@dataclass(frozen=True, slots=True)
class Deployer:
    """Whoever changes the endpoints of a home; each method returns the endpoint as it now is."""

    home: Home
    actor: str

    def create(
        self,
        name: str,
        wanted: Sequence[Wanted],
        *,
        stage: str = endpoints.PRODUCTION,
        guard: Mapping[str, Any] | None = None,
        capture: Mapping[str, Any] | None = None,
        fallback: Mapping[str, Any] | None = None,
        sticky: str = "",
        reason: str = "",
    ) -> EndpointRecord:
        """Make an endpoint; UsageError where there is one of that name. It answers once a server has started its models."""
        endpoints.named(name)
        if stage not in endpoints.STAGES:
            raise UsageError(f"there is no stage {stage!r}", remedy=did_you_mean(stage, endpoints.STAGES))
        arms = self._arms(wanted)
        guards, captured = options.guard(guard or {}), options.capture(capture or {})
        rule, kept = fallbacks.checked(fallback or {}), options.sticky(sticky)
        self._guarded(name, guards, arms)
        with self.home.office.transaction() as tx:
            before = endpoints.current(tx, name)
            if before is not None and before.state != endpoints.DELETED:
                raise UsageError(
                    f"there is an endpoint {name} already", remedy=f"change it: assay endpoint update {name}"
                )
            record = EndpointRecord(
                name, endpoints.CREATING, stage, before.revision if before else 0, endpoints.plain(arms),
                self.actor, tx.now, tx.now, tx.size, None, guards, captured, rule, kept, reason=_said(reason),
            )  # fmt: skip
            titles = [a.package for a in arms]
            return endpoints.write(
                tx,
                record,
                "endpoint.create",
                actor=self.actor,
                packages=titles,
                stage=stage,
                reason=record.reason,
            )

    def update(
        self,
        name: str,
        *,
        wanted: Sequence[Wanted] = (),
        plan: Plan | None = None,
        guard: Mapping[str, Any] | None = None,
        capture: Mapping[str, Any] | None = None,
        fallback: Mapping[str, Any] | None = None,
        sticky: str | None = None,
        blocked: Mapping[str, Any] | None = None,
        replicas: int | None = None,
        reason: str = "",
    ) -> EndpointRecord:
        """Change an endpoint: its models by a plan, its guards, capture, fallback, stickiness, or who is blocked until when.

        blocked: caller → RFC 3339, seconds from now, or None to let them in again. What is None stays as it is.
        """
        arms = self._arms(wanted) if wanted else None
        how = (plan or Plan()).checked()
        if guard or arms:
            before = endpoints.get(self.home.office, name)
            self._guarded(name, options.guard(guard or {}, before.guard), arms or before.arms)
        with self._changing(name, "endpoint.update", reason) as now:
            record, changes = now.record, dict[str, Any]()
            if guard:
                changes["guard"] = options.guard(guard, record.guard)
            if capture:
                changes["capture"] = options.capture(capture, record.capture)
            if fallback is not None:
                changes["fallback"] = fallbacks.checked(fallback)
            if sticky is not None:
                changes["sticky"] = options.sticky(sticky)
            if blocked:
                changes["blocked"] = options.blocked(record.blocked, blocked, now.at)
            if replicas is not None:
                own = [replace(a, replicas=_replicas(replicas)) for a in record.arms]
                changes["variants"] = endpoints.plain(own)
            now.says({k: [_shown(getattr(record, k)), _shown(v)] for k, v in changes.items()})
            now.record = replace(record, **changes)
            if arms is not None:
                _roll_out(now, arms, how)
            elif not changes:
                raise UsageError(f"nothing is changed of {name}", remedy="see `assay endpoint update --help`")
        return now.record

    def traffic(self, name: str, given: Mapping[str, Any], reason: str = "") -> EndpointRecord:
        """Give the variants other shares of the traffic; those that are not named keep theirs."""
        asked = options.weights(given)
        if not asked:
            raise UsageError(f"no share of {name}'s traffic is said", remedy="say VARIANT=SHARE")
        with self._changing(name, "endpoint.traffic", reason) as now:
            _settled(now.record)
            known = {a.name: a for a in now.record.arms}
            for variant in asked:
                if variant not in known:
                    raise Missing(
                        f"{name} has no variant {variant!r}", remedy=did_you_mean(variant, list(known))
                    )
                if known[variant].shadow:
                    raise UsageError(
                        f"{variant} is a shadow, and answers nobody",
                        remedy=f"let it answer: assay endpoint promote {name} --variant {variant}",
                    )
            arms = [replace(a, weight=asked.get(a.name, a.weight)) for a in now.record.arms]
            if not any(a.weight for a in arms if not a.shadow):
                raise UsageError(f"nobody would answer for {name}", remedy="give one variant a share above 0")
            now.says({"weights": {a.name: a.weight for a in arms if not a.shadow}})
            now.record = replace(now.record, variants=endpoints.plain(arms), previous=_kept(now.record))
        return now.record

    def promote(
        self, name: str, variant: str = "", plan: Plan | None = None, reason: str = ""
    ) -> EndpointRecord:
        """Put an endpoint from alpha into production; or let one of its variants, a shadow too, answer everything by a plan."""
        how = (plan or Plan()).checked()
        verified = deployable(self.home, self._variant(name, variant).package).digest if variant else ""
        with self._changing(name, "endpoint.promote", reason) as now:
            record = now.record
            if not variant:
                if record.stage == endpoints.PRODUCTION:
                    raise UsageError(
                        f"{name} is in production already", remedy="name what is to answer with --variant"
                    )
                now.says({"stage": [record.stage, endpoints.PRODUCTION]})
                now.record = replace(record, stage=endpoints.PRODUCTION)
            else:
                now.says({"variant": variant})
                _settled(record)
                _promote(now, variant, verified, how)
        return now.record

    def _variant(self, name: str, variant: str) -> Variant:
        known = {a.name: a for a in endpoints.get(self.home.office, name).arms}
        if variant not in known:
            raise Missing(f"{name} has no variant {variant!r}", remedy=did_you_mean(variant, list(known)))
        return known[variant]

    def rollback(self, name: str, reason: str = "") -> EndpointRecord:
        """Take the latest change of its models back: the configuration before it answers again."""
        before = endpoints.get(self.home.office, name).previous or {"variants": ()}
        good = {deployable(self.home, arm["package"]).digest for arm in before["variants"]}
        with self._changing(name, "endpoint.rollback", reason) as now:
            back(now)
            if not {a.digest for a in now.record.arms} <= good:
                raise _meanwhile(name)
        return now.record

    def delete(self, name: str, reason: str = "") -> EndpointRecord:
        """End an endpoint: requests under way are answered, and no others."""
        with self._changing(name, "endpoint.delete", reason) as now:
            now.record = replace(now.record, state=endpoints.DELETED, rollout=None, previous=None)
        return now.record

    def _arms(self, wanted: Sequence[Wanted]) -> list[Variant]:
        if not wanted or len(wanted) > _MOST:
            raise UsageError(
                f"an endpoint has from 1 to {_MOST} variants", remedy="name a model: --model NAME@VERSION"
            )
        arms: list[Variant] = []
        for one in wanted:
            record = deployable(self.home, one.package)
            name = endpoints.named(one.name or f"v{record.version}", "a variant")
            if name in {a.name for a in arms}:
                raise UsageError(f"two variants are called {name}", remedy="write NAME=MODEL@VERSION:SHARE")
            weight = options.weights({name: one.weight})[name]
            arms.append(
                Variant(name, record.title, record.digest, weight, one.shadow, _replicas(one.replicas))
            )
        if not any(a.weight > 0 for a in arms if not a.shadow):
            raise UsageError(
                "nobody would answer: all variants are shadows, or have no share",
                remedy="name one with --model or --variant",
            )
        return arms

    def _guarded(self, name: str, guard: Mapping[str, Any], arms: Sequence[Variant]) -> None:
        """Refused where a package has no input schema and rows should be held against it: no gateway would answer.

        Whether the firewall opens is the server's affair: its machine has the library, and whoever types this need not.
        """
        from assay.office import registry
        from assay.works.serving import guards
        from assay.works.serving.deployable import folder_of

        if guard["schema"] != "block":
            return
        asked = SimpleNamespace(name=name, guard={**guard, "firewall": "off"})
        for package in dict.fromkeys(a.package for a in arms):
            folder = folder_of(self.home, registry.get(self.home.office, package))
            guards.of(self.home, asked, folder)

    @contextmanager
    def _changing(self, name: str, action: str, reason: str) -> Iterator[Change]:
        """Give an endpoint as a transaction sees it; what it is changed into is its next revision, with the event."""
        endpoints.get(self.home.office, name)  # says which name is nearest where there is none
        with self.home.office.transaction() as tx:
            record = endpoints.current(tx, name)
            if record is None or record.state == endpoints.DELETED:
                raise Missing(f"there is no endpoint {name!r} any more")
            change = Change(replace(record, reason=_said(reason)), tx.now)
            yield change
            change.record = endpoints.write(
                tx, change.record, action, actor=self.actor, reason=change.record.reason, **change.detail
            )


class Change:
    """An endpoint that is being changed, and what the event says of it."""

    def __init__(self, record: EndpointRecord, at: str) -> None:
        self.record, self.at = record, at
        self.detail: dict[str, Any] = {}

    def says(self, detail: Mapping[str, Any]) -> None:
        """Say what changes."""
        self.detail |= detail


def _roll_out(
    now: Change, arms: Sequence[Variant], plan: Plan, before: Mapping[str, Any] | None = None
) -> None:
    record = now.record
    _settled(record)
    old, new = list(record.variants), list(endpoints.plain(arms))
    now.says({"packages": [a.package for a in arms], "strategy": plan.strategy})
    kept = before or _kept(record)
    served = record.state not in (endpoints.CREATING, endpoints.FAILED)
    if plan.strategy == "all-at-once" or not served:
        state = endpoints.UPDATING if served else endpoints.CREATING
        now.record = replace(
            record, variants=tuple(new), state=state, previous=kept if served else None, rollout=None
        )
        return
    try:
        shared = shares.blend(old, new, plan.steps[0] if plan.strategy == "canary" else 0.0)
    except shares.Clash as error:
        raise UsageError(
            f"two different variants would be called {error}", remedy="name the new one otherwise: --variant"
        ) from None
    rollout = {
        "strategy": plan.strategy,
        "from": old,
        "to": new,
        "steps": list(plan.steps),
        "at": 0,
        "since": None,  # until a server has its models ready
        **plan.watched(),
    }
    now.record = replace(
        record, variants=tuple(shared), state=endpoints.UPDATING, previous=kept, rollout=rollout
    )


def _promote(now: Change, variant: str, verified: str, plan: Plan) -> None:
    """Let one variant answer everything. A shadow is no longer one; the very processes that ran beside go on."""
    record = now.record
    chosen = [a for a in record.arms if a.name == variant and a.digest == verified]
    if not chosen:
        raise _meanwhile(record.name)
    kept = _kept(record)
    if chosen[0].shadow:
        arms = [replace(a, shadow=False, weight=0.0) if a.name == variant else a for a in record.arms]
        now.record = replace(record, variants=endpoints.plain(arms))
    _roll_out(now, [replace(chosen[0], shadow=False, weight=1.0)], plan, kept)


def _meanwhile(name: str) -> UsageError:
    return UsageError(
        f"the endpoint {name} was changed meanwhile", remedy=f"look again: assay endpoint show {name}"
    )


def back(now: Change) -> None:
    """Let the configuration before answer again; UsageError where there is none."""
    record = now.record
    if record.previous is None:
        raise UsageError(f"{record.name} has no configuration before this one")
    other = _kept(record) if record.rollout is None else None
    variants = tuple(dict(v) for v in record.previous["variants"])
    now.says({"packages": [v["package"] for v in variants], "from_revision": record.previous["revision"]})
    now.record = replace(record, variants=variants, previous=other, rollout=None, state=endpoints.UPDATING)


def _kept(record: EndpointRecord) -> dict[str, Any]:
    return {"variants": [dict(v) for v in record.variants], "revision": record.revision}


def _settled(record: EndpointRecord) -> None:
    if record.rollout is not None:
        raise Refused(
            f"a change of {record.name} is being rolled out",
            remedy=f"wait for it, or take it back: assay endpoint rollback {record.name}",
        )


def _replicas(number: int) -> int:
    if not 1 <= number <= _REPLICAS:
        raise UsageError(f"a variant has from 1 to {_REPLICAS} replicas, and not {number}")
    return number


def _said(reason: str) -> str:
    told = reason.strip()
    if len(told) > _REASON or not all(c.isprintable() or c in "\n\t" for c in told):
        raise UsageError(f"a reason is up to {_REASON} printable characters")
    return told


def _shown(value: Any) -> Any:
    return [v["package"] for v in value] if isinstance(value, tuple) else value
