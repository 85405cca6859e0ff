"""Columns that determine another: one alone, or two together."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import numpy as np

from assay.methods.integrity.chance import gathered, scattered
from assay.methods.integrity.column import Sampled
from assay.methods.integrity.rule import Rule, surprise

LEAST_ROWS = 200
LEAST_REPEATS = 60  # rows beyond the first of their group: only these can disagree
MOST_COLUMNS = 120  # two at a time, both ways
MOST_JOINED = 24  # columns of which two together may determine a third
MOST_BROKEN = 0.035
MOST_DIFFERING = 2.6 * MOST_BROKEN  # between neighbours in a group: a slip makes two differences
SCREEN = 20_000  # rows in which candidates are looked for
LEAST_CHANCE = 0.15  # how often the determined would be wrong, were it not determined


def candidates(columns: Sequence[Sampled]) -> tuple[list[Sampled], list[str]]:
    """Return the columns that can determine or be determined, and what was not tried, in words."""
    able = [
        c
        for c in columns
        if c.type in ("text", "integer", "boolean", "date", "number", "timestamp")
        and 2 <= c.distinct <= max(2, 0.6 * len(c.array))
        and not (c.type in ("number", "timestamp") and c.distinct > 0.3 * len(c.array))
    ]
    if len(able) <= MOST_COLUMNS:
        return able, []
    left = len(able) - MOST_COLUMNS
    return able[:MOST_COLUMNS], [
        f"dependencies of {left} of {len(able)} columns: pairs are tried among the first {MOST_COLUMNS}"
    ]


def determining(column: Sampled) -> bool:
    """Whether a column may determine others: a measured quantity that comes back by chance does not."""
    return column.type in ("text", "integer", "boolean", "date")


def find(
    columns: Sequence[Sampled], others: Sequence[Sampled], rng: np.random.Generator
) -> tuple[list[Rule], list[str]]:
    """Give ``A determines B`` and ``A and B determine C`` where nearly no row disagrees.

    Far more is asked than of chance: the exceptions must be single slips that fall anywhere, in no group and in no
    place of the other columns more than elsewhere, and B must be hard to guess without A. others: the columns
    in which exceptions may gather. With the rules comes what of the second kind was not tried, in words.
    """
    if len(columns) < 2 or len(columns[0].array) < LEAST_ROWS:
        return [], []
    codes = np.array([c.codes for c in columns], np.int32)
    rows = np.arange(codes.shape[1])
    if len(rows) > SCREEN:
        rows = rng.choice(len(rows), SCREEN, replace=False)
    screen = codes[:, rng.permutation(rows)]
    out: list[Rule] = []
    pairs: set[tuple[int, int]] = set()
    alone: dict[int, Any] = {}
    for a, column in enumerate(columns):
        if not determining(column):
            continue
        alone[a] = _differing(screen[a], screen)
        for b in map(int, np.flatnonzero(alone[a] <= MOST_DIFFERING)):
            if column.name == columns[b].name:
                continue
            known = (codes[a] >= 0) & (codes[b] >= 0)
            rule = _judge((column,), columns[b], codes[a], codes[b], known, (), others, rng)
            if rule:
                pairs.add((a, b))
                out.append(rule)
    joined, untried = _joined(columns, codes, screen, (pairs, alone), others, rng)
    return [*out, *joined], untried


def _differing(group: Any, screen: Any) -> Any:
    """Return how often each column differs between neighbours, once rows are sorted by their group; NaN where few are."""
    order = np.argsort(group, kind="stable")
    sorted_ = group[order]
    same = (sorted_[1:] == sorted_[:-1]) & (sorted_[1:] >= 0)
    if same.sum() < LEAST_REPEATS // 2:
        return np.full(len(screen), np.nan)
    left, right = screen[:, order[1:][same]], screen[:, order[:-1][same]]
    known = (left >= 0) & (right >= 0)
    count = known.sum(axis=1)
    differ = np.sum((left != right) & known, axis=1) / np.maximum(1, count)
    return np.where(count >= LEAST_REPEATS // 2, differ, np.nan)


def broken_rows(group: Any, to: Any) -> tuple[Any, Any, Any]:
    """Return which rows do not have the commonest value of their group, and each group's wrong and size."""
    width = int(to.max(initial=0)) + 1
    cells, inverse, counts = np.unique(
        group.astype(np.int64) * width + to, return_inverse=True, return_counts=True
    )
    of = cells // width
    order = np.lexsort((cells, -counts, of))
    first = np.r_[True, of[order][1:] != of[order][:-1]]
    usual = np.zeros(len(cells), bool)
    usual[order[first]] = True
    starts = np.flatnonzero(first)
    size = np.add.reduceat(counts[order], starts)
    return ~usual[inverse], size - counts[order][first], size


