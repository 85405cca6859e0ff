"""Bias after training: thirteen metrics of how unequally a model treats people, and what the wider field measures.

AD, CDDPL, DAR, DCA, DCR, DI, DPPL, DRR, FT, GE, RD, SD and TE of each group of each facet, that group being the
disadvantaged one, with 95 % bootstrap intervals; beside them demographic parity, equalised odds, equal opportunity,
predictive parity, calibration (--score), the four-fifths rule with its test, consistency among those who are alike, and
the answers that another value of the facet changes. The subject is a model with a table (--data), or a table that holds
its predictions (--predicted). A ratio x/0 is null and infinite, 0/0 null and undefined.

Numbers are cut at --facet-threshold, or at their quartiles; --intersect crosses the facets. Without --positive each class
takes its turn, and of an amount the means, the standardised difference and the distance of distributions are told. With
--policy its limits, and they alone, say what is worth a finding. Groups under --min-group rows are shown, not judged.

The flip test takes the documentation's sign; `--compat clarify` gives the reference library's behaviour throughout: its
sign, rows without the facet count as advantaged, those without label or prediction as told no, small groups are judged,
and the flip test takes numbers only, all of them there. --config asks what an analysis_config.json of SageMaker Clarify
asks, in that way; in it analysis.json is kept (--keep DIR).

Example: assay check model.bias registry://bookings --data bookings.csv.gz \\
  --label is_canceled --positive 0 --facet customer_type
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from annotated_types import Interval
from typing_extensions import Doc

from assay.checks.model.bias._judged import Judged
from assay.checks.model.bias._people import People
from assay.kernel.asset import Asset
from assay.kernel.handles import Column, Model, Table, Unless, Work
from assay.kernel.report import Coverage, Metric, Report

if TYPE_CHECKING:
    from assay.checks.model.bias._answers import Answers
    from assay.methods.question import Outcome, Part


def check(
    subject: Table | Model,
    *,
    data: Annotated[Table | None, Doc("the table that the model is judged on")] = None,
    label: Annotated[Column | None, Unless("config"), Doc("the column that holds the outcome")] = None,
    predicted: Annotated[Column | None, Doc("the column that holds the predictions, of a table")] = None,
    score: Annotated[
        Column | None, Doc("the column that holds the probability of the good outcome, of a table")
    ] = None,
    positive: Annotated[tuple[str, ...], Doc("the values of the label that are good for the person")] = (),
    facet: Annotated[
        tuple[Column, ...], Unless("config"), Doc("a column that tells groups apart, such as sex")
    ] = (),
    facet_value: Annotated[
        tuple[str, ...],
        Doc("the group that may be disadvantaged, as VALUE or FACET=VALUE; else each in turn"),
    ] = (),
    facet_threshold: Annotated[float | None, Doc("the group above this number may be disadvantaged")] = None,
    intersect: Annotated[bool, Doc("look at the groups that the facets make together, too")] = False,
    label_threshold: Annotated[float | None, Doc("labels and predictions above this are good")] = None,
    group_variable: Annotated[Column | None, Doc("the column whose strata CDDPL compares within")] = None,
    weights: Annotated[Column | None, Doc("the column that says how much each row counts for")] = None,
    metric: Annotated[tuple[str, ...], Doc("a metric that is told, such as DPPL; else all are")] = (),
    min_group: Annotated[
        int | None, Interval(ge=1), Doc("the fewest rows of a group that is judged: 30")
    ] = None,
    neighbours: Annotated[int, Interval(ge=2, le=100), Doc("how many are alike, of consistency")] = 5,
    threshold: Annotated[float, Interval(ge=0, le=1), Doc("the difference that is worth a finding")] = 0.1,
    policy: Annotated[Path | None, Doc("a YAML file of limits: they alone make findings")] = None,
    config: Annotated[
        Path | None, Doc("an analysis_config.json of SageMaker Clarify, which asks all this")
    ] = None,
    predicted_data: Annotated[
        Table | None, Doc("the file that the config's predicted_label_dataset_uri names")
    ] = None,
    facet_data: Annotated[Table | None, Doc("the file that the config's facet_dataset_uri names")] = None,
    compat: Annotated[
        Literal["docs", "clarify"] | None,
        Doc("whose conventions where they differ: docs; with --config clarify"),
    ] = None,
    work: Work,
) -> Report:
    """Return the thirteen metrics and the wider field's for each group of each facet."""
    from assay.checks.model.bias import _amount, _answers, _sound
    from assay.methods import facets, outcomes
    from assay.methods import question as questions
    from assay.methods.judging import SMALL
    from assay.methods.limits import AFTER, read_limits

    limits = read_limits(policy) if policy is not None else None
    given, whole = _answers.of_clarify(subject, data, config, predicted_data, facet_data)
    asked = questions.question(
        label=label, facet=facet, positive=positive, facet_value=facet_value, facet_threshold=facet_threshold,
        label_threshold=label_threshold, predicted=predicted, group_variable=group_variable, compat=compat,
        metric=metric, known=(*AFTER, "predicted_share"), given=given,
    )  # fmt: skip
    answers = _answers.gathered(subject, data, asked, score, weights, whole)
    cells, truth = answers.cells, answers.cells.table.column(asked.label)
    told = facets.present(truth) | asked.clarify
    labelled = (told & facets.present(answers.prediction)) | asked.clarify
    judged = Judged(
        asked,
        labelled,
        cells,
        threshold=threshold,
        least=min_group or (limits.min_group if limits and limits.min_group else SMALL),
        policy=limits,
        work=work,
    )
    if asked.group_variable:
        judged.strata = cells.table.column(asked.group_variable)
    kind, classes = questions.kind_of(asked, truth)
    parts = questions.parts(asked, cells, intersect=intersect, least=judged.least)
    judged.noted(parts)
    judged.lost(asked.label, cells.count(~told))
    judged.unanswered(cells.count(told & ~labelled), cells.count(told))
    _sound.sound(judged, answers, answers.said)
    if kind == "amount":
        questions.unweighted(asked, weights)
        numbers = [
            outcomes.finite(c, n) for c, n in ((truth, asked.label), (answers.prediction, "the prediction"))
        ]
        _amount.amount(judged, parts, *numbers)
    else:
        hidden = {asked.label, *(n for n in (asked.predicted, score, weights) if n), *asked.excluded}
        hidden |= set() if asked.clarify else {f.name for f in asked.facets}
        people = People(judged, answers, hidden, neighbours)
        for outcome in _answers.outcomes_of(asked, classes, truth, answers, judged):
            _outcome(judged, people, parts, outcome, answers, truth)
    if limits is not None:
        judged.held(limits, AFTER, answers.names, parts)
    return Report.make(
        coverage=Coverage(cells.count(labelled), cells.count(told), tuple(judged.skipped)),
        metrics=[Metric("judged_rows", cells.count(labelled)), *judged.told()],
        findings=judged.findings,
        charts=judged.charts(),
        outputs=_analysis(judged, answers.table) if asked.clarify and kind == "binary" else (),
        data=judged.data(),
    )


