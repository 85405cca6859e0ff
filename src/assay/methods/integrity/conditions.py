"""Values that fix another column: the fee is 0 wherever it was paid in cash; what is open has no end; never both flags."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from assay.methods.integrity.chance import scattered, tail
from assay.methods.integrity.column import Sampled
from assay.methods.integrity.figures import plain
from assay.methods.integrity.rule import Rule, surprise

LEAST_ROWS = 100  # of the condition
LEAST_JUDGED = 200  # of one that some row breaks
MOST_BROKEN = 0.035
FEW_BROKEN = 0.0005  # below, exceptions are slips whatever they look like
USUAL_CHANCE = 0.4  # how often the fixed value does not come elsewhere
LEAST_CHANCE = 0.08  # and where far more is asked of the rule
LEAST_BITS = 90.0
TENDING = 0.8  # a value that comes so often beside another value of the condition makes it a tendency
MOST_COLUMNS = 60
MOST_WHEN, MOST_THEN = 30, 60  # values of a column that conditions, and that is fixed


def find(columns: Sequence[Sampled]) -> tuple[list[Rule], list[str]]:
    """Give each ``B is w wherever A is v`` that nearly no row breaks, and what was not tried, in words.

    B's value may be missing too. What happens one time in a hundred is mostly life and no slip: so many exceptions are
    believed only where they gather in no other column.
    """
    whens = [c for c in columns if c.type in ("text", "boolean", "integer") and 2 <= c.distinct <= MOST_WHEN]
    untried = []
    if len(whens) > MOST_COLUMNS:
        untried.append(f"conditions on {len(whens) - MOST_COLUMNS} of {len(whens)} columns of few values")
        whens = whens[:MOST_COLUMNS]
    thens = [c for c in columns if _fixable(c)]
    if len(thens) > 2 * MOST_COLUMNS:
        untried.append(f"values fixed in {len(thens) - 2 * MOST_COLUMNS} of {len(thens)} columns")
        thens = thens[: 2 * MOST_COLUMNS]
    out: list[Rule] = []
    said: set[frozenset[tuple[str, Any]]] = set()
    for a in whens:
        for b in thens:
            if a.name == b.name:
                continue
            for rule, clause in _found(a, b, columns):
                if clause not in said:
                    said.add(clause)
                    out.append(rule)
    return out, untried


def _fixable(column: Sampled) -> bool:
    if column.has_nulls and column.distinct:
        return True
    if column.type in ("text", "boolean", "integer") and 2 <= column.distinct <= MOST_THEN:
        return True
    return column.is_number and bool(len(column.counts)) and column.counts.max() >= 0.02 * len(column.array)


def _found(
    a: Sampled, b: Sampled, columns: Sequence[Sampled]
) -> Iterator[tuple[Rule, frozenset[tuple[str, Any]]]]:
    rows = len(a.array)
    few = b.distinct <= MOST_THEN
    kinds = b.codes + 1 if few else _coarse(b)
    width = int(kinds.max(initial=0)) + 1
    known = a.codes >= 0
    table = np.bincount(a.codes[known] * width + kinds[known], minlength=a.distinct * width)
    table = table[: a.distinct * width].reshape(a.distinct, width)
    if not few:
        table = table.copy()
        table[:, -1] = 0  # every other value: none that could be the fixed one
    sizes = a.counts
    all_ = table.sum(axis=0)
    tends = _tending(table, sizes, all_)
    for place, value in enumerate(a.values):
        total = int(sizes[place])
        if total < LEAST_ROWS or total > rows - 20:
            continue
        best = int(np.argmax(table[place]))
        broken = total - int(table[place, best])
        outside = int(known.sum()) - total
        chance = 1 - int(all_[best] - table[place, best]) / max(1, outside)
        if chance < LEAST_CHANCE or broken > MOST_BROKEN * total or broken > chance * total / 15:
            continue
        rare = chance < USUAL_CHANCE  # so much is believed of two flags only
        if rare and (a.two is None or b.two is None or broken > chance * total / 35):
            continue
        if tends & {k for k in range(a.distinct) if k != place}:
            continue
        bits = surprise(total, broken, chance)
        if bits < LEAST_BITS:
            continue
        rule = _rule(a, b, value, None if best == 0 else _value(b, best, few), (total, broken, bits))
        if rule is None:
            continue
        if broken > FEW_BROKEN * total:
            here = a.codes == place
            wrong = here & (kinds != best)
            asked = [c for c in columns if c.name not in (a.name, b.name)]
            if (
                broken < 3
                or total < LEAST_JUDGED
                or _alike(kinds[wrong], all_ - table[place], best)
                or not scattered(wrong, here, asked, 0.02)
            ):
                continue
        yield rule, _clause(a, b, place, best, few)


def _tending(table: Any, sizes: Any, all_: Any) -> set[int]:
    """Return the values beside which another is usual, but not nearly always: where there are such, so are exceptions."""
    out = set()
    for place, row in enumerate(table):
        if sizes[place] < LEAST_ROWS // 2:
            continue
        best = int(np.argmax(row))
        share = row[best] / sizes[place]
        outside = (all_[best] - row[best]) / max(1, all_.sum() - sizes[place])
        if TENDING <= share < 1 - MOST_BROKEN and outside < 0.5:
            out.add(place)
    return out


def _alike(exceptions: Any, elsewhere: Any, best: int) -> bool:
    """Return whether the exceptions have one value far more often than it comes elsewhere: then they mean something."""
    values, counts = np.unique(exceptions, return_counts=True)
    top = int(np.argmax(counts))
    others = elsewhere.sum() - elsewhere[best]
    share = min(1.0, max(elsewhere[values[top]], 1) / max(1, others))
    # slips may also be drawn evenly from the other values
    share = max(share, 1 / max(1, int((elsewhere > 0).sum()) - 1))
    return bool(tail(counts[top], counts.sum(), share) < 1e-3)


def _coarse(b: Sampled) -> Any:
    """Return 0 for null, 1 for the commonest value and 2 for every other."""
    top = int(np.argmax(b.counts))
    return np.where(b.codes < 0, 0, np.where(b.codes == top, 1, 2))


def _value(b: Sampled, kind: int, few: bool) -> Any:
    return b.values[kind - 1] if few else b.values[int(np.argmax(b.counts))]


def _clause(a: Sampled, b: Sampled, place: int, best: int, few: bool) -> frozenset[tuple[str, Any]]:
    """Return what is forbidden, so that ``a then b`` and ``not b then not a`` of two flags are one."""
    if few and best and a.distinct == 2 and b.distinct == 2 and not (a.has_nulls or b.has_nulls):
        return frozenset({(a.name, place), (b.name, 2 - best)})
    return frozenset({(a.name, place), (b.name, ("is", best))})


def _written(value: Any) -> str | None:
    """Return a value as rules write it; None where it cannot be."""
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, (int, float)):
        return plain(float(value)) if isinstance(value, float) else str(value)
    return repr(value) if isinstance(value, str) and "\\" not in repr(value) else None


def _rule(a: Sampled, b: Sampled, value: Any, fixed: Any, seen: tuple[int, int, float]) -> Rule | None:
    total, broken, bits = seen
    first = _written(value)
    then = _written(fixed)
    if first is None or (fixed is not None and then is None):
        return None
    name, other = a.said, b.said
    when = f"{name} == {first}"
    if fixed is None:
        holds, told = f"{name} != {first} or {other} is None", f"{b.name} is missing"
    else:
        holds = (
            f"{name} != {first} or ({other} is not None and {other} == {then})"
            if b.has_nulls
            else f"{name} != {first} or {other} == {then}"
        )
        told = f"{b.name} is {fixed!r}"
    repair = {} if fixed is None else {"set": b.name, "to": then}
    return Rule(
        "condition",
        b.name,
        (a.name,),
        holds,
        f"{told} wherever {a.name} is {value!r}",
        total,
        broken,
        bits,
        repair,
        when=when,
        doubted=True,
    )
