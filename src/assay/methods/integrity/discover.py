"""All kinds of rules looked for in one sample of a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from assay.kernel.errors import UsageError
from assay.methods.expressions import parse
from assay.methods.integrity import (
    bands,
    calendar,
    conditions,
    dependencies,
    flags,
    joined,
    keys,
    linear,
    order,
    products,
    sums,
    texts,
    views,
)
from assay.methods.integrity.column import Sampled
from assay.methods.integrity.figures import figures
from assay.methods.integrity.implied import without_implied
from assay.methods.integrity.rule import Rule

MOST_RULES = 300
MOST_FIGURES = 1_500


@dataclass(frozen=True)
class Discovered:
    """The rules, most surprising first; and what was not tried, in words: of what is always looked for, and further."""

    rules: tuple[Rule, ...]
    untried: tuple[str, ...]
    further: tuple[str, ...] = ()


def discover(columns: Sequence[Sampled], rng: np.random.Generator) -> Discovered:
    """Find the rules that a sample obeys nearly everywhere."""
    untried: list[str] = []
    further: list[str] = []
    dates = [c for c in columns if c.is_date] + list(views.dates(columns))
    read = list(views.numbers(columns))
    numbers = [c for c in columns if c.is_number] + read
    # numbers that only count the rows measure nothing
    counted = {
        c.name
        for c in columns
        if c.type in ("integer", "text") and c.distinct >= 0.9 * len(c.array) > 0 and keys.runs_on(c)
    }
    measured = [c for c in numbers if c.name not in counted]
    rules: list[Rule] = [*flags.find(columns, dates, measured), *bands.find(columns, measured)]
    for some, left in zip((untried, further), flags.untried(columns, dates, measured), strict=True):
        some += left
    if len(measured) > bands.MOST_COLUMNS:
        further.append(f"bands of {len(measured) - bands.MOST_COLUMNS} of {len(measured)} numeric columns")
    for found, left in (
        order.find(dates, measured),
        conditions.find(columns),
        texts.find(columns, rng),
        joined.find(columns, rng),
    ):
        rules += found
        untried += left
    rules += _calculated(numbers, dates, untried, further, rng)
    able, left = dependencies.candidates(columns)
    untried += left
    heads = list(texts.beginnings(columns))
    determined, left = dependencies.find([*able, *heads], columns, rng)
    rules += determined
    further += left
    rules += keys.find(columns, rng)
    written = [r for r in rules if _written(r)]
    if len(written) < len(rules):
        untried.append(f"{len(rules) - len(written)} rules whose names or values are too long to write down")
    rules = without_implied(written)
    rules.sort(key=lambda r: (-r.bits, r.kind, r.columns, r.shown))
    if len(rules) > MOST_RULES:
        untried.append(f"{len(rules) - MOST_RULES} rules less surprising than the first {MOST_RULES}")
    return Discovered(tuple(rules[:MOST_RULES]), tuple(untried), tuple(further))


def _written(rule: Rule) -> bool:
    """Whether what a rule says can be read again: names and values may be of any length and kind."""
    try:
        for text in (rule.holds, rule.when, rule.repair.get("to", ""), *rule.by):
            if text:
                parse(str(text))
    except UsageError:
        return False
    return True


def _calculated(
    numbers: Sequence[Sampled],
    dates: Sequence[Sampled],
    untried: list[str],
    further: list[str],
    rng: np.random.Generator,
) -> list[Rule]:
    """Find what is calculated. What is another column in other units takes no part in sums and products."""
    able = [c for c in numbers if c.distinct >= 2]
    if len(able) > MOST_FIGURES:
        untried.append(f"what is calculated from {len(able) - MOST_FIGURES} of {len(able)} numeric columns")
        able = able[:MOST_FIGURES]
    whole = figures(able, rng)
    out: list[Rule] = []
    copies: set[int] = set()
    for rule, target, _ in linear.find(whole, rng):
        out.append(rule)
        copies.add(target)
    by_dates, left = calendar.find(dates, whole, rng)
    out += by_dates
    untried += left
    kept = [k for k in range(len(able)) if k not in copies]
    rest = whole.only(kept, rng)
    several = rest.only([k for k, c in enumerate(rest.columns) if c.distinct >= 3], rng)
    for found in (sums.find(several, rng), products.find(rest, rng)):
        out += found.rules
        untried += found.untried
        further += found.further
    return out
