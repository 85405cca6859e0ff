"""Drift of traffic: are requests and answers other than the reference's, which columns, since when, and in whose requests?

Every column that both sides have, features and answers alike, so that drift of the answers is seen before any label is:
PSI, Kolmogorov-Smirnov and Wasserstein of numbers, PSI and L-infinity of categories, missing values, new categories.
Where a reference with times spans two weeks, a window is held against the same hours of the same weekdays, where it spans
two days against the same hours; where it spans less that is said. It alarms where a difference is too great to be chance
(Holm's adjustment over all columns: one healthy window in 10,000 alarms), great enough to matter, and, where the reference
holds many windows of that length, greater than these differ among themselves.

Of what drifted it tells since when in the window, and in whose requests, if not in everybody's.

Example: assay treat data.split bookings.csv.gz -o parts &&
  assay check traffic.drift parts/test.parquet --against parts/train.parquet
"""

from __future__ import annotations

from typing import Annotated

from annotated_types import Interval
from typing_extensions import Doc

from assay.checks.traffic import _sides
from assay.kernel.handles import Column, Traffic, Work
from assay.kernel.report import Report


def check(
    traffic: Traffic,
    *,
    against: _sides.Against,
    time: _sides.Time = None,
    caller: _sides.Caller = None,
    label: _sides.Label = None,
    predicted: _sides.Predicted = None,
    scores: _sides.Scores = (),
    columns: Annotated[tuple[Column, ...], Doc("look at these columns only")] = (),
    without: _sides.Without = (),
    threshold: Annotated[
        float | None,
        Interval(gt=0),
        Doc("the size of a measure that is worth an alarm; else 0.1 of each"),
    ] = None,
    alpha: _sides.Alpha = 1e-4,
    seasons: Annotated[bool, Doc("hold the window against the same hours of the reference")] = True,
    rows: _sides.Rows = 2_000_000,
    work: Work,
) -> Report:
    """Hold a window of traffic against a reference, column by column."""
    from assay.checks.traffic.drift import _columns, _telling

    sides = _sides.begun(
        traffic, against, work, rows=rows, without=without, seasons=seasons,
        time=time, caller=caller, label=label, predicted=predicted, scores=scores,
    )  # fmt: skip
    seen = _columns.compared(sides, columns, threshold, alpha)
    return _telling.report(seen, sides, alpha)
