"""A rule found in the data, and how surprising it is that it holds."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Rule:
    """What should hold in every row.

    kind: derived_flag, band, order, sum, product, linear, equal, rounding, dates, dependency, condition, key,
    inclusion or stated. target: the column it is about.
    sources: the columns it is computed from. holds: the expression that is true where it is obeyed, empty for
    a dependency or a key, which no row breaks alone. shown: how a person reads it. support: rows it was seen on.
    bits: surprise, as the negative base-2 logarithm of the chance of so few violations, if the
    columns had nothing to do with one another. repair: how the target can be set right, where that is known.
    when: the expression that says which rows a condition is about; empty for all. proposals: other repairs, each
    of which sets one of the sources instead. by: of a dependency or a key the expressions that determine, where they are
    not the sources' names alone. inside: of an inclusion the other table and its column.
    """

    kind: str
    target: str
    sources: tuple[str, ...]
    holds: str
    shown: str
    support: int
    violations: int
    bits: float
    repair: Mapping[str, Any] = field(default_factory=dict)
    when: str = ""
    proposals: tuple[Mapping[str, Any], ...] = ()
    by: tuple[str, ...] = ()
    inside: tuple[str, str] | None = None
    doubted: bool = False

    @property
    def confidence(self) -> float:
        """Return the share of rows that obey it."""
        return 1.0 - self.violations / self.support if self.support else 0.0

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the columns it names."""
        return tuple(dict.fromkeys((self.target, *self.sources)))


def surprise(support: int, violations: int, chance: float) -> float:
    """Return the bits of surprise at so few violations, where ``chance`` is the share expected by chance.

    The Chernoff bound n·D(v/n ‖ p)/ln 2 of the binomial tail; 0 where the violations are no fewer than expected.
    """
    if support <= 0:
        return 0.0
    p, q = min(max(chance, 1e-12), 1 - 1e-12), violations / support
    if q >= p:
        return 0.0
    divergence = (q * math.log(q / p) if q else 0.0) + (1 - q) * math.log((1 - q) / (1 - p))
    # a share just below chance may round to less than nothing
    return support * max(divergence, 0.0) / math.log(2)
