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

Example: assay check model.explain registry://bookings \\
  --data bookings.csv.gz --row 11
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from annotated_types import Ge, Interval
from typing_extensions import Doc

from assay.checks.model.explain import _sound, _summary
from assay.checks.model.explain._asking import Asking
from assay.checks.model.explain._more import More, Wanted
from assay.checks.model.explain._values import Values, explained
from assay.checks.model.explain._voice import plainly
from assay.kernel.errors import BadInput, UsageError
from assay.kernel.handles import Column, Model, Table, Work
from assay.kernel.report import Coverage, Metric, Report
from assay.methods.notices import Notices, read_notices


def check(
    model: Model,
    *,
    data: Annotated[Table, Doc("the table whose rows are explained")],
    row: Annotated[tuple[Annotated[int, Ge(1)], ...], Doc("explain this row, from 1")] = (),
    answer: Annotated[
        str | None, Doc("explain the answers to be this class; the class predicted where none is named")
    ] = None,
    method: Annotated[
        Literal["auto", "exact", "kernel", "permutation"],
        Doc("how values are found; auto: exact where it can be"),
    ] = "auto",
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
    label: Annotated[Column | None, Doc("the column that holds the truth, for --permute")] = None,
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
    import pyarrow as pa

    table = data.arrow()
    if not table.num_rows:
        raise BadInput("there is no row to explain", where=data.asset.name)
    for number in row:
        if number > table.num_rows:
            raise UsageError(
                f"there is no row {number}; the table has {table.num_rows}", remedy="rows count from 1"
            )
    for name in (*cohort, *feature, *fixed, *protected, *([label] if label else [])):
        if name not in table.column_names:
            raise UsageError(f"the data has no column {name}", where=data.asset.name)
    asking = Asking(model, work, answer)
    notices = read_notices(codes) if codes is not None else Notices({}, frozenset())
    notices = Notices(notices.coded, notices.protected | set(protected))
    still = tuple(dict.fromkeys((*fixed, *(n for n in table.column_names if n in notices.protected))))
    wanted = Wanted(want, tuple(r - 1 for r in row), still, reasons, notices).checked(asking, table)
    findings = _sound.steady(model, table)
    found = explained(
        model,
        table,
        asking,
        method=method,
        row=row,
        samples=samples,
        most=most,
        budget=budget,
        work=work,
    )
    mean, low, high = _summary.importance(found, work.rng("bootstrap"))
    order = np.argsort(-mean, kind="stable")
    said, wrong = _sound.adds_up(found)
    findings += wrong
    if found.error is None:
        rows = table.take(pa.array(found.rows))
        findings += _sound.of_its_answers(found, model.predict(rows), model.info.classes, answer)
    findings += _summary.dominant(found, mean, order)
    findings += _sound.constant(table, found.names)
    metrics, chart = _summary.globally(found, mean, low, high, order)
    if found.error is not None:
        said += [
            Metric.number("sampling_error", float(found.error.mean()), unit=found.unit),
            Metric.number("rows_asked", asking.asked, unit="rows"),
        ]
    shown = _summary.chosen(found, row)
    falls = [_summary.locally(found, i, table) for i in shown]
    charts = [chart, *falls]
    if row:  # what was asked for stands first
        told = zip(shown, falls, strict=True)
        said += [m for i, fall in told for m in _summary.in_numbers(fall, int(found.rows[i]) + 1, found.unit)]
    kept = [work.put("shap_values", _kept(found))]
    more = More(table, found, order, asking, work)
    for name in cohort:
        more.add(*_summary.cohorts(found, table, name, order))
    more.effects(feature, interactions, permute, label)
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
        coverage=Coverage(len(found.rows), len(found.rows)),
        metrics=metrics,
        findings=findings,
        charts=charts,
        outputs=kept,
        data={
            "method": found.method,
            "unit": found.unit,
            "space": found.space,
            "order": [found.names[i] for i in order[:50]],
            **found.notes,
            **more.data,
        },
    )


def _kept(found: Values) -> Any:
    """Return the values of each row explained, and their errors where they are sampled, as a table."""
    import pyarrow as pa

    columns = [("row", found.rows + 1), *zip(found.names, found.values.T, strict=True)]
    if found.error is not None:
        columns += [(f"error of {n}", e) for n, e in zip(found.names, found.error.T, strict=True)]
    return pa.Table.from_arrays([pa.array(v) for _, v in columns], names=_apart([n for n, _ in columns]))


def _apart(names: list[str]) -> list[str]:
    """Return names of which none comes twice: a feature may be called row."""
    out: list[str] = []
    for name in names:
        while name in out:
            name += "_"
        out.append(name)
    return out
