"""Flags derived from another column: ``has_changes`` is true exactly where ``changes > 0``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from assay.methods.expressions import quoted
from assay.methods.integrity.column import Sampled
from assay.methods.integrity.rule import Rule, surprise

# What a flag's name adds to the name of its source.
_FILLER = frozenset(
    {"has", "have", "had", "is", "was", "with", "any", "flag", "ind", "indicator", "yn", "no", "not", "non"}
    | {"n", "of", "the", "a"}
)
LEAST_ROWS = 50
MOST_BROKEN = 0.06
NAMED, UNNAMED = 0.75, 0.95  # the least Matthews correlation, where the names agree and where they do not


def find(columns: Sequence[Sampled]) -> Iterator[Rule]:
    """Give, for each flag, the simplest condition on another column that it nearly always follows."""
    flags = [c for c in columns if c.flag is not None]
    for flag in flags:
        truth = flag.truth()
        best: tuple[float, Rule] | None = None
        for source in columns:
            if source is flag or source.distinct + source.has_nulls < 2:
                continue
            for condition, values in _conditions(source, flag):
                rule, quality = _judge(flag, truth, source, condition, values)
                if rule and (best is None or quality > best[0] + 1e-9):
                    best = quality, rule
        if best:
            yield best[1]


def related(flag: Sampled, source: Sampled) -> bool:
    """Whether the names say that one tells of the other: all telling words of one are in the other."""
    mine = {_stem(w) for w in flag.words} - _FILLER
    theirs = {_stem(w) for w in source.words} - _FILLER - {"number", "num", "count", "cnt", "total"}
    return bool(mine and theirs) and (mine <= theirs or theirs <= mine)


def _stem(word: str) -> str:
    return word[:-1] if len(word) > 3 and word.endswith("s") else word


def _conditions(source: Sampled, flag: Sampled) -> Iterator[tuple[str, Any]]:
    name = quoted(source.name)
    numbers = source.numbers
    if source.flag is not None:
        return  # two flags that agree are one flag twice, and neither is derived
    if numbers is not None and source.is_number:
        known = ~np.isnan(numbers)
        yield f"{name} > 0", np.where(known, numbers > 0, np.nan)
        yield f"{name} <= 0", np.where(known, numbers <= 0, np.nan)
    elif source.type == "text" and 2 <= source.distinct <= 20 and related(flag, source):
        for place, value in enumerate(source.values):
            if isinstance(value, str) and "'" not in value and "\\" not in value:
                yield f"{name} == '{value}'", np.where(source.codes >= 0, source.codes == place, np.nan)
    if related(flag, source) and np.any(source.codes < 0):
        yield f"{name} is not None", (source.codes >= 0).astype(float)
        yield f"{name} is None", (source.codes < 0).astype(float)


def _judge(
    flag: Sampled, truth: Any, source: Sampled, condition: str, values: Any
) -> tuple[Rule | None, float]:
    both = ~np.isnan(truth) & ~np.isnan(values)
    support = int(both.sum())
    if support < LEAST_ROWS:
        return None, 0.0
    said, is_ = truth[both] > 0, values[both] > 0
    yes, no = int(is_.sum()), int((~is_).sum())
    if min(yes, no) < 10 or min(int(said.sum()), int((~said).sum())) < 10:
        return None, 0.0
    broken = int((said != is_).sum())
    named = related(flag, source)
    quality = _correlation(said, is_)
    if broken / support > MOST_BROKEN or quality < (NAMED if named else UNNAMED):
        return None, 0.0
    chance = float(np.mean(said) * np.mean(~is_) + np.mean(~said) * np.mean(is_))
    yes_words, no_words = flag.flag or ((), ())
    rule = Rule(
        "derived_flag",
        flag.name,
        (source.name,),
        f"{_spelt(flag, yes_words)} == ({condition})",
        f"{flag.name} says whether {condition}",
        support,
        broken,
        surprise(support, broken, chance),
        {
            "set": flag.name,
            "to": condition,
            "true": _usual(flag, yes_words),
            "false": _usual(flag, no_words),
        },
    )
    return rule, quality + (0.5 if named else 0.0)


def _correlation(a: Any, b: Any) -> float:
    """Return the Matthews correlation of two arrays of truth values, 0 where it is undefined."""
    n11, n10 = float((a & b).sum()), float((a & ~b).sum())
    n01, n00 = float((~a & b).sum()), float((~a & ~b).sum())
    below = (n11 + n10) * (n01 + n00) * (n11 + n01) * (n10 + n00)
    return (n11 * n00 - n10 * n01) / below**0.5 if below else 0.0


def _spelt(flag: Sampled, words: tuple[Any, ...]) -> str:
    name = quoted(flag.name)
    if flag.type == "boolean":
        return name
    if flag.type == "text":
        listed = ", ".join(f"'{w}'" for w in words)
        return f"({name} in ({listed}{',' if len(words) == 1 else ''}))"
    return f"({name} == 1)"


def _usual(flag: Sampled, words: tuple[Any, ...]) -> Any:
    counts = {flag.values.index(w): w for w in words}
    place = max(counts, key=lambda p: (int((flag.codes == p).sum()), -p))
    return counts[place]
