"""Columns of text that copy another: equal, in small letters, or its first letters."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import permutations
from typing import Any

import numpy as np

from assay.methods.integrity.chance import scattered
from assay.methods.integrity.column import Sampled
from assay.methods.integrity.rule import Rule, surprise

LEAST_ROWS = 100
MOST_BROKEN = 0.035
MOST_COLUMNS = 40
LONGEST_BEGINNING = 8
LEAST_CHANCE = 0.3


def find(columns: Sequence[Sampled], rng: np.random.Generator) -> tuple[list[Rule], list[str]]:
    """Give each column that is another's copy in nearly every row, and what was not tried, in words."""
    texts = [c for c in columns if c.type == "text" and c.distinct >= 3]
    untried = []
    if len(texts) > MOST_COLUMNS:
        untried.append(f"copies among {len(texts) - MOST_COLUMNS} of {len(texts)} columns of text")
        texts = texts[:MOST_COLUMNS]
    out: list[Rule] = []
    equal: set[frozenset[str]] = set()
    for target, source in permutations(texts, 2):
        both = frozenset((target.name, source.name))
        if both in equal:
            continue
        rule = next(_copies(target, source, columns, rng), None)
        if rule:
            out.append(rule)
            equal.add(both)
    return out, untried


def _copies(
    target: Sampled, source: Sampled, columns: Sequence[Sampled], rng: np.random.Generator
) -> Iterator[Rule]:
    both = (target.codes >= 0) & (source.codes >= 0)
    support = int(both.sum())
    if support < LEAST_ROWS:
        return
    mine = np.array([str(v) for v in target.values], object)
    theirs = [str(v) for v in source.values]
    to, of = target.codes[both], source.codes[both]
    wanted = mine[to[:1_000]]
    written = source.said
    ways: list[tuple[str, str, Any]] = [(written, source.name, theirs)]
    if any(v != v.lower() for v in theirs[:500]):
        ways.append((f"lower({written})", f"{source.name} in small letters", [v.lower() for v in theirs]))
    if any(v != v.upper() for v in theirs[:500]):
        ways.append((f"upper({written})", f"{source.name} in capitals", [v.upper() for v in theirs]))
    lengths = np.bincount([min(len(v), 60) for v in mine.tolist()], weights=target.counts)
    length = int(np.argmax(lengths))
    if 1 <= length <= LONGEST_BEGINNING and lengths[length] >= 0.9 * lengths.sum():
        cut = [v[:length] for v in theirs]
        if any(len(v) > length for v in theirs[:500]):
            shown = (
                f"the first {length} letters of {source.name}"
                if length > 1
                else f"the first letter of {source.name}"
            )
            ways.append((f"left({written}, {length})", shown, cut))
    for formula, shown, values in ways:
        made = np.array(values, object)
        if np.mean(made[of[:1_000]] != wanted) > 2 * MOST_BROKEN:
            continue
        wrong = made[of] != mine[to]
        broken = int(wrong.sum())
        order = rng.permutation(support)[:20_000]
        chance = float(np.mean(made[of[: len(order)]] != mine[to][order]))
        if broken > MOST_BROKEN * support or chance < LEAST_CHANCE:
            continue
        if broken:
            everywhere = np.zeros(len(both), bool)
            everywhere[np.flatnonzero(both)[wrong]] = True
            asked = [c for c in columns if c.name not in (target.name, source.name)]
            if not scattered(everywhere, both, asked):
                continue
        back = ({"set": source.name, "to": target.said},) if formula == written else ()
        yield Rule(
            "equal" if formula == written else "copy",
            target.name,
            (source.name,),
            f"{target.said} == {formula}",
            f"{target.name} is {shown}",
            support,
            broken,
            surprise(support, broken, chance),
            {"set": target.name, "to": formula},
            proposals=back,
            doubted=True,
        )


def beginnings(columns: Sequence[Sampled]) -> Iterator[Sampled]:
    """Give the first letters of codes of which hardly two are alike, as columns that may determine others."""
    for column in columns:
        if column.type != "text" or column.distinct < 0.3 * max(1, len(column.array)):
            continue
        some = [str(v) for v in column.values[:2_000]]
        for length in range(1, 7):
            heads = {v[:length] for v in some}
            if len(heads) > 60:
                break
            longer = {v[: length + 1] for v in some}
            # where the letters stop telling kinds apart, numbers begin
            if len(heads) >= 2 and len(longer) >= 2 * len(heads):
                import pyarrow.compute as pc

                head = pc.utf8_slice_codeunits(column.array.cast("string"), 0, length)
                yield Sampled(column.name, "text", head, f"left({column.said}, {length})")
