"""Attribution of traffic: do an endpoint's answers still rest on the features that they rested on in its baseline?

The deployed model explains a sample of the captured requests, in the sandbox: exact SHAP values where it has them. The mean
size of each feature's value gives its order; NDCG holds that order against the baseline's attributions. Below 0.90 it is drift,
as SageMaker Clarify's monitor tells it, and the features that moved most are named. Violations are written as
constraint_violations.json, the attributions as analysis.json and constraints.json.

Example: assay check traffic.attribution bookings.csv.gz \\
  --model registry://bookings
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any

from annotated_types import Interval
from typing_extensions import Doc

from assay.kernel.errors import BadInput, Missing, UsageError
from assay.kernel.handles import Model, Traffic, Transparent, Tree, Work
from assay.kernel.report import Chart, Coverage, Finding, Metric, Report, Skipped
from assay.kernel.severity import Severity

if TYPE_CHECKING:
    import pyarrow as pa

OUTPUT_FOLDER = True
NAME = "traffic.attribution"
MOVED = 5  # features that a finding names
CHARTED = 15


def check(
    traffic: Traffic,
    *,
    model: Annotated[Model, Doc("the model that answers, as registry://name@version or a file")],
    against: Annotated[
        Tree | None, Doc("the baseline: a folder with constraints of attribution, or an analysis.json itself")
    ] = None,
    label: Annotated[str, Doc("the class whose answers are explained; else what the model says")] = "",
    rows: Annotated[int, Interval(ge=10, le=1_000_000), Doc("rows that are explained, by lot")] = 2_000,
    work: Work,
) -> Report:
    """Hold what an endpoint's answers rest on against its baseline."""
    from assay.engines.baselines import dumped
    from assay.methods.monitor import attribution

    wanted = _constraints(against)
    values, expected, explained = _attributions(traffic, model, label, rows, work)
    key = label or (next(iter(wanted)) if wanted else "label0")
    if wanted and key not in wanted:
        raise UsageError(f"the baseline explains no class {key!r}", remedy=f"it explains {', '.join(wanted)}")
    before = wanted.get(key, {})
    score = attribution.ndcg(before, values) if before else math.nan
    drifted = bool(before) and not math.isnan(score) and score < attribution.LEAST
    violations = [attribution.written(score, key)] if drifted else []
    told = {"version": "1.0", "violations": violations}
    document = attribution.analysis(values, key, expected)
    skipped = []
    if before and math.isnan(score):
        skipped.append(Skipped("the order", "the baseline attributes nothing to any feature"))
    metrics = [Metric("rows", explained), Metric("violations", len(violations))]
    if before:
        metrics.append(Metric.number("ndcg", score))
    metrics += [Metric.number("mean_abs_shap", v, of={"feature": n}) for n, v in _ranked(values)[:200]]
    return Report.make(
        coverage=Coverage(explained, explained, tuple(skipped)),
        metrics=metrics,
        findings=list(_findings(score, before, values)) if drifted else [],
        outputs=[
            work.put("constraint_violations", dumped(told), "json"),
            work.put("analysis", dumped(document), "json"),
            work.put("constraints", dumped(document), "json"),
        ],
        charts=list(_charts(before, values)),
        data={**told, "attributions": values},
    )


def _ranked(values: Mapping[str, float]) -> list[tuple[str, float]]:
    return sorted(values.items(), key=lambda nv: (-nv[1], nv[0]))


def _attributions(
    traffic: Traffic, model: Model, label: str, rows: int, work: Work
) -> tuple[dict[str, float], float, int]:
    """Return the mean size of each feature's contribution over a sample, the answer without any, and how many rows."""
    import numpy as np

    sample = _sample(traffic, model, rows, work)
    if isinstance(model, Transparent):
        model.background(sample)
    found = model.contributions(sample, of=label or None)
    if found is None:
        raise UsageError(
            "the model has no contributions of its own",
            where=model.asset.name,
            remedy="trees, boosters and linear models have; see `assay check model.explain`",
        )
    names = [n for n in found.column_names if n not in ("bias", "margin")]
    values = {n: float(np.mean(np.abs(found.column(n).to_numpy()))) for n in names}
    expected = float(np.mean(found.column("bias").to_numpy())) if "bias" in found.column_names else 0.0
    return values, expected, found.num_rows


def _sample(traffic: Traffic, model: Model, rows: int, work: Work) -> pa.Table:
    import numpy as np
    import pyarrow as pa

    wanted = list(model.info.features)
    if wanted and not traffic.named:
        traffic = traffic.renamed(wanted)
    held = [c.name for c in traffic.table.columns]
    missing = [n for n in wanted if n not in held]
    if missing:
        raise BadInput(
            f"the window has no column {missing[0]!r}, which the model wants",
            where=traffic.asset.name,
            remedy="name the columns as the model's",
        )
    table = traffic.table.arrow(wanted or list(traffic.features))
    if table.num_rows > rows:
        chosen = np.sort(work.rng("attribution").choice(table.num_rows, rows, replace=False))
        table = table.take(pa.array(chosen))
    return table


def _constraints(against: Tree | None) -> dict[str, dict[str, float]]:
    if against is None:
        return {}
    from assay.engines import baselines
    from assay.methods.monitor import attribution

    for name in (baselines.ATTRIBUTION, "analysis.json", baselines.CONSTRAINTS):
        raw = baselines.document(against, name)
        if isinstance(raw, dict) and "explanations" in raw:
            try:
                return attribution.constraints(raw)
            except ValueError as error:
                raise BadInput(str(error), where=against.asset.uri) from None
    raise Missing(
        "there are no feature attributions in it",
        where=against.asset.uri,
        remedy="make some: assay monitor baseline TABLE --model MODEL -o DIR",
    )


def _findings(score: float, before: Mapping[str, float], now: Mapping[str, float]) -> Iterator[Finding]:
    from assay.methods.monitor.attribution import LEAST

    old = {n: i for i, (n, _) in enumerate(_ranked(before), 1)}
    new = {n: i for i, (n, _) in enumerate(_ranked(now), 1)}
    moved = sorted(old.keys() & new.keys(), key=lambda n: (-abs(old[n] - new[n]) * max(before[n], now[n]), n))
    named = [f"{n} from {old[n]} to {new[n]}" for n in moved[:MOVED] if old[n] != new[n]]
    yield Finding(
        f"{NAME}.order",
        Severity.HIGH,
        f"The features are in another order than in the baseline: NDCG {score:.4g}, below {LEAST:g} "
        f"({'; '.join(named)}).",
        {"column": moved[0]} if moved else {},
        "see `assay check traffic.drift` on these features, and `assay check model.explain` for how they act",
    )


def _charts(before: Mapping[str, float], now: Mapping[str, float]) -> Iterator[Chart]:
    top = [n for n, _ in _ranked(now)[:CHARTED]]
    rows: list[dict[str, Any]] = [{"feature": n, "value": now[n], "of": "window"} for n in top]
    rows += [{"feature": n, "value": before.get(n, 0.0), "of": "baseline"} for n in top if before]
    if rows:
        yield Chart("What answers rest on", "grouped_bar" if before else "bar", tuple(rows), "feature", "value",
                    series="of" if before else None, alt=f"{top[0]} weighs most in the window.")  # fmt: skip
