"""Rules that say nothing beside others: what follows from a plainer or stronger one is left out."""

from __future__ import annotations

from collections.abc import Sequence

from assay.methods.integrity.column import words
from assay.methods.integrity.keys import KEY_WORDS
from assay.methods.integrity.order import ends
from assay.methods.integrity.rule import Rule

CALCULATED = frozenset({"sum", "product", "linear", "equal", "rounding", "dates", "copy"})
SAME = frozenset({"equal", "copy"})
DECIDED = frozenset({"derived_flag", "band"})


def without_implied(rules: Sequence[Rule]) -> list[Rule]:
    """Return the rules of which none follows from others of them.

    A dependency follows from whatever calculates or decides one of its columns from its others, and from two
    dependencies by way of a third column, and that a whole determines its parts from what puts them together; a condition, from a dependency or a flag between its two columns; an order, from
    a calculation that has both columns, or, where the names do not say it, from several that lead from one to the other; a key
    of several columns, from one with columns that are the same in other words.
    """
    calculated = [frozenset(r.columns) for r in rules if r.kind in CALCULATED]
    decided = [frozenset(r.columns) for r in rules if r.kind in DECIDED]
    single = {
        (r.sources[0], r.target): r
        for r in rules
        if r.kind == "dependency" and len(r.sources) == 1 and not r.by
    }
    parts = {(r.target, s) for r in rules if r.kind == "copy" and len(r.sources) == 2 for s in r.sources}
    keys = {r.target for r in rules if r.kind == "key" and not r.sources}
    group = _groups(calculated)
    same = _groups(
        [frozenset(p) for p in single if p[::-1] in single]
        + [frozenset(r.columns) for r in rules if r.kind in SAME]
    )
    wordy = sorted((r for r in rules if r.kind == "key" and r.sources), key=_unnamed)
    plainest = {frozenset(same.get(c, c) for c in r.columns): r for r in reversed(wordy)}
    out = []
    for rule in rules:
        columns = frozenset(rule.columns)
        if rule.kind == "dependency":
            if any(c <= columns for c in (*calculated, *decided)) or (
                not rule.by and keys & set(rule.sources)
            ):
                continue
            if len(rule.sources) == 1 and not rule.by and (rule.sources[0], rule.target) in parts:
                continue
            if len(rule.sources) == 1 and not rule.by and _by_way(single, rule.sources[0], rule.target):
                continue
            if rule.by and any((s, rule.target) in single for s in rule.sources):
                continue
            if len(rule.sources) == 2 and any((s, rule.target) in single for s in rule.sources):
                continue
        elif rule.kind == "condition":
            a, b = rule.sources[0], rule.target
            if (a, b) in single or columns in decided or columns in calculated:
                continue
        elif rule.kind == "order":
            a, b = rule.sources[0], rule.target
            if any(columns <= c for c in calculated):
                continue
            if a in group and group[a] == group.get(b) and not ends(words(a), words(b)):
                continue
        elif rule.kind == "key" and rule.sources:
            if plainest[frozenset(same.get(c, c) for c in rule.columns)] is not rule:
                continue
        elif rule.kind == "band" and columns in calculated:
            continue
        out.append(rule)
    return out


def _groups(sets: Sequence[frozenset[str]]) -> dict[str, str]:
    """Return for each column of some sets one that stands for all that are joined to it."""
    stands: dict[str, str] = {}
    for one in sets:
        heads = {stands.get(c, c) for c in one}
        head = min(heads)
        for column in one:
            stands.setdefault(column, head)
        stands = {c: head if h in heads else h for c, h in stands.items()}
    return stands


def _unnamed(rule: Rule) -> int:
    return -sum(bool(KEY_WORDS & set(words(c))) for c in rule.columns)


def _by_way(single: dict[tuple[str, str], Rule], a: str, c: str) -> bool:
    """Whether a determines c by way of some b that does not determine a: so that of equals each is kept."""
    return any(
        start == a and (b, c) in single and (b, a) not in single and (c, b) not in single and b != c
        for start, b in single
    )
