"""Validation: is the model any good, better than guessing, and as good on data it has not seen?

The problem type is found from the labels, and the score that stands for the model is chosen with its reason: the
balanced F-score, its mean over classes, the cost of a row where errors have costs (the cheapest threshold is looked for
then), the root mean square, absolute or pinball error, NDCG where rows of a --query are ranked, the error beside that
of a naive forecast where a --time orders them. It comes with 95 % bootstrap intervals, over the hold-out and over
stratified folds of it; a constant guess of the commonest answer is the yardstick. With --training the scores on the
training data name over- and under-fitting, and rows that stand in both are told. With --against another model is asked
about the same rows, and McNemar's test, DeLong's and a paired bootstrap say whether the difference is real. The
subgroups on which it is weakest are searched for in one half of the rows and confirmed in the other. With --robustness
it is asked again about rows made worse. The subject is a model with --data, or a table that holds predictions. With
--retrain a way of training is judged instead: by models that it makes of some rows, on the others, fold after fold
(--scheme), each in a sandbox of its own. Intervals and comparisons (--against-retrain, --against-hyperparameters) are
by the corrected resampled t; --tune chooses by inner folds and tells how much too good the best score is;
--learning-curve and --complexity name under-fitting, over-fitting, and whether more data would help.

Example: assay check model.validate registry://bookings \\
  --data bookings.csv.gz --label is_canceled
"""

from __future__ import annotations

from typing import Annotated, Any

from annotated_types import Ge, Interval
from typing_extensions import Doc

from assay.checks.model.validate._answers import Answers, One
from assay.checks.model.validate._columns import Columns
from assay.checks.model.validate._costs import asked_costs
from assay.checks.model.validate._given import given_away
from assay.checks.model.validate._judged import Judged
from assay.checks.model.validate._left import left_out
from assay.checks.model.validate._options import (
    AgainstHyperparameters,
    AgainstRetrain,
    Group,
    Held,
    Hyperparameters,
    LearningCurve,
    Limits,
    Minutes,
    Repeats,
    Retrain,
    Scheme,
    Training,
    Tune,
    Without,
    along,
    candidates,
    ways,
)
from assay.checks.model.validate._options import Complexity as ComplexityCurve
from assay.checks.model.validate._overlap import seen_before
from assay.checks.model.validate._problem import Wanted, answered, judge, labelled
from assay.checks.model.validate._retrain import retrained
from assay.checks.model.validate._rival import compared
from assay.checks.model.validate._robust import Robustness, sampled
from assay.checks.model.validate._several import Several
from assay.checks.model.validate._steady import unsteady
from assay.checks.model.validate._supposed import supposed
from assay.checks.model.validate._weak import weak
from assay.kernel.errors import BadInput, UsageError
from assay.kernel.handles import Column, Model, Table, Work
from assay.kernel.report import Chart, Finding, Report


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
    positive: Annotated[
        tuple[str, ...],
        Doc("the value of the label that counts as yes; of two, the last in order where none is named"),
    ] = (),
    cost_fp: Annotated[
        float | None, Ge(0), Doc("what a false positive costs; the threshold of least cost is looked for")
    ] = None,
    cost_fn: Annotated[float | None, Ge(0), Doc("what a false negative costs")] = None,
    cost: Annotated[
        dict[str, Any] | None,
        Doc("what it costs to say one class where another is true, TRUE:SAID=X; of those not named, 1"),
    ] = None,
    multilabel: Annotated[
        str | None,
        Doc(
            "rows may have several labels, in a text: what stands between them, such as ; where it is not found by itself"
        ),
    ] = None,
    labels: Annotated[
        tuple[Column, ...], Doc("a further column of 0 and 1 that is a label of its own; may be repeated")
    ] = (),
    predictions: Annotated[tuple[Column, ...], Doc("the column that predicts it, in the same order")] = (),
    scores: Annotated[
        tuple[Column, ...], Doc("the scores of each label or class, in order of their columns or names")
    ] = (),
    quantile: Annotated[
        float | None, Interval(gt=0, lt=1), Doc("the predictions are of this quantile of the label")
    ] = None,
    query: Annotated[
        Column | None, Doc("rows with one value of this column are ranked together, by their scores")
    ] = None,
    time: Annotated[
        Column | None,
        Doc(
            "predictions are forecasts of values in the order of this column; with --retrain, folds are in its order"
        ),
    ] = None,
    series: Annotated[
        Column | None, Doc("the column that tells one series of a forecast from another")
    ] = None,
    season: Annotated[
        int, Interval(ge=1, le=100_000), Doc("rows in a season, which naive forecasts look back")
    ] = 1,
    folds: Annotated[int, Interval(ge=2, le=50), Doc("how many folds: of the hold-out, or of --retrain")] = 5,
    retrain: Retrain = None,
    scheme: Scheme = None,
    group: Group = None,
    repeats: Repeats = 1,
    test: Held = 0.25,
    without: Without = (),
    hyperparameters: Hyperparameters = None,
    limits: Limits = None,
    minutes: Minutes = 60.0,
    against_retrain: AgainstRetrain = None,
    against_hyperparameters: AgainstHyperparameters = None,
    tune: Tune = None,
    complexity: ComplexityCurve = None,
    learning_curve: LearningCurve = False,
    robustness: Annotated[
        bool, Doc("ask the model about 5,000 of the rows made worse: noise, gaps, shifts, shuffled columns")
    ] = False,
    slices: Annotated[
        int, Interval(ge=0, le=20), Doc("how many of the weakest subgroups to tell of; 0 does not search")
    ] = 5,
    work: Work,
) -> Report:
    """Return scores, their intervals and folds, the yardstick, and what follows."""
    columns = Columns(
        label, labels, multilabel, predicted, predictions, score, scores, against_predicted, against_score
    )
    costs = asked_costs(cost, cost_fp, cost_fn)
    wanted = Wanted(label, positive, costs, quantile, query, time, series, season)
    if retrain is not None:
        anew = Training(
            *ways(retrain, against_retrain, hyperparameters, against_hyperparameters, limits),
            scheme or "", folds, repeats, test, group or query, time, without, minutes,
            candidates(tune), along(complexity), learning_curve,
        )  # fmt: skip
        rows = _learned(subject, data, predicted or score or against or training or robustness)
        look, wanted = columns.read_to_train(rows, wanted)
        return retrained(rows.arrow(), anew, wanted, look, slices, work)
    _only_with_retrain(
        scheme=scheme, group=group, tune=tune, complexity=complexity, learning_curve=learning_curve,
        hyperparameters=hyperparameters, limits=limits, against_retrain=against_retrain,
        against_hyperparameters=against_hyperparameters, without=without,
    )  # fmt: skip
    columns, look, wanted = columns.read(subject if isinstance(subject, Table) else data, wanted)
    table, said = look.judged(subject, data)
    rival = look.rival(subject, data, against, columns.against_predicted, columns.against_score)
    wanted, notes = supposed(table, said, wanted, columns.answers)
    known = _known(table, said, rival, wanted)
    made = judge(table, said, known, wanted)
    made.notes += notes
    work.progress(1, 3, "bootstrap")
    findings = made.findings(work, folds)
    if isinstance(subject, Model):
        findings += unsteady(subject, table, said, look)
    if rival is not None:
        findings += compared(made, judge(table, rival, known, wanted), rival.name, work)
    charts = made.charts()
    if training is not None:
        findings += seen_before(made, table, look.view(training.arrow()), columns.hidden)
    features = tuple(subject.info.features) if isinstance(subject, Model) else ()
    findings += given_away(made, table, label, columns.hidden, features, work)
    if slices:
        told, drawn = weak(made, table, {label} | columns.hidden, slices, work)
        findings, charts = findings + told, charts + drawn
    if robustness:
        more, drawn = _robust(subject, table, made, wanted, look, work)
        findings, charts = findings + more, charts + drawn
    if isinstance(subject, Model):
        findings += _fitting(subject, training, look, made, wanted)
        made.data["model"] = subject.info.to_dict()
    told, coverage = left_out(labelled(table, label), label, [said] if rival is None else [said, rival], made)
    return Report.make(
        coverage=coverage, metrics=made.metrics, findings=findings + told, charts=charts, data=made.data
    )


