"""Integrated gradients of a model that has gradients, as an answer to a message. Runs inside the sandbox only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from assay.engines.models.contributed import contributed

_BEHIND = 20  # background rows that are averaged over
_CELLS = 4_000_000  # numbers of a batch
_ROWS = 256
_NEAR = 1e-10


def baselines(background: Any, how: str, wide: int) -> tuple[Any, str]:
    """Return the baselines (b × inputs), and what they are in words. background: rows × inputs, None where none was named."""
    if how == "zeros" or background is None or not len(background):
        return np.zeros((1, wide)), "inputs of 0"
    if how == "rows":
        some = background[:: max(1, len(background) // _BEHIND)][:_BEHIND]
        return some, f"{len(some)} rows of the data, averaged"
    return background.mean(axis=0, keepdims=True), f"the mean of {len(background):,} rows"


def _rounding(rows: Any, ask: Callable[[Any, Any], tuple[Any, Any]]) -> float:
    """Return the relative precision that answers are computed in, which their type does not tell: how small a step is seen."""
    which = np.arange(len(rows))
    coarse = (ask(rows, which)[0] == ask(rows * (1 + _NEAR), which)[0]).all()
    return float(np.finfo(np.float32 if coarse else np.float64).eps)


def along(
    names: Sequence[str],
    group: Sequence[int],
    rows: Any,
    behind: tuple[Any, str],
    ask: Callable[[Any, Any], tuple[Any, Any]],
    unit: str,
) -> pa.Table:
    """Return rows × (features, bias, margin). group: the feature of each input; inputs of one feature are added up.

    ask(points, which row each is of) → answers and gradients, in batches that fit.
    """
    from assay.methods.pathgradients import integrated

    most = max(1, _CELLS // max(1, rows.shape[1]))

    def asked(points: Any, which: Any) -> tuple[Any, Any]:
        parts = [ask(points[i : i + most], which[i : i + most]) for i in range(0, len(points), most)]
        return np.concatenate([p[0] for p in parts]), np.concatenate([p[1] for p in parts])

    rounding = _rounding(rows[:_ROWS], asked)
    values, base, margin = [], [], []
    for start in range(0, len(rows), _ROWS):
        block = rows[start : start + _ROWS]

        def here(points: Any, which: Any, start: int = start) -> tuple[Any, Any]:
            return asked(points, which + start)

        found = integrated(block, behind[0], here, rounding=rounding)
        added = np.zeros((len(block), len(names)))
        for column, feature in enumerate(group):
            added[:, feature] += found.values[:, column]
        values.append(added)
        base.append(found.base)
        margin.append(found.margin)
    what = "expected" if len(behind[0]) > 1 else "integrated"
    return contributed(
        names,
        np.concatenate(values),
        np.concatenate(base),
        np.concatenate(margin),
        unit=unit,
        method=f"{what} gradients against {behind[1]}",
    )
