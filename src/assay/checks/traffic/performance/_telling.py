"""What the performance of traffic tells."""

from __future__ import annotations

import math
from collections.abc import Iterator

from assay.checks.traffic.performance._measured import Measured
from assay.engines.baselines import dumped
from assay.kernel.handles import Work
from assay.kernel.report import Chart, Coverage, Finding, Metric, Report, Skipped
from assay.kernel.severity import Severity
from assay.methods.inwords import number, p_value
from assay.methods.monitor import alarms, performance, worse
from assay.methods.monitor.performance import CONSTANT, Problem
from assay.methods.monitor.worse import Sample

NAME = "traffic.performance"
TWICE = 2.0  # standard deviations either way that a metric is shown with


def unknown(rows: int) -> Report:
    """Return the report of a window of which no truth is known yet: nothing was examined."""
    return Report.make(
        coverage=Coverage(0, rows, (Skipped(f"{rows:,} rows", "their ground truth is not known yet"),)),
        metrics=[Metric("rows", 0), Metric("truth_share", 0.0)],
        data={"violations": []},
    )


def report(
    found: Measured,
    wanted: tuple[Problem, dict[str, tuple[float, str]]] | None,
    before: Sample | None,
    rows: int,
    alpha: float,
    work: Work,
) -> Report:
    """Return the report of a window. before: the baseline's rows, as far as they are known."""
    broken = performance.violations(found.metrics, found.spread, wanted[1]) if wanted else []
    skipped = []
    if wanted and wanted[0] != found.problem:
        skipped.append(Skipped("constraints", f"the baseline is of {wanted[0]}, and this is {found.problem}"))
        broken = []
    elif wanted:
        skipped += [
            Skipped(f"constraint of {n}", "the window has no such metric")
            for n in wanted[1]
            if n not in found.metrics
        ]
    chances = {}
    if broken and wanted:
        told = worse.chances(found.problem, wanted[1], found.sample, before, work.rng("chance"))
        chances = dict(zip(told, alarms.holm(list(told.values())), strict=True))
    metrics = [Metric("rows", found.rows), Metric.number("truth_share", found.rows / rows if rows else None)]
    metrics.append(Metric("violations", len(broken)))
    metrics += [_metric(found, n) for n in found.metrics]
    suggested = performance.suggested(found.problem, found.metrics)
    return Report.make(
        coverage=Coverage(found.rows, found.rows, tuple(skipped)),
        metrics=metrics,
        findings=[
            *_findings(found, broken, wanted[1] if wanted else {}, chances, alpha),
            *_weak(found, Severity.LOW if wanted else Severity.MEDIUM),
            *_turned(found),
            *_unknown(found.rows, rows),
        ],
        outputs=[
            work.put("constraint_violations", dumped({"violations": [v for v, _ in broken]}), "json"),
            work.put("statistics", dumped(found.document), "json"),
            work.put("constraints", dumped(suggested), "json"),
        ],
        charts=list(_charts(found, wanted[1] if wanted else {})),
        data={
            "violations": [v for v, _ in broken],
            "problem": found.problem,
            "confusion_matrix": found.matrix,
        },
    )


def _metric(found: Measured, name: str) -> Metric:
    value, spread = found.metrics[name], found.spread[name]
    near = None if math.isnan(spread) else (value - TWICE * spread, value + TWICE * spread)
    return Metric.number(name, value, interval=near)


def _findings(
    found: Measured,
    broken: list[tuple[dict[str, str], float]],
    wanted: dict[str, tuple[float, str]],
    chances: dict[str, float],
    alpha: float,
) -> Iterator[Finding]:
    for violation, _ in broken:
        name = violation["metric_name"]
        p, spread = chances.get(name, 1.0), found.spread[name]
        sure = p < alpha
        near = "" if math.isnan(spread) else f" ± {number(spread)}"
        beyond = "above" if wanted[name][1] == "GreaterThanThreshold" else "below"
        chance = f"p {p_value(p)}"
        yield Finding(
            f"{NAME}.{name}",
            Severity.HIGH if sure else Severity.LOW,
            f"The {name} of {found.rows:,} rows is {number(found.metrics[name])}{near}, {beyond} the {number(wanted[name][0])} "
            f"that is asked for{'' if sure else ', which may be chance'} ({chance}).",
            {"field": name},
            "see `assay check traffic.drift` for what changed in the input; retrain, or go back to the last good version",
        )


def _turned(found: Measured) -> Iterator[Finding]:
    if found.turned:
        no, yes = found.matrix
        yield Finding(
            f"{NAME}.turned",
            Severity.INFO,
            f"The scores are those of {no}, and {yes} is yes: they were turned over.",
            {},
        )


def _weak(found: Measured, severity: Severity) -> Iterator[Finding]:
    for name in ("accuracy", "f1"):
        best = found.metrics.get(name + CONSTANT)
        if best is not None and found.metrics[name] < best:
            yield Finding(
                f"{NAME}.no_better_than_constant",
                severity,
                f"The {name} of {found.metrics[name]:.3g} is below the {best:.3g} of always giving the same answer.",
                {"field": name},
                "look at the labels, and at what the score's threshold costs",
            )
            return


def _unknown(known: int, rows: int) -> Iterator[Finding]:
    if known < rows:
        yield Finding(
            f"{NAME}.truth",
            Severity.INFO,
            f"The truth of {rows - known:,} of {rows:,} rows is not known yet; they are no part of this.",
            {},
            "look again when it is: assay endpoint truth ENDPOINT FILE",
        )


def _charts(found: Measured, wanted: dict[str, tuple[float, str]]) -> Iterator[Chart]:
    rows = [
        {"metric": n, "value": v, "constraint": wanted[n][0] if n in wanted else None}
        for n, v in found.metrics.items()
        if not n.endswith(CONSTANT)
    ]
    yield Chart(
        "Against the truth",
        "table",
        tuple(rows),
        "metric",
        "value",
        alt=f"{found.rows:,} rows whose truth is known.",
    )