def _analysis(judged: Judged, table: Any) -> list[Asset]:
    """Keep what was told as Clarify's analysis.json: before training too, where that was asked."""
    from assay.methods.bias import POST_TRAINING
    from assay.methods.clarify import analysis

    asked, sections = judged.asked, {}
    if asked.pre:
        sections["pre_training_bias_metrics"] = analysis.section(asked, table, judged.before, asked.pre)
    names = asked.post or POST_TRAINING
    sections["post_training_bias_metrics"] = analysis.section(
        asked, table, judged.entries_of(POST_TRAINING), names
    )
    return [judged.work.put("analysis", analysis.written(sections), "json")]


def _outcome(
    judged: Judged, people: People, parts: list[Part], outcome: Outcome, answers: Answers, truth: Any
) -> None:
    """Judge one outcome: each group of each facet, the facets' groups together, and alike people."""
    from assay.checks.model.bias import _answers, _facet

    asked = judged.asked
    judged.alike(outcome)
    score, why = _answers.chances(asked, truth, answers, outcome)
    for part in parts:
        large, absent = [], judged.absent(part)
        for group in [*part.groups, *([absent] if absent else [])]:
            tally, enough = judged.add(group, outcome)
            if asked.wants("FT"):
                judged.metrics.append(people.flip(group, outcome))
            large += [(group, tally)] if enough and group is not absent else []
        judged.unseen(part, bool(large))
        judged.joined(part, outcome)
        _facet.together(judged, part.name, large, outcome)
        if asked.wants("calibration_error", "calibration_error_difference"):
            _facet.calibration(judged, part.name, part.groups, outcome, score, why, answers.weights)
        if answers.model is not None and asked.wants("counterfactual_change"):
            says = _answers.says(asked, truth, answers, outcome)
            judged.metrics += people.swapped(part, outcome, answers.model, says)
    if asked.wants("consistency"):
        judged.metrics.append(people.consistency(outcome))
