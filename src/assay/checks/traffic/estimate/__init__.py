"""Performance before labels: how good are answers whose truth is unknown yet?

Of a classifier by its calibrated scores, which say what confusion matrix to expect (CBPE): accuracy, precision, recall, F1,
specificity and the area under the ROC curve, of several classes their means. Of a regression by a second model that learnt on
the reference how large the errors are (DLE): MAE, MSE, RMSE, MAPE, MSLE, RMSLE. Each chunk of the window comes with its
sampling error and with the limits that the reference's own chunks give.

It alarms where the whole window's estimate is worse than the reference's by more than chance and by enough to matter. Where
some labels of the window are there already, what came true is held against what was expected of the same rows: a
difference is a change of the truth itself, which no estimate from scores can see.

Example: assay treat data.split bookings.csv.gz -o parts &&
  assay check traffic.estimate parts/test.parquet \\
  --against parts/test.parquet --model registry://bookings --label is_canceled
"""

from __future__ import annotations

from typing import Annotated

from annotated_types import Interval
from typing_extensions import Doc

from assay.checks.traffic import _sides
from assay.kernel.handles import Traffic, Work
from assay.kernel.report import Report


def check(
    traffic: Traffic,
    *,
    against: _sides.Against,
    model: _sides.Asked = None,
    label: _sides.Label = None,
    predicted: _sides.Predicted = None,
    scores: _sides.Scores = (),
    positive: Annotated[
        str | None,
        Doc("the value of the label that counts as yes; of two, the last in order where none is named"),
    ] = None,
    time: _sides.Time = None,
    without: _sides.Without = (),
    chunk: Annotated[
        int,
        Interval(ge=0, le=10_000_000),
        Doc("rows of a chunk [default: a tenth of the window, 200 at least]"),
    ] = 0,
    deviations: Annotated[
        float, Interval(gt=0, le=10), Doc("standard deviations of the reference's chunks that are usual")
    ] = 3.0,
    least: Annotated[
        float | None,
        Interval(gt=0),
        Doc(
            "how much worse is worth an alarm [default: 0.02 of a classifier, 0.05 of the loss of a regression]"
        ),
    ] = None,
    alpha: _sides.Alpha = 1e-4,
    seasons: Annotated[bool, Doc("hold the window against the same hours of the reference")] = True,
    rows: _sides.Rows = 500_000,
    work: Work,
) -> Report:
    """Estimate how good a window's answers are."""
    from assay.checks.traffic.estimate import _classes, _judged, _numbers, _problem

    sides = _sides.begun(
        traffic, against, work, rows=rows, without=without, seasons=seasons,
        time=time, label=label, predicted=predicted, scores=scores,
    )  # fmt: skip
    if model is not None:
        _problem.asked(sides, model)
    kind = _problem.kind(sides, positive)
    made = (_numbers if kind.name == "regression" else _classes).estimated(sides, kind)
    return _judged.report(made, sides, chunk, deviations, least, alpha)