def _known(table: Any, said: Answers, rival: Answers | None, wanted: Wanted) -> Any:
    """Return which rows have a label and an answer of each who is judged; BadInput of fewer than two."""
    known = answered(table, said, wanted)
    if rival is not None:
        known = known & answered(table, rival, wanted)
    if int(known.sum()) < 2:
        raise BadInput(f"fewer than two rows have both {wanted.label} and a prediction", where=wanted.label)
    return known


def _fitting(
    model: Model, training: Table | None, look: One | Several, made: Judged, wanted: Wanted
) -> list[Finding]:
    """Return whether the model fits too little or too much, by its scores on what it was trained on."""
    if training is None:
        made.data["fitting"] = "not judged: no training data was named (--training)"
        return []
    seen, again = look.judged(model, training)
    return made.fitting(judge(seen, again, answered(seen, again, wanted), wanted))


def _learned(subject: Table | Model, data: Table | None, other: Any) -> Table:
    """Return the table whose rows are trained on and judged; UsageError where what is said goes with a fitted model."""
    if other:
        raise UsageError(
            "--retrain judges a way of training, and no predictions that are there already",
            remedy="leave predictions, --against, --training and --robustness out; compare with --against-retrain",
        )
    rows = subject if isinstance(subject, Table) else data
    if rows is None:
        raise UsageError("there are no rows to train on", remedy="name them: --data TABLE")
    return rows


def _only_with_retrain(**given: Any) -> None:
    for name, value in given.items():
        if value:
            raise UsageError(
                f"--{name.replace('_', '-')} goes with --retrain", remedy="name what trains anew"
            )


def _robust(
    model: Table | Model, table: Any, made: Judged, wanted: Wanted, look: One | Several, work: Work
) -> tuple[list[Finding], list[Chart]]:
    """Return what rows made worse do to a model; UsageError of predictions alone."""
    import pyarrow as pa

    if not isinstance(model, Model):
        remedy = "name a model, or leave --robustness out"
        raise UsageError("predictions cannot be asked again", remedy=remedy)
    some = table.take(pa.array(sampled(made, table, wanted, work)))

    def judged(answers: Answers) -> Judged:
        return judge(some, answers, answered(some, answers, wanted), wanted)

    aside = {wanted.label, wanted.query, wanted.time, wanted.series}
    return Robustness(model, some, aside, judged, look.again, work).findings(made)
