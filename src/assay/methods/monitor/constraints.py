"""constraints.json of SageMaker Model Monitor: what a table must hold; suggested of statistics, read in all spellings, written in one.

Thresholds that a file does not say are those that the documentation gives now: 0.1. What is suggested says 1.0 for types and
domains, as the container's own files do: every value must fit.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from assay.methods.monitor.statistics import Column, Inferred, Statistics

Method = Literal["Simple", "Robust"]
Drift = Literal["LInfinity", "ChiSquared"]
MOST_DOMAIN = 50  # different texts of a column of which a domain is suggested
SHARE_DOMAIN = 0.05  # of the rows that may differ in one
_ENABLED, _DISABLED = ("enabled", "true", "1"), ("disabled", "false", "0")
_TYPES: tuple[Inferred, ...] = ("Integral", "Fractional", "String", "Unknown")
_METHODS = ("simple", "robust", "linf_simple", "linf_robust")
_DRIFTS = ("linfinity", "l-infinity", "linf", "chisquared", "chi_squared", "chi-squared")


@dataclass(frozen=True, slots=True)
class Config:
    """How constraints are evaluated. types, domains: the least share of values that must fit. distance: the greatest of a
    distribution from its baseline, of numbers and of texts. drift: how texts are compared; p: with ChiSquared, ``categories``
    is the least p-value where the method is Robust, and the greatest statistic where it is Simple.
    """

    evaluate: bool = True
    metrics: bool = True
    types: float = 0.1
    domains: float = 0.1
    compare: bool = True
    distance: float = 0.1
    method: Method = "Robust"
    categories: float = 0.1
    drift: Drift = "LInfinity"

    def to_dict(self) -> dict[str, Any]:
        """Return it as Model Monitor writes it."""
        return {
            "evaluate_constraints": _switch(self.evaluate),
            "emit_metrics": _switch(self.metrics),
            "datatype_check_threshold": self.types,
            "domain_content_threshold": self.domains,
            "distribution_constraints": {
                "perform_comparison": _switch(self.compare),
                "comparison_threshold": self.distance,
                "comparison_method": self.method,
                "categorical_comparison_threshold": self.categories,
                "categorical_drift_method": self.drift,
            },
        }


@dataclass(frozen=True)
class Feature:
    """What a column must hold. completeness: the least share of rows with a value. domain: the texts that may come.

    more: what a person, or another tool, said beside it, which is kept.
    """

    name: str
    inferred: Inferred
    completeness: float | None = None
    non_negative: bool | None = None
    domain: tuple[str, ...] | None = None
    overrides: Mapping[str, Any] = field(default_factory=dict)
    more: Mapping[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return it as Model Monitor writes it."""
        out: dict[str, Any] = {"name": self.name, "inferred_type": self.inferred}
        if self.completeness is not None:
            out["completeness"] = self.completeness
        if self.non_negative is not None:
            out["num_constraints"] = {"is_non_negative": self.non_negative}
        if self.domain is not None:
            out["string_constraints"] = {"domains": list(self.domain)}
        if self.overrides:
            out["monitoringConfigOverrides"] = dict(self.overrides)
        return {**self.more, **out}


@dataclass(frozen=True)
class Constraints:
    """What a table's columns must hold, and how that is evaluated."""

    features: tuple[Feature, ...]
    config: Config = Config()

    def to_dict(self) -> dict[str, Any]:
        """Return it as Model Monitor writes it."""
        return {
            "version": 0.0,
            "features": [f.to_dict() for f in self.features],
            "monitoring_config": self.config.to_dict(),
        }

    def of(self, feature: Feature) -> Config:
        """Return how a feature is evaluated: as the file says of all, unless it says otherwise of this one."""
        return _config(feature.overrides, self.config) if feature.overrides else self.config


def suggested(statistics: Statistics, *, most: int = MOST_DOMAIN) -> Constraints:
    """Return constraints that a baseline keeps itself: its types and completeness, no negative numbers where it has none, and
    domains of texts that are few.
    """
    found = tuple(_suggested(c, most) for c in statistics.columns.values())
    return Constraints(found, Config(types=1.0, domains=1.0))


def _suggested(column: Column, most: int) -> Feature:
    non_negative: bool | None = None
    domain: tuple[str, ...] | None = None
    if column.numeric and column.present:
        non_negative = not column.least < 0
    elif column.values is not None and 0 < column.distinct <= most:
        few = column.distinct <= max(2, SHARE_DOMAIN * column.present)
        domain = tuple(sorted(column.values)) if few else None
    return Feature(column.name, column.inferred, column.completeness, non_negative, domain)


