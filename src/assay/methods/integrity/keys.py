"""Columns, alone or two or three together, whose values are different in every row but for a few."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Any

import numpy as np

from assay.methods.integrity.column import Sampled
from assay.methods.integrity.rule import Rule, surprise

LEAST_ROWS = 200
MOST_BROKEN = 0.035
MOST_JOINED = 14  # columns that may be a part of a key
KEY_WORDS = frozenset({"id", "key", "uuid", "guid", "pk", "identifier", "sku", "isbn", "ean", "vin"})
PART_WORDS = KEY_WORDS | frozenset(
    {
        "no",
        "nr",
        "number",
        "num",
        "code",
        "line",
        "seq",
        "position",
        "pos",
        "date",
        "day",
        "time",
        "timestamp",
        "ts",
        "at",
    }
    | {"year", "month", "week", "term", "semester", "period", "version", "hour", "on", "ref", "item"}
)


def find(columns: Sequence[Sampled], rng: np.random.Generator) -> Iterator[Rule]:
    """Give keys of one column: named as one, or numbered through; else of two or three columns."""
    if not columns or len(columns[0].array) < LEAST_ROWS:
        return
    single: set[str] = set()
    for column in columns:
        if column.type not in ("integer", "text"):
            continue
        known = int((column.codes >= 0).sum())
        repeated = known - column.distinct
        if known < LEAST_ROWS or repeated > MOST_BROKEN * known:
            continue
        single.add(column.name)
        if repeated and _drawn(column, known, repeated):
            continue
        if KEY_WORDS & set(column.words) or runs_on(column):
            yield _rule((column,), known, repeated, 1 - 1 / known)
    nearly = {c.name for c in columns if c.distinct >= 0.9 * len(c.array)}
    yield from _joined([c for c in columns if c.name not in nearly | single], rng)


def _numbered(column: Sampled) -> Any:
    """Return the numbers of a column, or those after one and the same beginning of its texts; None where there are none."""
    values: Any = column.values
    if column.type == "text":
        some = [v for v in values[:200] if isinstance(v, str)]
        parts = [re.fullmatch(r"(\D{0,20})(\d{1,15})", v) for v in some]
        if not some or not all(parts) or len({p.group(1) for p in parts if p}) != 1:
            return None
        start = len(parts[0].group(1)) if parts[0] else 0
        values = [v[start:] for v in values]
    try:
        return np.array([int(v) for v in values], float)
    except (ValueError, TypeError):
        return None


def _drawn(column: Sampled, known: int, repeated: int) -> bool:
    """Whether so few values repeat as do where each row draws one of a great many, as orders draw their customers."""
    numbers = _numbered(column)
    if numbers is None:
        return False
    span = max(2.0, float(numbers.max() - numbers.min()) + 1)
    expected = known + span * np.expm1(known * np.log1p(-1 / span))
    return bool(repeated > 0.3 * expected)


def runs_on(column: Sampled) -> bool:
    """Return whether the values are numbers that run on, or texts that are, but for one and the same beginning."""
    numbers = _numbered(column)
    if numbers is None:
        return False
    span = float(np.quantile(numbers, 0.99) - np.quantile(numbers, 0.01)) / 0.98 + 1
    return span <= 1.5 * len(numbers)


def _joined(columns: Sequence[Sampled], rng: np.random.Generator) -> Iterator[Rule]:
    able = [
        c
        for c in columns
        if c.type in ("integer", "text", "date", "timestamp") and c.distinct >= 3 and not c.has_nulls
    ]
    able.sort(key=lambda c: (not PART_WORDS & set(c.words), -c.distinct))
    able = able[:MOST_JOINED]
    able = [c for c in columns if any(c is a for a in able)]
    found: list[set[str]] = []
    for size in (2, 3):
        for some in combinations(able, size):
            names = {c.name for c in some}
            if any(f <= names for f in found):
                continue
            # every part must look like one; of a key that nothing names, chance makes too many
            like = sum(bool(PART_WORDS & set(c.words)) or c.type in ("date", "timestamp") for c in some)
            if like < size - (size == 2):
                continue
            rule = _together(some, rng)
            if rule:
                found.append(names)
                yield rule
        if found:
            return


def _together(some: Sequence[Sampled], rng: np.random.Generator) -> Rule | None:
    rows = len(some[0].array)
    distinct = 1.0
    for c in some:
        distinct *= c.distinct
    if distinct < rows * 0.97:
        return None
    repeated = rows - _distinct([c.codes for c in some])
    if repeated > MOST_BROKEN * rows:
        return None
    # by chance: each column's values in another order; and of three, any two of them must not do
    shuffled = rows - _distinct([some[0].codes, *(c.codes[rng.permutation(rows)] for c in some[1:])])
    chance = shuffled / rows
    if chance < 0.02 or repeated / rows > chance / 6 or surprise(rows, repeated, chance) < 40:
        return None
    return _rule(some, rows, repeated, chance)


def _distinct(codes: Sequence[Any]) -> int:
    out = codes[0].astype(np.int64)
    for one in codes[1:]:
        out = out * (int(one.max()) + 1) + one
        if len(codes) > 2:
            out = np.unique(out, return_inverse=True)[1].astype(np.int64)
    return len(np.unique(out))


def _rule(columns: Sequence[Sampled], known: int, repeated: int, chance: float) -> Rule:
    names = [c.name for c in columns]
    if len(names) == 1:
        told = f"{names[0]} is different in every row"
    else:
        told = f"{', '.join(names[:-1])} and {names[-1]} together are different in every row"
    return Rule(
        "key",
        names[0],
        tuple(names[1:]),
        "",
        told,
        known,
        repeated,
        surprise(known, repeated, chance),
    )
