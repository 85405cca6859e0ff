"""What differs between two runs: what came of them first, then the changes, those first that explain it best."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.kernel.report import Metric
from assay.works.provenance.changes import Change
from assay.works.provenance.diagnosis import Diagnosis, compare
from assay.works.provenance.outcome import Tables
from assay.works.provenance.replay import stage
from assay.works.provenance.sources import files
from assay.works.provenance.suspects import RULE, ranked

if TYPE_CHECKING:
    from assay.works.home import Home
    from assay.works.provenance.past import Past

SCHEMA = "assay.diff/1"
_PIPELINE = ("step_added", "step_removed", "step_replaced", "input", "parameter", "gate", "file")


def differ(home: Home, old: Past, new: Past, *, isolation: str | None = None) -> dict[str, Any]:
    """Return what differs between two runs as JSON (assay.diff/1); nothing is replayed."""
    with stage(home, new, isolation) as place:
        tables = Tables(place.bench)
        found, _ = compare(place, tables, old, new, lambda _: None)
    first = ranked(old, new, found)
    ordered = first + [c for c in found.changes if c not in first]
    return {
        "schema": SCHEMA,
        "a": _head(old),
        "b": _head(new),
        "same": not found.changes and not found.symptoms,
        "outcome": [s.to_dict() for s in found.symptoms],
        "order": RULE,
        "changes": [c.to_dict() for c in ordered],
        "data": [e.to_dict() for e in found.edges],
        "code": {"files": files(old, new, found.changes), "git": _git(old, new)},
        "pipeline": _of(ordered, *_PIPELINE),
        "environment": _of(ordered, "environment", "package", "setting"),
        "seeds": _of(ordered, "seed"),
        "metrics": metrics(old, new),
        "predictions": predictions(found),
        "notes": found.notes,
    }


def _head(past: Past) -> dict[str, Any]:
    return {
        "run": past.id,
        "pipeline": past.run.pipeline,
        "outcome": past.run.outcome,
        "started": past.run.started,
        "model": past.run.model,
    }


def _of(changes: list[Change], *kinds: str) -> list[dict[str, Any]]:
    return [c.to_dict() for c in changes if c.kind in kinds]


def _git(old: Past, new: Past) -> dict[str, Any] | None:
    a, b = old.document.get("git"), new.document.get("git")
    if a == b:
        return None
    keys = ("commit", "branch", "dirty", "diff")
    return {k: [(a or {}).get(k), (b or {}).get(k)] for k in keys}


def metrics(old: Past, new: Past) -> list[dict[str, Any]]:
    """Return the metrics of the steps that both runs have, where they differ; real: whether by more than their intervals.

    real is None where one of them has no interval, so that it cannot be told.
    """
    out = []
    for name, step in new.pipeline.steps.items():
        if step.verb != "check" or name not in old.steps:
            continue
        a, b = old.report(name), new.report(name)
        if a is None or b is None or a.check != b.check:
            continue
        was = {_key(m): m for m in a.metrics}
        for metric in b.metrics:
            before = was.get(_key(metric))
            if before is not None and before.value != metric.value:
                out.append(
                    {
                        "step": name,
                        "name": metric.name,
                        "of": dict(metric.of),
                        "before": before.value,
                        "after": metric.value,
                        "before_interval": list(before.interval) if before.interval else None,
                        "after_interval": list(metric.interval) if metric.interval else None,
                        "real": _real(before, metric),
                    }
                )
    return sorted(out, key=lambda m: (bool(m["of"]), m["real"] is not True, m["real"] is None))


def _key(metric: Metric) -> tuple[Any, ...]:
    return (metric.name, *sorted((k, str(v)) for k, v in metric.of.items()))


def _real(one: Metric, other: Metric) -> bool | None:
    """Whether two values differ by more than both half intervals, squared and summed: of independent rows, at 95 %."""
    if one.value is None or other.value is None or not one.interval or not other.interval:
        return None
    halves = [(m.interval[1] - m.interval[0]) / 2 for m in (one, other) if m.interval]
    return bool(abs(one.value - other.value) > sum(h * h for h in halves) ** 0.5)


def predictions(found: Diagnosis) -> dict[str, Any] | None:
    """Return how both models answered: on the same rows where both can be asked, else each on its own."""
    by, old = found.by, found.old.own
    if by is None or old is None:
        return None
    out: dict[str, Any] = {"label": by.label, "metric": by.metric, "yes": by.yes or None}
    same = found.new.reference
    if (
        same is not None
        and same.said is not None
        and old.said is not None
        and len(same.said) == len(old.said)
    ):
        agree = (same.said == old.said) if by.metric != "rmse" else None
        return out | {
            "same_rows": True,
            "rows": same.rows,
            "agreement": float(agree.mean()) if agree is not None else _correlation(old.said, same.said),
            "before": old.to_dict(),
            "after": same.to_dict(),
        }
    other = found.new.own
    return out | {
        "same_rows": False,
        "rows": old.rows,
        "agreement": None,
        "before": old.to_dict(),
        "after": other.to_dict() if other else None,
    }


def _correlation(one: Any, other: Any) -> float | None:
    """Return Pearson's correlation of two models' numbers; None where either does not vary."""
    import numpy as np

    if not one.std() or not other.std():
        return None
    return float(np.corrcoef(one, other)[0, 1])
