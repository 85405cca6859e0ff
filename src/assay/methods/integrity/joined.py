"""Columns of text that are two others put together: a full name, a street with its number, a key of two parts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from assay.methods.integrity.chance import scattered
from assay.methods.integrity.column import Sampled
from assay.methods.integrity.rule import Rule, surprise

LEAST_ROWS = 100
LEAST_DISTINCT = 10  # of what is put together; of each part half as many
MOST_BROKEN = 0.035
MOST_COLUMNS = 40
PROBED = 60  # rows in which both parts must be seen before all are asked
SEEN = 0.85  # of them
LONGEST_MARK = 3  # letters between the parts
LEAST_CHANCE = 0.3


def find(columns: Sequence[Sampled], rng: np.random.Generator) -> tuple[list[Rule], list[str]]:
    """Give each text that is another, a mark and a third in nearly every row, and what was not tried, in words."""
    texts = [c for c in columns if c.type == "text" and c.distinct >= LEAST_DISTINCT // 2]
    untried = []
    if len(texts) > MOST_COLUMNS:
        untried.append(f"texts put together of {len(texts) - MOST_COLUMNS} of {len(texts)} columns of text")
        texts = texts[:MOST_COLUMNS]
    out = []
    spelled = {c.name: np.array([str(v) for v in c.values], object) for c in texts}
    for target in texts:
        if target.distinct < LEAST_DISTINCT:
            continue
        ways = [
            rule
            for first, mark, last in _likely(target, texts, spelled)
            if (rule := _judge((target, first, last), mark, spelled, columns, rng)) is not None
        ]
        if ways:
            out.append(min(ways, key=lambda r: r.violations))
    return out, untried


def _likely(
    target: Sampled, texts: Sequence[Sampled], spelled: dict[str, Any]
) -> list[tuple[Sampled, str, Sampled]]:
    """Return the parts that some rows begin and end with, and the mark between them."""
    rows = np.flatnonzero(target.codes >= 0)
    rows = rows[:: max(1, len(rows) // PROBED)]
    whole = spelled[target.name][target.codes[rows]]
    others = [c for c in texts if c.name != target.name]
    parts = [np.where(c.codes[rows] < 0, None, spelled[c.name][c.codes[rows]]) for c in others]
    heads = [k for k, p in enumerate(parts) if _share(whole, p, str.startswith) >= SEEN]
    tails = [k for k, p in enumerate(parts) if _share(whole, p, str.endswith) >= SEEN]
    out = []
    for head in heads:
        for tail in tails:
            marks = Counter(
                text[len(a) : len(text) - len(b)]
                for text, a, b in zip(whole, parts[head], parts[tail], strict=True)
                if a and b and len(a) + len(b) <= len(text)
            )
            if head == tail or not marks:
                continue
            mark, many = marks.most_common(1)[0]
            plain = len(mark) <= LONGEST_MARK and not any(c.isalnum() or c in "\\'" for c in mark)
            if plain and mark.isprintable() and many >= SEEN * marks.total():
                out.append((others[head], mark, others[tail]))
    return out


def _share(whole: Any, part: Any, holds: Any) -> float:
    """Return the share of rows with both in which the whole begins, or ends, with the part and is longer."""
    both = [(t, p) for t, p in zip(whole, part, strict=True) if p]
    if len(both) < PROBED // 3:
        return 0.0
    return sum(bool(holds(t, p)) and len(t) > len(p) for t, p in both) / len(both)


def _judge(
    three: tuple[Sampled, Sampled, Sampled],
    mark: str,
    spelled: dict[str, Any],
    columns: Sequence[Sampled],
    rng: np.random.Generator,
) -> Rule | None:
    target, first, last = three
    known = np.all([c.codes >= 0 for c in three], axis=0)
    support = int(known.sum())
    if support < LEAST_ROWS:
        return None
    whole, head, tail = (spelled[c.name][c.codes[known]] for c in three)
    wrong = head + mark + tail != whole
    broken = int(wrong.sum())
    order = rng.permutation(support)
    # each part must matter: with that of another row it must fail
    chance = min(float(np.mean(h + mark + t != whole)) for h, t in ((head[order], tail), (head, tail[order])))
    if broken > MOST_BROKEN * support or chance < LEAST_CHANCE:
        return None
    if broken:
        everywhere = np.zeros(len(known), bool)
        everywhere[np.flatnonzero(known)[wrong]] = True
        names = {c.name for c in three}
        if not scattered(everywhere, known, [c for c in columns if c.name not in names]):
            return None
    middle = f", {mark!r}" if mark else ""
    formula = f"join({first.said}{middle}, {last.said})"
    return Rule(
        "copy",
        target.name,
        (first.name, last.name),
        f"{target.said} == {formula}",
        f"{target.name} is {first.name}{middle} and {last.name} put together",
        support,
        broken,
        surprise(support, broken, chance),
        {"set": target.name, "to": formula},
        doubted=True,
    )
