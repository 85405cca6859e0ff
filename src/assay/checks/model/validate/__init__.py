"""Validation: is the model any good, better than guessing, and as good on data it has not seen?

The problem type is found from the labels, and the score that stands for the model is chosen with its reason: the
balanced F-score, its mean over classes, the cost of a row where errors have costs (the cheapest threshold is looked for
then), the root mean square, absolute or pinball error. It comes with 95 % bootstrap intervals, over the hold-out and
over stratified folds of it; a constant guess of the commonest answer is the yardstick. With --training the scores on
the training data name over- and under-fitting, and rows that stand in both are told. With --against another model is
asked about the same rows, and McNemar's test, DeLong's and a paired bootstrap say whether the difference is real. The
subgroups on which it is weakest are searched for in one half of the rows and confirmed in the other. With --robustness
it is asked again about rows made worse. The subject is a model with --data, or a table that holds predictions.

Example: assay check model.validate registry://bookings \\
  --data bookings.csv.gz --label is_canceled
"""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

from annotated_types import Ge, Interval
from typing_extensions import Doc

from assay.checks.model.validate._answers import Answers, asked, rivals
from assay.checks.model.validate._binary import Binary
from assay.checks.model.validate._judged import Judged
from assay.checks.model.validate._multiclass import Multiclass
from assay.checks.model.validate._overlap import seen_before
from assay.checks.model.validate._regression import Regression
from assay.checks.model.validate._rival import compared
from assay.checks.model.validate._robust import Robustness, sampled
from assay.checks.model.validate._weak import weak
from assay.kernel.errors import BadInput, UsageError
from assay.kernel.handles import Column, Model, Table, Work
from assay.kernel.report import Chart, Coverage, Finding, Report
from assay.kernel.severity import Severity

_MOST_CLASSES = 50


def check(
    subject: Table | Model,
    *,
    data: Annotated[Table | None, Doc("the table that the model is judged on, which it has not seen")] = None,
    training: Annotated[
        Table | None, Doc("the table that it was trained on, to name over- and under-fitting")
    ] = None,
    against: Annotated[
        Model | None, Doc("another model, asked about the same rows: is the difference real?")
    ] = None,
    label: Annotated[Column, Doc("the column that holds the truth")],
    predicted: Annotated[Column | None, Doc("the column that holds the predictions, of a table")] = None,
    score: Annotated[Column | None, Doc("the column that holds the scores, of a table")] = None,
    against_predicted: Annotated[
        Column | None, Doc("the column that holds another model's predictions, of a table")
    ] = None,
    against_score: Annotated[Column | None, Doc("the column that holds its scores")] = None,
    positive: Annotated[tuple[str, ...], Doc("the value of the label that counts as yes")] = (),
    cost_fp: Annotated[
        float | None, Ge(0), Doc("what a false positive costs; the threshold of least cost is looked for")
    ] = None,
    cost_fn: Annotated[float | None, Ge(0), Doc("what a false negative costs")] = None,
    quantile: Annotated[
        float | None, Interval(gt=0, lt=1), Doc("the predictions are of this quantile of the label")
    ] = None,
    folds: Annotated[int, Interval(ge=2, le=50), Doc("how many stratified folds of the hold-out")] = 5,
    robustness: Annotated[
        bool, Doc("ask the model about 5,000 of the rows made worse: noise, gaps, shifts, shuffled columns")
    ] = False,
    slices: Annotated[
        int, Interval(ge=0, le=20), Doc("how many of the weakest subgroups to tell of; 0 does not search")
    ] = 5,
    work: Work,
) -> Report:
    """Return scores, their intervals and folds, the yardstick, and what follows."""
    from assay.methods import facets

    table, said = asked(subject, data, predicted, score, label)
    truth = facets.plain(table.column(label), label)
    rival = rivals(subject, data, against, against_predicted, against_score, label)
    given = [said] if rival is None else [said, rival]
    rows = facets.present(truth)
    for answers in given:
        rows = rows & facets.present(answers.plain())
    if int(rows.sum()) < 2:
        raise BadInput(f"fewer than two rows have both {label} and a prediction", where=label)
    if (cost_fp is None) != (cost_fn is None):
        raise UsageError(
            "one kind of error has a cost and the other none", remedy="give --cost-fp and --cost-fn"
        )
    costs = None if cost_fp is None or cost_fn is None else (cost_fp, cost_fn)
    asked_for = Wanted(positive, costs, quantile)
    made, *others = [_judge(truth, answers, rows, asked_for, label) for answers in given]
    work.progress(1, 3, "bootstrap")
    findings = made.findings(work, folds)
    if rival is not None:
        findings += compared(made, others[0], rival.name, work)
    charts = made.charts()
    hidden = {str(n) for n in (predicted, score, against_predicted, against_score) if n}
    if training is not None:
        findings += seen_before(made, table, training.arrow(), hidden)
    if slices:
        told, drawn = weak(made, table, {label} | hidden, slices, work)
        findings, charts = findings + told, charts + drawn
    if robustness:
        if not isinstance(subject, Model):
            raise UsageError(
                "predictions cannot be asked again", remedy="name a model, or leave --robustness out"
            )
        asked_again = _robust(subject, table, made, asked_for, label, work)
        findings, charts = findings + asked_again[0], charts + asked_again[1]
    if training is not None and isinstance(subject, Model):
        seen, again = asked(subject, training, None, None, label)
        known = facets.plain(seen.column(label), label)
        both = facets.present(known) & facets.present(again.plain())
        other = _judge(known, again, both, asked_for, label)
        findings += made.fitting(other)
    elif isinstance(subject, Model):
        made.data["fitting"] = "not judged: no training data was named (--training)"
    lost = int((~rows).sum())
    if lost:
        message = f"{lost} rows have no {label} or no prediction, and are left out."
        findings.append(
            Finding("model.validate.unlabelled", Severity.LOW, message, {"column": label}, count=lost)
        )
    return Report.make(
        coverage=Coverage(table.num_rows, table.num_rows),
        metrics=made.metrics,
        findings=findings,
        charts=charts,
        data=made.data,
    )


