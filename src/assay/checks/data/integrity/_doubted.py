"""Rules found in a sample that could be mere tendencies, asked again where all rows that break them are known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from assay.kernel.handles import ColumnInfo, Table, Work

if TYPE_CHECKING:
    from assay.methods.integrity.verify import Tally

MOST_OF_ONE, MOST_OF_ALL = 1_000, 40_000  # failing rows looked at
AMONG = 20_000  # rows, evenly spread, that they are compared with


def tendencies(
    table: Table, work: Work, columns: Sequence[ColumnInfo], held: Sequence[tuple[Any, Tally | None]]
) -> set[int]:
    """Return the ids of the rules whose failing rows gather somewhere: they are no slips, and these no rules.

    A condition is compared with the rows that it is about, every other rule with all rows.
    """
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    from assay.engines.sampling import evenly, sampled
    from assay.methods.expressions import parse
    from assay.methods.integrity.chance import strays
    from assay.methods.integrity.conditions import FEW_BROKEN

    asked = [
        (r, t)
        for r, t in held
        if t is not None and t.broken > FEW_BROKEN * t.support and getattr(r, "doubted", False)
    ]
    if not asked:
        return set()
    each = max(10, min(MOST_OF_ONE, MOST_OF_ALL // len(asked)))
    failing = [_spread(t.numbers() - 1, each) for _, t in asked]
    even = evenly(table.rows, AMONG)
    chosen = np.union1d(even, np.concatenate(failing))
    data = sampled(table, work, columns, chosen)
    batch = pa.record_batch({c.name: c.array for c in data})
    among = np.isin(chosen, even)
    out = set()
    for (rule, _), rows in zip(asked, failing, strict=True):
        wrong = np.isin(chosen, rows)
        about = among
        if rule.when:
            about = among & pc.fill_null(parse(rule.when).evaluate(batch), False).to_numpy(
                zero_copy_only=False
            )
        # in which group of a dependency they gather tells too; of any other rule its own columns say what they must
        own = {rule.target, *(() if rule.kind == "dependency" else rule.sources)}
        if not strays(wrong, about, [c for c in data if c.name not in own]):
            out.add(id(rule))
    return out


def _spread(numbers: Any, most: int) -> Any:
    return numbers[:: max(1, -(-len(numbers) // most))]
