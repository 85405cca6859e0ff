"""Shapley values of any model at all: by asking it about hybrids of rows and of others."""

from __future__ import annotations

from typing import Any

from assay.checks.model.explain._asking import Asking
from assay.checks.model.explain._values import ADDS_UP, Method, Values, background
from assay.kernel.errors import UsageError
from assay.kernel.handles import Work

_CELLS = 20_000_000  # cells of masks held at a time
_LEAST_PAIRS = 2  # fewer say nothing of their error
_MOST_PAIRS = 64
_ENOUGH = 50  # background rows from which every subset against fewer of them says more than some against all
_BEHIND = 10  # background rows below which permutations, which take one each, say more


def sampled(
    table: Any, asking: Asking, method: Method, row: tuple[int, ...], samples: int, budget: int, work: Work
) -> Values:
    """Return values of a sample of rows (those asked for among them) with their standard errors.

    The budget is of rows that the model is asked about, one for each hybrid. UsageError where it is too small for one
    row, or where one row alone would be its own background.
    """
    import numpy as np

    from assay.methods import kernelshap

    if table.num_rows < 2:
        raise UsageError(
            "one row has nothing to be measured against",
            where=asking.model.asset.name,
            remedy="give a table of several rows, and name the one with --row",
        )
    names = asking.names or list(table.column_names)
    rng = work.rng("shapley")
    there = background(table, rng)
    each, way = _planned(len(names), there.num_rows, method, budget, min(samples, table.num_rows))
    if way == "exact":
        there = background(there, rng, each >> len(names))
    count = min(samples, table.num_rows, budget // each)
    if not count or len(set(row)) > budget // each:
        wanted = max(1, len(set(row))) * each
        raise UsageError(
            f"a budget of {budget} rows asked is too small for {len(names)} features",
            remedy=f"give at least --budget {wanted}",
        )
    chosen = _rows(table.num_rows, row, count, rng)
    spare = budget // len(chosen)
    parts = []
    block = max(1, _CELLS // max(1, spare * len(names)))
    for start in range(0, len(chosen), block):
        rows = chosen[start : start + block]
        parts.append(_block(table, there, names, rows, asking, way, spare, rng))
    values, error, base, margin = (np.concatenate([p[i] for p in parts]) for i in range(4))
    unit = "score" if asking.outputs != ["prediction"] else "output"
    exact = way == "exact"
    said = {
        "exact": f"Shapley values over every subset of the features, for {len(chosen)} rows",
        "kernel": f"kernel SHAP of {len(chosen)} rows",
    }.get(way, f"sampled Shapley values of {len(chosen)} rows")
    behind = kernelshap.affordable(len(names), there.num_rows, spare) if way == "kernel" else there.num_rows
    notes = {"background": behind, "asked": asking.asked}
    found = Values(names, values, base, chosen, unit, said, margin=margin, notes=notes)
    if exact:
        found.tolerance = ADDS_UP
    else:
        found.error = error
    return found


def _planned(features: int, behind: int, method: Method, budget: int, samples: int) -> tuple[int, str]:
    """Return the least rows asked for a row explained, and by which method."""
    from assay.methods.kernelshap import affordable

    held = min(behind, budget // samples >> features)  # background rows that every subset can be asked about
    if method in ("auto", "kernel") and held >= min(_ENOUGH, behind):
        return held << features, "exact"
    enough = min(_BEHIND, behind)
    if method == "kernel":
        return 8 * features + 2, "kernel"
    if method == "auto" and affordable(features, behind, budget // samples) >= enough:
        return 4 * features * enough + enough + 2, "kernel"
    return 2 * (features + 1) * _LEAST_PAIRS, "permutation"


def _rows(total: int, row: tuple[int, ...], count: int, rng: Any) -> Any:
    import numpy as np

    asked = sorted({r - 1 for r in row})
    rest = np.setdiff1d(rng.permutation(total)[: count + len(asked)], asked)
    rest = rng.permutation(rest)[: max(0, count - len(asked))]
    return np.sort(np.concatenate([asked, rest])).astype(int)


def _block(
    table: Any, there: Any, names: list[str], rows: Any, asking: Asking, method: str, each: int, rng: Any
) -> tuple[Any, Any, Any, Any]:
    import numpy as np
    import pyarrow as pa

    from assay.methods import kernelshap, shapley

    here = table.take(pa.array(rows))
    own = asking.answers(here.select(names))
    wanted = asking.wanted(own)

    def evaluate(index: Any, others: Any, mask: Any) -> Any:
        found = asking.answers(hybrids(here, there, names, index, others, mask))
        return found[np.arange(len(found)), wanted[index]]

    size = (len(rows), len(names), there.num_rows)
    if method == "exact":
        values, base = kernelshap.whole(*size, evaluate)
        error = np.zeros_like(values)
    elif method == "kernel":
        values, error, base = kernelshap.sampled(*size, evaluate, rng, each=each)
    else:
        pairs = min(_MOST_PAIRS, max(_LEAST_PAIRS, each // (2 * (len(names) + 1))))
        values, error, base = shapley.sampled(*size, evaluate, rng, pairs=pairs)
    return values, error, base, own[np.arange(len(own)), wanted]


def hybrids(here: Any, there: Any, names: list[str], index: Any, others: Any, mask: Any) -> Any:
    """Return rows that hold the one row's values where the mask says so, and another's elsewhere."""
    import pyarrow as pa
    import pyarrow.compute as pc

    columns = {}
    for at, name in enumerate(names):
        own, foreign = here.column(name).take(pa.array(index)), there.column(name).take(pa.array(others))
        columns[name] = pc.if_else(pa.array(mask[:, at]), own, foreign)
    return pa.table(columns)
