"""Whether the model answers the same when it is asked again."""

from __future__ import annotations

from typing import Any

from assay.checks.model.validate._answers import Answers, One
from assay.checks.model.validate._several import Several
from assay.kernel.handles import Model
from assay.kernel.report import Finding
from assay.kernel.severity import Severity


def unsteady(model: Model, table: Any, said: Answers, look: One | Several) -> list[Finding]:
    """Ask about the first rows again, alone, and compare with what was said of them among all others."""
    from assay.methods import again

    n = min(again.ROWS, table.num_rows)
    second = look.again(model, table.slice(0, n))
    pairs = [(said.plain().slice(0, n), second.plain())]
    for name in said.scores.column_names if said.scores and second.scores else ():
        pairs.append((said.scores.column(name).slice(0, n), second.scores.column(name)))
    differ = max(again.differing(*pair) for pair in pairs)
    if not differ:
        return []
    message = (
        f"Asked again about {n} rows, it answers {differ} of them otherwise: no score of it can be repeated."
    )
    remedy = "fix its seeds, put it into evaluation mode, and keep what one row is told free of the others"
    return [Finding("model.validate.unsteady", Severity.HIGH, message, {}, remedy, count=differ)]
