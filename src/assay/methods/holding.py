"""Metrics held against a fairness policy: which are beyond their limit, and which could not be told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from assay.methods.judging import WORDS
from assay.methods.limits import HIGHER, Limit, Policy, is_ratio


class Told(Protocol):
    """A metric as a report holds it."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def value(self) -> float | int | None:
        """Its value, None with a reason."""

    @property
    def of(self) -> Mapping[str, Any]:
        """What it is about."""

    @property
    def reason(self) -> str | None:
        """Why it has no value."""


@dataclass(frozen=True, slots=True)
class Beyond:
    """A metric beyond its limit, or (limit None) one that a policy limits and nobody could tell; in words."""

    metric: str
    of: Mapping[str, str]
    words: str
    limit: Limit | None = None

    @property
    def what(self) -> str:
        """Return what it is about, in words."""
        return about(self.metric, self.of)

    @property
    def where(self) -> dict[str, str]:
        """Return its place, as a finding holds it."""
        return dict(self.of) | ({"column": self.of["facet"]} if "facet" in self.of else {})

    @property
    def sentence(self) -> str:
        """Return it as a sentence without its full stop."""
        whose = about("", self.of).removeprefix(" of ")
        return f"{whose}: {self.words}" if whose else self.words[:1].upper() + self.words[1:]


def about(metric: str, of: Mapping[str, Any]) -> str:
    """Return a metric and whose it is, in words: ``DPPL of sex = Female``."""
    facet = str(of.get("facet", ""))
    whose = facet
    if "group" in of:
        whose = str(of["group"]) if " & " in facet else f"{facet} = {of['group']}"
    whose += f", class {of['class']}" if "class" in of else ""
    return f"{metric} of {whose}" if whose else metric


def held(
    policy: Policy,
    metrics: Iterable[Told],
    scope: Iterable[str],
    small: Iterable[tuple[str, str]],
) -> list[Beyond]:
    """Return what is beyond a limit, and what could not be told.

    scope: the metrics that this check tells; small: (facet, group) of those that are too small to be judged.
    """
    out, seen, few = [], set(), set(small)
    for metric in metrics:
        facet, group = str(metric.of.get("facet", "")), str(metric.of.get("group", ""))
        limit = policy.limit(metric.name, facet)
        seen.add(metric.name)
        if limit is None or (facet, group) in few:
            continue
        of = {k: str(v) for k, v in metric.of.items()}
        reason = metric.reason or ""
        if limit.beyond(metric.value, reason):
            out.append(Beyond(metric.name, of, _beyond(metric.value, reason, limit), limit))
        elif metric.value is None and group != "(missing)":
            out.append(Beyond(metric.name, of, reason))
    asked = dict.fromkeys(m for own in (policy.metrics, *policy.facets.values()) for m, v in own.items() if v)
    told = set(scope)
    out += [
        Beyond(m, {}, "the policy limits it, and of this outcome it is not told")
        for m in asked
        if m in told and m not in seen
    ]
    return out


def _beyond(value: float | int | None, reason: str, limit: Limit) -> str:
    shown = reason if value is None else f"{value:.3f}" if abs(value) >= 0.0005 else f"{value:.2g}"
    least = is_ratio(limit.metric) or limit.metric in HIGHER
    allowed = f"at least {limit.limit:g}" if least else f"at most {limit.limit:g}"
    inverse = ", either way" if is_ratio(limit.metric) else ""
    return f"{WORDS.get(limit.metric, limit.metric)} is {shown}, and {limit.place} allows {allowed}{inverse}"
