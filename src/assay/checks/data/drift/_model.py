"""What each column's drift costs a model, and what all of it has cost already where the new data has labels."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from assay.checks.data.drift._columns import NUMBERS, Seen, sample
from assay.kernel.errors import UsageError
from assay.kernel.handles import Model, Table, Work

ROWS = 5_000  # rows of the baseline that the model answers for, once a column
MOST = 60  # columns asked about, most drifted first


@dataclass
class Costs:
    """What drift costs. change, loss, weighted: by column; of what the loss is named by ``measure``.

    change: the mean change of the model's answers when only that column drifts. loss: the rise of its loss then, with the
    labels as they were. weighted: the rise of its loss when the baseline's rows are weighed by the column's new shares.
    """

    rows: int
    measure: str = ""
    before: float = math.nan
    now: float = math.nan
    now_error: float = math.nan
    change: dict[str, float] = field(default_factory=dict)
    loss: dict[str, float] = field(default_factory=dict)
    weighted: dict[str, float] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)
    unused: list[str] = field(default_factory=list)

    def ranked(self) -> list[str]:
        """Return the columns, costliest first: by the rise of the loss where labels are known, else by the change."""
        return sorted(self.change, key=lambda n: (-self.loss.get(n, 0.0), -self.change[n]))


def costs(
    model: Model,
    seen: Seen,
    table: Table,
    against: Table,
    label: str | None,
    positive: tuple[str, ...],
    alpha: float,
    work: Work,
) -> Costs:
    """Return what each compared column's drift costs the model."""
    import numpy as np
    import pyarrow as pa

    from assay.methods.drift import cost

    if label is not None and label not in {c.name for c in against.columns}:
        raise UsageError(
            f"the baseline has no column {label!r}", remedy="name the label as the baseline does"
        )
    held = sample(against, work, list(against.columns), ROWS, "model")
    before = pa.table({n: s.array for n, s in held.items()})
    answers = model.predict(before)
    out = Costs(before.num_rows)
    truth = before.column(label) if label else None
    base = None
    if truth is not None:
        base, out.measure = cost.losses(truth, answers, positive, model.info.classes)
        out.before = _mean(base)
    features = set(model.info.features or before.column_names) - {label}
    asked = [c for c in seen.columns if c.name in features and not c.of and c.pair.n]
    out.unused = [c.name for c in seen.columns if c.name not in features and c.name != label]
    asked.sort(key=lambda c: (not c.drifted(alpha), -c.size))
    out.left_out = [c.name for c in asked[MOST:]]
    for place, column in enumerate(asked[:MOST]):
        work.progress(place, len(asked[:MOST]), "asking the model")
        values = _values(held[column.name])
        rng = work.rng(f"drift/cost/{column.name}")
        shifted = _as(cost.moved(values, column, rng), before.column(column.name).type)
        at = before.column_names.index(column.name)
        after = model.predict(before.set_column(at, column.name, shifted))
        out.change[column.name] = cost.change(answers, after)
        if truth is not None and base is not None:
            out.loss[column.name] = (
                _mean(cost.losses(truth, after, positive, model.info.classes)[0]) - out.before
            )
            weight = cost.weights(values, column)
            known = ~np.isnan(base)
            out.weighted[column.name] = (
                float(np.average(base[known], weights=weight[known] + 1e-300)) - out.before
            )
    names = {c.name for c in table.columns}
    if label in names and features <= names:
        _now(out, model, table, label, positive, base, work)
    return out


def _now(
    out: Costs, model: Model, table: Table, label: Any, positive: tuple[str, ...], base: Any, work: Work
) -> None:
    """The loss on the new data itself, and the standard error of its difference from the baseline's."""
    import numpy as np
    import pyarrow as pa

    from assay.methods.drift import cost

    held = sample(table, work, list(table.columns), ROWS, "model/new")
    rows = pa.table({n: s.array for n, s in held.items()})
    loss, _ = cost.losses(rows.column(label), model.predict(rows), positive, model.info.classes)
    loss, base = loss[~np.isnan(loss)], base[~np.isnan(base)]
    if len(loss) > 1 and len(base) > 1:
        out.now = float(loss.mean())
        out.now_error = math.sqrt(float(loss.var(ddof=1)) / len(loss) + float(base.var(ddof=1)) / len(base))


def _mean(loss: Any) -> float:
    import numpy as np

    known = loss[~np.isnan(loss)]
    return float(known.mean()) if len(known) else math.nan


def _values(column: Any) -> Any:
    import numpy as np
    import pyarrow.compute as pc

    from assay.engines.counting import plain_numbers

    if column.type in (*NUMBERS, "date", "timestamp", "time"):
        found = plain_numbers(column.array)
        return np.where(np.isfinite(found), found, np.nan)
    return np.array(pc.cast(column.array, "string").to_pylist(), dtype=object)


def _as(values: Any, kind: Any) -> Any:
    """Return moved values as an Arrow array of the column's own type."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    if values.dtype == object:
        array = pa.array(values, pa.string())
        return array if pa.types.is_string(kind) or pa.types.is_large_string(kind) else pc.cast(array, kind)
    gone = np.isnan(values)
    if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        whole = pa.array(np.where(gone, 0, values * 86_400e6).astype(np.int64), mask=gone)
        return pc.cast(pc.cast(whole, pa.timestamp("us", getattr(kind, "tz", None))), kind, safe=False)
    if pa.types.is_time(kind):
        whole = pa.array(np.where(gone, 0, values * 1e6).astype(np.int64), mask=gone)
        return pc.cast(pc.cast(whole, pa.time64("us")), kind, safe=False)
    if pa.types.is_integer(kind) and np.all(gone | (values == np.floor(values))):
        return pc.cast(pa.array(np.where(gone, 0, values).astype(np.int64), mask=gone), kind, safe=False)
    if pa.types.is_integer(kind):
        return pa.array(np.where(gone, 0.0, values), mask=gone)
    return pc.cast(pa.array(values, mask=gone), kind, safe=False)
