"""Bias before training: eight metrics of how unequally the data already treats people, and the four-fifths rule.

CI, DPL, KL, JS, LP, TVD, KS and CDDL of each group of each facet, that group being the disadvantaged one and all others
the advantaged, with 95 % bootstrap intervals; and each group's rate beside the highest group's, with a test. Rows whose
facet is missing are left out of both groups, counted, and shown as a group of their own. Groups under --min-group rows
are shown, not judged; a facet without one that can be judged leaves the report incomplete.

Numbers are cut at --facet-threshold, or at their quartiles; --intersect crosses the facets. Without --positive each class
takes its turn, and of an amount the means, the standardised difference and the distance of distributions are told. With
--policy its limits, and they alone, say what is worth a finding. `--compat clarify` follows the reference library where it
differs: rows without the facet count as advantaged, those without the label as told no, and small groups are judged.
--config asks what an analysis_config.json of SageMaker Clarify asks, in that way; in it analysis.json is kept (--keep DIR).

Example: assay check data.bias bookings.csv.gz --label is_canceled \\
  --positive 0 --facet customer_type
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from annotated_types import Interval
from typing_extensions import Doc

from assay.checks.data.bias._judged import Judged
from assay.kernel.errors import UsageError
from assay.kernel.handles import Column, Table, Unless, Work
from assay.kernel.report import Coverage, Report

if TYPE_CHECKING:
    from assay.methods.cells import Cells
    from assay.methods.question import Outcome, Part, Question

MOST_GROUPS = 1_000_000  # different texts of a facet


def check(
    table: Table,
    *,
    label: Annotated[Column | None, Unless("config"), Doc("the column that holds the outcome")] = None,
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
    label_threshold: Annotated[float | None, Doc("labels above this number are good")] = None,
    group_variable: Annotated[Column | None, Doc("the column whose strata CDDL compares within")] = None,
    weights: Annotated[Column | None, Doc("the column that says how much each row counts for")] = None,
    metric: Annotated[tuple[str, ...], Doc("a metric that is told, such as DPL; else all are")] = (),
    min_group: Annotated[
        int | None, Interval(ge=1), Doc("the fewest rows of a group that is judged: 30")
    ] = None,
    threshold: Annotated[float, Interval(ge=0, le=1), Doc("the difference that is worth a finding")] = 0.1,
    policy: Annotated[Path | None, Doc("a YAML file of limits: they alone make findings")] = None,
    config: Annotated[
        Path | None, Doc("an analysis_config.json of SageMaker Clarify, which asks all this")
    ] = None,
    facet_data: Annotated[Table | None, Doc("the file that the config's facet_dataset_uri names")] = None,
    compat: Annotated[
        Literal["docs", "clarify"] | None,
        Doc("whose conventions where they differ: docs; with --config clarify"),
    ] = None,
    work: Work,
) -> Report:
    """Return CI, DPL, KL, JS, LP, TVD, KS and CDDL for each group of each facet."""
    from assay.methods import facets, outcomes
    from assay.methods import question as questions
    from assay.methods.bias import PRE_TRAINING
    from assay.methods.judging import SMALL
    from assay.methods.limits import BEFORE, read_limits

    limits = read_limits(policy) if policy is not None else None
    given, whole = _of_clarify(table, config, facet_data)
    asked = questions.question(
        label=label, facet=facet, positive=positive, facet_value=facet_value, facet_threshold=facet_threshold,
        label_threshold=label_threshold, group_variable=group_variable, compat=compat,
        metric=metric, known=(*BEFORE, "positive_share"), given=given,
    )  # fmt: skip
    data, held = _counted(table, asked, weights, whole)
    truth = held.table.column(asked.label)
    judged = Judged(
        asked,
        facets.present(truth) | asked.clarify,
        held,
        threshold=threshold,
        least=min_group or (limits.min_group if limits and limits.min_group else SMALL),
        policy=limits,
        work=work,
    )
    if asked.group_variable:
        judged.strata = held.table.column(asked.group_variable)
    kind, classes = questions.kind_of(asked, truth)
    parts = questions.parts(asked, held, intersect=intersect, least=judged.least)
    judged.noted(parts)
    judged.lost(asked.label, held.count(~judged.labelled))
    if kind == "amount":
        questions.unweighted(asked, weights)
        judged.amount(parts, outcomes.finite(truth, asked.label))
    for outcome in questions.told(asked, classes, truth) if kind != "amount" else ():
        _outcome(judged, parts, outcome)
    if limits is not None:
        columns = [c.name for c in table.columns] if whole is None else whole.column_names
        judged.held(limits, BEFORE, columns, parts)
    outputs = []
    if asked.clarify and kind == "binary":
        from assay.methods.clarify import analysis

        told = analysis.section(asked, data, judged.entries_of(PRE_TRAINING), asked.pre or PRE_TRAINING)
        outputs = [work.put("analysis", analysis.written({"pre_training_bias_metrics": told}), "json")]
    return Report.make(
        coverage=Coverage(held.rows, held.rows, tuple(judged.skipped)),
        metrics=judged.told(),
        findings=judged.findings,
        charts=judged.charts(),
        outputs=outputs,
        data=questions.conventions(asked),
    )


def _counted(table: Table, asked: Question, weights: str | None, whole: Any) -> tuple[Any, Cells]:
    """Return the rows that were read, and the combinations of their values: counted where they lie where none need be read.

    whole: the table, where it was read already.
    """
    from assay.methods import cells, facets
    from assay.methods import question as questions

    if whole is None:
        _groups_all(table, [f.name for f in asked.facets if not f.values and f.threshold is None])
    if whole is None and weights is None and not asked.clarify:
        found = table.counts(asked.columns, cells.MOST)
        if found is not None:
            return None, cells.of_counts(found, asked.columns)
    data = whole
    if data is None:
        data = table.arrow(list(dict.fromkeys([*asked.columns, *([weights] if weights else [])])))
    columns = {name: facets.plain(data.column(name), name) for name in asked.columns}
    return data, cells.of_rows(columns, questions.weights(data, weights))


def _groups_all(table: Table, facets: Sequence[str]) -> None:
    """UsageError for a facet of which hardly two rows are of one group: its values need not be held to say so."""
    for column in table.columns if table.rows > MOST_GROUPS else ():
        if (
            column.name in facets
            and column.type == "text"
            and table.counts([column.name], MOST_GROUPS) is None
        ):
            raise UsageError(
                f"{column.name} holds more than {MOST_GROUPS:,} different texts, which tell no groups apart",
                remedy="name one: --facet-value VALUE",
            )


def _of_clarify(table: Table, config: Path | None, facet_data: Table | None) -> tuple[Question | None, Any]:
    """Return what an analysis config asks, and the table under its headers; nothing where there is none."""
    if config is None:
        if facet_data is not None:
            raise UsageError(
                "--facet-data is a file that an analysis config names", remedy="say --config FILE"
            )
        return None, None
    from assay.methods.clarify import asking
    from assay.methods.clarify.config import read_config

    read = read_config(config)
    others = {"--facet-data": None if facet_data is None else facet_data.arrow()}
    whole = asking.joined(read, asking.headed(table.arrow(), read.headers, read.file), others)
    return asking.asked(read, whole, predictions=False), whole


def _outcome(judged: Judged, parts: list[Part], outcome: Outcome) -> None:
    judged.alike(outcome)
    for part in parts:
        large: list[Any] = []
        for group in part.groups:
            tally, enough = judged.add(group, outcome)
            large += [(group, tally)] if enough else []
        absent = judged.absent(part)
        if absent is not None:
            judged.add(absent, outcome)
        judged.unseen(part, bool(large))
        judged.joined(part, outcome)
        beside = judged.beside(large, outcome)
        if beside is not None:
            judged.four_fifths(part.name, *beside, outcome)
