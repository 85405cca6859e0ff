"""Drift: has the data become other than the baseline was, in which columns, and what does that cost the model?

Every column by its kind: PSI, Kolmogorov-Smirnov, Wasserstein (also in standard deviations of the baseline),
Jensen-Shannon, Hellinger, chi-square, L-infinity simple and robust, the change of missing values, new and
vanished categories; the schema (missing and extra columns, changed types); and a classifier that tries to tell the
two tables apart by all columns together, and names those that give them away. A column has drifted when that cannot be
chance (p-values adjusted for being many) and is great enough to matter (a threshold for each measure), so that neither
small nor huge tables cry wolf.

Numbers are counted exactly up to 4,000,000 different values a column, beyond that rounded to four digits, which is
said. Texts that mostly differ are compared by their length and their words, keys not at all. Given a model, the columns
are ranked by what they cost it: how its answers change on rows of the baseline in which only that column has drifted, and
given the label, how its loss does.

Example: assay treat data.split bookings.csv.gz -o parts &&
  assay check data.drift parts/test.parquet --against parts/train.parquet
"""

from __future__ import annotations

from typing import Annotated, Literal

from annotated_types import Interval
from typing_extensions import Doc

from assay.kernel.errors import BadInput
from assay.kernel.handles import Column, Model, Table, Work
from assay.kernel.report import Report

Measure = Literal[
    "psi", "ks", "wasserstein", "jensen_shannon", "hellinger", "total_variation", "linf_simple", "linf_robust",
    "cramers_v", "kl",
]  # fmt: skip


def check(
    table: Table,
    *,
    against: Annotated[Table, Doc("the baseline: the table as it was, such as the training data")],
    columns: Annotated[tuple[Column, ...], Doc("compare these columns only")] = (),
    without: Annotated[tuple[Column, ...], Doc("a column to leave out")] = (),
    method: Annotated[
        tuple[Measure, ...],
        Doc(
            "a measure that decides [default: psi, ks and wasserstein of numbers, psi and linf_simple of others]"
        ),
    ] = (),
    threshold: Annotated[
        float | None,
        Interval(gt=0),
        Doc("the size of a measure that is worth a finding; else 0.1 of each"),
    ] = None,
    alpha: Annotated[
        float, Interval(gt=0, lt=1), Doc("the share of false alarms that is accepted, over all columns")
    ] = 0.05,
    correction: Annotated[
        Literal["benjamini-hochberg", "bonferroni", "none"], Doc("how p-values are adjusted for being many")
    ] = "benjamini-hochberg",
    bins: Annotated[int, Interval(ge=2, le=200), Doc("bins of equal share for PSI and Jensen-Shannon")] = 10,
    classifier: Annotated[bool, Doc("also try to tell the tables apart by all columns together")] = True,
    rows: Annotated[
        int,
        Interval(ge=100, le=5_000_000),
        Doc("rows of each table, by lot, for the classifier, texts and the model"),
    ] = 20_000,
    model: Annotated[Model | None, Doc("a model: what each column's drift costs it")] = None,
    label: Annotated[Column | None, Doc("the column the model predicts")] = None,
    positive: Annotated[tuple[str, ...], Doc("the value of the label that the model's score is of")] = (),
    work: Work,
) -> Report:
    """Compare a table with its baseline, column by column and as a whole."""
    from assay.checks.data.drift import _columns, _model, _telling, _window
    from assay.methods.drift.significance import adjusted

    for one, what in ((table, "the table"), (against, "the baseline")):
        if not one.rows:
            raise BadInput(f"{what} has no row to compare", where=one.asset.name)
    judged = tuple("wasserstein_normed" if m == "wasserstein" else m for m in method)
    rules = _columns.Rules(columns, without, judged, threshold, bins, rows, classifier or model is not None)
    seen = _columns.compared(table, against, rules, work)
    window = _window.told(seen, work) if classifier else None
    asked = [(c.p, q, c.adjusted) for c in seen.columns for q in c.p]
    asked += [({"words": w.p}, "words", seen.words_p.setdefault(n, {})) for n, w in seen.words.items()]
    chances = [p[q] for p, q, _ in asked] + ([window.p] if window else [])
    found = adjusted(chances, correction)
    for (_, question, into), value in zip(asked, found, strict=False):
        into[question] = value
    costs = _model.costs(model, seen, table, against, label, positive, alpha, work) if model else None
    return _telling.report(seen, window, found[-1] if window else None, costs, label, alpha)
