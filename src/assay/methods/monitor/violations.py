"""constraint_violations.json of SageMaker Model Monitor: where a window breaks the constraints of its baseline.

Every check that Model Monitor documents, by its name: data_type_check, completeness_check, baseline_drift_check,
missing_column_check, extra_column_check, categorical_values_check. And one that it evaluates without a name of its own,
is_non_negative, which is written as ``non_negative_check``.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from assay.methods.monitor.constraints import Config, Constraints, Feature
from assay.methods.monitor.distances import CHI_SQUARED, categorical, chi_squared, numerical
from assay.methods.monitor.statistics import Column, Statistics

CHECKS = (
    "data_type_check", "completeness_check", "baseline_drift_check", "missing_column_check", "extra_column_check",
    "categorical_values_check", "non_negative_check",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Violation:
    """One broken constraint. observed: what was found, threshold: what was to be; both None where it is no number."""

    feature: str
    check: str
    description: str
    observed: float | None = None
    threshold: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return it as Model Monitor writes it."""
        return {
            "feature_name": self.feature,
            "constraint_check_type": self.check,
            "description": self.description,
        }


@dataclass(frozen=True, slots=True)
class Distance:
    """How far a column lies from its baseline. measure: which distance; None: it cannot be told, because of ``reason``."""

    feature: str
    value: float | None
    threshold: float
    measure: str
    numbers: bool = True
    reason: str = ""
    worse_below: bool = False  # a p-value is the worse the smaller it is

    @property
    def exceeds(self) -> bool:
        """Whether it is drift."""
        if self.value is None:
            return False
        return self.value < self.threshold if self.worse_below else self.value > self.threshold


