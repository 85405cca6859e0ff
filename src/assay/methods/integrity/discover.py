"""All kinds of rules looked for in one sample of a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from assay.methods.integrity import arithmetic, dependencies, flags, order
from assay.methods.integrity.column import Sampled
from assay.methods.integrity.rule import Rule

MOST_RULES = 300


@dataclass(frozen=True)
class Discovered:
    """The rules, most surprising first, and what was not tried, in words."""

    rules: tuple[Rule, ...]
    untried: tuple[str, ...]


def discover(columns: Sequence[Sampled], rng: np.random.Generator) -> Discovered:
    """Find the rules that a sample obeys nearly everywhere."""
    untried: list[str] = []
    rules: list[Rule] = [*flags.find(columns), *order.find(columns)]
    sums = arithmetic.find(columns, rng)
    rules += sums.rules
    untried += sums.untried
    able, left = dependencies.candidates(columns)
    untried += left
    rules += [*dependencies.find(able), *dependencies.find_keys(columns)]
    rules.sort(key=lambda r: (-r.bits, r.kind, r.columns, r.shown))
    if len(rules) > MOST_RULES:
        untried.append(f"{len(rules) - MOST_RULES} rules less surprising than the first {MOST_RULES}")
    return Discovered(tuple(rules[:MOST_RULES]), tuple(untried))
