"""What stands in the rows that break a rule, and what their rule says should: row by row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from assay.kernel.errors import UsageError
from assay.kernel.handles import Table, Work

if TYPE_CHECKING:
    from assay.methods.expressions import Expression
    from assay.methods.integrity.verify import Tally

MOST = 20_000  # rows of all rules together; of the others only the number is told
LONGEST = 200  # characters of a value

Told = tuple[
    str, Any, Any
]  # the column, what is found and what is proposed (arrays of text, one a failing row)


def proposed(table: Table, work: Work, broken: Sequence[tuple[Any, Tally]]) -> list[Told]:
    """Return, for each rule, the column it would set, and what that holds and should hold in each failing row.

    Of a dependency that is the commonest value of the rows that share what determines it. None where nobody knows.
    """
    import numpy as np
    import pyarrow as pa

    from assay.engines.sampling import sampled
    from assay.methods.expressions import parse

    each = max(10, MOST // max(1, len(broken)))
    wanted = {id(r): t.numbers()[:each] - 1 for r, t in broken}
    formulas = {id(r): parse(r.repair["to"]) for r, _ in broken if r.repair}
    names = {n for r, _ in broken for n in (_column(r), *(formulas[id(r)].columns if r.repair else ())) if n}
    infos = [c for c in table.columns if c.name in names]
    chosen = np.unique(np.concatenate([*wanted.values(), np.empty(0, np.int64)]))
    data = {c.name: c.array for c in sampled(table, work, infos, chosen)} if len(chosen) and infos else {}
    out = []
    for rule, tally in broken:
        places = np.searchsorted(chosen, wanted[id(rule)])
        rest = pa.nulls(tally.kept - len(places), pa.string())
        batch = pa.record_batch({n: a.take(pa.array(places)) for n, a in data.items()})
        column = _column(rule)
        there = _texts(batch.column(column)) if column in data else [None] * len(places)
        should: list[str | None] = [None] * len(places)
        if rule.repair:
            should = _repaired(formulas[id(rule)], batch, rule.repair)
        elif tally.usual:
            should = [_text(v) for v in tally.usual[: len(places)]]
        out.append((column, *(pa.concat_arrays([pa.array(v, pa.string()), rest]) for v in (there, should))))
    return out


def _column(rule: Any) -> str:
    if rule.repair:
        return str(rule.repair["set"])
    return str(getattr(rule, "target", "") or getattr(rule, "determines", ""))


def _repaired(formula: Expression, batch: Any, repair: Any) -> list[str | None]:
    """Return what a repair sets; nothing where a person stated one that does not fit the columns' types."""
    try:
        values = formula.evaluate(batch)
    except UsageError:
        return [None] * batch.num_rows
    if "true" not in repair:
        return _texts(values)
    words = {True: str(repair["true"]), False: str(repair["false"])}
    return [None if v is None else words[bool(v)] for v in values.to_pylist()]


def _texts(values: Any) -> list[str | None]:
    from assay.methods.listed import listed

    return [_text(v) for v in listed(values)]


def _text(value: Any) -> str | None:
    if value is None:
        return None
    return f"{value:.12g}" if isinstance(value, float) else str(value)[:LONGEST]
