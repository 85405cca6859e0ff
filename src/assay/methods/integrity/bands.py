"""Categories that are bands of a number: minor below 18, adult below 65, senior from there on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from assay.methods.integrity.chance import near, scattered
from assay.methods.integrity.column import Sampled
from assay.methods.integrity.figures import plain
from assay.methods.integrity.flags import bound
from assay.methods.integrity.rule import Rule, surprise

LEAST_ROWS = 200
LEAST_OF_BAND = 15
MOST_BANDS = 12
MOST_BROKEN = 0.04
MOST_COLUMNS = 60
GROUPS = 400


def find(columns: Sequence[Sampled], figures: Sequence[Sampled]) -> Iterator[Rule]:
    """Give each category of three to twelve values that part a number's range between them, in nearly every row."""
    for column in [c for c in columns if c.type in ("text", "integer")][:MOST_COLUMNS]:
        if not 3 <= column.distinct <= MOST_BANDS + 3:
            continue
        best: Rule | None = None
        for source in figures[:MOST_COLUMNS]:
            if source.name != column.name and source.distinct > 2 * column.distinct:
                rule = _judge(column, source, columns)
                if rule and (best is None or rule.violations < best.violations):
                    best = rule
        if best:
            yield best


def _judge(column: Sampled, source: Sampled, columns: Sequence[Sampled]) -> Rule | None:
    numbers = source.numbers
    assert numbers is not None
    both = np.isfinite(numbers) & (column.codes >= 0)
    support = int(both.sum())
    if support < LEAST_ROWS:
        return None
    x, code = numbers[both], column.codes[both]
    cuts = _cuts(x, code, column.distinct)
    if cuts is None:
        return None
    edges, bands = cuts
    made = np.array(bands)[np.searchsorted(edges, x, side="right")]
    wrong = made != code
    broken = int(wrong.sum())
    chance = 1 - float(np.bincount(code).max()) / support
    if broken > MOST_BROKEN * support or chance < 0.25 or broken / support > chance / 10:
        return None
    if broken:
        rank = np.searchsorted(np.sort(x), x)
        at = np.searchsorted(np.sort(x), edges)
        if near(np.min(np.abs(rank[:, None] - at[None, :]), axis=1), wrong):
            return None
        everywhere = np.zeros(len(both), bool)
        everywhere[np.flatnonzero(both)[wrong]] = True
        if not scattered(everywhere, both, [c for c in columns if c.name not in (column.name, source.name)]):
            return None
    return _rule(
        column,
        source,
        [bound(float(x[x < e].max()), float(e)) for e in edges],
        bands,
        (support, broken, chance),
    )


def _cuts(x: Any, code: Any, kinds: int) -> tuple[Any, list[int]] | None:
    """Return the bounds between bands and which value each band has; None where the values do not lie side by side.

    The bands are the runs of the commonest value over groups of neighbouring rows; each bound is then the cut between two
    runs that the fewest rows contradict.
    """
    order = np.argsort(x, kind="stable")
    x, code = x[order], code[order]
    size = max(8, len(x) // GROUPS)
    starts = np.arange(0, len(x), size)
    table = np.zeros((len(starts), kinds))
    np.add.at(table, (np.arange(len(x)) // size, code), 1)
    top = np.argmax(table, axis=1)
    sure = table.max(axis=1) >= 0.8 * table.sum(axis=1)
    runs: list[tuple[int, int, int]] = []  # value, first and last sure group
    for group in np.flatnonzero(sure):
        if runs and runs[-1][0] == top[group]:
            runs[-1] = (runs[-1][0], runs[-1][1], int(group))
        else:
            runs.append((int(top[group]), int(group), int(group)))
    values = [r[0] for r in runs]
    if not 3 <= len(runs) <= MOST_BANDS or len(set(values)) != len(values):
        return None
    edges = []
    for (low, _, last), (high, first, _) in pairwise(runs):
        left, right = starts[last], min(len(x), starts[first] + size)
        here, is_low = x[left:right], code[left:right] == low
        distinct, at = np.unique(here, return_index=True)
        if len(distinct) < 2:
            return None
        is_high = code[left:right] == high
        errors = np.r_[0, np.cumsum(is_high)][at[1:]] + is_low.sum() - np.r_[0, np.cumsum(is_low)][at[1:]]
        edges.append(distinct[1:][int(np.argmin(errors))])
    counts = np.bincount(code, minlength=kinds)
    if min(counts[v] for v in values) < LEAST_OF_BAND or sorted(edges) != edges:
        return None
    return np.array(edges), values


def _rule(
    column: Sampled,
    source: Sampled,
    bounds: Sequence[tuple[float, bool]],
    bands: Sequence[int],
    seen: tuple[int, int, float],
) -> Rule | None:
    support, broken, chance = seen
    values = [column.values[b] for b in bands]
    if any(isinstance(v, str) and "\\" in repr(v) for v in values):
        return None
    parts, shown = [], []
    for place, value in enumerate(values):
        conditions = []
        if place:
            edge, inclusive = bounds[place - 1]
            conditions.append(f"{source.said} {'>=' if inclusive else '>'} {plain(edge)}")
        if place < len(bounds):
            edge, inclusive = bounds[place]
            conditions.append(f"{source.said} {'<' if inclusive else '<='} {plain(edge)}")
            shown.append(f"{value!r} {'below' if inclusive else 'up to'} {plain(edge)}")
        else:
            shown.append(f"{value!r} above")
        parts.append(f"({' and '.join(conditions)} and {column.said} == {value!r})")
    return Rule(
        "band",
        column.name,
        (source.name,),
        " or ".join(parts),
        f"{column.name} is a band of {source.name}: {', '.join(shown)}",
        support,
        broken,
        surprise(support, broken, chance),
        doubted=True,
    )
