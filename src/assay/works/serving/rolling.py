"""A change of an endpoint carried on by servers: ready, a step further, back, or failed. Each is one transaction, done once.

Several servers may look after one endpoint: whoever acts says which revision it saw, and acts upon no other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from assay.methods.routing import canary, domain, shares, slower
from assay.methods.routing.tally import Tally
from assay.office import endpoints
from assay.office.endpoints import EndpointRecord

if TYPE_CHECKING:
    from assay.works.home import Home

ACTOR = "assay serve"


@dataclass(frozen=True, slots=True)
class Total:
    """What a variant has answered since its server began, of that how much failed, and what it said."""

    requests: int = 0
    failed: int = 0
    tally: Tally = field(default_factory=Tally)

    def since(self, before: Total | None) -> Total:
        """Return what came since it was ``before``."""
        if before is None:
            return self
        requests, failed = self.requests - before.requests, self.failed - before.failed
        return Total(requests, failed, self.tally.since(before.tally))


@dataclass(frozen=True, slots=True)
class Totals:
    """Totals of a server. asked: endpoint, variant → requests, of them failed; tallies: endpoint, variant, digest → answers."""

    asked: Mapping[tuple[str, str], tuple[int, int]] = field(default_factory=dict)
    tallies: Mapping[tuple[str, str, str], Tally] = field(default_factory=dict)

    def of(self, endpoint: str, arm: Mapping[str, Any]) -> Total:
        """Return what one variant has answered."""
        requests, failed = self.asked.get((endpoint, arm["name"]), (0, 0))
        return Total(requests, failed, self.tallies.get((endpoint, arm["name"], arm["digest"])) or Tally())


@dataclass
class Roller:
    """Carries on the changes of a home's endpoints. now: seconds of a clock that only goes on."""

    home: Home
    now: Callable[[], float]
    _since: dict[str, tuple[int, float, dict[str, Total]]] = field(default_factory=dict)
    _told: dict[str, int] = field(
        default_factory=dict
    )  # endpoint → of which revision it was said that it is held up

    def ready(self, record: EndpointRecord) -> None:
        """All models of this revision answer: what was being made or updated is in service, or begins its first step."""
        if record.state not in (endpoints.CREATING, endpoints.UPDATING, endpoints.FAILED):
            return
        if record.rollout is None:
            self._settle(record, "endpoint.ready", state=endpoints.IN_SERVICE)
        elif record.rollout["since"] is None:
            with self.home.office.transaction() as tx:
                now = endpoints.current(tx, record.name)
                if now is not None and now.revision == record.revision and now.rollout is not None:
                    rollout = {**now.rollout, "since": tx.now}
                    self._write(tx, replace(now, rollout=rollout), "endpoint.step", step=self._step(rollout))

    def failed(self, record: EndpointRecord, why: str) -> None:
        """A model of this revision cannot be started: the configuration before answers on, or the endpoint has failed."""
        if record.state in (endpoints.CREATING, endpoints.UPDATING) and record.previous is not None:
            self._back(record, f"its model could not be started: {why}"[:900])
        elif record.state == endpoints.CREATING:
            self._settle(record, "endpoint.failed", state=endpoints.FAILED, reason=why[:900])

    def step(self, record: EndpointRecord, totals: Totals) -> None:
        """Look whether a rollout goes on, or back, by what its new variants have answered since its step began."""
        rollout = record.rollout
        if rollout is None or rollout["since"] is None:
            self._since.pop(record.name, None)
            return
        new = {a["name"]: a for a in rollout["to"] if not a["shadow"]}
        old = {a["name"]: a for a in rollout["from"] if not a["shadow"] and a["name"] not in new}
        now = {n: totals.of(record.name, a) for n, a in (new | old).items()}
        held = self._since.get(record.name)
        if held is None or held[0] != record.revision:
            self._since[record.name] = (record.revision, self.now(), now)
            return
        _, began, then = held
        fresh, earlier = (_added([now[n].since(then.get(n)) for n in arms]) for arms in (new, old))
        whole = _added([now[n] for n in old])
        limits = _limits(rollout, record)
        seen = canary.Seen(
            fresh.requests,
            fresh.failed,
            self.now() - began,
            fresh.tally,
            _reference(earlier.tally, whole.tally),
            self._alarms(record, limits, str(rollout["since"])),
        )
        said = canary.judged(seen, limits)
        if said.says == "back":
            self._back(record, said.why, **said.figures)
        elif said.says == "on":
            self._on(record, rollout, said.figures)
        elif said.why:
            self._held_up(record, said)

    def _alarms(self, record: EndpointRecord, limits: canary.Limits, since: str) -> list[str]:
        if limits.alarms == "ignore":
            return []
        from assay.office import monitors

        return monitors.alarmed(self.home.office, record.name, since)

    def _held_up(self, record: EndpointRecord, said: canary.Judged) -> None:
        """Say once of a step that it does not go on, and why."""
        if self._told.get(record.name) == record.revision:
            return
        self._told[record.name] = record.revision
        with self.home.office.transaction() as tx:
            detail = {"revision": record.revision, "reason": said.why[:900], **said.figures}
            tx.record("endpoint.held", record.urn, actor=ACTOR, detail=detail)

    def _on(self, record: EndpointRecord, rollout: Mapping[str, Any], told: Mapping[str, Any]) -> None:
        at, steps = int(rollout["at"]) + 1, rollout["steps"]
        if at >= len(steps):
            variants = tuple(dict(v) for v in rollout["to"])
            self._settle(
                record,
                "endpoint.ready",
                state=endpoints.IN_SERVICE,
                variants=variants,
                rollout=None,
                told=told,
            )
            return
        shared = tuple(shares.blend(rollout["from"], rollout["to"], float(steps[at])))
        with self.home.office.transaction() as tx:
            now = endpoints.current(tx, record.name)
            if now is None or now.revision != record.revision:
                return
            further = {**rollout, "at": at, "since": tx.now}
            self._write(
                tx,
                replace(now, variants=shared, rollout=further),
                "endpoint.step",
                step=self._step(further),
                **told,
            )

    def _step(self, rollout: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "at": rollout["at"] + 1,
            "of": len(rollout["steps"]),
            "share": rollout["steps"][rollout["at"]],
        }

    def _back(self, record: EndpointRecord, why: str, **told: Any) -> None:
        from assay.works.serving.changing import Change, back

        with self.home.office.transaction() as tx:
            now = endpoints.current(tx, record.name)
            if now is None or now.revision != record.revision or now.previous is None:
                return
            change = Change(replace(now, reason=why), tx.now)
            back(change)
            # What could not be started, or failed, is no configuration to go back to.
            left = replace(change.record, previous=None)
            self._write(tx, left, "endpoint.rollback", reason=why, **told, **change.detail)

    def _settle(
        self, record: EndpointRecord, action: str, *, told: Mapping[str, Any] | None = None, **values: Any
    ) -> None:
        with self.home.office.transaction() as tx:
            now = endpoints.current(tx, record.name)
            if now is not None and now.revision == record.revision:
                said = {"reason": values["reason"]} if values.get("reason") else {}
                self._write(tx, replace(now, **values), action, **said, **(told or {}))

    def _write(self, tx: Any, record: EndpointRecord, action: str, **detail: Any) -> None:
        endpoints.write(tx, record, action, actor=ACTOR, **detail)


def _added(totals: Sequence[Total]) -> Total:
    tally = Tally()
    for one in totals:
        tally.plus(one.tally)
    return Total(sum(t.requests for t in totals), sum(t.failed for t in totals), tally)


def _reference(step: Tally, whole: Tally) -> Tally:
    """Return what the variants of before answered in this step, or where that is too little, ever since the server began."""
    pace = step.seconds if step.seconds.n >= slower.LEAST else whole.seconds
    said = step if step.rows >= domain.LEAST else whole
    return Tally(pace, said.rows, said.labels, said.numbers, said.others, said.missing)


def _limits(rollout: Mapping[str, Any], record: EndpointRecord) -> canary.Limits:
    """Return what a rollout is judged by; one that was begun by an earlier version is judged by its failures alone.

    Callers who stay with a variant are no lot drawn of all callers: other shares of answers say nothing of the model then.
    """
    more = {k: rollout[k] for k in ("slower", "outside", "shift", "alarms") if k in rollout}
    if record.sticky:
        more["shift"] = 1.0
    return canary.Limits(rollout["every"], rollout["least"], rollout["errors"], **more)
