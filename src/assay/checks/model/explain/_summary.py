"""What the model goes by as a whole, with intervals; how single rows come about; and how groups differ in it."""

from __future__ import annotations

from typing import Any

from assay.checks.model.explain._values import Values
from assay.kernel.errors import UsageError
from assay.kernel.report import Chart, Finding, Metric
from assay.kernel.severity import Severity

_SHOWN = 12
_CERTAIN = 1.96
_DOMINANT = 0.6
_TIMES = 400
_CELLS = 4_000_000
_GROUPS = 20
_COMPARED = 20
_TOLD = 5


def importance(found: Values, rng: Any) -> tuple[Any, Any, Any]:
    """Return the mean absolute value of each feature, and the ends of its 95 % bootstrap interval over the rows.

    Rows are resampled by their counts: a draw is a multinomial.
    """
    import numpy as np

    size = np.abs(found.values)
    rows = len(size)
    draws, block = [], max(1, _CELLS // rows)
    for start in range(0, _TIMES, block):
        weight = rng.multinomial(rows, np.full(rows, 1 / rows), size=min(block, _TIMES - start)) / rows
        draws.append(weight @ size)
    low, high = np.percentile(np.concatenate(draws), [2.5, 97.5], axis=0)
    return size.mean(axis=0), low, high


def globally(found: Values, mean: Any, low: Any, high: Any, order: Any) -> tuple[list[Metric], Chart]:
    """Return a metric a feature, greatest first, and the chart."""
    several = len(found.rows) > 1
    metrics = [
        Metric.number(
            "mean_abs_shap",
            float(mean[i]),
            of={"feature": found.names[i]},
            interval=(float(low[i]), float(high[i])) if several else None,
            unit=found.unit,
        )
        for i in order
    ]
    rows = tuple(
        {"feature": found.names[i], "value": float(mean[i]), "low": float(low[i]), "high": float(high[i])}
        for i in order[:20]
    )
    first = ", ".join(found.names[i] for i in order[:3])
    off = found.additivity
    sound = (
        ""
        if off is None
        else f" The values of a row add up to its answer{f' within {off:.2g}' if off else ''}."
    )
    return metrics, Chart(
        f"What the model goes by ({found.method})",
        "bar",
        rows,
        "feature",
        "value",
        low="low" if several else None,
        high="high" if several else None,
        alt=f"Most of all it goes by {first}.{sound}",
    )


def chosen(found: Values, row: tuple[int, ...]) -> list[int]:
    """Return which of the rows explained are shown: those asked for, or the most confident and the least certain."""
    import numpy as np

    if row:
        return [int(np.flatnonzero(found.rows == r - 1)[0]) for r in row]
    total = found.values.sum(axis=1) + found.base
    middle = 0.0 if total.min() < 0 < total.max() else float(np.median(total))
    away = np.abs(total - middle)
    return list(dict.fromkeys([int(np.argmax(away)), int(np.argmin(away))]))


def locally(found: Values, at: int, table: Any) -> Chart:
    """Return the waterfall of one row explained."""
    import numpy as np

    values, base, number = found.values[at], float(found.base[at]), int(found.rows[at]) + 1
    order = np.argsort(-np.abs(values), kind="stable")
    rows: list[dict[str, Any]] = [{"feature": "base", "value": base, "start": 0.0}]
    reached = base
    for i in order[:_SHOWN]:
        name = found.names[i]
        label = f"{name} = {str(cell(table, name, number - 1))[:16]}" if name in table.column_names else name
        error = {} if found.error is None else {"error": float(found.error[at, i])}
        rows.append({"feature": label, "value": float(values[i]), "start": reached} | error)
        reached += float(values[i])
    rest = float(values[order[_SHOWN:]].sum())
    if len(order) > _SHOWN:
        rows.append({"feature": f"{len(order) - _SHOWN} others", "value": rest, "start": reached})
    end = base + float(values.sum())
    alt = f"From {base:.4g} to {end:.4g} ({found.unit_of(at)}); {found.names[order[0]]} moves it most.{found.says(at)}"
    return Chart(f"Row {number}", "waterfall", tuple(rows), "feature", "value", alt=alt)


def in_numbers(waterfall: Chart, row: int, unit: str) -> list[Metric]:
    """Return a row's waterfall as metrics, for whoever reads no pictures; sampled ones with 95 % intervals. row: from 1."""
    return [
        Metric.number(
            "shap",
            part["value"],
            of={"row": row, "feature": part["feature"]},
            interval=(part["value"] - _CERTAIN * part["error"], part["value"] + _CERTAIN * part["error"])
            if part.get("error")
            else None,
            unit=unit,
        )
        for part in waterfall.data
    ]


def cell(table: Any, name: str, row: int) -> Any:
    """Return one cell, None where the table has no such column."""
    return table.column(name)[row].as_py() if name in table.column_names else None


def dominant(found: Values, mean: Any, order: Any) -> list[Finding]:
    """Return a finding where one feature is most of what the model goes by, or where nothing is."""
    total = float(mean.sum())
    if not total:
        return [
            Finding(
                "model.explain.goes_by_nothing",
                Severity.MEDIUM,
                "No feature changes what it answers: it says the same of every row.",
                {},
                "see whether it was trained at all, and on which columns",
            )
        ]
    share = float(mean[order[0]]) / total
    if len(found.names) < 2 or share <= _DOMINANT:
        return []
    name = found.names[order[0]]
    return [
        Finding(
            "model.explain.dominant_feature",
            Severity.MEDIUM,
            f"One feature, {name}, makes up {share:.0%} of what the model goes by.",
            {"column": name},
            "make sure that it is known when the model is asked; see data.leakage",
        )
    ]


def cohorts(
    found: Values, table: Any, column: str, order: Any
) -> tuple[list[Metric], list[Chart], list[Finding]]:
    """Compare what the model goes by in the groups of a column: mean |SHAP| in each, and where roles differ most.

    A role is a feature's share of its group's whole. It differs where the difference between a group and the other
    rows is beyond 4 standard errors (Welch), which 1,000 comparisons rarely reach by chance, and beyond 0.02.
    """
    import numpy as np

    from assay.methods.facets import coded, plain
    from assay.methods.values import spelled

    codes, held = coded(plain(table.column(column), column))
    codes = np.asarray(codes)[found.rows]
    names = [*(spelled(v) for v in held.to_pylist()), "(missing)"]
    names_of = {int(c): names[c] for c in np.unique(codes)}
    if not 2 <= len(names_of) <= _GROUPS:
        raise UsageError(
            f"{column} parts the rows explained into {len(names_of)} groups",
            remedy=f"name a column of 2 to {_GROUPS} values",
        )
    size = np.abs(found.values)
    share = size / np.maximum(size.sum(axis=1, keepdims=True), 1e-300)
    metrics, drawn, apart = [], [], []
    for code, group in names_of.items():
        inside = codes == code
        for i in order[:_COMPARED]:
            feature, value = found.names[i], float(size[inside, i].mean())
            of = {"cohort": column, "group": group, "feature": feature}
            metrics.append(Metric.number("cohort_mean_abs_shap", value, of=of, unit=found.unit))
            drawn.append({"feature": feature, "value": value, "group": group})
            if min(inside.sum(), (~inside).sum()) > 1:
                here, there = share[inside, i], share[~inside, i]
                error = np.sqrt(here.var(ddof=1) / len(here) + there.var(ddof=1) / len(there))
                gap = float(here.mean() - there.mean())
                clear = abs(gap) > 4 * error and abs(gap) > 0.02
                apart.append((clear, abs(gap), feature, group, float(here.mean()), float(there.mean())))
    told: dict[str, tuple[str, float, float]] = {}  # of two groups one says it for both
    for clear, _, feature, group, inside_, outside in sorted(apart, reverse=True):
        if clear and feature not in told and len(told) < _TOLD:
            told[feature] = group, inside_, outside
    findings = [
        Finding(
            "model.explain.cohort",
            Severity.LOW,
            f"Where {column} is {group}, {feature} makes up {inside_:.0%} of what the model goes by, and "
            f"{outside:.0%} elsewhere.",
            {"column": feature, "facet": column, "group": group},
            "see whether the difference has a reason that the groups would accept; see model.bias",
        )
        for feature, (group, inside_, outside) in told.items()
    ]
    shown = [found.names[i] for i in order[:8]]
    most = next(iter(told), found.names[order[0]])
    chart = Chart(
        f"What the model goes by, by {column}",
        "grouped_bar",
        tuple(r for feature in shown for r in drawn if r["feature"] == feature),
        "feature",
        "value",
        series="group",
        alt=f"Among the groups of {column} the role of {most} differs most.",
    )
    return metrics, [chart], findings
