"""Concept drift: have the errors of the answers risen, and since when, as labels came in?

The errors of the rows whose label is known are a stream in the order of the requests: 0 or 1 of a classifier, the absolute
error of a regression, or a column of losses. ADWIN keeps the longest recent stretch of one mean (Bifet and Gavaldà 2007), and
Page-Hinkley adds up what lies above the mean, and below, with the threshold at which it is quiet as long as it is asked to
be. DDM (Gama and others 2004) holds the share of wrong answers against the lowest it was. With a reference its errors come first, so that a window that is worse from its first row on is seen. What either notices
is dated where the mean most likely changed, and counts where it is large enough to matter.

Example: assay treat data.split bookings.csv.gz -o parts &&
  assay check traffic.concept parts/test.parquet \\
  --model registry://bookings --label is_canceled
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any

from annotated_types import Interval
from typing_extensions import Doc

from assay.checks.traffic import _sides
from assay.kernel.errors import UsageError
from assay.kernel.handles import Column, Traffic, Work
from assay.kernel.report import Chart, Coverage, Finding, Metric, Report, Skipped
from assay.kernel.severity import Severity
from assay.methods.inwords import number

if TYPE_CHECKING:
    from assay.methods.drift.counted import Floats
    from assay.methods.monitor.onset import Whose

NAME = "traffic.concept"
FEW = 100
PAST = 50_000  # the latest of the reference's errors that are looked at
SURE = 4.5  # standard errors between the means before and after
DRAWN = 60  # points of the chart
_TAIL = 0.999  # of losses that have no upper end: what is 1 to ADWIN


def check(
    traffic: Traffic,
    *,
    against: Annotated[Traffic | None, Doc("the reference, whose errors come before the window's")] = None,
    model: _sides.Asked = None,
    label: _sides.Label = None,
    predicted: _sides.Predicted = None,
    loss: Annotated[Column | None, Doc("a column of losses, instead of answers and labels")] = None,
    time: _sides.Time = None,
    caller: _sides.Caller = None,
    least: Annotated[
        float | None,
        Interval(gt=0),
        Doc("the change of the mean that is worth an alarm [default: 0.02 of errors, 0.05 of a mean loss]"),
    ] = None,
    alpha: _sides.Alpha = 1e-4,
    rows: _sides.Rows = 2_000_000,
    work: Work,
) -> Report:
    """Look for changes in the errors of a window."""
    import numpy as np

    sides = _opened(
        traffic, against, model, work, rows, label=label, predicted=predicted, time=time, caller=caller
    )
    window, kind = _losses(sides.window, sides, loss)
    known = np.flatnonzero(np.isfinite(window))
    if len(known) < FEW:
        why = f"{len(known)} of its rows have an answer and a label, and {FEW} are needed"
        return Report.make(
            coverage=Coverage(len(known), sides.window.rows, (Skipped("the errors", why),)),
            metrics=[Metric("rows_labelled", len(known), {"table": "window"})],
            data={"alarm": False},
        )
    past = np.empty(0)
    if against is not None:
        past = _losses(sides.reference, sides, loss)[0]
        past = past[np.isfinite(past)][-PAST:]
    values = np.r_[past, window[known]]
    limit = least if least is not None else 0.02 if kind == "error" else 0.05 * abs(float(values.mean()))
    found = list(_changes(values, len(past), limit, alpha, shares=kind == "error"))
    changes = [_Placed(c, known, len(past), sides, values) for c in found]
    return Report.make(
        coverage=Coverage(len(known), len(known)),
        metrics=_metrics(values, len(past), sides.window.rows, changes),
        findings=[*(_finding(c, kind) for c in changes), *_unlabelled(len(known), sides.window.rows)],
        charts=_charts(values, len(past), kind, known, sides),
        data={"alarm": any(c.change.after > c.change.before for c in changes), "loss": kind,
              "changes": [c.told() for c in changes]},
    )  # fmt: skip


def _opened(
    traffic: Traffic, against: Traffic | None, model: Any, work: Work, rows: int, **names: Any
) -> _sides.Sides:
    """Open both sides, and ask the model about them where one is named."""
    sides = _sides.begun(traffic, against, work, rows=rows, seasons=False, **names)
    if model is not None:
        sides.window.answer(model, sides.roles.label)
        if against is not None:
            sides.reference.answer(model, sides.roles.label)
        sides.roles = replace(sides.roles, predicted="prediction")
    return sides


def _losses(side: _sides.Side, sides: _sides.Sides, loss: str | None) -> tuple[Floats, str]:
    """Return each row's loss, NaN where it is not known, and what it is."""
    from assay.methods.monitor.wrong import wrong

    roles = sides.roles
    if loss is not None:
        if loss not in side.info:
            raise UsageError(
                f"the reference has no column {loss}", remedy="leave --against out, or add it there"
            )
        return side.numbers(loss), "loss"
    if side is sides.window and roles.label not in side.info and roles.label in sides.reference.info:
        import numpy as np

        return np.full(side.rows, np.nan), "error"  # none has come yet
    if roles.label is None or roles.label not in side.info:
        raise UsageError(
            "no column holds the truth", remedy="name it: --label COLUMN; or losses: --loss COLUMN"
        )
    if roles.predicted is None:
        raise UsageError(
            "no column holds the answers", remedy="name it: --predicted COLUMN, or a model: --model"
        )
    return wrong(side.column(roles.predicted), side.column(roles.label))


