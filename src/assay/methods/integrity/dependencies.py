"""One column that determines another, value by value or for one value only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from assay.methods.expressions import quoted
from assay.methods.integrity.column import Sampled
from assay.methods.integrity.rule import Rule, surprise

LEAST_ROWS = 200
MOST_COLUMNS = 120  # two at a time, both ways
MOST_BROKEN = 0.01
MOST_VALUES = 5_000
WHEN_ROWS = 400  # a single value must be this frequent before what goes with it is a rule
WHEN_BROKEN = 0.0005  # and break it this rarely: what happens one time in a hundred is life, not a slip


def candidates(columns: Sequence[Sampled]) -> tuple[list[Sampled], list[str]]:
    """Return the columns that can determine or be determined, and what was not tried, in words."""
    able = [
        c
        for c in columns
        if c.type in ("text", "integer", "boolean")
        and 2 <= c.distinct <= min(MOST_VALUES, max(2, len(c.array) // 10))
    ]
    if len(able) <= MOST_COLUMNS:
        return able, []
    left = len(able) - MOST_COLUMNS
    return able[:MOST_COLUMNS], [
        f"dependencies of {left} of {len(able)} columns: pairs are tried among the first {MOST_COLUMNS}"
    ]


def find(columns: Sequence[Sampled]) -> Iterator[Rule]:
    """Give ``A determines B`` where at most one row in a hundred disagrees, and single values that fix another.

    Both are asked far more of than of chance: a dependency's exceptions must be single slips inside groups that
    otherwise agree, spread over few groups, and B must be hard to guess without A.
    """
    for a in columns:
        determined: set[str] = set()
        for b in columns:
            if a is b or len(a.array) < LEAST_ROWS:
                continue
            rule = _dependency(a, b)
            if rule:
                determined.add(b.name)
                yield rule
        if a.type == "text" and a.distinct <= 30:
            for b in columns:
                if b is not a and b.type == "text" and b.distinct <= 30 and b.name not in determined:
                    yield from _conditions(a, b)


def _crossed(a: Sampled, b: Sampled) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the crossed cells that occur, as (place in a, place in b, count)."""
    known = (a.codes >= 0) & (b.codes >= 0)
    keys, counts = np.unique(a.codes[known] * b.distinct + b.codes[known], return_counts=True)
    return keys // b.distinct, keys % b.distinct, counts


def _dependency(a: Sampled, b: Sampled) -> Rule | None:
    if b.distinct < 3 or a.distinct < b.distinct:
        return None
    at, to, counts = _crossed(a, b)
    support = int(counts.sum())
    if support < LEAST_ROWS:
        return None
    total = np.zeros(a.distinct)
    most = np.zeros(a.distinct)
    np.add.at(total, at, counts)
    np.maximum.at(most, at, counts)
    broken = int((total - most).sum())
    if broken / support > MOST_BROKEN:
        return None
    usual = np.zeros(b.distinct)
    np.add.at(usual, to, counts)
    base = 1 - usual.max() / support  # how often B's commonest value would be wrong
    big = total >= 10
    impure = big & (most < total)
    if base < 0.3 or broken / support > base / 50 or big.sum() < 5:
        return None
    # Slips fall anywhere; an exception that is really another meaning gathers in one group.
    shares = (total - most)[impure] / total[impure]
    if broken and (len(shares) == 0 or shares.max() > 0.05 or impure.sum() > max(1, 0.5 * big.sum())):
        return None
    small = total[(~big) & (total > 0)].sum()
    if small > 0.2 * support:
        return None
    return Rule(
        "dependency",
        b.name,
        (a.name,),
        "",
        f"{a.name} determines {b.name}",
        support,
        broken,
        surprise(support, broken, float(base)),
    )


def _conditions(a: Sampled, b: Sampled) -> Iterator[Rule]:
    at, to, counts = _crossed(a, b)
    support = int(counts.sum())
    for place, value in enumerate(a.values):
        here = at == place
        total = int(counts[here].sum())
        if total < WHEN_ROWS:
            continue
        best = int(np.argmax(counts[here]))
        broken = total - int(counts[here][best])
        fixed = int(to[here][best])
        rest = 1 - int(counts[(to == fixed) & ~here].sum()) / max(1, support - total)
        # Without exceptions it is no news, with many it is no rule.
        if not 0 < broken <= WHEN_BROKEN * total or rest < 0.3:
            continue
        first, second = str(value), str(b.values[fixed])
        if any(c in first + second for c in "'\\"):
            continue
        yield Rule(
            "condition",
            b.name,
            (a.name,),
            f"{quoted(a.name)} != '{first}' or {quoted(b.name)} == '{second}'",
            f"{b.name} is {second!r} wherever {a.name} is {first!r}",
            total,
            broken,
            surprise(total, broken, float(rest)),
            when=f"{quoted(a.name)} == '{first}'",
        )


def find_keys(columns: Sequence[Sampled]) -> Iterator[Rule]:
    """Give the columns named as keys whose values are all different but for a few."""
    for column in columns:
        if column.type not in ("integer", "text") or not _KEY_WORDS & set(column.words):
            continue
        known = int((column.codes >= 0).sum())
        repeated = known - column.distinct
        if known >= LEAST_ROWS and 0 <= repeated <= MOST_BROKEN * known:
            yield Rule(
                "key",
                column.name,
                (),
                "",
                f"{column.name} is different in every row",
                known,
                repeated,
                surprise(known, repeated, 1 - 1 / known),
            )


_KEY_WORDS = {"id", "key", "uuid", "guid", "pk", "identifier"}
