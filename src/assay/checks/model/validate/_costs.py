"""What errors cost: of two answers a false positive and a false negative, of classes each said where another is true."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from assay.kernel.errors import UsageError

Costs = tuple[float, float] | dict[tuple[str, str], float]
_OTHERWISE = 1.0  # what an error costs that is not named


def priced(given: Mapping[str, Any]) -> dict[tuple[str, str], float]:
    """Return the costs by true class and said one, given as ``{"true:said": 5}``; UsageError for what is none."""
    out = {}
    for name, value in given.items():
        pair, _, last = f"{name}={value}".rpartition("=")  # a label may hold = itself, as <=50K does
        true, colon, said = pair.partition(":")
        try:
            cost = float(last)
        except (TypeError, ValueError):
            cost = math.nan
        if not (colon and true and said) or not math.isfinite(cost) or cost < 0:
            raise UsageError(
                f"{name}={value} is no cost", where="--cost", remedy="write TRUE:SAID=X, such as no:yes=5"
            )
        out[true.strip(), said.strip()] = cost
    return out


def of_two(costs: Costs, names: Sequence[str], yes: Sequence[str]) -> tuple[float, float]:
    """Return what a false positive and a false negative cost; UsageError where more than one class is no."""
    if isinstance(costs, tuple):
        return costs
    known(costs, names)
    no = [n for n in names if n not in yes]
    if len(no) != 1 or len(yes) != 1:
        raise UsageError(
            "yes and no are several classes each", where="--cost", remedy="say --cost-fp and --cost-fn"
        )
    return costs.get((no[0], yes[0]), _OTHERWISE), costs.get((yes[0], no[0]), _OTHERWISE)


def matrix(costs: dict[tuple[str, str], float], names: Sequence[str]) -> Any:
    """Return classes × classes: what it costs to say the second where the first is true; right answers cost nothing."""
    import numpy as np

    known(costs, names)
    at = {name: i for i, name in enumerate(names)}
    out = np.full((len(names), len(names)), _OTHERWISE)
    np.fill_diagonal(out, 0)
    for (true, said), cost in costs.items():
        out[at[true], at[said]] = cost
    return out


def known(costs: dict[tuple[str, str], float], names: Sequence[str]) -> None:
    """UsageError where a cost is of what no label is."""
    strange = sorted({part for pair in costs for part in pair} - set(names))
    if strange:
        raise UsageError(
            f"no label is {strange[0][:40]}",
            where="--cost",
            remedy=f"it holds {', '.join(n[:20] for n in names[:6])}",
        )


def asked_costs(cost: dict[str, Any] | None, cost_fp: float | None, cost_fn: float | None) -> Costs | None:
    """Return what the caller says that errors cost; UsageError where that is half of it, or said twice."""
    if (cost_fp is None) != (cost_fn is None):
        raise UsageError(
            "one kind of error has a cost and the other none", remedy="give --cost-fp and --cost-fn"
        )
    if cost and cost_fp is not None:
        raise UsageError("costs are given twice", remedy="leave --cost or --cost-fp and --cost-fn out")
    if cost:
        return priced(cost)
    return None if cost_fp is None or cost_fn is None else (cost_fp, cost_fn)
