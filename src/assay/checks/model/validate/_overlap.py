"""Rows that the model has seen: how many of those it is judged on stand in its training data."""

from __future__ import annotations

from typing import Any

from assay.checks.model.validate._judged import Judged
from assay.kernel.report import Finding, Metric
from assay.kernel.severity import Severity

_WORTH = 0.01  # of the rows judged
_GRAVE = 0.1
_BY_CHANCE = 1.5  # so many times as often as rows of the training data repeat one another


def seen_before(made: Judged, table: Any, training: Any, hidden: set[str]) -> list[Finding]:
    """Count the rows judged that stand in the training data, and judge the model on the others alone.

    hidden: columns that hold predictions.
    """
    import numpy as np

    from assay.methods.overlap import overlap

    shown = table.select([n for n in table.column_names if n not in hidden])
    found = overlap(training, shown)
    exact, near = found.exact[made.rows], found.near[made.rows]
    made.metrics += [
        Metric("rows_in_training", int(exact.sum()), {"alike": "exactly"}),
        Metric("rows_in_training", int(near.sum()), {"alike": "nearly"}),
    ]
    made.data["overlap"] = {"columns": list(found.columns), "put_aside": list(found.aside)}
    fresh = np.flatnonzero(~near)
    share = float(near.mean())
    if share < _WORTH or share <= _BY_CHANCE * found.repeated:
        return []
    message = f"{int(near.sum()):,} of the {len(near):,} rows stand in the training data too ({int(exact.sum()):,} to the letter)"
    if len(fresh) > 1:
        score = made.headline(fresh)
        made.metrics.append(Metric.number(made.main, score, of={"rows": "not in training"}))
        message += f"; on the others {made.main} is {score:.3f}"
    severity = Severity.HIGH if share > _GRAVE else Severity.MEDIUM
    remedy = "judge it on rows it has not seen; data.split --group keeps rows of one person or thing together"
    return [Finding("model.validate.seen_before", severity, message + ".", {}, remedy, count=int(near.sum()))]
