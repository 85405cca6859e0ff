"""How the answer changes with a feature, which features act together, and what is lost when one is shuffled."""

from __future__ import annotations

from typing import Any

from assay.checks.model.explain._asking import Asking
from assay.kernel.errors import UsageError
from assay.kernel.handles import Transparent, Work
from assay.kernel.report import Chart, Metric

_ROWS = 200
_POINTS = 20
_LINES = 8
_ALE_ROWS = 5_000
_TOGETHER = 6
_PAIR_ROWS = 40
_EXACT_ROWS = 500
_SHUFFLED = 5_000


def _some(table: Any, most: int, rng: Any) -> tuple[Any, Any]:
    """Return at most so many rows, and which of the table's they are, from 0."""
    import numpy as np
    import pyarrow as pa

    if table.num_rows <= most:
        return table, np.arange(table.num_rows)
    rows = np.sort(rng.choice(table.num_rows, most, replace=False))
    return table.take(pa.array(rows)), rows


def dependence(table: Any, name: str, asking: Asking, work: Work) -> tuple[list[Metric], list[Chart]]:
    """Return partial dependence with single rows' lines, and of numbers the accumulated local effect too."""
    import numpy as np

    from assay.methods import effects

    if asking.names and name not in asking.names:
        raise UsageError(f"the model does not take {name}", remedy="name one of its features")
    rng = work.rng(f"dependence {name}")
    values = effects.grid(table.column(name), _POINTS)
    if len(values) < 2:
        raise UsageError(f"{name} holds fewer than two values", remedy="name a feature that varies")
    numeric = effects.number(table.column(name))
    some, rows_of = _some(table, _ROWS, rng)
    lines = effects.partial(some, name, values, asking.score)
    mean = lines.mean(axis=1)
    low, high = np.percentile(lines, [10, 90], axis=1)
    shown = [float(v) if numeric else str(v) for v in values.to_pylist()]
    swing = float(mean.max() - mean.min())
    metrics = [Metric.number("partial_dependence_swing", swing, of={"along": name})]
    top, bottom = shown[int(mean.argmax())], shown[int(mean.argmin())]
    said = f"On average the answer is highest ({mean.max():.3g}) at {top} and lowest ({mean.min():.3g}) at {bottom}."
    if not numeric:
        rows = [
            {"value": v, "answer": float(m), "low": float(a), "high": float(b)}
            for v, m, a, b in zip(shown, mean, low, high, strict=True)
        ]
        title = f"Partial dependence on {name}, and where four fifths of rows lie"
        return metrics, [
            Chart(title, "interval", tuple(rows), "value", "answer", low="low", high="high", alt=said)
        ]
    drawn = [{"value": v, "answer": float(m), "line": "mean"} for v, m in zip(shown, mean, strict=True)]
    for i in rng.choice(lines.shape[1], min(_LINES, lines.shape[1]), replace=False):
        drawn += [
            {"value": v, "answer": float(a), "line": f"row {rows_of[i] + 1}"}
            for v, a in zip(shown, lines[:, i], strict=True)
        ]
    charts = [
        Chart(
            f"Partial dependence on {name}, and single rows",
            "line",
            tuple(drawn),
            "value",
            "answer",
            series="line",
            alt=said,
        )
    ]
    some, _ = _some(table, _ALE_ROWS, rng)
    edges = effects.grid(table.column(name), _POINTS + 1)
    local = effects.accumulated(some, name, edges, asking.score)
    rows = [
        {"value": v, "effect": float(e)}
        for v, e in zip(edges.cast("float64").to_pylist(), local, strict=True)
    ]
    metrics.append(Metric.number("ale_swing", float(local.max() - local.min()), of={"along": name}))
    alt = f"Among rows like those there are, {name} moves the answer by {local.max() - local.min():.3g} from end to end."
    charts.append(
        Chart(f"Accumulated local effect of {name}", "line", tuple(rows), "value", "effect", alt=alt)
    )
    return metrics, charts


