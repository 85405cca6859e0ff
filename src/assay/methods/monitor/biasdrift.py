"""Bias drift as SageMaker Clarify's monitor tells it: a metric that is farther from neutral than it was in the baseline.

Constraints are an analysis.json: of each facet its groups, of each group the metrics. Neutral is 0, of DI 1. A ratio over
nothing is written "Infinity". Where an allowed range is named, a violation needs the window's normal bootstrap interval and
that range to be apart.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from assay.methods.bias import Counts, generalised_entropy, post_training, pre_training
from assay.methods.monitor.alarms import ALPHA, holm

CHECK = "bias_drift_check"
TIMES = 500
_FILLED = 2.0  # rows more in each cell (Agresti and Coull 1998): of a group of few, empty cells say too little spread
NORMAL = 1.959964  # standard deviations of a 95 % interval
SECTIONS = ("pre_training_bias_metrics", "post_training_bias_metrics")
Key = tuple[str, str, str]  # facet, group, metric
Range = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Value:
    """A metric of a group. interval: where it lies with 95 %, of a normal bootstrap; None where none can be told. spread: the
    standard deviation of draws in which no cell is empty, NaN where that is infinite too; rows: of the group and the others.
    """

    value: float
    interval: Range | None
    spread: float = math.nan
    rows: int = 0


def neutral(metric: str) -> float:
    """Return the value of no bias."""
    return 1.0 if metric == "DI" else 0.0


def farther(metric: str, value: float, baseline: float) -> bool:
    """Whether a value is farther from neutral than the baseline's."""
    middle = neutral(metric)
    return abs(value - middle) > abs(baseline - middle)


def counted(truth: Any, said: Any, rows: Any) -> Counts:
    """Return one group's rows by observed and predicted outcome (0 and 1). rows: which are of the group."""
    t, p = truth[rows], said[rows]
    tp, fp = int((t & p).sum()), int(((1 - t) & p).sum())
    fn = int((t & (1 - p)).sum())
    return Counts(tp, fp, fn, len(t) - tp - fp - fn)


def measured(a: Counts, d: Counts, *, truth: bool, rng: np.random.Generator) -> dict[str, Value]:
    """Return every metric of two groups with its interval. truth: whether outcomes are known; else of the answers alone."""
    exact = _all(a, d, truth=truth)
    drawn = _all(_drawn(a, rng), _drawn(d, rng), truth=truth)
    filled = _all(_drawn(a, rng, _FILLED), _drawn(d, rng, _FILLED), truth=truth)
    out = {}
    for name, value in exact.items():
        draws = np.asarray(drawn[name])
        finite = draws[np.isfinite(draws)]
        spread = float(finite.std(ddof=1)) if len(finite) == TIMES and math.isfinite(value) else math.nan
        near = (value - NORMAL * spread, value + NORMAL * spread) if math.isfinite(spread) else None
        if name == "CI":  # the draws hold the groups' sizes, and those are what it is of
            spread = wide = _imbalance_error(_size(a), _size(d))
            near = (value - NORMAL * spread, value + NORMAL * spread)
        else:
            more = np.asarray(filled[name])
            wide = float(more.std(ddof=1)) if np.isfinite(more).all() else math.nan
        out[name] = Value(value, near, wide, _size(a) + _size(d))
    return out


def _imbalance_error(a: int, d: int) -> float:
    """Return the standard error of (a - d)/(a + d), each row being of either group by lot."""
    n = a + d
    return 2 * math.sqrt((a + 0.5) * (d + 0.5)) / (n + 1) / math.sqrt(n) if n else math.nan


def _size(group: Counts) -> int:
    return int(group.tp + group.fp + group.fn + group.tn)


def _drawn(group: Counts, rng: np.random.Generator, more: float = 0.0) -> Counts:
    """Draw tables like a group's. more: what is added to each cell first, so that one that is empty may fill."""
    n = _size(group)
    cells = np.array([group.tp, group.fp, group.fn, group.tn], float) + (more if n else 0)
    found = rng.multinomial(n, cells / cells.sum(), TIMES) if n else np.zeros((TIMES, 4))
    return Counts(*found.T.astype(float))


def _all(a: Counts, d: Counts, *, truth: bool) -> dict[str, Any]:
    if not truth:
        found = post_training(a, d, zero=True)
        return {"CI": pre_training(a, d)["CI"], "DPPL": found["DPPL"], "DI": found["DI"]}
    whole = [x + y for x, y in zip((a.tp, a.fp, a.fn, a.tn), (d.tp, d.fp, d.fn, d.tn), strict=True)]
    return pre_training(a, d) | post_training(a, d, zero=True) | {"GE": generalised_entropy(*whole)}


