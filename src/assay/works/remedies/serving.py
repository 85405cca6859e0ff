"""What is done to an endpoint: rolled back, traffic shifted, a rule put in the model's place, senders refused for a while."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assay.kernel.action import Begun, Made
from assay.kernel.errors import Refused, UsageError
from assay.works.remedies.remedy import Remedy, prefix


class ToEndpoint(Remedy):
    """Something done to an endpoint by the verb that a person would use."""

    def _call(self, verb: str, **params: Any) -> Made:
        from assay.works.call import call

        given = {"name": self.monitor.endpoint, "reason": self.reason, **params}
        if not self.monitor.endpoint:
            raise UsageError(
                f"{self.monitor.name} watches no endpoint, so there is nothing to {self.asked.verb}"
            )
        found = call(verb, given, home=self.home, actor=self.actor)
        return {"endpoint": found["name"], "revision": found["revision"], "changed": found["event"]}

    def happened(self, begun: Begun) -> Made | None:
        """Whether the endpoint was changed since, for this very reason."""
        from assay.office import history

        for state in history.of(self.home.office, "endpoints", self.monitor.endpoint):
            said = state.value or {}
            if state.seq > begun.seq and f"[{self.asked.mark}]" in str(said.get("reason", "")):
                return {"endpoint": self.monitor.endpoint, "revision": said["revision"], "changed": state.seq}
        return None


class Rollback(ToEndpoint):
    """Back to the configuration before; never forth again to one that was rolled back from."""

    verb = "rollback"

    def do(self, begun: Begun) -> Made:
        """Roll back; Refused where what answers now is what an earlier rollback left."""
        from assay.office import actions, endpoints

        now = endpoints.get(self.home.office, self.monitor.endpoint)
        for record in actions.keyed(self.home.office, prefix(self.verb, self.asked.target)):
            if record.state == "done" and _variants(now.variants) == record.detail.get("variants"):
                raise Refused(
                    f"{now.name} was rolled back to what answers now, and what was before that was bad",
                    remedy="have another model approved, or put a fallback in its place",
                )
        done = self._call("endpoint.rollback")
        after = endpoints.get(self.home.office, self.monitor.endpoint)
        return {**done, "variants": _variants(after.variants)}

    def happened(self, begun: Begun) -> Made | None:
        """Whether it was rolled back since."""
        from assay.office import endpoints

        done = super().happened(begun)
        if done is None:
            return None
        return {
            **done,
            "variants": _variants(endpoints.get(self.home.office, self.monitor.endpoint).variants),
        }


class Shift(ToEndpoint):
    """Other shares for the variants: those that are said, or none for those that the violation comes from."""

    verb = "shift"

    def do(self, begun: Begun) -> Made:
        """Give the variants other shares; UsageError where nobody else could answer."""
        weights = self.asked.said.get("weights") or self._away()
        return {**self._call("endpoint.traffic", weights=weights), "weights": weights}

    def _away(self) -> Mapping[str, float]:
        from assay.office import endpoints

        arms = [a for a in endpoints.get(self.home.office, self.monitor.endpoint).arms if not a.shadow]
        bad = set(self.diagnosis.get("variants") or ())
        if not bad or not any(a.weight for a in arms if a.name not in bad):
            raise UsageError("no variant stands out that traffic could be shifted away from")
        return {a.name: 0.0 if a.name in bad else a.weight for a in arms}


class Fallback(ToEndpoint):
    """A constant or a small rule, which answers in the model's place until somebody takes it away."""

    verb = "fallback"

    def do(self, begun: Begun) -> Made:
        """Put it there."""
        return self._call("endpoint.update", fallback=dict(self.asked.said))


class Quarantine(ToEndpoint):
    """Whoever sends what is wrong is refused for a while."""

    verb = "quarantine"

    def do(self, begun: Begun) -> Made:
        """Refuse them; nothing is done where nobody stands out."""
        said = self.asked.said
        worst: dict[str, float] = {}
        for column in self.diagnosis.get("columns", ()):
            for caller in column["callers"]:
                if caller["carries"] and caller["share"] >= said["share"]:
                    worst[caller["name"]] = max(worst.get(caller["name"], 0.0), caller["share"])
        callers = sorted(worst, key=lambda c: (-worst[c], c))[: int(said["most"])]
        if not callers:
            return {"blocked": [], "why": "nobody stands out by what they send"}
        done = self._call("endpoint.update", blocked=dict.fromkeys(callers, said["for"]))
        return {**done, "blocked": callers, "for": said["for"]}


def _variants(variants: Any) -> list[list[Any]]:
    return [[v["name"], v["package"], v["digest"], bool(v.get("shadow"))] for v in variants]