def read(raw: Any) -> Constraints:
    """Read a constraints.json in any spelling; ValueError where it is none."""
    if not isinstance(raw, Mapping) or not isinstance(raw.get("features"), list):
        raise ValueError("it is no constraints.json: there are no features in it")
    try:
        features = tuple(_read(f) for f in raw["features"])
        names = [f.name for f in features]
        if not names:
            raise ValueError("constraints.json constrains no column")
        if len(set(names)) < len(names):
            twice = next(n for i, n in enumerate(names) if n in names[:i])
            raise ValueError(f"constraints.json names the feature {twice[:60]!r} twice")
        for feature in features:
            _config(feature.overrides, Config())  # what cannot be read is told now
        config = _config(raw.get("monitoring_config") or {}, Config())
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"it is no constraints.json: {type(error).__name__} of {error}") from error
    return Constraints(features, config)


_OVERRIDES = ("monitoringConfigOverrides", "monitoring_config_overrides")
_KNOWN = ("name", "inferred_type", "completeness", "num_constraints", "string_constraints", *_OVERRIDES)


def _read(raw: Mapping[str, Any]) -> Feature:
    numbers, texts = raw.get("num_constraints") or {}, raw.get("string_constraints") or {}
    overrides: Mapping[str, Any] = {}
    for place in (raw, numbers, texts):
        for key in _OVERRIDES:
            overrides = place.get(key) or overrides
    name, inferred = raw["name"], raw.get("inferred_type") or "Unknown"
    if not isinstance(name, str) or not name:
        raise ValueError(f"a feature of constraints.json is called {str(name)[:60]!r}, which is no name")
    if inferred not in _TYPES:
        raise ValueError(
            f"inferred_type of {name[:60]} is {str(inferred)[:60]!r}, and one of {', '.join(_TYPES)}"
        )
    domains = texts.get("domains")
    if domains is not None and not isinstance(domains, list):
        raise ValueError(f"domains of {name[:60]} is no list")
    complete, negative = raw.get("completeness"), numbers.get("is_non_negative")
    return Feature(
        name,
        inferred,
        None if complete is None else _number(complete, f"completeness of {name[:60]}", 0.0, most=1.0),
        None if negative is None else _on(negative, f"is_non_negative of {name[:60]}"),
        None if domains is None else tuple(map(str, domains)),
        overrides,
        {k: v for k, v in raw.items() if k not in _KNOWN},
    )


def _config(raw: Mapping[str, Any], base: Config) -> Config:
    compare = raw.get("distribution_constraints") or {}
    named = {k.replace("comparion", "comparison"): v for k, v in compare.items()}  # as one sample spells it
    method = _one_of(named.get("comparison_method") or base.method, "comparison_method", _METHODS)
    drift = _one_of(named.get("categorical_drift_method") or base.drift, "categorical_drift_method", _DRIFTS)
    distance = _number(named.get("comparison_threshold"), "comparison_threshold", base.distance)
    own = "comparison_threshold" in named
    return Config(
        _on(raw.get("evaluate_constraints", base.evaluate), "evaluate_constraints"),
        _on(raw.get("emit_metrics", base.metrics), "emit_metrics"),
        _number(raw.get("datatype_check_threshold"), "datatype_check_threshold", base.types, most=1.0),
        _number(raw.get("domain_content_threshold"), "domain_content_threshold", base.domains, most=1.0),
        _on(named.get("perform_comparison", base.compare), "perform_comparison"),
        distance,
        "Simple" if method.endswith("simple") else "Robust",
        _number(
            named.get("categorical_comparison_threshold"),
            "categorical_comparison_threshold",
            distance if own else base.categories,
        ),
        "ChiSquared" if drift.startswith("chi") else "LInfinity",
    )


def _number(value: Any, what: str, otherwise: float, most: float = math.inf) -> float:
    """Return a number from 0 to ``most``; ValueError for anything else, which would hold nothing."""
    if value is None:
        return otherwise
    try:
        found = float(value)
    except (TypeError, ValueError):
        found = math.nan
    if isinstance(value, bool) or not math.isfinite(found) or not 0 <= found <= most:
        upto = "0 on" if most == math.inf else f"0 to {most:g}"
        raise ValueError(f"{what} is {str(value)[:60]!r}, and a number from {upto}")
    return found


def _on(value: Any, what: str) -> bool:
    said = str(value).lower()
    if said not in (*_ENABLED, *_DISABLED):
        raise ValueError(f"{what} is {str(value)[:60]!r}, and Enabled or Disabled")
    return said in _ENABLED


def _one_of(value: Any, what: str, words: tuple[str, ...]) -> str:
    said = str(value).lower()
    if said not in words:
        raise ValueError(f"{what} is {str(value)[:60]!r}, and one of {', '.join(words)}")
    return said


def _switch(on: bool) -> str:
    return "Enabled" if on else "Disabled"
