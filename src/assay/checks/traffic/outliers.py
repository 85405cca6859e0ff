"""Outliers: which requests are unlike any that the reference holds, in which columns, and are they more than usual?

Each request is asked three things, each with a threshold from rows of the reference that were held out: its rarest value
(tails of each column, categories never seen, beyond the range by distance), the sum over all columns (ECOD), and how its
numbers go together (Mahalanobis' distance of normal scores). Such requests are an output, a table with the columns that make
them so. It alarms where their share is more than chance and twice what it is in the reference.

Example: assay treat data.split bookings.csv.gz -o parts &&
  assay check traffic.outliers parts/test.parquet \\
  --against parts/train.parquet
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from annotated_types import Interval
from typing_extensions import Doc

from assay.checks.traffic import _sides
from assay.kernel.handles import Traffic, Work
from assay.kernel.report import Chart, Coverage, Finding, Metric, Report, Skipped
from assay.kernel.severity import Severity
from assay.methods.inwords import share

if TYPE_CHECKING:
    from assay.checks.traffic._matrix import Matrix
    from assay.methods.drift.counted import Floats
    from assay.methods.monitor.outliers import Reference

NAME = "traffic.outliers"
FEW = 100
FEWEST = 600  # rows of the window's hours from which their share is known
TWICE, MORE = 2.0, 0.005  # of the reference's share, and beyond it, from which on more are worth an alarm
KEPT = 10_000  # rows of the output
NAMED = 3
WORDS = {"any": "a value that hardly comes", "sum": "odd all over", "joint": "values that do not go together"}


def check(
    traffic: Traffic,
    *,
    against: _sides.Against,
    time: _sides.Time = None,
    caller: _sides.Caller = None,
    label: _sides.Label = None,
    predicted: _sides.Predicted = None,
    scores: _sides.Scores = (),
    without: _sides.Without = (),
    usual: Annotated[
        float, Interval(gt=0, le=0.1), Doc("the share of the reference that counts as outliers")
    ] = 0.003,
    alpha: _sides.Alpha = 1e-4,
    rows: _sides.Rows = 2_000_000,
    work: Work,
) -> Report:
    """Find the requests of a window that the reference knows nothing like."""
    import numpy as np

    from assay.checks.traffic._matrix import matrix

    sides = _sides.begun(
        traffic, against, work, rows=rows, without=without,
        time=time, caller=caller, label=label, predicted=predicted, scores=scores,
    )  # fmt: skip
    held = matrix(sides)
    if not held.names or sides.reference.rows < 2 * FEW:
        why = (
            "no column can be looked at" if not held.names else f"the reference has fewer than {2 * FEW} rows"
        )
        return Report.make(
            coverage=Coverage(0, sides.window.rows, (Skipped("the requests", why),)), data={"alarm": False}
        )
    # Rows to learn from, others to draw the lines by, and others again to see how many are beyond
    order = work.rng("traffic/outliers").permutation(sides.reference.rows)
    half, quarter = len(order) // 2, len(order) * 3 // 4
    first = _learnt(held, order[:half], order[half:quarter], order[quarter:], usual)
    # and once more the other way round, as of a window's hours a quarter of the reference has few
    second = _learnt(held, order[half:], order[: half // 2], order[half // 2 : half], usual)
    reference, limits = first.reference, first.limits
    found = reference.score(held.window).scores
    like = [one.beyond[np.isin(one.rest, sides.matched.rows)] for one in (first, second)]
    past = np.concatenate(like if sum(map(len, like)) >= FEWEST else [first.beyond, second.beyond])
    times = found / np.where(limits > 0, limits, 1.0)
    made = _Found(sides, held, reference, found > limits, times, past)
    return made.report(alpha, work)


@dataclass
class _Learnt:
    """What was learnt of some rows, the lines drawn by others, and which of others again (rest) are beyond one."""

    reference: Reference
    limits: Any
    rest: Any
    beyond: Any


def _learnt(held: Matrix, rows: Any, drawn: Any, rest: Any, usual: float) -> _Learnt:
    from assay.methods.monitor import outliers

    lines = held.reference[drawn]
    reference = outliers.Reference(held.reference[rows], held.categorical, lines)
    limits = outliers.thresholds(reference.score(lines).scores, usual)
    beyond = (reference.score(held.reference[rest]).scores > limits).any(axis=1)
    return _Learnt(reference, limits, rest, beyond)


@dataclass
class _Found:
    """Which rows of the window are over which threshold, and how many times it; past: of the reference's own."""

    sides: _sides.Sides
    held: Matrix
    reference: Reference
    over: Any
    times: Floats
    past: Any

    def report(self, alpha: float, work: Work) -> Report:
        """Return everything that is said."""
        import numpy as np

        from assay.methods.drift.significance import two_shares

        out = self.over.any(axis=1)
        rows = np.flatnonzero(out)
        n, m = len(out), len(self.past)
        now, was = len(rows) / n, float(self.past.mean())
        p = two_shares(int(self.past.sum()), m, len(rows), n)
        alarm = p < alpha and now >= max(TWICE * was, was + MORE)
        rows = rows[np.argsort(-self.times[rows].max(axis=1), kind="stable")][:KEPT]
        why = self._why(rows)
        by = Counter(name for names in why for name in names[:1])
        outputs = [work.put("outliers.parquet", self._table(rows, why))] if len(rows) else []
        return Report.make(
            coverage=Coverage(n, n),
            metrics=self._metrics(now, was, p, int(out.sum()), by),
            findings=list(self._findings(alarm, now, was, int(out.sum()), by, out)),
            outputs=outputs,
            charts=self._charts(by),
            data={"alarm": alarm, "by": dict(by.most_common(20)), "left_out": self.held.left},
        )

    def _why(self, rows: Any) -> list[list[str]]:
        """Return for each row the columns that make it an outlier, most first."""
        import numpy as np

        if not len(rows):
            return []
        data = self.held.window[rows]
        terms = self.reference.score(data, terms=True).terms
        assert terms is not None
        joint = self.reference.joint_terms(data)
        alone = self.over[rows][:, :2].any(axis=1)
        score = np.where(alone[:, None], terms, joint)
        order = np.argsort(-score, axis=1, kind="stable")[:, :NAMED]
        return [[self.held.names[i] for i in line] for line in order.tolist()]

    def _table(self, rows: Any, why: list[list[str]]) -> Any:
        """Return the outliers as a table: their columns as they came, and why."""
        import numpy as np
        import pyarrow as pa

        from assay.methods.monitor.outliers import KINDS

        take = pa.array(np.asarray(rows, np.int64))
        columns = {n: self.sides.window.column(n).take(take) for n in self.sides.window.info}
        kinds = [
            ", ".join(WORDS[k] for k, o in zip(KINDS, line, strict=True) if o)
            for line in self.over[rows].tolist()
        ]
        columns["outlier_row"] = pa.array([self.sides.window.place(int(r)) for r in rows], pa.int64())
        columns["outlier_times"] = pa.array(self.times[rows].max(axis=1))
        columns["outlier_why"] = pa.array(kinds)
        columns["outlier_columns"] = pa.array([", ".join(names) for names in why])
        return pa.table(columns)

    def _findings(
        self, alarm: bool, now: float, was: float, count: int, by: Counter[str], out: Any
    ) -> Iterator[Finding]:
        if not count:
            return
        some = ", ".join(f"{n} ({c:,})" for n, c in by.most_common(3))
        where: dict[str, Any] = {"columns": [n for n, _ in by.most_common(3)]}
        words = ""
        if alarm:
            more, words = self._when(out)
            where |= more
            most, times = by.most_common(1)[0]
            if times >= 0.5 * min(count, KEPT):
                where["column"] = most
        yield Finding(
            f"{NAME}.{'share' if alarm else 'rows'}",
            (Severity.HIGH if now >= 0.05 else Severity.MEDIUM) if alarm else Severity.INFO,
            f"{count:,} requests ({share(now)}; of the reference {share(was)}) are unlike any in the reference, "
            f"by {some}{words}." if alarm else
            f"{count:,} requests ({share(now)}; of the reference {share(was)}) are unlike most, by {some}.",
            where,
            "read the output; refuse such values at the gateway, or quarantine who sends them" if alarm
            else "nothing: that many are usual",
            count=count,
        )  # fmt: skip

    def _when(self, out: Any) -> tuple[dict[str, Any], str]:
        """Return since when outliers are many, and whose they are."""
        import numpy as np

        from assay.checks.traffic._words import tells
        from assay.methods.monitor import onset

        flags = self.past.astype(np.int64)
        cells = onset.Cells(flags, out.astype(np.int64), 3, flags)
        stretch = onset.stretch(cells)
        callers = self.sides.callers()
        whose = onset.whose(cells, stretch, *callers) if callers is not None else None
        return tells(self.sides, stretch, whose)

    def _metrics(self, now: float, was: float, p: float, count: int, by: Counter[str]) -> Iterator[Metric]:
        from assay.methods.monitor.outliers import KINDS

        yield Metric("rows", self.sides.window.of, {"table": "window"})
        yield Metric("outliers", count)
        yield Metric.number("outlier_share", now, of={"table": "window"})
        yield Metric.number("outlier_share", was, of={"table": "reference"})
        yield Metric.number("outlier_p", p)
        for kind, many in zip(KINDS, self.over.sum(axis=0).tolist(), strict=True):
            yield Metric("outliers_by_kind", int(many), {"kind": kind})
        for name, many in by.most_common(20):
            yield Metric("outliers_by_column", many, {"column": name})

    def _charts(self, by: Counter[str]) -> Iterator[Chart]:
        rows = tuple({"column": n, "requests": c} for n, c in by.most_common(20))
        if rows:
            alt = f"{rows[0]['column']} makes {rows[0]['requests']} requests outliers."
            yield Chart("What makes them outliers", "bar", rows, "column", "requests", alt=alt)