def constraints(raw: Any) -> dict[Key, float]:
    """Return the metrics of an analysis.json that have a value; ValueError where it is none."""
    if not isinstance(raw, Mapping) or not any(s in raw for s in SECTIONS):
        raise ValueError("there are no bias metrics in it")
    out: dict[Key, float] = {}
    try:
        for section in SECTIONS:
            for facet, groups in (raw.get(section) or {}).get("facets", {}).items():
                for group in groups:
                    for metric in group["metrics"]:
                        value = metric.get("value")
                        if value is not None:
                            out[(facet, str(group["value_or_threshold"]), str(metric["name"]))] = float(value)
    except (TypeError, KeyError, AttributeError, ValueError) as error:
        raise ValueError("the bias metrics in it cannot be read") from error
    return out


def violations(
    found: Mapping[Key, Value],
    wanted: Mapping[Key, float],
    allowed: Mapping[str, Range],
    *,
    before: int = 0,
    alpha: float = ALPHA,
) -> list[tuple[Key, dict[str, str], bool]]:
    """Return each violation, as it is written, and whether it is sure: chance makes one of them in any metric of any group
    with ``alpha`` at most.

    allowed: metric → least and greatest value, where a person named a range; it stands instead of the baseline's value.
    before: rows of the baseline, which vary as the window's do; 0 where they are not known, and it holds exactly.
    """
    chances = [_chance(k, v, wanted, allowed, before) for k, v in found.items()]
    sure = {k for k, p in zip(found, holm(chances), strict=True) if p < alpha}
    out = []
    for key, value in found.items():
        metric = key[2]
        if metric in allowed:
            low, high = allowed[metric]
            near = value.interval or (value.value, value.value)
            broken = near[0] > high or near[1] < low
        elif key in wanted:
            broken = farther(metric, value.value, wanted[key])
        else:
            continue
        if broken:
            out.append((key, _written(key, value.value), key in sure))
    return out


def _chance(
    key: Key, value: Value, wanted: Mapping[Key, float], allowed: Mapping[str, Range], before: int
) -> float:
    """Return the p-value of a metric that lies as far beyond its bound, by the normal tail; 1 where it cannot be told, NaN
    where nothing is asked of it.
    """
    metric = key[2]
    middle = neutral(metric)
    if metric in allowed:
        low, high = allowed[metric]
        beyond, error = max(low - value.value, value.value - high), value.spread
    elif key in wanted:
        beyond = abs(value.value - middle) - abs(wanted[key] - middle)
        error = value.spread * math.sqrt(1 + (value.rows / before if before else 0))
    else:
        return math.nan
    if not math.isfinite(beyond) or not math.isfinite(error):
        return 1.0
    return math.erfc(beyond / error / math.sqrt(2)) / 2 if error > 0 else float(beyond <= 0)


def _written(key: Key, value: float) -> dict[str, str]:
    shown = value if math.isfinite(value) else "Infinity" if value > 0 else "-Infinity"
    return {
        "facet": key[0],
        "facet_value": key[1],
        "metric_name": key[2],
        "constraint_check_type": CHECK,
        "description": f"Value {shown} does not meet the constraint requirement",
    }


def analysis(
    found: Mapping[Key, Value],
    label: str,
    positive: Sequence[str],
    descriptions: Mapping[str, str],
    before: Sequence[str],
) -> dict[str, Any]:
    """Return an analysis.json. before: the names of the metrics before training."""
    sections: dict[str, Any] = {
        s: {"label": label, "facets": {}, "label_value_or_threshold": ",".join(positive)} for s in SECTIONS
    }
    for (facet, group, metric), value in sorted(found.items(), key=lambda kv: kv[0]):
        held = sections[SECTIONS[0 if metric in before else 1]]["facets"].setdefault(facet, [])
        entry = next((e for e in held if e["value_or_threshold"] == group), None)
        if entry is None:
            entry = {"value_or_threshold": group, "metrics": []}
            held.append(entry)
        shown: Any = value.value
        if math.isnan(shown):
            shown = None
        elif math.isinf(shown):
            shown = "Infinity" if shown > 0 else "-Infinity"
        told = {"name": metric, "description": descriptions.get(metric, metric), "value": shown}
        entry["metrics"].append(told if shown is not None else told | {"error": "it is undefined"})
    return {"version": "1.0", **{s: v for s, v in sections.items() if v["facets"]}}
