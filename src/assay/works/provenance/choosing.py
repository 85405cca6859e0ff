"""Which earlier run a run is held against where nobody says: the last that passed and came out otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.kernel.errors import Missing
from assay.works.provenance.past import Past, read

if TYPE_CHECKING:
    from assay.works.home import Home

_MOST = 50


def last_good(home: Home, of: Past) -> Past:
    """Return the last earlier run of the same pipeline that passed and whose models came out otherwise.

    A run that always answers 0 may pass, and the next one too: what it is held against must differ in a score or in how
    many answers there are. Where none does, the last that passed. Missing where none passed.
    """
    from assay.office import runs

    nearest: Past | None = None
    for run in runs.before(home.office, of.run, _MOST):
        if run.outcome != "pass" or not run.detail.get("provenance"):
            continue
        past = read(home, run)
        if nearest is None:
            nearest = past
        if of.run.outcome != "pass" or _apart(past, of):
            return past
    if nearest is not None:
        return nearest
    raise Missing(
        f"no earlier run of {of.run.pipeline} passed, so there is nothing to hold {of.id} against",
        remedy="name one: --against RUN",
    )


def _apart(one: Past, other: Past) -> bool:
    """Whether what was reported of two runs' models, or of how many rows their steps made, differs."""
    a, b = _said(one), _said(other)
    for name in {*a, *b}:
        (x, ends), (y, others) = a.get(name, (None, None)), b.get(name, (None, None))
        if x is None or y is None:
            if x is not y:
                return True
        elif ends and others:
            if ends[1] < others[0] or others[1] < ends[0]:
                return True
        elif abs(x - y) > 0.02 * max(abs(x), abs(y)):
            return True
    return False


def _said(past: Past) -> dict[str, tuple[float | None, Any]]:
    """Return the scores that model.validate reported, and the rows that processing steps made."""
    out: dict[str, tuple[float | None, Any]] = {}
    for name, step in past.pipeline.steps.items():
        report = past.report(name) if step.uses in ("model.validate", "process") else None
        for metric in report.metrics if report is not None else ():
            whole = not metric.of and metric.name not in ("seconds", "peak_memory")
            if whole and (metric.interval or metric.name == "rows_out"):
                out[f"{name}.{metric.name}"] = (metric.value, metric.interval)
    return out
