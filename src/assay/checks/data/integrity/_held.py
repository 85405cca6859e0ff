"""Rules held against every row: expressions in one pass, keys, dependencies and inclusions column by column."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from assay.kernel.handles import Table, Work

if TYPE_CHECKING:
    from assay.methods.integrity.inclusion import Referred
    from assay.methods.integrity.verify import Tally

MOST_ROWS_IN_MEMORY = 20_000_000
MOST_CELLS_AT_ONCE = 40_000_000
FEW_ROWS = 1_000_000  # up to which a key's values are compared in memory, which is quicker
MOST_REPEATED = 1_000_000  # values of a key that come more than once


def held(
    table: Table, work: Work, rules: Sequence[Any], keys: Sequence[Referred] = ()
) -> list[tuple[Any, Tally | None]]:
    """Hold each rule against all rows; None where that would need more memory than there may be. keys: what is referred to."""
    from assay.methods.expressions import parse
    from assay.methods.integrity.verify import hold

    rowwise = [r for r in rules if r.holds]
    tallies: dict[int, Tally | None] = {}
    if rowwise:
        parsed = [(parse(r.holds), parse(w) if (w := getattr(r, "when", "")) else None) for r in rowwise]
        used = list(dict.fromkeys(c for p, _ in parsed for c in p.columns))
        used = used or [table.columns[0].name]
        for rule, tally in zip(rowwise, hold(parsed, _told(table, used, work)), strict=True):
            tallies[id(rule)] = tally
    _included(table, work, [r for r in rules if getattr(r, "inside", None)], keys, tallies)
    rest = [r for r in rules if not r.holds and not getattr(r, "inside", None)]
    _compared(table, work, rest, tallies)
    return [(rule, tallies[id(rule)]) for rule in rules]


def _told(table: Table, columns: Sequence[str], work: Work, size: int = 65_536) -> Iterator[Any]:
    done = 0
    for batch in table.batches(list(columns), size):
        work.progress(done, table.rows, "rows")
        yield batch
        done += batch.num_rows


def _included(
    table: Table, work: Work, rules: Sequence[Any], keys: Sequence[Referred], tallies: dict[int, Tally | None]
) -> None:
    """Hold inclusions in one pass, each against the values of its key."""
    if not rules:
        return
    from assay.methods.integrity.inclusion import inside
    from assay.methods.integrity.verify import Tally

    by_name = {(k.table, k.column): k for k in keys}
    found = {id(r): Tally() for r in rules}
    first = 1
    for batch in _told(table, list(dict.fromkeys(r.target for r in rules)), work):
        for rule in rules:
            found[id(rule)].see(inside(batch.column(rule.target), by_name[rule.inside]), first)
        first += batch.num_rows
    tallies |= found


def _single(table: Table, work: Work, column: str) -> Tally | None:
    """Hold a key of one column without its values in memory: those that come twice are asked where the table lies.

    None where they are too many, or of a kind that engines compare each in its own way.
    """
    from assay.methods.integrity.verify import again

    if next(c.type for c in table.columns if c.name == column) not in ("integer", "text"):
        return None
    known = table.expr.filter(table.expr[column].notnull())
    many = f"{column}_rows"  # the one name that the column cannot have
    counted = known.group_by([known[column]]).agg(**{many: known.count()})
    found = table.run(counted.filter(counted[many] > 1).select(column).limit(MOST_REPEATED + 1))
    if found.num_rows > MOST_REPEATED:
        return None
    return again(_told(table, [column], work, 1 << 20), found.column(0).combine_chunks())


def _compared(table: Table, work: Work, rules: Sequence[Any], tallies: dict[int, Tally | None]) -> None:
    """Hold keys and dependencies, for which rows must be compared: their columns are read once if they fit."""
    from assay.methods.expressions import parse
    from assay.methods.integrity.verify import repeated, undetermined

    named = {c.name for c in table.columns}
    wanted = {id(r): _parts(r, named) for r in rules}
    if table.rows > FEW_ROWS:
        for rule in rules:
            by, target = wanted[id(rule)]
            if not target and len(by) == 1:
                tallies[id(rule)] = _single(table, work, by[0])
        rules = [r for r in rules if tallies.get(id(r)) is None]
    if table.rows > MOST_ROWS_IN_MEMORY:
        tallies |= {id(r): None for r in rules}
        return

    def columns(parts: Sequence[str]) -> list[str]:
        return list(dict.fromkeys(c for p in parts for c in ([p] if p in named else parse(p).columns)))

    every = columns([p for r in rules for p in (*wanted[id(r)][0], wanted[id(r)][1]) if p])
    at_once = table.arrow(every) if every and table.rows * len(every) <= MOST_CELLS_AT_ONCE else None
    for done, rule in enumerate(rules):
        work.progress(done, len(rules), "rules")
        by, target = wanted[id(rule)]
        parts = [*by, *([target] if target else [])]
        data = at_once if at_once is not None else table.arrow(columns(parts))
        for part in by:
            if part not in named:
                data = data.append_column(part, parse(part).evaluate(data))
        tallies[id(rule)] = undetermined(data, by, target) if target else repeated(data, by)


def _parts(rule: Any, named: set[str]) -> tuple[tuple[str, ...], str]:
    """Return the columns (or expressions) that determine and the one they determine; a key determines nothing."""
    if getattr(rule, "kind", "") == "key":
        return rule.columns, ""
    if getattr(rule, "key", ()):
        return tuple(rule.key), ""
    by = tuple(rule.by or getattr(rule, "sources", ()))
    if not all(p in named for p in by) and all(s in named for s in getattr(rule, "sources", ())):
        by = tuple(s if p == s or p.strip("`") == s else p for p, s in zip(by, rule.sources, strict=True))
    return by, getattr(rule, "determines", "") or rule.target