def _judge(
    by: Sequence[Sampled],
    target: Sampled,
    group: Any,
    to: Any,
    known: Any,
    parts: Sequence[Any],
    others: Sequence[Sampled],
    rng: np.random.Generator,
) -> Rule | None:
    """Hold one dependency against the sample. parts: of a joined one the codes of each column alone."""
    group, to = group[known], to[known]
    support = len(to)
    if support < LEAST_ROWS:
        return None
    wrong, bad, size = broken_rows(group, to)
    broken = int(wrong.sum())
    repeats = int(support - len(size))
    if broken > MOST_BROKEN * support or repeats < max(LEAST_REPEATS, 0.05 * support):
        return None
    if parts:
        chance = min(_shuffled(group, to, part[known], rng) for part in parts)
    else:
        chance = _shuffled(group, to, None, rng)
    if chance < LEAST_CHANCE or broken / support > chance / 10:
        return None
    # among rows that can disagree at all, exceptions must be as rare
    if broken > 2 * MOST_BROKEN * repeats:
        return None
    if broken:
        some = size >= 2
        if gathered(bad[some], size[some]):
            return None
        everywhere = np.zeros(len(known), bool)
        everywhere[np.flatnonzero(known)[wrong]] = True
        names = {target.name, *(c.name for c in by)}
        if not scattered(everywhere, known, [c for c in others if c.name not in names]):
            return None
    if len(by) == 1 and target.distinct > 2 and (size >= 3).sum() < 3:
        return None
    names_ = " and ".join(c.name for c in by)
    written = tuple(c.said for c in by) if any(c.written for c in by) else ()
    shown = " and ".join(c.written or c.name for c in by)
    return Rule(
        "dependency",
        target.name,
        tuple(c.name for c in by),
        "",
        f"{shown} {'determine' if len(by) > 1 else 'determines'} {target.name}" if names_ else "",
        support,
        broken,
        surprise(repeats, min(broken, repeats), min(1.0, chance * support / max(1, repeats))),
        by=written,
        doubted=True,
    )


def _shuffled(group: Any, to: Any, within: Any, rng: np.random.Generator) -> float:
    """Return the share of rows that would break it, were the determined column shuffled, within some groups or all."""
    lot = rng.random(len(to))
    if within is None:
        mixed = to[np.argsort(lot)]
    else:
        mixed = np.empty_like(to)
        mixed[np.argsort(within, kind="stable")] = to[np.lexsort((lot, within))]
    return float(broken_rows(group, mixed)[0].mean())


def _joined(
    columns: Sequence[Sampled],
    codes: Any,
    screen: Any,
    single: tuple[set[tuple[int, int]], dict[int, Any]],
    others: Sequence[Sampled],
    rng: np.random.Generator,
) -> tuple[list[Rule], list[str]]:
    """Find what two columns determine together, and neither alone. single: who determines whom, and how often columns
    differ between neighbours in each one's groups.
    """
    pairs, alone = single
    rows = screen.shape[1]
    alike = {b for a, b in pairs if (b, a) in pairs and a < b}
    able = [k for k in alone if 3 <= columns[k].distinct <= 0.3 * rows and k not in alike]
    untried = []
    if len(able) > MOST_JOINED:
        untried.append(
            f"what two columns determine together, with {len(able) - MOST_JOINED} of {len(able)} columns"
        )
    # few values make groups that come back
    able = sorted(sorted(able, key=lambda k: columns[k].distinct)[:MOST_JOINED])
    rules: dict[tuple[int, int, int], Rule] = {}
    for a, b in combinations(able, 2):
        if (a, b) in pairs or (b, a) in pairs:
            continue
        known = (screen[a] >= 0) & (screen[b] >= 0)
        group = np.where(known, screen[a].astype(np.int64) * columns[b].distinct + screen[b], -1)
        differ = _differing(group, screen)
        told = {a, b} | alike | {t for x, t in pairs if x in (a, b)}
        need = np.maximum(0.8 * LEAST_CHANCE, 4 * differ)  # each alone must leave much open
        promising = (differ <= MOST_DIFFERING) & ~(alone[a] < need) & ~(alone[b] < need)
        for target in map(int, np.flatnonzero(promising)):
            if target in told:
                continue
            known = (codes[a] >= 0) & (codes[b] >= 0) & (codes[target] >= 0)
            whole = codes[a].astype(np.int64) * columns[b].distinct + codes[b]
            rule = _judge(
                (columns[a], columns[b]),
                columns[target],
                whole,
                codes[target],
                known,
                (codes[a], codes[b]),
                others,
                rng,
            )
            if rule:
                rules[a, b, target] = rule
    out = []
    for a, b, target in rules:
        # what determines a says with b no more than a does
        finer = any(
            (x, y) in pairs and (min(y, z), max(y, z), target) in rules
            for x, z in ((a, b), (b, a))
            for y in able
            if y not in (a, b, target)
        )
        if not finer:
            out.append(rules[a, b, target])
    return out, untried
