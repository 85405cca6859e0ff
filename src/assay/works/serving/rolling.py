"""A change of an endpoint carried on by servers: ready, a step further, back, or failed. Each is one transaction, done once.

Several servers may look after one endpoint: whoever acts says which revision it saw, and acts upon no other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from assay.methods.routing import canary, shares
from assay.office import endpoints
from assay.office.endpoints import EndpointRecord

if TYPE_CHECKING:
    from assay.works.home import Home

ACTOR = "assay serve"
Totals = Mapping[tuple[str, str], tuple[int, int]]  # endpoint, variant → requests, of them failed


@dataclass
class Roller:
    """Carries on the changes of a home's endpoints. now: seconds of a clock that only goes on."""

    home: Home
    now: Callable[[], float]
    _since: dict[str, tuple[int, float, dict[str, tuple[int, int]]]] = field(default_factory=dict)

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
        names = [a["name"] for a in rollout["to"] if not a["shadow"]]
        seen = {n: totals.get((record.name, n), (0, 0)) for n in names}
        held = self._since.get(record.name)
        if held is None or held[0] != record.revision:
            self._since[record.name] = (record.revision, self.now(), seen)
            return
        _, began, before = held
        requests = sum(seen[n][0] - before.get(n, (0, 0))[0] for n in names)
        errors = sum(seen[n][1] - before.get(n, (0, 0))[1] for n in names)
        limits = canary.Limits(rollout["every"], rollout["least"], rollout["errors"])
        said = canary.verdict(canary.Seen(requests, errors, self.now() - began), limits)
        told = {"requests": requests, "failed": errors}
        if said == "back":
            self._back(record, f"{errors} of {requests} answers failed", **told)
        elif said == "on":
            self._on(record, rollout, told)

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
