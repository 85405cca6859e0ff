"""A fairness policy: the limits that a committee has set, a metric each, and other ones for a facet. YAML.

``metrics:`` names metrics, each with its limit, or with ``limit`` and ``severity``; ``facets:`` names columns, and below
each the metrics that are limited otherwise there, or ``none`` where one is not limited. A difference is beyond its limit
where it is further from 0, a ratio where it or its inverse is smaller.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assay.kernel.severity import SEVERITIES
from assay.methods import fairness
from assay.methods.amounts import AMOUNTS, ERRORS
from assay.methods.bias import POST_TRAINING, PRE_TRAINING
from assay.methods.document import Node, Place, only, part, read
from assay.methods.nearest import did_you_mean

BEFORE = (*PRE_TRAINING, "impact_ratio", "impact_p_value", *AMOUNTS)
AFTER = tuple(
    dict.fromkeys(
        (*POST_TRAINING, *fairness.PAIR, *fairness.GROUP, *fairness.FACET, *fairness.WHOLE, *AMOUNTS, *ERRORS)
    )
)
KNOWN = tuple(dict.fromkeys((*BEFORE, *AFTER)))
_PARTS = ("metrics", "facets", "min_group", "name")
_RULE = ("limit", "severity")
HIGHER = ("consistency", "impact_p_value", "ks_p_value")  # fine where they are large
_DEFAULT = "high"


@dataclass(frozen=True, slots=True)
class Limit:
    """One metric's limit and how grave it is to be beyond it. place: file and line."""

    metric: str
    limit: float
    severity: str
    place: str

    def beyond(self, value: float | None, reason: str = "") -> bool:
        """Whether a value is beyond the limit; of an infinite one the reason is told instead."""
        if value is None:
            return "infinite" in reason
        if self.metric in HIGHER:
            return value < self.limit
        if is_ratio(self.metric):
            return value <= 0 or min(value, 1 / value) < self.limit
        return abs(value) > self.limit


def is_ratio(metric: str) -> bool:
    """Whether a metric is a ratio, whose neutral value is 1."""
    return metric == "DI" or metric.endswith("_ratio")


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy that was read. facets: limits of a facet's own, None where a metric is not limited there."""

    metrics: Mapping[str, Limit]
    facets: Mapping[str, Mapping[str, Limit | None]]
    places: Mapping[str, Place]
    min_group: int | None = None

    def limit(self, metric: str, facet: str = "") -> Limit | None:
        """Return a metric's limit of a facet, or None."""
        own = self.facets.get(facet, {})
        return own[metric] if metric in own else self.metrics.get(metric)

    def check(self, columns: Iterable[str], asked: Iterable[str]) -> list[str]:
        """Return the facets that it limits and nobody asked about; UsageError where the table has no such column."""
        known, named = list(columns), list(asked)
        for name, place in self.places.items():
            parts = name.split(" & ")
            lacking = next((p for p in parts if p not in known), None)
            if lacking is not None:
                raise place.error(f"the table has no column {lacking!r}", did_you_mean(lacking, known))
        return [name for name in self.places if name not in named]


def read_limits(path: Path) -> Policy:
    """Read a policy; UsageError names file, line and the nearest name."""
    top = read(path, "write one: `metrics:`, and below it `DPPL: 0.1`")
    given = top.parts("a fairness policy", _PARTS)
    metrics: dict[str, Limit] = {}
    for name, node in part(given, "metrics").items():
        limit = _limit(name, node)
        if limit is None:
            raise node.place.error(f"{name} has no limit", "leave it out, or write a number")
        metrics[name] = limit
    own: dict[str, dict[str, Limit | None]] = {}
    places: dict[str, Place] = {}
    for facet, node in part(given, "facets").items():
        places[facet] = node.place
        own[facet] = {n: _limit(n, inner) for n, inner in node.mapping(f"the facet {facet!r}").items()}
    if not metrics and not any(own.values()):
        raise top.place.error("limits nothing", "write `metrics:`, and below it `DPPL: 0.1`")
    return Policy(metrics, own, places, _min_group(given.get("min_group")))


def _min_group(node: Node | None) -> int | None:
    if node is None:
        return None
    if isinstance(node.value, bool) or not isinstance(node.value, int) or not 1 <= node.value <= 10**9:
        raise node.place.error(f"min_group takes a whole number of at least 1, and is {node.shown}")
    return node.value


def _limit(metric: str, node: Node) -> Limit | None:
    if metric not in KNOWN:
        raise node.place.error(f"there is no metric {metric!r}", did_you_mean(metric, KNOWN))
    if node.value == "none":
        return None
    said = node.value if isinstance(node.value, dict) else {"limit": node}
    only(said, metric, _RULE)
    if "limit" not in said:
        raise node.place.error(f"{metric} says no limit", "write `limit: 0.1`, say")
    number = _number(metric, said["limit"])
    grave = said["severity"].text("severity") if "severity" in said else _DEFAULT
    if grave not in SEVERITIES:
        raise said["severity"].place.error(f"severity cannot be {grave!r}", did_you_mean(grave, SEVERITIES))
    return Limit(metric, number, grave, str(node.place))


def _number(metric: str, node: Node) -> float:
    value: Any = node.value
    if (
        isinstance(value, bool)
        or not isinstance(value, (int, float))
        or not math.isfinite(value)
        or value < 0
    ):
        raise node.place.error(f"the limit of {metric} must be a number of at least 0, and is {node.shown}")
    if is_ratio(metric) and not 0 < value <= 1:
        raise node.place.error(
            f"the limit of {metric}, a ratio, is {value:g}", "write the least that is allowed, such as 0.8"
        )
    return float(value)