def _robust(
    model: Model, table: Any, made: Judged, wanted: Wanted, label: str, work: Work
) -> tuple[list[Finding], list[Chart]]:
    import pyarrow as pa

    from assay.methods import facets

    some = table.take(pa.array(sampled(made.rows, work)))
    truth = facets.plain(some.column(label), label)

    def judge(answers: Answers) -> Judged:
        return _judge(truth, answers, facets.present(truth) & facets.present(answers.plain()), wanted, label)

    return Robustness(model, some, label, judge, work).findings(made)


class Wanted(NamedTuple):
    """What the caller said of the problem: which labels are yes, what errors cost, of which quantile predictions are."""

    positive: tuple[str, ...] = ()
    costs: tuple[float, float] | None = None
    quantile: float | None = None


def _judge(truth: Any, answers: Answers, rows: Any, wanted: Wanted, label: str) -> Judged:
    """Judge the answers on some rows, as the kind of problem that the labels make it."""
    import numpy as np

    made, left = _kind(truth, answers, rows, wanted, label)
    made.rows = np.flatnonzero(rows)[left]
    return made


def _kind(truth: Any, answers: Answers, rows: Any, wanted: Wanted, label: str) -> tuple[Judged, Any]:
    """Return what judges them, and which of the rows it judges."""
    import numpy as np

    from assay.methods import facets, outcomes

    positive, costs, quantile = wanted
    score = answers.score(rows)
    truth, prediction = truth.filter(rows), answers.plain().filter(rows)
    names = outcomes.distinct(truth)
    if quantile is not None or (facets.is_number(truth) and len(names) > 20 and not positive):
        if costs is not None:
            raise UsageError(
                f"{label} holds numbers, and the costs are of yes and no", remedy="leave them out"
            )
        numbers = outcomes.finite(truth, label)
        known = np.isfinite(numbers)
        if int(known.sum()) < 2:
            raise BadInput(f"fewer than two rows of {label} are finite", where=label)
        said = outcomes.finite(prediction, answers.column or "the prediction")
        return Regression(numbers[known], said[known], int((~known).sum()), quantile), known
    strange = int(outcomes.unheard(prediction, truth, two=bool(positive)).sum())
    spelled, told = outcomes.aligned(prediction, truth, positive)
    if len(names) == 2 or positive:
        from assay.methods.values import spelled as spell

        yes = [spell(p) for p in positive] or [spell(names[-1])]
        if not any(t in yes for t in spelled):
            raise UsageError(
                f"no label is {', '.join(positive)}", remedy=f"it holds {', '.join(map(str, names[:6]))}"
            )
        judged = Binary(
            [t in yes for t in spelled], [p in yes for p in told], score, ", ".join(yes), strange, costs
        )
        return judged, slice(None)
    if costs is not None:
        raise UsageError(
            f"{label} has {len(names)} values, and the costs are of two kinds of error",
            remedy="name the one that counts as yes with --positive",
        )
    if len(names) > _MOST_CLASSES:
        raise UsageError(f"the label has {len(names)} values", remedy="name the good one with --positive")
    return Multiclass(spelled, told, strange), slice(None)
