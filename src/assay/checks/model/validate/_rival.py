"""Another model on the same rows: whether the difference is real."""

from __future__ import annotations

from typing import Any, NamedTuple

from assay.checks.model.validate._judged import Judged
from assay.kernel.errors import BadInput
from assay.kernel.handles import Work
from assay.kernel.report import Finding, Metric
from assay.kernel.severity import Severity
from assay.methods.inwords import p_value

_REAL = 0.05


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
    return [_said(made, name, here, there, bounds, tests, _beside(made, rival, areas, tests))]


def _areas(made: Judged, rival: Judged) -> Any:
    from assay.methods import comparing

    if made.kind != "binary":
        return None
    scores = getattr(made, "score", None), getattr(rival, "score", None)
    return None if any(s is None for s in scores) else comparing.delong(made.truth, *scores)


class _Beside(NamedTuple):
    """A test that finds a difference. ahead: of the model that is judged. words: of what, and how large."""

    ahead: bool
    words: str


def _beside(made: Judged, rival: Judged, areas: Any, tests: dict[str, float]) -> list[_Beside]:
    """Return what McNemar's test and DeLong's tell of, whatever the main score does."""
    out = []
    if tests.get("mcnemar", 1) < _REAL:
        here, there = (float((one.said == one.truth).mean()) for one in (made, rival))
        words = (
            f"of rows it is right {'more' if here > there else 'less'} often ({here:.1%} against {there:.1%})"
        )
        out.append(_Beside(here > there, words))
    if tests.get("delong", 1) < _REAL:
        ahead = areas.first > areas.second
        words = f"its scores put rows in {'better' if ahead else 'worse'} order (roc_auc {areas.first:.4f} against {areas.second:.4f})"
        out.append(_Beside(ahead, words))
    return out


def _said(
    made: Judged,
    name: str,
    here: float,
    there: float,
    bounds: tuple[float, float] | None,
    tests: dict[str, float],
    beside: list[_Beside],
) -> Finding:
    real = bounds is not None and not bounds[0] <= 0 <= bounds[1]
    ahead = (here < there) if made.lower_is_better else (here > there)
    shown = f"{made.main} {here:.4f} against {there:.4f}"
    if bounds:
        shown += f", difference {here - there:+.4f} [{bounds[0]:+.4f}, {bounds[1]:+.4f}]"
    shown += "".join(f", {t} p {p_value(p)}" for t, p in tests.items() if p == p)
    made.data["comparison"] = {"against": name, "real": real, "better": ahead if real else None}
    other = [b for b in beside if not real or b.ahead != ahead]
    but = f" But {' and '.join(b.words for b in other)}." if other else ""
    behind = any(not b.ahead for b in other)
    if not real:
        message = f"By {made.main} it cannot be told apart from {name}: {shown}.{but}"
        severity = Severity.LOW if behind else Severity.INFO
        return Finding("model.validate.no_real_difference", severity, message, {}, "judge both on more rows")
    if ahead:
        message = f"It is better than {name}: {shown}.{but}"
        return Finding("model.validate.better", Severity.LOW if behind else Severity.INFO, message)
    message = f"It is worse than {name}: {shown}.{but}"
    return Finding("model.validate.worse", Severity.MEDIUM, message, {}, f"keep {name}")
