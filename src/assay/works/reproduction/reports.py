"""What a step said then, held against what it says now: its outcome, its metrics, its findings, and what they rest on."""

from __future__ import annotations

from typing import Any

from assay.kernel.report import Metric, Report
from assay.works.reproduction.compared import Compared
from assay.works.reproduction.documents import TIMED, Walk

_OF_A_JOB = ("log", "environment")  # told of by themselves


def plain_report(report: Report) -> dict[str, Any]:
    """Return a report without when it was made, where things lay, and what a job printed."""
    raw = report.to_dict()
    script = report.engine == "sandbox"
    data = {k: v for k, v in raw["data"].items() if not (script and k in _OF_A_JOB)} if "data" in raw else {}
    return {
        "check": report.check,
        "error": report.error,
        "metrics": [m.to_dict() for m in report.metrics if m.name not in TIMED],
        "findings": [f.to_dict() for f in report.findings],
        "coverage": report.coverage.to_dict(),
        "data": data | ({"tuning": _without_runs(data["tuning"])} if "tuning" in data else {}),
        "charts": [c.to_dict() for c in report.charts],
        "seed": report.seed,
    }


def _without_runs(tuning: Any) -> Any:
    """Return a sweep's trials without the names of the runs that they were recorded as."""
    if not isinstance(tuning, dict):
        return tuning
    trials = [{k: v for k, v in t.items() if k != "run"} for t in tuning.get("trials", ())]
    best = {k: v for k, v in tuning.get("best", {}).items() if k != "run"}
    return tuning | {"trials": trials, "best": best}


def compare(
    was: Report,
    now: Report,
    outcomes: tuple[str, str],
    *,
    tolerance: float,
    fixed: frozenset[str],
    alone: bool,
) -> Compared:
    """Return how two reports of a step compare.

    alone: whether the step read the very same; where it did not, only outcome, metrics and findings are judged, as what
    else a report tells follows from what it was made of.
    """
    a, b = plain_report(was), plain_report(now)
    digests: dict[str, Any] = {"recorded": outcomes[0], "rebuilt": outcomes[1]}
    walk = Walk(tolerance, fixed)
    parted = None if a == b else next(walk.parts(a, b), None)
    if outcomes[0] != outcomes[1]:
        said = f"it ends with {outcomes[1]} (recorded: {outcomes[0]})"
        said += f": {now.error}" if now.error else f": {now.findings[0].message}" if now.findings else ""
        return Compared("report", "report", "differs", said, **digests)
    if parted is None:
        same: Any = "bits" if not walk.gap and not walk.times else "tolerance" if walk.gap else "times"
        said = f"numbers differ by up to {walk.gap:.2g}" if walk.gap else ""
        return Compared("report", "report", same, said, gap=walk.gap or None, **digests)
    return _judged(was, now, parted, walk, tolerance, alone)


def _judged(
    was: Report, now: Report, parted: tuple[str, Any, Any], walk: Walk, tolerance: float, alone: bool
) -> Compared:
    metric = _metric(was.metrics, now.metrics, tolerance)
    if metric is not None:
        return metric
    a, b = ({_finding(f) for f in r.findings} for r in (was, now))
    if a != b:
        found = "; ".join(f"{rule} is new" for rule, *_ in sorted(b - a)[:2]) or "; ".join(
            f"{rule} is gone" for rule, *_ in sorted(a - b)[:2]
        )
        return Compared("report", "report", "differs", f"its findings are others: {found}")
    at, before, after = parted
    if not alone:
        return Compared(
            "report", "report", "tolerance", "its metrics and findings are as they were", gap=walk.gap
        )
    return Compared(
        "report",
        "report",
        "differs",
        f"its `{at}` is another",
        {"at": at, "before": _short(before), "after": _short(after)},
    )


def _finding(finding: Any) -> tuple[str, str, str]:
    return (finding.rule, str(finding.severity), finding.fingerprint(""))


def _key(metric: Metric) -> tuple[Any, ...]:
    return (metric.name, *sorted((k, str(v)) for k, v in metric.of.items()))


def _metric(was: tuple[Metric, ...], now: tuple[Metric, ...], tolerance: float) -> Compared | None:
    """Return the first metric that differs by more than the tolerance, None where none does."""
    a, b = ({_key(m): m for m in side if m.name not in TIMED} for side in (was, now))
    for key in dict.fromkeys((*a, *b)):
        one, other = a.get(key), b.get(key)
        name = f"{key[0]}{' of ' + ', '.join(f'{k} {v}' for k, v in key[1:]) if key[1:] else ''}"
        x, y = (m.value if m else None for m in (one, other))
        if x is None or y is None:
            gap = None if x is y and bool(one) == bool(other) else float("inf")
        else:
            gap = abs(x - y) / max(1.0, abs(x), abs(y))
        if gap is not None and gap > tolerance:
            said = f"{name} is {_number(y)} (recorded: {_number(x)})"
            where = {
                "metric": key[0],
                "of": dict(one.of if one else other.of if other else {}),
                "before": x,
                "after": y,
            }
            return Compared("report", "report", "differs", said, where, None if gap == float("inf") else gap)
    return None


def _number(value: Any) -> str:
    return "none" if value is None else f"{value:.6g}"


def _short(value: Any) -> Any:
    return value if isinstance(value, bool | int | float) or value is None else str(value)[:80]
