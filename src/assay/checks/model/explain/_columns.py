"""Explained by the columns of the data: a waterfall a row."""

from __future__ import annotations

from typing import Any

from assay.checks.model.explain import _summary
from assay.checks.model.explain._asking import Asking
from assay.checks.model.explain._values import Baseline, Method, Values, explained
from assay.checks.model.explain._way import Limits, Way
from assay.kernel.handles import Model, Work
from assay.kernel.report import Chart, Metric


def way(
    model: Model, table: Any, asking: Asking, limits: Limits, method: Method, baseline: Baseline, work: Work
) -> Way:
    """Return the values of columns, exact where the model's form allows it."""
    row, samples, most, budget = limits
    found = explained(
        model,
        table,
        asking,
        method=method,
        row=row,
        samples=samples,
        most=most,
        budget=budget,
        work=work,
        baseline=baseline,
    )

    def drawn(at: int) -> tuple[Chart, list[Metric]]:
        fall = _summary.locally(found, at, table)
        return fall, _summary.in_numbers(fall, int(found.rows[at]) + 1, found.unit)

    error = None if found.error is None else float(found.error.mean())
    return Way(found, table, drawn, _kept(found), found.names, sampling_error=error)


def _kept(found: Values) -> Any:
    """Return the values of each row explained, and their errors where they are sampled, as a table."""
    import pyarrow as pa

    columns = [("row", found.rows + 1), *zip(found.names, found.values.T, strict=True)]
    if found.error is not None:
        columns += [(f"error of {n}", e) for n, e in zip(found.names, found.error.T, strict=True)]
    return pa.Table.from_arrays([pa.array(v) for _, v in columns], names=_apart([n for n, _ in columns]))


def _apart(names: list[str]) -> list[str]:
    """Return names of which none comes twice: a feature may be called row."""
    out: list[str] = []
    for name in names:
        while name in out:
            name += "_"
        out.append(name)
    return out
