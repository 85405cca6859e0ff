"""Whether what a model says can be judged at all: the same when it is asked again, and scores that are chances."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assay.kernel.severity import Severity

if TYPE_CHECKING:
    from assay.checks.model.bias._answers import Answers
    from assay.checks.model.bias._judged import Judged

_FEW = 0.2  # of the scores: the others are meant as chances


def sound(judged: Judged, answers: Answers, said: Any) -> None:
    """Ask a model again about the first rows; tell answers that are others, and scores that are no probabilities.

    said: each row's prediction, as the model gave it.
    """
    if answers.model is None:
        return
    from assay.methods import again
    from assay.methods import predictions as asking

    n = min(again.ROWS, len(said))
    second, _ = asking.answers(answers.model, answers.table.slice(0, n), judged.asked.label)
    differ = again.differing(said.slice(0, n), second)
    if differ:
        judged.find(
            "unsteady",
            Severity.HIGH,
            f"Asked again about {n} rows, it answers {differ} of them otherwise: no figure of it can be repeated.",
            {},
            "fix its seeds, put it into evaluation mode, and keep what one row is told free of the others",
            count=differ,
        )
    _chances(judged, answers)


def _chances(judged: Judged, answers: Answers) -> None:
    import numpy as np

    from assay.methods import again, outcomes

    for name in answers.scores.column_names if answers.scores is not None else ():
        scores = outcomes.finite(answers.scores.column(name), name)
        strange, lost = again.outside(scores), int((~np.isfinite(scores)).sum())
        if strange:
            few = strange < _FEW * len(scores)
            why = "the others are chances" if few else "calibration cannot be told of ranks"
            message = f"{strange:,} of {len(scores):,} scores lie outside 0 to 1: {why}."
            severity = Severity.HIGH if few else Severity.MEDIUM
            remedy = "give the model's chances of yes, or leave the scores out"
            judged.find("no_probabilities", severity, message, {"column": name}, remedy, count=strange)
        if lost == len(scores) and lost:
            judged.find(
                "no_scores",
                Severity.HIGH,
                f"All of its {lost} scores are missing or infinite.",
                {"column": name},
                "see what the model does with these rows",
                count=lost,
            )
