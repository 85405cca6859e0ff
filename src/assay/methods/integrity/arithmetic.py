"""Columns that are the sum or the product of two others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from assay.methods.expressions import quoted
from assay.methods.integrity.column import Sampled
from assay.methods.integrity.rule import Rule, surprise

MOST_COLUMNS = 200  # three at a time: 200 are four million triples
PROBES = 12
LEAST_ROWS = 50
MOST_BROKEN = 0.05
MOST_TRIED = 2_000


@dataclass
class Outcome:
    """The rules found, and what was not tried, in words."""

    rules: list[Rule] = field(default_factory=list)
    untried: list[str] = field(default_factory=list)


def find(columns: Sequence[Sampled], rng: np.random.Generator) -> Outcome:
    """Find every a = b + c and a = b · c that nearly all rows obey and that is not so by chance."""
    numbers = [c for c in columns if c.is_number and c.distinct >= 5]
    out = Outcome()
    if len(numbers) > MOST_COLUMNS:
        left = len(numbers) - MOST_COLUMNS
        out.untried.append(
            f"sums and products over {left} of {len(numbers)} numeric columns: triples are tried "
            f"among the first {MOST_COLUMNS}"
        )
        numbers = numbers[:MOST_COLUMNS]
    if len(numbers) < 3 or len(numbers[0].array) < LEAST_ROWS:
        return out
    matrix = np.column_stack([c.numbers for c in numbers if c.numbers is not None])
    tolerance = np.array([_unit(matrix[:, k]) for k in range(matrix.shape[1])])
    rows = _probes(matrix, rng)
    left_, right = np.triu_indices(len(numbers), 1)
    seen: set[frozenset[int]] = set()
    for kind in ("sum", "product"):
        tried = 0
        for a, b, c in _candidates(matrix[rows], left_, right, tolerance, kind):
            if frozenset((a, b, c)) in seen:
                continue
            tried += 1
            if tried > MOST_TRIED:
                out.untried.append(f"{kind}s beyond the first {MOST_TRIED} that a dozen rows allowed")
                break
            rule = _judge(numbers, matrix, tolerance, a, b, c, kind, rng)
            if rule:
                seen.add(frozenset((a, b, c)))
                out.rules.append(rule)
    return out


def _unit(values: Any) -> float:
    """Return half the last decimal place that a column writes, or 0 for whole numbers."""
    known = values[~np.isnan(values)][:2_000]
    for digits in range(7):
        if np.all(
            np.abs(known * 10**digits - np.round(known * 10**digits)) < 1e-6 * np.maximum(1, np.abs(known))
        ):
            return 0.0 if digits == 0 else 0.5 * 10.0**-digits
    return 0.0


def _probes(matrix: Any, rng: np.random.Generator) -> Any:
    """Choose the rows that can tell most: those with the fewest zeros and nulls, and by lot among them."""
    telling = np.sum(np.isfinite(matrix) & (matrix != 0) & (matrix != 1), axis=1)
    order = np.argsort(-(telling + rng.random(len(telling)) * 0.999), kind="stable")
    best = order[: max(PROBES * 4, len(order) // 10)]
    return np.sort(rng.choice(best, size=min(PROBES, len(best)), replace=False))


def _candidates(
    probe: Any, left: Any, right: Any, tolerance: Any, kind: str
) -> Iterator[tuple[int, int, int]]:
    with np.errstate(over="ignore", invalid="ignore"):
        made = probe[:, left] + probe[:, right] if kind == "sum" else probe[:, left] * probe[:, right]
        for a in range(probe.shape[1]):
            target = probe[:, a : a + 1]
            slack = tolerance[a] * 1.02 + 1e-9 * np.abs(target)
            known = np.isfinite(made) & np.isfinite(target)
            agree = np.sum(known & (np.abs(made - target) <= slack), axis=0)
            enough = (agree >= np.maximum(3, 0.7 * known.sum(axis=0))) & (left != a) & (right != a)
            for pair in np.flatnonzero(enough):
                yield a, int(left[pair]), int(right[pair])


def _judge(
    columns: Sequence[Sampled],
    matrix: Any,
    tolerance: Any,
    a: int,
    b: int,
    c: int,
    kind: str,
    rng: np.random.Generator,
) -> Rule | None:
    x, y, z = matrix[:, a], matrix[:, b], matrix[:, c]
    known = np.isfinite(x) & np.isfinite(y) & np.isfinite(z)
    idle = (0,) if kind == "sum" else (0, 1)
    telling = known & ~np.isin(y, idle) & ~np.isin(z, idle)
    support, told = int(known.sum()), int(telling.sum())
    if support < LEAST_ROWS or told < max(30, 0.05 * support):
        return None
    made = y + z if kind == "sum" else y * z
    slack = tolerance[a] * 1.02 + 1e-9 * np.abs(x)
    wrong = np.abs(made - x) > slack
    broken, broken_telling = int((wrong & known).sum()), int((wrong & telling).sum())
    if broken / support > MOST_BROKEN or broken_telling / told > MOST_BROKEN:
        return None
    if len(np.unique(x[telling])) < 5 or len(np.unique(np.column_stack([y, z])[telling], axis=0)) < 10:
        return None
    shuffled = rng.permutation(x[telling])
    chance = float(np.mean(np.abs(made[telling] - shuffled) > tolerance[a] * 1.02 + 1e-9 * np.abs(shuffled)))
    if chance < 0.5:
        return None
    name, first, second = (columns[k].name for k in (a, b, c))
    sign = "+" if kind == "sum" else "*"
    formula = f"{quoted(first)} {sign} {quoted(second)}"
    holds = f"abs({quoted(name)} - ({formula})) <= "
    if tolerance[a]:
        holds += f"{tolerance[a] * 1.02:.3g}"
    elif all(np.all(v[known] == np.round(v[known])) for v in (x, y, z)):
        holds = f"{quoted(name)} == {formula}"
    else:
        holds += f"0.000000001 * abs({quoted(name)})"
    return Rule(
        kind,
        name,
        (first, second),
        holds,
        f"{name} = {first} {'+' if kind == 'sum' else '×'} {second}",
        support,
        broken,
        surprise(told, broken_telling, chance),
        {"set": name, "to": formula},
    )
