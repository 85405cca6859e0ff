"""Pairs that keep an order: a start before its end, a least below its greatest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np

from assay.methods.expressions import quoted
from assay.methods.integrity.column import Sampled
from assay.methods.integrity.rule import Rule, surprise

# Words that come before others in time or size. A pair of names that differ only in these is one thing's two ends.
_PAIRS = (
    ("start", "end"), ("begin", "end"), ("started", "ended"), ("starts", "ends"), ("from", "to"),
    ("from", "until"), ("start", "finish"), ("started", "finished"), ("min", "max"), ("minimum", "maximum"),
    ("lower", "upper"), ("low", "high"), ("first", "last"), ("created", "updated"), ("created", "modified"),
    ("created", "closed"), ("opened", "closed"), ("open", "closed"), ("birth", "death"), ("born", "died"),
    ("ordered", "shipped"), ("order", "ship"), ("order", "delivery"), ("shipped", "delivered"),
    ("ship", "delivery"), ("in", "out"), ("checkin", "checkout"), ("arrival", "departure"),
    ("pickup", "dropoff"), ("hired", "left"), ("hire", "termination"), ("admission", "discharge"),
    ("admitted", "discharged"), ("issue", "expiry"), ("issued", "expires"), ("since", "until"),
)  # fmt: skip
_IGNORED = frozenset({"date", "time", "datetime", "at", "on", "ts", "timestamp", "dt", "day"})
LEAST_ROWS = 50
MOST_BROKEN = 0.05
UNNAMED_BROKEN = 0.005
MOST_DATES = 60


def find(columns: Sequence[Sampled]) -> Iterator[Rule]:
    """Give the pairs of dates that keep an order, and of numbers whose names say that they should."""
    dates = [c for c in columns if c.is_date][:MOST_DATES]
    for a, b in combinations(dates, 2):
        named = ends(a, b)
        low, high = (a, b) if named >= 0 else (b, a)
        if not named and _share(a, b) < 0.5:
            low, high = b, a
        rule = _judge(low, high, MOST_BROKEN if named else UNNAMED_BROKEN)
        if rule:
            yield rule
    numbers = [c for c in columns if c.is_number]
    by_rest: dict[frozenset[str], list[Sampled]] = {}
    for column in numbers:
        if _END_WORDS & set(column.words):
            by_rest.setdefault(_rest(column), []).append(column)
    for same in by_rest.values():
        for a, b in combinations(same[:20], 2):
            named = ends(a, b)
            if named:
                rule = _judge(*((a, b) if named > 0 else (b, a)), MOST_BROKEN)
                if rule:
                    yield rule


def ends(a: Sampled, b: Sampled) -> int:
    """Return 1 where the names say that ``a`` comes first, -1 where ``b`` does, 0 where they do not say."""
    mine, theirs = set(a.words) - _IGNORED, set(b.words) - _IGNORED
    only_a, only_b = mine - theirs, theirs - mine
    for first, last in _PAIRS:
        if only_a == {first} and only_b == {last}:
            return 1
        if only_a == {last} and only_b == {first}:
            return -1
    return 0


_END_WORDS = {w for pair in _PAIRS for w in pair}


def _rest(column: Sampled) -> frozenset[str]:
    return frozenset(column.words) - _END_WORDS - _IGNORED


def _share(low: Sampled, high: Sampled) -> float:
    a, b = low.numbers, high.numbers
    assert a is not None and b is not None
    both = ~np.isnan(a) & ~np.isnan(b)
    return float(np.mean(a[both] <= b[both])) if both.any() else 0.0


def _judge(low: Sampled, high: Sampled, most: float) -> Rule | None:
    a, b = low.numbers, high.numbers
    assert a is not None and b is not None
    both = ~np.isnan(a) & ~np.isnan(b)
    support = int(both.sum())
    if support < LEAST_ROWS:
        return None
    a, b = a[both], b[both]
    broken = int((a > b).sum())
    # By chance: the same columns, each row's end taken from another row. A pair whose ranges do not overlap
    # says nothing of single rows.
    other = np.roll(b, support // 2)
    chance = float(np.mean(a > other))
    if broken / support > most or chance < 0.02 or broken / support > chance / 5:
        return None
    return Rule(
        "order",
        high.name,
        (low.name,),
        f"{quoted(low.name)} <= {quoted(high.name)}",
        f"{low.name} is never after {high.name}" if low.is_date else f"{low.name} is never above {high.name}",
        support,
        broken,
        surprise(support, broken, chance),
    )
