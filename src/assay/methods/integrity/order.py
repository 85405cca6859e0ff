"""Pairs that keep an order: a start before its end, a least below its greatest."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations

import numpy as np

from assay.methods.integrity.chance import cliff, near
from assay.methods.integrity.column import Sampled
from assay.methods.integrity.rule import Rule, surprise

# Words that come before others in time or size. A pair of names that differ only in these is one thing's two ends.
_PAIRS = (
    ("start", "end"), ("begin", "end"), ("started", "ended"), ("starts", "ends"), ("from", "to"),
    ("from", "until"), ("start", "finish"), ("started", "finished"), ("min", "max"), ("minimum", "maximum"),
    ("lower", "upper"), ("low", "high"), ("min", "avg"), ("avg", "max"),
    ("min", "mean"), ("mean", "max"), ("low", "open"), ("low", "close"), ("open", "high"), ("close", "high"),
    ("q1", "median"), ("median", "q3"), ("q1", "q3"), ("net", "gross"), ("cost", "price"), ("paid", "total"), ("first", "last"), ("created", "updated"), ("created", "modified"),
    ("created", "closed"), ("opened", "closed"), ("open", "closed"), ("birth", "death"), ("born", "died"),
    ("ordered", "shipped"), ("order", "ship"), ("order", "delivery"), ("shipped", "delivered"),
    ("ship", "delivery"), ("in", "out"), ("checkin", "checkout"), ("arrival", "departure"),
    ("pickup", "dropoff"), ("invoice", "due"), ("invoiced", "due"), ("hired", "left"), ("hire", "termination"), ("admission", "discharge"),
    ("admitted", "discharged"), ("issue", "expiry"), ("issued", "expires"), ("since", "until"),
)  # fmt: skip
_IGNORED = frozenset({"date", "time", "datetime", "at", "on", "ts", "timestamp", "dt", "day"})
LEAST_ROWS = 50
MOST_BROKEN = 0.05
UNNAMED_BROKEN = 0.035
MOST_DATES = 60
MOST_NUMBERS = 150


def find(dates: Sequence[Sampled], numbers: Sequence[Sampled]) -> tuple[list[Rule], list[str]]:
    """Give the pairs of dates, and of numbers, that keep an order, and what was not tried, in words.

    Where the names do not say so, differences must stop at zero: much just above it and hardly anything below.
    """
    out: list[Rule] = []
    untried = []
    for columns, most, what in ((dates, MOST_DATES, "dates"), (numbers, MOST_NUMBERS, "numbers")):
        if len(columns) > most:
            untried.append(f"order of {len(columns) - most} of {len(columns)} columns of {what}")
        some = [c for c in columns[:most] if c.distinct > 2]
        for a, b in combinations(some, 2):
            if a.name == b.name:
                continue
            named = ends(a.words, b.words)
            low, high = (a, b) if named >= 0 else (b, a)
            if not named and _less(a, b) < 0:
                low, high = b, a
            rule = _judge(low, high, bool(named))
            if rule:
                out.append(rule)
    return _direct(out), untried


def _direct(rules: Sequence[Rule]) -> list[Rule]:
    """Leave out what follows: of a before b before c, that a is before c."""
    after: dict[str, set[str]] = {}
    for rule in rules:
        after.setdefault(rule.sources[0], set()).add(rule.target)
    return [
        r for r in rules if not any(r.target in after.get(m, ()) for m in after[r.sources[0]] - {r.target})
    ]


def ends(a: Iterable[str], b: Iterable[str]) -> int:
    """Return 1 where a name's words say that it comes first, -1 where the other's do, 0 where they do not say."""
    mine, theirs = set(a) - _IGNORED, set(b) - _IGNORED
    only_a, only_b = mine - theirs, theirs - mine
    for first, last in _PAIRS:
        if only_a == {first} and only_b == {last}:
            return 1
        if only_a == {last} and only_b == {first}:
            return -1
    return 0


def _less(a: Sampled, b: Sampled) -> float:
    """Return how many more rows have a below b than above it, as a share."""
    x, y = a.numbers, b.numbers
    assert x is not None and y is not None
    return float(np.mean(np.nan_to_num(np.sign(y - x))))


def _judge(low: Sampled, high: Sampled, named: bool) -> Rule | None:
    a, b = low.numbers, high.numbers
    assert a is not None and b is not None
    both = np.isfinite(a) & np.isfinite(b)
    support = int(both.sum())
    if support < LEAST_ROWS:
        return None
    a, b = a[both], b[both]
    broken = int((a > b).sum())
    if broken / support > (MOST_BROKEN if named else UNNAMED_BROKEN):
        return None
    if not named:  # rows where both are the same say nothing of which is greater
        differ = a != b
        if differ.sum() < LEAST_ROWS or broken > UNNAMED_BROKEN * differ.sum():
            return None
        gap = (b - a)[differ]
        if not cliff(gap) or near(np.abs(gap), gap < 0):
            return None
        a, b = a[differ], b[differ]
    # By chance: the same columns, each row's end taken from another row. A pair whose ranges do not overlap
    # says nothing of single rows.
    other = np.roll(b, len(b) // 2)
    chance = float(np.mean(a > other))
    if chance < (0.02 if named else 0.1) or broken / support > chance / 5:
        return None
    return Rule(
        "order",
        high.name,
        (low.name,),
        f"{low.said} <= {high.said}",
        f"{low.name} is never after {high.name}" if low.is_date else f"{low.name} is never above {high.name}",
        support,
        broken,
        surprise(support, broken, chance),
        doubted=not named,
    )