def together(
    table: Any, order: list[str], asking: Asking, work: Work
) -> tuple[list[Metric], list[Chart], str]:
    """Return how much pairs of features do together, and how it was found.

    Exact SHAP interaction values where the model has them; Friedman's H² of the first features otherwise.
    """
    import numpy as np

    from assay.methods import effects
    from assay.methods.outcomes import finite

    rng = work.rng("interactions")
    model = asking.model
    found = (
        model.interactions(_some(table, _EXACT_ROWS, rng)[0], of=asking.of)
        if isinstance(model, Transparent)
        else None
    )
    pairs: list[tuple[float, str, str]] = []
    if found is not None and found.num_rows == found.num_columns:
        names = found.column_names
        matrix = np.column_stack([finite(c, "an interaction") for c in found.columns])
        pairs = [(float(matrix[i, j]), names[i], names[j]) for i in range(len(names)) for j in range(i)]
        method, name = "exact SHAP interaction values", "mean_abs_interaction"
    else:
        known = [n for n in order if n in table.column_names][:_TOGETHER]
        some, _ = _some(table, _PAIR_ROWS, rng)
        pairs = [
            (effects.interaction(some, a, b, asking.score), a, b)
            for i, a in enumerate(known)
            for b in known[:i]
        ]
        method, name = f"Friedman's H² of the {len(known)} first features, {some.num_rows} rows", "h_squared"
    pairs = sorted((p for p in pairs if np.isfinite(p[0])), reverse=True)[:15]
    metrics = [Metric.number(name, v, of={"pair": f"{a} × {b}"}) for v, a, b in pairs]
    rows = tuple({"pair": f"{a} × {b}", "value": v} for v, a, b in pairs)
    if not rows:
        return metrics, [], method
    alt = f"{pairs[0][1]} and {pairs[0][2]} do most together."
    return (
        metrics,
        [Chart(f"What features do together ({method})", "bar", rows, "pair", "value", alt=alt)],
        method,
    )


def shuffled(
    table: Any, names: list[str], label: str | None, asking: Asking, repeats: int, work: Work
) -> tuple[list[Metric], Chart]:
    """Return permutation importance: how much worse answers are, or how far they move where no label is named.

    With a label: the share of wrong answers, or the mean squared error, over its variance; without one the mean change
    of the answer. The interval is of the repeats' mean (Student's t).
    """
    import numpy as np
    from scipy.stats import t as student

    from assay.methods import effects
    from assay.methods.outcomes import finite
    from assay.methods.values import spelled

    rng = work.rng("permutation")
    some, _ = _some(table, _SHUFFLED, rng)
    known = [n for n in names if n in some.column_names]
    given = some.select([n for n in some.column_names if n in known])  # some know their columns by place
    ask: Any = asking.score
    if label is None:
        unit, what = "mean change", "how far the answer moves"
        first = asking.score(given)

        def loss(found: Any) -> float:
            return float(np.abs(found - first).mean())
    elif asking.model.info.classes or not effects.number(some.column(label)):
        unit, what = "share of rows", "how many more answers are wrong"
        truth = np.array([spelled(v) for v in some.column(label).to_pylist()])

        def ask(given: Any) -> Any:
            return np.array(
                [spelled(v) for v in asking.model.predict(given).column("prediction").to_pylist()]
            )

        def loss(found: Any) -> float:
            return float((found != truth).mean())
    else:
        unit, what = "of the variance", "how much of the label's variance is lost"
        aim = finite(some.column(label), label)
        kept = np.isfinite(aim)
        spread = float(aim[kept].var()) or 1.0

        def loss(found: Any) -> float:
            return float(((found - aim)[kept] ** 2).mean()) / spread

    found = effects.permuted(given, known, ask, loss, rng, repeats)
    mean = found.mean(axis=1)
    half = np.zeros(len(mean))
    if repeats > 1:
        half = student.ppf(0.975, repeats - 1) * found.std(axis=1, ddof=1) / np.sqrt(repeats)
    order = np.argsort(-mean, kind="stable")
    metrics = [
        Metric.number(
            "permutation_importance",
            float(mean[i]),
            of={"feature": known[i]},
            interval=(float(mean[i] - half[i]), float(mean[i] + half[i])) if repeats > 1 else None,
            unit=unit,
        )
        for i in order
    ]
    rows = tuple(
        {
            "feature": known[i],
            "value": float(mean[i]),
            "low": float(mean[i] - half[i]),
            "high": float(mean[i] + half[i]),
        }
        for i in order[:20]
    )
    alt = f"Shuffling {known[order[0]]} costs most."
    title = f"Permutation importance: {what} when a feature is shuffled"
    return metrics, Chart(title, "bar", rows, "feature", "value", low="low", high="high", alt=alt)
