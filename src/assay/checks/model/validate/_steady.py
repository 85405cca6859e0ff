"""Whether the model answers the same when it is asked again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from assay.checks.model.validate._answers import Answers, answers_for
from assay.kernel.handles import Model
from assay.kernel.report import Finding
from assay.kernel.severity import Severity

_ROWS = 200
_NEAR = 1e-6


def unsteady(model: Model, table: Any, said: Answers, label: str) -> list[Finding]:
    """Ask about the first rows again, alone, and compare with what was said of them among all others."""
    return told_otherwise(said, lambda n: answers_for(model, table.slice(0, n), label), table.num_rows)


def told_otherwise(said: Answers, ask: Callable[[int], Answers], rows: int) -> list[Finding]:
    """Compare with what is said when it is asked again. ask: about the first so many rows."""
    n = min(_ROWS, rows)
    again = ask(n)
    pairs = [(said.plain().slice(0, n), again.plain())]
    for name in said.scores.column_names if said.scores and again.scores else ():
        pairs.append((said.scores.column(name).slice(0, n), again.scores.column(name)))
    differ = max(_differ(first, second) for first, second in pairs)
    if not differ:
        return []
    message = (
        f"Asked again about {n} rows, it answers {differ} of them otherwise: no score of it can be repeated."
    )
    remedy = "fix its seeds, put it into evaluation mode, and keep what one row is told free of the others"
    return [Finding("model.validate.unsteady", Severity.MEDIUM, message, {}, remedy, count=differ)]


def _differ(first: Any, second: Any) -> int:
    """Count the rows that differ by more than rounding, which may depend on how many rows are computed at once."""
    import numpy as np
    import pyarrow as pa

    if not (pa.types.is_floating(first.type) and pa.types.is_floating(second.type)):
        return sum(a != b for a, b in zip(first.to_pylist(), second.to_pylist(), strict=True))
    a, b = (np.asarray(c.to_numpy(), dtype=float) for c in (first, second))
    return int((~np.isclose(a, b, rtol=_NEAR, atol=_NEAR, equal_nan=True)).sum())
