"""Rules beside other rows, the store's too, and those of the whole table, held against the store as it would be."""

# ruff: noqa: S608 - SQL is made here of our own words, quoted names and literals only
from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from assay.engines.gate.asked import asked_of, examined, told
from assay.engines.gate.batch import PLACE, Sorter, duck, without
from assay.engines.tables.seam import seam
from assay.methods.quality.hold import hold
from assay.methods.quality.question import Context, Grouped, Rowwise
from assay.methods.quality.rule import Rule
from assay.methods.quality.words import expectation
from assay.methods.sqltext import literal, quoted

MOST_ROUNDS = 20  # of rules beside other rows: each may be broken anew by what another kept out


def joined(batch: Path | None, old: Path | None, to: Sorter) -> tuple[Path, int, Any]:
    """Return the store's rows and the batch's behind them as one table, how many are the store's, and the batch's numbers."""
    import numpy as np
    import pyarrow.parquet as pq

    before = pq.ParquetFile(old).metadata.num_rows if old is not None else 0
    numbers = (
        pq.read_table(batch, columns=[PLACE])[PLACE].to_numpy()
        if batch is not None
        else np.empty(0, np.int64)
    )
    path = to.file()
    names = ", ".join(f"CAST({quoted(c)} AS {t}) AS {quoted(c)}" for c, t in to.out.columns.items())
    parts = []
    if old is not None:
        parts.append(
            f'SELECT 0 AS "#s", row_number() OVER () AS "#n", {names} FROM read_parquet({literal(str(old))})'
        )
    if batch is not None:
        parts.append(
            f'SELECT 1 AS "#s", {quoted(PLACE)} AS "#n", {names} FROM read_parquet({literal(str(batch))})'
        )
    with duck(to.scratch) as con, seam(to.source.asset.uri):
        con.execute(
            f'COPY (SELECT * EXCLUDE ("#s", "#n") FROM ({" UNION ALL ".join(parts)}) ORDER BY "#s", "#n") '
            f"TO {literal(str(path))} (FORMAT parquet)"
        )
    return path, before, numbers


def keep_beside(batch: Path, old: Path | None, to: Sorter) -> Path | None:
    """Keep out the rows that break a rule beside others, round after round until none does."""
    left: Path | None = batch
    if not to.rules.determines and not any(r.kind in _GROUPED for r in to.rules.quality):
        return left
    for _ in range(MOST_ROUNDS):
        assert left is not None
        path, before, numbers = joined(left, old, to)
        with asked_of(path, to, lambda q: isinstance(q, Grouped)) as (asking, context, asked):
            asked += [
                (_rule(n, by, of), _determined(by, of, before, context)) for n, by, of in to.rules.determines
            ]
            outcomes = hold(asked, context, asking.rows, lambda *_: None)
            for (rule, _), outcome in zip(asked, outcomes, strict=True):
                examined(rule, outcome)
            out = told(asked, outcomes, asking, context, numbers, before, to)
        if not out:
            return left
        left = without(left, out, to)
        if left is None:
            return None
    to.out.held.append(("order", f"rules beside other rows were broken anew {MOST_ROUNDS} times"))
    return left


def _rule(name: str, by: Sequence[str], of: str) -> Rule:
    said = f"{of} is expected to be the same wherever {', '.join(by)} is"
    return Rule("determines", name, (*by, of), message=said)


_GROUPED = ("unique", "increasing", "decreasing", "references", "same_data")


def _determined(by: Sequence[str], of: str, before: int, context: Context) -> Grouped:
    """Ask which rows hold another value than the rest of their group: than the store's, else than the commonest."""
    keys, target = ", ".join(map(quoted, by)), quoted(of)
    some = " AND ".join([*(f"{quoted(c)} IS NOT NULL" for c in by), f"{target} IS NOT NULL"])
    each = (
        f'SELECT {keys}, {target} AS "#u", max(CAST({context.row} <= {before} AS INTEGER)) AS "#s", count(*) AS "#c" '
        f"FROM {context.numbered} WHERE {some} GROUP BY ALL"
    )
    usual = f'SELECT {keys}, first("#u" ORDER BY "#s" DESC, "#c" DESC, "#u") AS "#u" FROM ({each}) GROUP BY {keys}'
    on = " AND ".join(f"a.{quoted(c)} = b.{quoted(c)}" for c in by)
    rows = (
        f"SELECT a.{context.row} FROM {context.numbered} a JOIN ({usual}) b ON {on} "
        f'WHERE a.{target} IS NOT NULL AND a.{target} <> b."#u" ORDER BY 1'
    )
    return Grouped(
        f"SELECT (SELECT count(*) FROM {context.plain} WHERE {some}), (SELECT count(*) FROM ({rows}))", rows
    )


def hold_whole(batch: Path | None, old: Path | None, to: Sorter) -> None:
    """Hold the rules of the whole table against the store as it would be; one that is broken keeps everything out."""
    if batch is None and old is None:
        return
    path, _, _ = joined(batch, old, to)
    with asked_of(path, to, lambda q: not isinstance(q, (Rowwise, Grouped))) as (asking, context, asked):
        outcomes = hold(asked, context, asking.rows, lambda *_: None)
        for (rule, _), outcome in zip(asked, outcomes, strict=True):
            examined(rule, outcome)
            if outcome.state == "broken":
                said = f"; {outcome.said}" if outcome.said else ""
                to.out.held.append(
                    (rule.name, f"of the store as it would be, {expectation(rule)}{said}"[:600])
                )