@dataclass(frozen=True)
class Evaluated:
    """What a window's evaluation found. untold: columns of which nobody can tell how many values are of their domain."""

    violations: tuple[Violation, ...]
    distances: tuple[Distance, ...]
    untold: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return constraint_violations.json."""
        return {"violations": [v.to_dict() for v in self.violations]}


def evaluate(
    window: Statistics, constraints: Constraints, baseline: Statistics | None = None, extra: bool = True
) -> Evaluated:
    """Return where a window breaks its constraints. baseline: statistics that distributions are compared with.

    extra: whether columns that the constraints do not name are told.
    """
    if not constraints.config.evaluate:
        return Evaluated((), ())
    found: list[Violation] = list(_columns(window, constraints, extra=extra))
    distances: list[Distance] = []
    untold = []
    for feature in constraints.features:
        column = window.columns.get(feature.name)
        if column is None:
            continue
        config = constraints.of(feature)
        if not config.evaluate:
            continue
        found += _one(feature, column, config)
        if _untold(feature, column, config):
            untold.append(feature.name)
        before = baseline.columns.get(feature.name) if baseline is not None else None
        if before is not None and config.compare:
            distance = compared(before, column, config)
            distances.append(distance)
            if distance.exceeds:
                found.append(_drifted(distance))
    return Evaluated(tuple(found), tuple(distances), tuple(untold))


def _columns(window: Statistics, constraints: Constraints, *, extra: bool) -> Iterator[Violation]:
    wanted = {f.name for f in constraints.features}
    missing = [f.name for f in constraints.features if f.name not in window.columns]
    more = [n for n in window.columns if n not in wanted] if extra else []
    counts = (
        f"Number of columns in current dataset: {len(window.columns)}, "
        f"Number of columns in baseline constraints: {len(wanted)}"
    )
    for name in missing:
        yield Violation(
            name,
            "missing_column_check",
            f"There are missing columns in current dataset. {counts}. Missing: {name}.",
        )
    for name in more:
        yield Violation(
            name,
            "extra_column_check",
            f"There are extra columns in current dataset. {counts}. Extra: {name}.",
        )


def _one(feature: Feature, column: Column, config: Config) -> Iterator[Violation]:
    name = feature.name
    if column.present and feature.inferred != "Unknown":
        share = column.matches.get(feature.inferred, 1.0 if column.inferred == feature.inferred else 0.0)
        if share < config.types:
            yield Violation(
                name,
                "data_type_check",
                f"Data type match requirement is not met. Expected data type: {feature.inferred}, "
                f"Expected match: {100 * config.types}%. Observed: Only {100 * share}% of data is {feature.inferred}.",
                share,
                config.types,
            )
    if feature.completeness is not None and column.completeness < feature.completeness:
        yield Violation(
            name,
            "completeness_check",
            f"Completeness requirement is not met. Expected completeness: {100 * feature.completeness}%. "
            f"Observed: Only {100 * column.completeness}% of data is complete.",
            column.completeness,
            feature.completeness,
        )
    if feature.non_negative and column.numeric and column.least < 0:
        yield Violation(
            name,
            "non_negative_check",
            f"Non-negative requirement is not met. Observed: the least value is {column.least}.",
            column.least,
            0.0,
        )
    if feature.domain is not None and column.present and feature.inferred == "String":
        known = _known(feature.domain, column)
        least = "Only" if column.values is not None else "At most"
        if known is not None and known < config.domains:
            yield Violation(
                name,
                "categorical_values_check",
                f"Categorical values requirement is not met. Expected match: {100 * config.domains}%. "
                f"Observed: {least} {100 * known}% of data is in the domain of the baseline.{_unknown(feature.domain, column)}",
                known,
                config.domains,
            )


def _known(domain: tuple[str, ...], column: Column) -> float | None:
    """Return the share of values that are of a domain; the most it can be, where they are too many for each to be counted.

    None where nothing is known of its texts, as of a column of numbers.
    """
    if column.values is None:
        strange = column.distinct - len(domain)
        return 1 - strange / max(1, column.present) if strange > 0 and column.inferred == "String" else None
    held = set(domain)
    return sum(n for v, n in column.values.items() if v in held) / max(1, column.present)


def _untold(feature: Feature, column: Column, config: Config) -> bool:
    if (
        feature.domain is None
        or not column.present
        or feature.inferred != "String"
        or column.values is not None
    ):
        return False
    most = _known(feature.domain, column)
    return most is None or most >= config.domains > 0


def _unknown(domain: tuple[str, ...], column: Column) -> str:
    held = set(domain)
    new = [v for v in column.values or () if v not in held][:3]
    return f" Unknown: {', '.join(v[:60] for v in new)}." if new else ""


def compared(before: Column, now: Column, config: Config) -> Distance:
    """Return how far a column lies from its baseline, by the distance that is asked for."""
    robust = config.method == "Robust"
    kind = "linf_robust" if robust else "linf_simple"
    if before.numeric and now.numeric:
        if before.sketch is None or now.sketch is None:
            return Distance(
                now.name, None, config.distance, kind, reason="a sketch of its numbers is not there"
            )
        if 2 * before.sketch.n < before.present:
            why = f"the sketch of its baseline holds {before.sketch.n:,} of {before.present:,} numbers"
            return Distance(now.name, None, config.distance, kind, reason=why)
        return _told(now.name, numerical(before.sketch, now.sketch, robust=robust), config.distance, kind)
    if before.values is None or now.values is None:
        unlike = before.numeric != now.numeric
        why = "its values are of unlike types" if unlike else "it has too many different values, or none"
        return Distance(now.name, None, config.categories, kind, numbers=False, reason=why)
    if config.drift == CHI_SQUARED:
        statistic, p = chi_squared(before.values, now.values)
        measure = "chi_squared_p" if robust else "chi_squared"
        return _told(now.name, p if robust else statistic, config.categories, measure, numbers=False)
    value = categorical(before.values, now.values, robust=robust)
    return _told(now.name, value, config.categories, kind, numbers=False)


def _told(name: str, value: float, threshold: float, measure: str, *, numbers: bool = True) -> Distance:
    worse_below = measure == "chi_squared_p"
    if math.isnan(value):
        return Distance(name, None, threshold, measure, numbers, "too few values say nothing", worse_below)
    return Distance(name, value, threshold, measure, numbers, "", worse_below)


def _drifted(distance: Distance) -> Violation:
    word = "Numerical" if distance.numbers else "Categorical"
    verb = "is below" if distance.worse_below else "exceeds"
    return Violation(
        distance.feature,
        "baseline_drift_check",
        f"{word} distance: {distance.value} {verb} {word.lower()} threshold: {distance.threshold}",
        distance.value,
        distance.threshold,
    )
