"""What is to answer for an endpoint, and how it takes over from what answered before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from assay.kernel.errors import UsageError
from assay.methods.nearest import did_you_mean
from assay.methods.routing import canary

STRATEGIES = ("all-at-once", "blue-green", "canary")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a person asks for as one variant. package: ``name@version`` or ``name@alias``. name: else ``v`` and its version."""

    package: str
    name: str = ""
    weight: float = 1.0
    shadow: bool = False
    replicas: int = 1


@dataclass(frozen=True, slots=True)
class Plan:
    """How a new configuration takes over. steps: its share at each, the last 1. every: seconds that a step lasts.

    errors: the share of failed answers that takes it back; least: answers that a step must have seen. slower, outside, shift,
    alarms: what else holds it up or takes it back, as methods/routing/canary says.
    """

    strategy: str = "all-at-once"
    steps: Sequence[float] = (0.1, 0.5, 1.0)
    every: float = 60.0
    errors: float = 0.02
    least: int = 20
    slower: float = 1.5
    outside: float = 0.05
    shift: float = 0.25
    alarms: str = "hold"

    def checked(self) -> Plan:
        """Return it, or UsageError where it cannot be carried out."""
        if self.strategy not in STRATEGIES:
            raise UsageError(
                f"there is no strategy {self.strategy!r}", remedy=did_you_mean(self.strategy, STRATEGIES)
            )
        steps = (1.0,) if self.strategy == "blue-green" else tuple(map(float, self.steps))
        rising = all(a < b for a, b in pairwise(steps))
        if not steps or len(steps) > 20 or not rising or not steps[0] > 0 or steps[-1] != 1:
            raise UsageError("the steps rise to all of the traffic", remedy="write them as 10,50,100")
        if not 0 <= self.every <= 86_400 or not 0 <= self.errors <= 1 or not 0 <= self.least <= 10**9:
            raise UsageError("a step lasts up to a day, and between none and all of its answers may fail")
        if not (self.slower == 0 or 1 <= self.slower <= 1000):
            raise UsageError(
                "a new version may be from 1 to 1,000 times as slow, or 0 for as slow as it likes"
            )
        if not 0 <= self.outside <= 1 or not 0 <= self.shift <= 1:
            raise UsageError("of its answers from none (0) to all (1) may be others than those of before")
        if self.alarms not in canary.ALARMS:
            raise UsageError(
                f"an alarm cannot do {self.alarms!r}", remedy=did_you_mean(self.alarms, canary.ALARMS)
            )
        return replace(self, steps=steps)

    def watched(self) -> dict[str, Any]:
        """Return what a rollout is judged by, as an endpoint's record holds it."""
        names = ("every", "errors", "least", "slower", "outside", "shift", "alarms")
        return {name: getattr(self, name) for name in names}
