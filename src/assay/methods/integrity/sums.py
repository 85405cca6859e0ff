"""Columns that are the sum of two to five others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

import numpy as np

from assay.methods.integrity.figures import Figures, fit
from assay.methods.integrity.meeting import meeting
from assay.methods.integrity.rule import Rule, surprise

MOST_COLUMNS = 200  # three at a time: 200 are four million triples
MOST_OF_FOUR, MOST_OF_FIVE, MOST_OF_SIX = 60, 40, 24  # columns among which more terms are tried
MOST_TRIED = 1_000
SCREEN = 300  # rows, evenly spread, that a candidate must obey before all are asked


@dataclass
class Outcome:
    """The rules found, and what was not tried, in words: of the simplest kind, and of those with more terms."""

    rules: list[Rule] = field(default_factory=list)
    untried: list[str] = field(default_factory=list)
    further: list[str] = field(default_factory=list)


def find(figures: Figures, rng: np.random.Generator) -> Outcome:
    """Find every a = b + c (+ d + e + f) that nearly all rows obey and that is not so by chance.

    Of laws that follow from one another only the first is given: each is a vector of coefficients, and one in the
    span of those before says nothing new.
    """
    out = Outcome()
    count = len(figures.columns)
    if count < 3:
        return out
    basis: list[Any] = []
    for terms in (2, 3, 4, 5):
        limit = {2: MOST_COLUMNS, 3: MOST_OF_FOUR, 4: MOST_OF_FIVE, 5: MOST_OF_SIX}[terms]
        use = figures
        if count > limit:
            (out.untried if terms == 2 else out.further).append(
                f"sums of {terms} terms over {count - limit} of {count} numeric columns: they are tried among {limit}"
            )
            use = figures.only(range(limit), rng)
        if len(use.columns) <= terms:
            break
        tried = 0
        for target, parts in _candidates(use, terms):
            tried += 1
            if tried > MOST_TRIED:
                (out.untried if terms == 2 else out.further).append(
                    f"sums of {terms} terms beyond the first {MOST_TRIED} that a few hundred rows allowed"
                )
                break
            vector = np.zeros(count)
            vector[target] = -1
            vector[list(parts)] = 1
            if _spanned(basis, vector):
                continue
            rule = _judge(use, target, parts, rng)
            if rule:
                basis.append(vector)
                out.rules.append(rule)
    return out


def _likely(figures: Figures, target: Any, parts: Any) -> Any:
    """Return which of many candidates (targets, and their parts a row each) some hundred rows mostly obey."""
    some = figures.matrix[:: max(1, len(figures.matrix) // SCREEN)]
    good = np.zeros(len(target), bool)
    for first in range(0, len(target), 2_000):
        a, b = target[first : first + 2_000], parts[first : first + 2_000]
        wanted = some[:, a]
        away = np.abs(sum(some[:, b[:, k]] for k in range(b.shape[1])) - wanted)
        slack = (figures.unit[a] + figures.unit[b].sum(axis=1)) * 1.02 + 1e-9 * np.abs(wanted)
        known = np.isfinite(away)
        count = known.sum(axis=0)
        good[first : first + 2_000] = (count > 0) & (np.sum(known & (away <= slack), axis=0) >= 0.85 * count)
    return good


def _spanned(basis: Sequence[Any], vector: Any) -> bool:
    if not basis:
        return False
    stack = np.array(basis).T
    solved, *_ = np.linalg.lstsq(stack, vector, rcond=None)
    return bool(np.abs(stack @ solved - vector).max() < 1e-6)


def _candidates(figures: Figures, terms: int) -> Iterator[tuple[int, tuple[int, ...]]]:
    probe = np.where(np.isfinite(figures.probe), figures.probe, np.nan)
    if terms == 2:
        yield from _pairs(figures, probe)
        return
    if not len(probe):
        return
    count = len(figures.columns)
    duo = np.array(list(combinations(range(count), 2)))
    right = probe[:, duo[:, 0]] + probe[:, duo[:, 1]]
    lefts: list[tuple[int, ...]] = [(a,) for a in range(count)]
    for _ in range(terms - 2):  # a - b, a - b - c, a - b - c - d, the subtracted in ascending order
        lefts = [(*t, b) for t in lefts for b in range(t[-1] + 1 if len(t) > 1 else 0, count) if b != t[0]]
    index = np.array(lefts)
    step = max(1, 4_000_000 // max(1, len(probe)))
    for first in range(0, len(index), step):
        part = index[first : first + step]
        left = probe[:, part[:, 0]] - sum(probe[:, part[:, k]] for k in range(1, part.shape[1]))
        grain = 1e-9 * np.max(np.abs(np.nan_to_num(probe)), axis=1, keepdims=True)
        i, j = meeting(left, right, 4 * figures.unit[part[:, 0]] + grain, 3)
        parts = np.sort(np.column_stack([part[i, 1:], duo[j]]), axis=1)
        target = part[i, 0]
        proper = np.all(parts[:, 1:] != parts[:, :-1], axis=1) & np.all(parts != target[:, None], axis=1)
        several = np.unique(np.column_stack([target, parts])[proper], axis=0)
        for row in several[_likely(figures, several[:, 0], several[:, 1:])]:
            yield int(row[0]), tuple(map(int, row[1:]))


def _pairs(figures: Figures, probe: Any) -> Iterator[tuple[int, tuple[int, ...]]]:
    left, right = np.triu_indices(len(figures.columns), 1)
    with np.errstate(over="ignore", invalid="ignore"):
        made = probe[:, left] + probe[:, right]
        rounding = figures.unit[left] + figures.unit[right]
        for a in range(probe.shape[1]):
            target = probe[:, a : a + 1]
            slack = (figures.unit[a] + rounding) * 1.02 + 1e-9 * np.abs(target)
            away = np.abs(made - target)
            known = np.isfinite(away)
            agree = np.sum(known & (away <= slack), axis=0)
            enough = (agree >= np.maximum(3, 0.7 * known.sum(axis=0))) & (left != a) & (right != a)
            pairs = np.flatnonzero(enough)
            parts = np.column_stack([left[pairs], right[pairs]])
            for row in parts[_likely(figures, np.full(len(pairs), a), parts)]:
                yield a, (int(row[0]), int(row[1]))


def _judge(figures: Figures, target: int, parts: tuple[int, ...], rng: np.random.Generator) -> Rule | None:
    matrix = figures.matrix
    made = np.sum(matrix[:, list(parts)], axis=1)
    telling = np.all(matrix[:, list(parts)] != 0, axis=1)
    known = np.isfinite(made) & np.isfinite(matrix[:, target])
    alike = figures.slack(target)
    loose = figures.slack(target, [(c, 1.0) for c in parts])
    if len(parts) > 2:  # of many terms hardly a row has all; each must tell in some
        for part in parts:
            if (matrix[known, part] != 0).sum() < max(30, 0.02 * known.sum()):
                return None
        telling = np.sum(matrix[:, list(parts)] != 0, axis=1) >= 2
    found = fit(matrix[:, target], made, telling, alike, loose, rng)
    if found is None or len(np.unique(matrix[known][:5_000][:, list(parts)], axis=0)) < 10:
        return None
    column = figures.columns[target]
    terms = [figures.columns[c] for c in parts]
    formula = " + ".join(t.said for t in terms)
    slack = figures.unit[target] + (figures.unit[list(parts)].sum() if found.loose else 0.0)
    if slack:
        holds = f"abs({column.said} - ({formula})) <= {slack * 1.02:.3g}"
    elif all(figures.whole[[target, *parts]]):
        holds = f"{column.said} == {formula}"
    else:
        holds = f"abs({column.said} - ({formula})) <= 0.000000001 * abs({column.said})"
    others = [
        {"set": t.name, "to": " - ".join([column.said, *(u.said for u in terms if u is not t)])}
        for t in terms
        if not t.written
    ]
    return Rule(
        "sum",
        column.name,
        tuple(t.name for t in terms),
        holds,
        f"{column.name} = {' + '.join(t.name for t in terms)}",
        found.support,
        found.broken,
        surprise(found.told, found.broken_told, found.chance),
        {} if column.written else {"set": column.name, "to": formula},
        proposals=tuple(others),
    )
