"""Explanations: what the model goes by, as a whole and for single rows.

Exact SHAP values where the model has its own (XGBoost, LightGBM), in margin units; sampled Shapley values of its score
for any other model, with their sampling error. Global: the mean absolute value of each feature; local: a waterfall for
the rows asked for, or for the most confident and the least certain one.

Example: assay check model.explain registry://bookings \\
  --data bookings.csv.gz --row 11
"""

from __future__ import annotations

from typing import Annotated, Any

from annotated_types import Ge, Interval
from typing_extensions import Doc

from assay.kernel.errors import BadInput, UsageError
from assay.kernel.handles import Model, Table, Work
from assay.kernel.report import Chart, Coverage, Finding, Metric, Report
from assay.kernel.severity import Severity

_SHOWN = 12
_DOMINANT = 0.6


def check(
    model: Model,
    *,
    data: Annotated[Table, Doc("the table whose rows are explained")],
    row: Annotated[tuple[Annotated[int, Ge(1)], ...], Doc("explain this row, from 1")] = (),
    samples: Annotated[
        int, Interval(ge=10, le=5000), Doc("rows explained of a model without exact values")
    ] = 60,
    work: Work,
) -> Report:
    """Return mean absolute SHAP values, the table of all values, and local waterfalls."""
    import numpy as np
    import pyarrow as pa

    table = data.arrow()
    if not table.num_rows:
        raise BadInput("there is no row to explain", where=data.asset.name)
    for number in row:
        if number > table.num_rows:
            raise UsageError(
                f"there is no row {number}; the table has {table.num_rows}", remedy="rows count from 1"
            )
    exact = model.contributions(table)
    if exact is not None:
        names = [n for n in exact.column_names if n != "bias"]
        values = np.column_stack([exact.column(n).to_numpy() for n in names])
        base, rows, error = exact.column("bias").to_numpy(), np.arange(table.num_rows), None
        unit, method = "margin", "exact tree SHAP"
    else:
        names, values, error, base, rows = _sampled(model, table, row, samples, work)
        unit, method = "score", f"sampled Shapley values of {len(rows)} rows"
    mean = np.abs(values).mean(axis=0)
    order = np.argsort(-mean, kind="stable")
    kept = work.put(
        "shap_values", pa.table({"row": rows + 1} | {n: values[:, i] for i, n in enumerate(names)})
    )
    metrics = [
        Metric.number("mean_abs_shap", float(mean[i]), of={"feature": names[i]}, unit=unit) for i in order
    ]
    if error is not None:
        metrics.append(Metric.number("sampling_error", float(error.mean()), unit=unit))
    charts = [_global(names, mean, order, method)]
    charts += [
        _local(names, values[i], float(base[i]), int(rows[i]) + 1, table, unit)
        for i in _chosen(values, base, rows, row)
    ]
    return Report.make(
        coverage=Coverage(len(rows), len(rows)),
        metrics=metrics,
        findings=_findings(names, mean, order),
        charts=charts,
        outputs=[kept],
        data={"method": method, "unit": unit, "order": [names[i] for i in order[:50]]},
    )


def _sampled(model: Model, table: Any, row: tuple[int, ...], samples: int, work: Work) -> tuple[Any, ...]:
    """Explain a sample of rows (and those asked for) by asking the model about hybrids of them and others."""
    import numpy as np
    import pyarrow as pa

    from assay.methods.outcomes import finite
    from assay.methods.shapley import sampled

    names = list(model.info.features) or list(table.column_names)
    rng = work.rng("shapley")
    count = min(samples, table.num_rows)
    chosen = np.unique([*(r - 1 for r in row), *rng.choice(table.num_rows, count, replace=False)]).astype(int)
    behind = np.sort(rng.choice(table.num_rows, min(200, table.num_rows), replace=False))
    here, there = table.take(pa.array(chosen)), table.take(pa.array(behind))
    asked = {"n": 0}

    def evaluate(rows: Any, others: Any, mask: Any) -> Any:
        columns = {}
        for index, name in enumerate(names):
            own, foreign = here.column(name).take(pa.array(rows)), there.column(name).take(pa.array(others))
            columns[name] = pa.compute.if_else(pa.array(mask[:, index]), own, foreign)
        answers = model.predict(pa.table(columns))
        asked["n"] += len(rows)
        work.progress(asked["n"], 0, "asking the model")
        scores = [c for c in answers.column_names if c.startswith("score")]
        return finite(answers.column(scores[-1] if scores else "prediction"))

    import pyarrow.compute

    values, error, base = sampled(len(chosen), len(names), len(behind), evaluate, rng)
    return names, values, error, base, chosen


def _chosen(values: Any, base: Any, rows: Any, row: tuple[int, ...]) -> list[int]:
    import numpy as np

    if row:
        return [int(np.flatnonzero(rows == r - 1)[0]) for r in row]
    total = values.sum(axis=1) + base
    middle = 0.0 if total.min() < 0 < total.max() else float(np.median(total))
    return list(
        dict.fromkeys([int(np.argmax(np.abs(total - middle))), int(np.argmin(np.abs(total - middle)))])
    )


def _global(names: list[str], mean: Any, order: Any, method: str) -> Chart:
    rows = tuple({"feature": names[i], "value": float(mean[i])} for i in order[:20])
    first = ", ".join(names[i] for i in order[:3])
    return Chart(
        f"What the model goes by ({method})",
        "bar",
        rows,
        "feature",
        "value",
        alt=f"Most of all it goes by {first}.",
    )


def _local(names: list[str], values: Any, base: float, number: int, table: Any, unit: str) -> Chart:
    import numpy as np

    order = np.argsort(-np.abs(values), kind="stable")
    rows: list[dict[str, Any]] = [{"feature": "base", "value": base, "start": 0.0}]
    at = base
    for i in order[:_SHOWN]:
        shown = table.column(names[i])[number - 1].as_py() if names[i] in table.column_names else ""
        rows.append({"feature": f"{names[i]} = {str(shown)[:16]}", "value": float(values[i]), "start": at})
        at += float(values[i])
    rest = float(values[order[_SHOWN:]].sum())
    if len(order) > _SHOWN:
        rows.append({"feature": f"{len(order) - _SHOWN} others", "value": rest, "start": at})
    alt = f"From {base:.3f} to {base + float(values.sum()):.3f} ({unit}); {names[order[0]]} moves it most."
    return Chart(f"Row {number}", "waterfall", tuple(rows), "feature", "value", alt=alt)


def _findings(names: list[str], mean: Any, order: Any) -> list[Finding]:
    total = float(mean.sum())
    if len(names) > 1 and total and float(mean[order[0]]) / total > _DOMINANT:
        share = float(mean[order[0]]) / total
        return [
            Finding(
                "model.explain.dominant_feature",
                Severity.MEDIUM,
                f"One feature, {names[order[0]]}, makes up {share:.0%} of what the model goes by.",
                {"column": names[order[0]]},
                "make sure that it is known when the model is asked; see data.leakage",
            )
        ]
    return []
