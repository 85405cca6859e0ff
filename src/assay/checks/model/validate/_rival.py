"""Another model on the same rows: whether the difference is real."""

from __future__ import annotations

from typing import Any

from assay.checks.model.validate._judged import Judged
from assay.kernel.errors import BadInput
from assay.kernel.handles import Work
from assay.kernel.report import Finding, Metric
from assay.kernel.severity import Severity
from assay.methods.inwords import p_value


def compared(made: Judged, rival: Judged, name: str, work: Work) -> list[Finding]:
    """Put the rival's score, the difference, its interval and the tests' p-values into the metrics; say what follows.

    Both are judged on the same rows in the same order. The interval is of the paired bootstrap of the main score.
    """
    import numpy as np

    from assay.methods import comparing

    n, main = len(made.truth), made.main
    if len(rival.truth) != n:
        raise BadInput(
            f"{name} answers with numbers that are not finite where the other does not", where=name
        )
    here, there = made.headline(np.arange(n)), rival.headline(np.arange(n))
    bounds = comparing.paired(
        lambda rows: (made.headline(rows), rival.headline(rows)),
        made.draw,
        work.rng("rival"),
        400 if n <= 50_000 else 100,
    )
    of = {"against": name}
    made.metrics += [
        Metric.number(main, there, of={"model": name}),
        Metric.number(f"{main}_difference", here - there, of=of, interval=bounds),
    ]
    tests: dict[str, float] = {}
    if made.kind in ("binary", "multiclass"):
        one, other, tests["mcnemar"] = comparing.mcnemar(made.said == made.truth, rival.said == rival.truth)
        made.data["disagreements"] = {"right_alone": one, "wrong_alone": other}
    areas = _areas(made, rival)
    if areas is not None:
        made.metrics.append(Metric.number("roc_auc_difference", areas.first - areas.second, of=of))
        tests["delong"] = areas.p
    made.metrics += [Metric.number(f"{test}_p", p, of=of) for test, p in tests.items()]
    return [_said(made, name, here, there, bounds, tests)]


def _areas(made: Judged, rival: Judged) -> Any:
    from assay.methods import comparing

    scores = getattr(made, "score", None), getattr(rival, "score", None)
    return None if any(s is None for s in scores) else comparing.delong(made.truth, *scores)


def _said(
    made: Judged,
    name: str,
    here: float,
    there: float,
    bounds: tuple[float, float] | None,
    tests: dict[str, float],
) -> Finding:
    real = bounds is not None and not bounds[0] <= 0 <= bounds[1]
    ahead = (here < there) if made.lower_is_better else (here > there)
    shown = f"{made.main} {here:.4f} against {there:.4f}"
    if bounds:
        shown += f", difference {here - there:+.4f} [{bounds[0]:+.4f}, {bounds[1]:+.4f}]"
    shown += "".join(f", {t} p {p_value(p)}" for t, p in tests.items())
    made.data["comparison"] = {"against": name, "real": real, "better": ahead if real else None}
    if not real:
        message = f"It cannot be told apart from {name}: {shown}."
        return Finding(
            "model.validate.no_real_difference", Severity.INFO, message, {}, "judge both on more rows"
        )
    if ahead:
        return Finding("model.validate.better", Severity.INFO, f"It is better than {name}: {shown}.")
    return Finding(
        "model.validate.worse", Severity.MEDIUM, f"It is worse than {name}: {shown}.", {}, f"keep {name}"
    )
