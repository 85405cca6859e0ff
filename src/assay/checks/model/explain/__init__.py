"""Explanations: what the model goes by, as a whole and for single rows.

Exact SHAP values of trees, forests and boosted trees (scikit-learn, XGBoost, LightGBM, CatBoost; inside pipelines too)
and of linear models, in margin units; sampled Shapley values of its score for any other model, with the error of each
value and a budget of rows that the model is asked about. Values that do not add up to the model's own answers are a
finding, as are answers that change when it is asked twice.

Global: the mean absolute value of each feature with its interval; local: a waterfall for the rows asked for, or for
the most confident and the least certain one. --feature draws partial dependence, single rows' lines and accumulated
local effects; --interactions names features that act together; --permute shuffles them; --cohort compares groups;
--inside prints the model's tree or coefficients, or a small tree that answers alike with its fidelity. With --row and
--want, the smallest changes that turn the answer, and with --reasons the reasons against it, in words (--codes: those of
your notices); a reason that is --protected is a finding.

Networks that give gradients (PyTorch, Keras on it, a script's gradient_fn) are explained by integrated gradients from
--baseline, along a path that is halved wherever the values do not add up.

--image explains by regions of pictures (--regions, by SLIC): each is blurred (--fill), alone and with others.

--text explains by the words of a column of texts: each is left out, or made --mask, alone and with others, and what the
answer does is shared among them (exact, kernel SHAP, or Owen values by sentence for a long text), against the same row
without a word.

Example: assay check model.explain registry://bookings \\
  --data bookings.csv.gz --row 11
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from annotated_types import Ge, Interval
from typing_extensions import Doc

from assay.checks.model.explain import _answered, _columns, _regions, _sound, _summary, _words
from assay.checks.model.explain._asking import Asking
from assay.checks.model.explain._more import More, Wanted
from assay.checks.model.explain._voice import plainly
from assay.checks.model.explain._way import Limits, Way
from assay.kernel.errors import BadInput, UsageError
from assay.kernel.handles import Column, Model, Table, Tree, Work
from assay.kernel.report import Chart, Coverage, Finding, Metric, Report
from assay.methods.notices import Notices, read_notices

_TOLD = 200  # names of which a metric is given each


def check(
    model: Model,
    *,
    data: Annotated[Table, Doc("the table whose rows are explained")],
    row: Annotated[tuple[Annotated[int, Ge(1)], ...], Doc("explain this row, from 1")] = (),
    answer: Annotated[
        str | None,
        Doc(
            "explain the answers to be this class; where none is named, of two the last, of several the one predicted"
        ),
    ] = None,
    method: Annotated[
        Literal["auto", "exact", "gradients", "kernel", "permutation"],
        Doc("how values are found; auto: exact where it can be, then by gradients"),
    ] = "auto",
    baseline: Annotated[
        Literal["mean", "zeros", "rows"], Doc("what integrated gradients start from; rows: several, averaged")
    ] = "mean",
    samples: Annotated[
        int, Interval(ge=1, le=5000), Doc("rows explained of a model without exact values")
    ] = 60,
    most: Annotated[int, Ge(1), Doc("rows explained of one with exact values")] = 20_000,
    budget: Annotated[
        int, Ge(100), Doc("rows that a model without exact values may be asked about for them")
    ] = 200_000,
    cohort: Annotated[
        tuple[Column, ...], Doc("a column of the data whose groups are compared in what the model goes by")
    ] = (),
    feature: Annotated[tuple[Column, ...], Doc("draw how the answer changes with this feature")] = (),
    interactions: Annotated[bool, Doc("find the pairs of features that act together")] = False,
    permute: Annotated[
        int, Interval(ge=0, le=100), Doc("shuffle each feature so many times, and see what it costs")
    ] = 0,
    label: Annotated[
        Column | None,
        Doc("the column that holds the truth: for --permute, and no feature to a model without names"),
    ] = None,
    want: Annotated[
        str | None, Doc("the answer wanted for the rows named: a class, or a bound such as '>= 100'")
    ] = None,
    fixed: Annotated[tuple[Column, ...], Doc("a column that cannot be changed")] = (),
    reasons: Annotated[
        int, Interval(ge=0, le=20), Doc("so many reasons why rows are not answered as wanted; Reg B: up to 4")
    ] = 0,
    protected: Annotated[
        tuple[Column, ...], Doc("a column that may be no reason, and is held fixed too")
    ] = (),
    codes: Annotated[Path | None, Doc("a YAML file: the codes and words of reasons in a notice")] = None,
    text: Annotated[Column | None, Doc("explain by the words of this column of texts")] = None,
    mask: Annotated[
        str | None, Doc("what stands for a word left out, such as '[MASK]'; nothing where not named")
    ] = None,
    image: Annotated[
        Column | None,
        Doc("explain by regions of the pictures that this column holds, or names inside --images"),
    ] = None,
    images: Annotated[Tree | None, Doc("the folder of pictures, PNG or JPEG")] = None,
    regions: Annotated[int, Interval(ge=2, le=400), Doc("about so many regions a picture")] = 40,
    fill: Annotated[Literal["blur", "mean"], Doc("what stands where a region is left out")] = "blur",
    inside: Annotated[
        bool, Doc("print its tree, its coefficients, or a small tree that answers alike")
    ] = False,
    depth: Annotated[int, Interval(ge=1, le=12), Doc("how many questions of a tree are printed")] = 3,
    voice: Annotated[
        Literal["engineer", "stakeholder"], Doc("for whom: everything, or one page without jargon")
    ] = "engineer",
    work: Work,
) -> Report:
    """Return mean absolute SHAP values, the table of all values, local waterfalls, and what else was asked for."""
    import numpy as np

    table = data.arrow()
    named = (*cohort, *feature, *fixed, *protected, *([label] if label else []))
    _there(table, row, named, data.asset.name)
    asking = Asking(model, work, answer)
    whole = table
    if label is not None and not model.info.features and table.num_columns > 1:
        table = table.drop_columns([label])  # it takes every column, and the truth is none of them
    notices = _notices(codes, protected)
    still = tuple(dict.fromkeys((*fixed, *(n for n in table.column_names if n in notices.protected))))
    wanted = Wanted(want, tuple(r - 1 for r in row), still, reasons, notices).checked(asking, table)
    if mask is not None and text is None:
        raise UsageError("--mask is of words", remedy="name the column that holds them: --text COLUMN")
    limits = Limits(row, samples, most, budget)
    if image is not None:
        if feature or interactions or permute or inside or want is not None or text is not None:
            raise UsageError(
                "pictures are explained by their regions alone", remedy="leave out the other options"
            )
        way = _regions.way(table, image, images, asking, limits, regions, fill, work)
    elif text is not None:
        way = _words.way(model, table, text, asking, limits, mask, work)
    else:
        way = _columns.way(model, table, asking, limits, method, baseline, work)
    found, given = way.found, way.given
    mean, low, high = _summary.importance(found, work.rng("bootstrap"))
    order = np.argsort(-mean, kind="stable")
    said, findings = _trusted(model, way, answer)
    findings += _summary.dominant(found, mean, order)
    findings += _sound.constant(given, way.columns)
    metrics, chart = _summary.globally(found, mean, low, high, order[:_TOLD])
    if found.error is not None:
        said += [
            Metric.number("sampling_error", way.sampling_error, unit=found.unit),
            Metric.number("rows_asked", asking.asked, unit="rows"),
        ]
    shown = _summary.chosen(found, row)
    local, drawn = _local(way, shown, bool(row), asking)
    said += local  # what was asked for stands first
    charts = [chart, *drawn]
    kept = [work.put("shap_values", way.kept)]
    more = More(given, found, order, asking, work)
    for name in cohort:
        more.add(*_summary.cohorts(found, whole, name, order))
    more.effects(feature, interactions, permute, whole, label)
    if inside:
        more.inside(depth)
    parts = more.changes(wanted)
    metrics, findings, charts = (
        [*said, *metrics, *more.metrics],
        findings + more.findings,
        charts + more.charts,
    )
    if voice == "stakeholder":
        metrics, charts, findings = plainly(found, mean, order, shown, findings, parts)
    return Report.make(
        coverage=Coverage(len(found.rows), len(found.rows) + len(way.skipped), way.skipped),
        metrics=metrics,
        findings=findings,
        charts=charts,
        outputs=kept,
        data={
            "method": found.method,
            "unit": found.unit,
            "space": found.space,
            "order": [found.names[i] for i in order[:50]],
            "model": model.info.to_dict(),
            **found.notes,
            **more.data,
        },
    )


def _there(table: Any, row: tuple[int, ...], columns: tuple[str, ...], where: str) -> None:
    """Raise BadInput of a table without rows, and UsageError where a row or a column that is named is not in it."""
    if not table.num_rows:
        raise BadInput("there is no row to explain", where=where)
    for number in row:
        if number > table.num_rows:
            raise UsageError(
                f"there is no row {number}; the table has {table.num_rows}", remedy="rows count from 1"
            )
    for name in columns:
        if name not in table.column_names:
            raise UsageError(f"the data has no column {name}", where=where)


def _notices(codes: Path | None, protected: tuple[str, ...]) -> Notices:
    """Return the words of reasons in a notice, with the columns that may be none."""
    notices = read_notices(codes) if codes is not None else Notices({}, frozenset())
    return Notices(notices.coded, notices.protected | set(protected))


def _trusted(model: Model, way: Way, answer: str | None) -> tuple[list[Metric], list[Finding]]:
    """Return whether the model answers alike when asked twice, and whether the values add up to its own answers."""
    import pyarrow as pa

    found = way.found
    findings = _sound.steady(model, way.given if way.own is None else way.own)
    said, wrong = _sound.adds_up(found)
    findings += wrong
    if found.error is None:
        rows = way.given.take(pa.array(found.rows)) if way.own is None else way.own
        findings += _sound.of_its_answers(found, model.predict(rows), model.info.classes, answer)
    return said, findings


def _local(way: Way, shown: list[int], named: bool, asking: Asking) -> tuple[list[Metric], list[Chart]]:
    """Return what single rows go by: metrics of those that were named, and a chart of each."""
    import pyarrow as pa

    found = way.found
    rows = way.given.take(pa.array(found.rows[shown])) if way.own is None else way.own.take(pa.array(shown))
    found.answered = _answered.answered(found, rows, shown, asking)
    drawn = [way.drawn(i) for i in shown]
    said: list[Metric] = []
    if named:
        for at, (_, numbers) in zip(shown, drawn, strict=True):
            said += ([_answered.told(found, at)] if found.margin is not None else []) + numbers
    return said, [chart for chart, _ in drawn]
