"""Quality of traffic: does what an endpoint is asked and answers keep the constraints of its baseline?

The baseline is a folder with statistics.json and constraints.json, as `assay monitor baseline` makes it or SageMaker Model
Monitor did. Each documented check: types, completeness, distance from the baseline's distribution (of KLL sketches for
numbers, of shares or chi-square for texts; linf_robust, unless the constraints ask for another), missing and extra columns,
values outside of a domain; and negative numbers where there were none. Violations are written as constraint_violations.json,
beside the window's own statistics.json and constraints.json.

Columns of the baseline that the endpoint's models are not asked with, as their input schema says (of raw data: the label, what
training left out), are told once and held against nothing.

CSV capture names no columns: they are the answers', then the input's, in the baseline's order.

Example: assay monitor baseline bookings.csv.gz -o baseline &&
  assay check traffic.quality bookings.csv.gz --against baseline -o window
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from typing_extensions import Doc

from assay.kernel.handles import Table, Traffic, Tree, Work
from assay.kernel.report import Report

if TYPE_CHECKING:
    from assay.engines.baselines import Baseline

OUTPUT_FOLDER = True  # -o names a folder for what is written


def check(
    traffic: Traffic,
    *,
    against: Annotated[
        Tree | Table,
        Doc(
            "the baseline: a folder with statistics.json and constraints.json, or the table it would be made of"
        ),
    ],
    answers: Annotated[
        tuple[str, ...],
        Doc(
            "a column of the baseline that the answers are of, in their order, where neither name nor place tells"
        ),
    ] = (),
    without: Annotated[tuple[str, ...], Doc("a column of the baseline to leave out")] = (),
    work: Work,
) -> Report:
    """Hold a window of traffic against the constraints of a baseline."""
    from assay.checks.traffic import _naming, _sides
    from assay.checks.traffic.quality import _telling
    from assay.engines.baselines import Baseline, of_quality
    from assay.engines.statistics import statistics
    from assay.methods.monitor import constraints, violations
    from assay.methods.monitor.statistics import Statistics

    if isinstance(against, Table):
        made = statistics(against, work)
        baseline = Baseline(constraints.suggested(made), made)
    else:
        baseline = of_quality(against)
    aside = _sides.unasked(traffic, [f.name for f in baseline.constraints.features if f.name not in without])
    asked = constraints.Constraints(
        tuple(f for f in baseline.constraints.features if f.name not in {*without, *aside}),
        baseline.constraints.config,
    )
    named = _naming.columns(traffic, {f.name: f.inferred for f in baseline.constraints.features}, answers)
    own = {own: name for own, name in named.items() if name not in without}
    seen = statistics(traffic.table, work, list(own))
    known = _values(baseline)
    window = Statistics(
        seen.rows,
        {own[n]: c.called(own[n]).spelled_as(known.get(own[n], ())) for n, c in seen.columns.items()},
    )
    found = violations.evaluate(window, asked, baseline.statistics)
    return _telling.report(traffic, window, asked, baseline, found, aside, work)


def _values(baseline: Baseline) -> dict[str, tuple[str, ...]]:
    """Return the texts that a baseline knows of each column."""
    out = {f.name: f.domain or () for f in baseline.constraints.features}
    for name, column in (baseline.statistics.columns if baseline.statistics else {}).items():
        out[name] = out.get(name) or tuple(column.values or ())
    return out
