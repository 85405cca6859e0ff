"""Flags derived from other columns: ``has_changes`` is true exactly where ``changes > 0``, ``late`` where ``arrived > due``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Any

import numpy as np

from assay.methods.integrity.chance import near, scattered
from assay.methods.integrity.column import Sampled
from assay.methods.integrity.figures import plain, simplest
from assay.methods.integrity.rule import Rule, surprise
from assay.methods.integrity.screen import Screen

# What a flag's name adds to the name of its source.
_FILLER = frozenset(
    {"has", "have", "had", "is", "was", "with", "any", "flag", "ind", "indicator", "yn", "no", "not", "non"}
    | {"n", "of", "the", "a", "hat", "ist"}
)
LEAST_ROWS = 50
MOST_BROKEN = 0.06
NAMED, UNNAMED = 0.75, 0.9  # the least Matthews correlation, where the names agree and where they do not
FEWEST = 10  # rows on either side
MOST_FLAGS = 300
MOST_SOURCES = 400
MOST_COMPARED = 24  # columns, two at a time

Judged = tuple[float, Rule]


def find(columns: Sequence[Sampled], dates: Sequence[Sampled], figures: Sequence[Sampled]) -> Iterator[Rule]:
    """Give, for each flag, the simplest condition on other columns that it nearly always follows.

    dates and figures: the columns that are dates and numbers, as rules write them.
    """
    flags = [c for c in columns if c.two is not None][:MOST_FLAGS]
    if not flags:
        return
    best: dict[str, Judged] = {}
    for flag, judged in _found(flags, columns, dates, figures):
        if flag.name not in best or judged[0] > best[flag.name][0] + 1e-9:
            best[flag.name] = judged
    for flag in flags:
        if flag.name in best:
            yield best[flag.name][1]


def untried(
    columns: Sequence[Sampled], dates: Sequence[Sampled], figures: Sequence[Sampled]
) -> tuple[list[str], list[str]]:
    """Return, in words, what was not tried: flags that were not looked at at all, and further what could decide one."""
    flags = sum(c.two is not None for c in columns)
    left = [f"{flags - MOST_FLAGS} of {flags} flags"] if flags > MOST_FLAGS else []
    further = []
    for what, count, most in (
        ("columns whose values or missing values", len(columns), MOST_SOURCES),
        ("dates whose comparisons", len(dates), MOST_COMPARED),
        ("numbers whose comparisons", sum(f.two is None for f in figures), MOST_COMPARED),
    ):
        if flags and count > most:
            further.append(f"{count - most} of {count} {what} may decide a flag")
    return left, further


def _found(
    flags: Sequence[Sampled],
    columns: Sequence[Sampled],
    dates: Sequence[Sampled],
    figures: Sequence[Sampled],
) -> Iterator[tuple[Sampled, Judged]]:
    sources = [c for c in columns if not (c.type == "text" and c.distinct > 1_000 and not c.has_nulls)]
    truths = [f.truth() for f in flags]
    for flag, truth in zip(flags, truths, strict=True):
        for source in sources[:MOST_SOURCES]:
            if source.name == flag.name or source.distinct + source.has_nulls < 2:
                continue
            for condition, values in _conditions(source, flag):
                for judged in _judge(flag, truth, (source,), condition, values, columns):
                    yield flag, judged
    screen = Screen(flags, 1.3 * MOST_BROKEN)
    for source in figures:
        if source.two is not None or source.numbers is None:
            continue
        for k in screen.bounded(source.numbers):
            if flags[k].name != source.name:
                for judged in _threshold(flags[k], truths[k], source, columns):
                    yield flags[k], judged
    for some in (dates[:MOST_COMPARED], [f for f in figures if f.two is None][:MOST_COMPARED]):
        for first, second in combinations(some, 2):
            if max(first.distinct, second.distinct) <= 10 or first.name == second.name:
                continue
            a, b = first.numbers, second.numbers
            assert a is not None and b is not None
            for k in screen.compared(a - b):
                if flags[k].name not in (first.name, second.name):
                    for judged in _compared(flags[k], truths[k], first, second, columns):
                        yield flags[k], judged


def related(flag: Sampled, source: Sampled) -> bool:
    """Whether the names say that one tells of the other: all telling words of one are in the other."""
    mine = {_stem(w) for w in flag.words} - _FILLER
    theirs = {_stem(w) for w in source.words} - _FILLER - {"number", "num", "count", "cnt", "total"}
    return bool(mine and theirs) and (mine <= theirs or theirs <= mine)


def _stem(word: str) -> str:
    return word[:-1] if len(word) > 3 and word.endswith("s") else word


def _conditions(source: Sampled, flag: Sampled) -> Iterator[tuple[str, Any]]:
    if source.two is None and source.type == "text" and 3 <= source.distinct <= 20:
        for place, value in enumerate(source.values):
            if isinstance(value, str) and "'" not in value and "\\" not in value:
                yield (
                    f"{source.said} == '{value}'",
                    np.where(source.codes >= 0, source.codes == place, np.nan),
                )
    if source.has_nulls:
        yield f"{source.said} is not None", (source.codes >= 0).astype(float)
        yield f"{source.said} is None", (source.codes < 0).astype(float)


def _threshold(flag: Sampled, truth: Any, source: Sampled, columns: Sequence[Sampled]) -> Iterator[Judged]:
    """Give the bound that parts a number's rows best into the flag's yes and no: in one pass over its sorted values."""
    numbers = source.numbers
    assert numbers is not None
    both = np.isfinite(truth) & np.isfinite(numbers)
    if both.sum() < LEAST_ROWS:
        return
    values, place = np.unique(numbers[both], return_inverse=True)
    if len(values) < 3:
        return
    yes = np.bincount(place, weights=truth[both], minlength=len(values))
    all_ = np.bincount(place, minlength=len(values))
    below_yes, below = np.cumsum(yes)[:-1], np.cumsum(all_)[:-1]
    for up in (True, False):
        above_yes, above = yes.sum() - below_yes, all_.sum() - below
        errors = below_yes + above - above_yes if up else below - below_yes + above_yes
        cut = int(np.argmin(errors))
        if errors[cut] > MOST_BROKEN * all_.sum():
            continue
        low, high = float(values[cut]), float(values[cut + 1])
        edge, inclusive = bound(low, high)
        sign = _SIGNS[(up, inclusive)]
        over = numbers >= high
        said = over if up else ~over
        condition = f"{source.said} {sign} {plain(edge)}"
        distance = np.abs(np.searchsorted(values, numbers) - (cut + 0.5))
        yield from _judge(
            flag, truth, (source,), condition, np.where(np.isfinite(numbers), said, np.nan), columns,
            distance, edge == 0,
        )  # fmt: skip


_SIGNS = {(True, True): ">=", (True, False): ">", (False, True): "<", (False, False): "<="}


def bound(low: float, high: float) -> tuple[float, bool]:
    """Return the plainest bound between two neighbouring values, and whether the upper side includes it."""

    def length(x: float) -> tuple[int, int]:
        text = plain(x).lstrip("-")
        return len(text.replace(".", "").strip("0")), len(text)

    if low == 0:
        return 0.0, False
    between = simplest(low, high)
    best = min((high, low, between), key=length)
    return best, best > low


def _compared(
    flag: Sampled, truth: Any, first: Sampled, second: Sampled, columns: Sequence[Sampled]
) -> Iterator[Judged]:
    a, b = first.numbers, second.numbers
    assert a is not None and b is not None
    gap = a - b
    both = np.isfinite(gap) & np.isfinite(truth)
    if both.sum() < LEAST_ROWS:
        return
    yes = truth[both] > 0
    for sign, said in ((">", gap > 0), (">=", gap >= 0), ("<", gap < 0), ("<=", gap <= 0), ("==", gap == 0)):
        if (said[both] != yes).mean() <= MOST_BROKEN:
            condition = f"{first.said} {sign} {second.said}"
            values = np.where(np.isfinite(gap), said, np.nan)
            yield from _judge(flag, truth, (first, second), condition, values, columns, np.abs(gap), True)


def _judge(
    flag: Sampled,
    truth: Any,
    sources: tuple[Sampled, ...],
    condition: str,
    values: Any,
    columns: Sequence[Sampled],
    distance: Any = None,
    plain_bound: bool = True,
) -> Iterator[Judged]:
    both = np.isfinite(truth) & np.isfinite(values)
    support = int(both.sum())
    if support < LEAST_ROWS:
        return
    said, is_ = truth[both] > 0, values[both] > 0
    yes, no = int(is_.sum()), int((~is_).sum())
    if min(yes, no) < FEWEST or min(int(said.sum()), int((~said).sum())) < FEWEST:
        return
    wrong = said != is_
    broken = int(wrong.sum())
    named = any(related(flag, s) for s in sources)
    quality = _correlation(said, is_)
    if broken / support > MOST_BROKEN or quality < (NAMED if named else UNNAMED):
        return
    trusted = named and plain_bound
    if not trusted and flag.flag is None and broken == 0 and not plain_bound:
        return  # two groups that happen to lie apart
    if distance is not None and not trusted and near(distance[both], wrong):
        return
    if broken and not trusted:
        everywhere = np.zeros(len(truth), bool)
        everywhere[np.flatnonzero(both)[wrong]] = True
        names = {flag.name, *(s.name for s in sources)}
        if not scattered(everywhere, both, [c for c in columns if c.name not in names]):
            return
    chance = float(np.mean(said) * np.mean(~is_) + np.mean(~said) * np.mean(is_))
    yes_words, no_words = flag.two or ((), ())
    rule = Rule(
        "derived_flag",
        flag.name,
        tuple(s.name for s in sources),
        f"{_spelt(flag, yes_words)} == ({condition})",
        _shown(flag, condition, yes_words),
        support,
        broken,
        surprise(support, broken, chance),
        {"set": flag.name, "to": condition, "true": _usual(flag, yes_words), "false": _usual(flag, no_words)},
        doubted=not trusted,
    )
    plainness = 0.02 * plain_bound - 0.01 * len(sources)
    yield quality + (0.5 if named else 0.0) + plainness, rule


def _shown(flag: Sampled, condition: str, yes: tuple[Any, ...]) -> str:
    if flag.flag is not None:
        return f"{flag.name} says whether {condition}"
    return f"{flag.name} is {yes[0]!r} exactly where {condition}"


def _correlation(a: Any, b: Any) -> float:
    """Return the Matthews correlation of two arrays of truth values, 0 where it is undefined."""
    n11, n10 = float((a & b).sum()), float((a & ~b).sum())
    n01, n00 = float((~a & b).sum()), float((~a & ~b).sum())
    below = (n11 + n10) * (n01 + n00) * (n11 + n01) * (n10 + n00)
    return (n11 * n00 - n10 * n01) / below**0.5 if below else 0.0


def _spelt(flag: Sampled, words: tuple[Any, ...]) -> str:
    if flag.type == "boolean":
        return flag.said
    if flag.type == "text":
        listed = ", ".join(_quoted(w) for w in words)
        return f"({flag.said} in ({listed}{',' if len(words) == 1 else ''}))"
    return f"({flag.said} == {plain(float(words[0]))})"


def _quoted(value: Any) -> str:
    return repr(str(value))


def _usual(flag: Sampled, words: tuple[Any, ...]) -> Any:
    counts = {flag.values.index(w): w for w in words}
    place = max(counts, key=lambda p: (int((flag.codes == p).sum()), -p))
    return counts[place]