@dataclass(frozen=True)
class _Changed:
    """A change from ``at`` on (in the stream), noticed after ``seen``, from one mean to another, z standard errors apart."""

    at: int
    seen: int
    before: float
    after: float
    z: float
    by: str
    start: int  # of the stretch before
    end: int  # of the stretch after


def _changes(values: Floats, past: int, least: float, alpha: float, *, shares: bool) -> Iterator[_Changed]:
    """Give the changes that lie in the window and matter. shares: the values are 0 and 1, which DDM can look at."""
    import numpy as np

    from assay.methods.monitor import streams

    top = float(np.quantile(np.abs(values), _TAIL)) if values.max() > 1 or values.min() < 0 else 1.0
    spread = float(np.std(values[:past] if past >= FEW else values))
    delta = max(least / 2, 0.05 * spread)
    threshold = streams.quiet_threshold(spread, delta, len(values), alpha / 2)
    noticed = list(streams.adwin(np.clip(np.abs(values) / (top or 1.0), 0, 1), delta=alpha / 2))
    noticed += list(streams.page_hinkley(values, delta=delta, threshold=threshold, alpha=1.0))
    noticed += list(streams.ddm(values, level=SURE)) if shares else []
    noticed = sorted((c for c in noticed if c.seen >= past), key=lambda c: c.seen)
    start = 0
    places: list[int] = []
    by: dict[int, Any] = {}
    for change in noticed:
        at = max(past, start + streams.onset(values[start : change.seen + 1]))
        if change.seen + 1 - start >= FEW and not (places and at - places[-1] < FEW // 2):
            places.append(at)
            by[at] = change
            start = at
    for one in _kept(values, places, least):
        change = by[one.at]
        yield replace(one, seen=change.seen, by=change.by)


def _kept(values: Floats, places: list[int], least: float) -> list[_Changed]:
    """Return the changes at places that part two means; the least sure is given up, and its stretches joined, until all do."""
    while True:
        ends = [0, *places, len(values)]
        made = []
        for first, at, last in zip(ends, ends[1:], ends[2:], strict=False):
            before, after = values[first:at], values[at:last]
            apart = float(after.mean() - before.mean()) if len(before) and len(after) else 0.0
            error = math.sqrt(before.var() / max(1, len(before)) + after.var() / max(1, len(after)))
            z = apart / error if error else math.copysign(math.inf, apart) if apart else 0.0
            matters = min(len(before), len(after)) >= 10 and abs(apart) >= least and abs(z) >= SURE
            means = (float(before.mean()), float(after.mean())) if matters else (0.0, 0.0)
            made.append((matters, _Changed(at, at, *means, z, "", first, last)))
        failed = [c for fine, c in made if not fine]
        if not failed:
            return [c for _, c in made]
        places = [p for p in places if p != min(failed, key=lambda c: abs(c.z)).at]


class _Placed:
    """A change with its row of the window, its time, and whose requests are wrong more often."""

    def __init__(self, change: _Changed, known: Any, past: int, sides: _sides.Sides, values: Floats) -> None:
        self.change, self._sides = change, sides
        self.row = int(known[change.at - past])
        self.noticed = int(known[min(change.seen - past, len(known) - 1)])
        self.inside = change.at > past
        self.whose: Whose | None = None
        callers = sides.callers()
        if callers is not None:
            from assay.methods.monitor import onset

            after = values[change.at : change.end]
            cells = onset.number_cells(values[change.start : change.at], slice(None), after)
            mine = callers[0][known[change.at - past : change.end - past]]
            self.whose = onset.whose(cells, onset.Stretch(0, len(after), False, False), mine, callers[1])

    def told(self) -> dict[str, Any]:
        """Return it as JSON."""
        c = self.change
        return {
            "row": self._sides.window.place(self.row), "since": self._sides.since(self.row), "by": c.by,
            "noticed": self._sides.window.place(self.noticed), "before": c.before, "after": c.after,
        }  # fmt: skip

    def words(self) -> tuple[dict[str, Any], str]:
        """Return where it is, and the end of its sentence."""
        from assay.checks.traffic._words import tells
        from assay.methods.monitor.onset import Stretch

        stretch = Stretch(self.row, self._sides.window.rows, self.inside, False)
        return tells(self._sides, stretch, self.whose)


def _finding(placed: _Placed, kind: str) -> Finding:
    c = placed.change
    where, words = placed.words()
    what = (
        "share of wrong answers"
        if kind == "error"
        else "mean absolute error"
        if kind == "absolute error"
        else "mean loss"
    )
    if c.after < c.before:
        return Finding(
            f"{NAME}.better", Severity.INFO,
            f"The {what} fell from {number(c.before)} to {number(c.after)}{words}.", where,
            "ask whether labels are still those of the same question",
        )  # fmt: skip
    grave = c.after - c.before >= (0.05 if kind == "error" else 0.25 * abs(c.before))
    return Finding(
        f"{NAME}.worse", Severity.HIGH if grave else Severity.MEDIUM,
        f"The {what} rose from {number(c.before)} to {number(c.after)}{words} (noticed by {c.by}).", where,
        "see in traffic.drift whether inputs changed too; if not, what is asked about has: train anew on new labels",
    )  # fmt: skip


def _unlabelled(known: int, rows: int) -> Iterator[Finding]:
    if known < rows:
        yield Finding(
            f"{NAME}.unlabelled", Severity.INFO,
            f"{rows - known:,} of the window's {rows:,} rows have no label or no answer yet, and are not judged.",
            {}, "ask again when their labels have come", count=rows - known,
        )  # fmt: skip


def _metrics(values: Floats, past: int, rows: int, changes: list[_Placed]) -> Iterator[Metric]:
    yield Metric("rows", rows, {"table": "window"})
    yield Metric("rows_labelled", len(values) - past, {"table": "window"})
    if past:
        yield Metric.number("mean_loss", float(values[:past].mean()), of={"table": "reference"})
    yield Metric.number("mean_loss", float(values[past:].mean()), of={"table": "window"})
    yield Metric("changes", len(changes))


def _charts(values: Floats, past: int, kind: str, known: Any, sides: _sides.Sides) -> Iterator[Chart]:
    import numpy as np

    mine = values[past:]
    rows: list[dict[str, Any]] = []
    for part in np.array_split(np.arange(len(mine)), min(DRAWN, max(1, len(mine) // 50))):
        when = sides.since(int(known[part[0]])) or str(int(part[0]) + 1)
        rows.append({"from": when, "mean": float(mine[part].mean())})
    alt = f"It goes from {number(rows[0]['mean'])} to {number(rows[-1]['mean'])}."
    yield Chart(f"Mean {kind} of the window", "line", tuple(rows), "from", "mean", alt=alt)
