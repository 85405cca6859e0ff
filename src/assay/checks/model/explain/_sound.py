"""Whether an explanation can be believed: it adds up, it is of the answers given, and these stay the same."""

from __future__ import annotations

from typing import Any

from assay.checks.model.explain._values import ADDS_UP, Values
from assay.kernel.handles import Model
from assay.kernel.report import Finding, Metric
from assay.kernel.severity import Severity

_AGREES = 1e-4
_TWICE = 200
_NAMED = 8


def steady(model: Model, table: Any) -> list[Finding]:
    """Ask about the same rows twice; a finding where the answers are not the same, and one where scores are no chances."""
    import pyarrow.compute as pc

    some = table.slice(0, _TWICE)
    first, second = model.predict(some), model.predict(some)
    changed = 0
    for name in first.column_names:
        if name in second.column_names and first.column(name).type == second.column(name).type:
            same = pc.fill_null(pc.equal(first.column(name), second.column(name)), False)
            changed = max(
                changed, some.num_rows - int(pc.sum(same).as_py() or 0) - _both_lost(first, second, name)
            )
        else:
            changed = some.num_rows
    strange = _no_chances(first)
    if not changed:
        return strange
    return [
        *strange,
        Finding(
            "model.explain.unsteady",
            Severity.HIGH,
            f"Asked twice about the same {some.num_rows} rows, it answers {changed} of them differently.",
            {},
            "an explanation of answers that come by lot explains nothing; make it deterministic",
            count=changed,
        ),
    ]


def _no_chances(said: Any) -> list[Finding]:
    from assay.methods import again, outcomes

    if "score" not in said.column_names:
        return []
    strange = again.outside(outcomes.finite(said.column("score"), "the score"))
    if not strange:
        return []
    message = f"{strange} of {said.num_rows} scores lie outside 0 to 1: what is explained is no probability."
    return [Finding("model.explain.no_probabilities", Severity.LOW, message, {}, count=strange)]


def _both_lost(first: Any, second: Any, name: str) -> int:
    import pyarrow.compute as pc

    nan = [pc.is_null(t.column(name), nan_is_null=True) for t in (first, second)]
    return int(pc.sum(pc.and_(*nan)).as_py() or 0)


def adds_up(found: Values) -> tuple[list[Metric], list[Finding]]:
    """Return the largest error of bias + values against the model's own answer, and a finding where it is too large."""
    off = found.additivity
    if off is None:
        return [Metric.number("additivity", None, reason="it gives no answer to compare with")], []
    metrics = [Metric.number("additivity", off, unit="max error")]
    if found.tolerance is None or off <= min(found.tolerance, ADDS_UP):
        return metrics, []
    if off <= found.tolerance:
        said = f"The values add up to the model's answers within {off:.2g}, where {ADDS_UP:g} is usual."
        remedy = "it computes in few bits, or its gradients do not tell all of how it changes: see the values of --method kernel"
        return metrics, [Finding("model.explain.additivity", Severity.LOW, said, {}, remedy)]
    return metrics, [
        Finding(
            "model.explain.additivity",
            Severity.HIGH,
            f"The values do not add up to the model's answers: they are off by up to {off:.3g}.",
            {},
            "it changes somewhere by steps that have no gradient: let values be sampled, --method kernel"
            if "gradients" in found.method
            else "do not rely on these values; the model's own SHAP code or its file is at fault",
        )
    ]


def of_its_answers(found: Values, said: Any, classes: tuple[Any, ...], of: str | None) -> list[Finding]:
    """Return a finding where what is explained is not what the model answers when it is asked to predict.

    said: what it predicts for the rows explained. Units whose function is not known are left.
    """
    import numpy as np

    from assay.methods.outcomes import finite

    scores = [c for c in said.column_names if c.startswith("score")]
    if found.margin is None or not len(found.margin):
        return []
    if scores == ["score"] and found.unit in ("log-odds", "probability"):
        given = finite(said.column("score"))
        given = 1 - given if of is not None and classes and of == str(classes[0]) else given
        margin = np.clip(found.margin, -700, 700)
        own = 1 / (1 + np.exp(-margin)) if found.unit == "log-odds" else margin
    elif not scores and found.unit in ("output", "log") and not classes:
        given = finite(said.column("prediction"))
        own = np.exp(np.clip(found.margin, -700, 700)) if found.unit == "log" else found.margin
    else:
        return []
    off = np.abs(own - given) / np.maximum(np.abs(given), 1)
    strange = int((~(off <= _AGREES)).sum())
    if not strange:
        return []
    return [
        Finding(
            "model.explain.other_answers",
            Severity.HIGH,
            f"What is explained is not what the model answers: {strange} of {len(off)} rows differ.",
            {},
            "do not rely on these values; the model's own SHAP code or its file is at fault",
            count=strange,
        )
    ]


def constant(table: Any, names: list[str]) -> list[Finding]:
    """Return a finding for features that hold one value alone: nothing can be said of them."""
    import pyarrow.compute as pc

    if table.num_rows < 2:
        return []
    still = [
        n
        for n in names
        if n in table.column_names and pc.count_distinct(table.column(n), mode="all").as_py() < 2
    ]
    if not still:
        return []
    some = ", ".join(still[:_NAMED]) + (" …" if len(still) > _NAMED else "")
    which = "One feature holds" if len(still) == 1 else f"{len(still)} features hold"
    return [
        Finding(
            "model.explain.constant_feature",
            Severity.LOW,
            f"{which} the same value in every row, so that its part cannot be told: {some}.",
            {"column": still[0]} if len(still) == 1 else {},
            "explain on rows in which it varies",
            count=len(still),
        )
    ]
