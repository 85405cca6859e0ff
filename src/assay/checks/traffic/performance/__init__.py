"""Performance of traffic: were the answers right, by the ground truth that is known by now, and as right as in the baseline?

Two classes, many, or numbers; every metric of SageMaker Model Monitor's model quality, with its standard deviation, beside the
best that a constant answer would reach. What is worse than the baseline's constraints is a violation, and a grave finding
where chance hardly makes it so much worse. The truth is in the
capture (merged records), in the home (`assay endpoint truth`), or in files given with --truth. Rows whose truth is not known
are told, and no part of it.

Example: assay check traffic.performance bookings.csv.gz \\
  --label is_canceled --predicted is_repeated_guest
"""

from __future__ import annotations

from typing import Annotated, Literal

from annotated_types import Interval
from typing_extensions import Doc

from assay.checks.traffic import _sides
from assay.kernel.handles import Column, Traffic, Tree, Work
from assay.kernel.report import Report

OUTPUT_FOLDER = True


def check(
    traffic: Traffic,
    *,
    against: Annotated[
        Tree | None, Doc("the baseline: a folder with constraints of model quality, or that document itself")
    ] = None,
    truth: Annotated[
        Tree | None, Doc("ground truth by event: SageMaker's JSON lines, a file or a folder")
    ] = None,
    label: Annotated[Column | None, Doc("the column of the truth [default: truth]")] = None,
    predicted: Annotated[Column | None, Doc("the column of the answers [default: prediction]")] = None,
    score: Annotated[
        Column | None, Doc("the column of the score of one of two labels [default: score]")
    ] = None,
    problem: Annotated[
        Literal["auto", "binary", "multiclass", "regression"],
        Doc("the kind of problem; else told from the truth"),
    ] = "auto",
    positive: Annotated[tuple[str, ...], Doc("the label that is yes; else the last of two")] = (),
    threshold: Annotated[
        float, Interval(ge=0, le=1), Doc("the score above which the answer is the last of two")
    ] = 0.5,
    alpha: _sides.Alpha = 1e-4,
    work: Work,
) -> Report:
    """Hold an endpoint's answers against what came true."""
    from assay.checks.traffic.performance import _measured, _telling

    asked = _measured.Asked(label, predicted, score, problem, tuple(positive), threshold)
    table, known = _measured.joined(traffic, truth, asked)
    answers = _measured.answers(table, known, traffic, asked)
    if answers is None:
        return _telling.unknown(table.num_rows)
    found = _measured.measured(answers, traffic, work)
    before = _measured.before(against)
    return _telling.report(found, _measured.constraints(against), before, table.num_rows, alpha, work)
