"""The report of a window's drift: findings with since when and whose, metrics, charts."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from assay.checks.traffic._sides import Sides
from assay.checks.traffic._words import noted, tells, unasked
from assay.kernel.report import Chart, Coverage, Finding, Metric, Report
from assay.kernel.severity import Severity
from assay.methods.inwords import number, share
from assay.methods.nearest import nearest

if TYPE_CHECKING:
    from assay.checks.traffic.drift._columns import Drifted, Seen
    from assay.methods.drift.compare import Compared

NAME = "traffic.drift"
DRAWN, DETAILED = 8, 200
_NAMES = {"psi": "PSI", "ks": "Kolmogorov-Smirnov D", "linf_simple": "L-infinity"}
_NAMES["wasserstein_normed"] = "Wasserstein distance in standard deviations"
_MEASURES = ("psi", "ks", "wasserstein_normed", "linf_simple", "missing_change", "new_share", "beyond_range")


def report(seen: Seen, sides: Sides, alpha: float) -> Report:
    """Return everything that is said."""
    findings = [f for one in seen.drifted for f in _of_column(one, sides)]
    findings += _schema(seen, sides)
    findings += noted(sides, NAME)
    names = [d.column.name for d in seen.drifted]
    return Report.make(
        coverage=Coverage(sides.window.rows, sides.window.rows, tuple(seen.skipped)),
        metrics=_metrics(seen, sides),
        findings=findings,
        charts=_charts(seen),
        data={
            "alarm": bool(names or seen.missing or seen.unread),
            "drifted": names,
            "answers_drifted": [n for n in names if n in sides.roles.outputs],
            "season": sides.season,
            "alpha": alpha,
            "keys": seen.keys,
            "usual": {
                f"{n}, {question}": {"distance": own, "usual_up_to": most, "windows": many}
                for (n, question), (own, most, many) in seen.spread.items()
            },
        },
    )


def _of_column(one: Drifted, sides: Sides) -> Iterator[Finding]:
    from assay.methods.drift.compare import GRAVE

    column = one.column
    where, told = tells(sides, one.stretch, one.whose)
    where = {"column": column.name, **where}
    answers = column.name in sides.roles.outputs
    if "distribution" in one.questions:
        strongest = column.strongest
        said = f"{column.name} drifted: {_moved(column)}; {_NAMES[strongest]} {number(column.measures[strongest])}"
        yield Finding(
            f"{NAME}.{'prediction' if answers else 'column'}",
            Severity.HIGH if answers or column.size >= GRAVE else Severity.MEDIUM,
            f"{said}{told}.",
            where,
            "the model answers otherwise than it did: look at the columns that drifted with it, then at traffic.estimate"
            if answers
            else "ask whoever fills the column what changed then; bring it back, or train anew on data like this",
        )
    if "missing" in one.questions:
        m = column.measures
        lost = seen_unread(sides, column.name)
        yield Finding(
            f"{NAME}.missing",
            Severity.HIGH if abs(m["missing_change"]) >= 0.1 else Severity.MEDIUM,
            f"{column.name} is {lost} in {share(m['missing_new'])} of the requests and was in "
            f"{share(m['missing_old'])}{told}.",
            where,
            "find out what stopped (or began) filling it",
        )
    if "new" in one.questions:
        some = ", ".join(repr(v[:30]) for v in list(column.new)[:4]) + (", …" if len(column.new) > 4 else "")
        gone = ", ".join(repr(v[:30]) for v in list(column.vanished)[:2])
        renamed = f"; {gone} came and is there no more" if gone and column.p.get("vanished", 1) < 1e-3 else ""
        yield Finding(
            f"{NAME}.new_category",
            Severity.HIGH if column.measures["new_share"] >= 0.1 else Severity.MEDIUM,
            f"{column.name} holds values that never came in the reference ({some}), "
            f"{share(column.measures['new_share'])} of them{renamed}{told}.",
            where,
            "an encoder that never saw it cannot tell it from any other: map it to what it was called, or train anew",
        )


def seen_unread(sides: Sides, name: str) -> str:
    """Return how a value is lost, in words."""
    text = sides.family(name) == "number" and sides.window.info[name].type == "text"
    return "missing or no number" if text else "missing"


def _moved(column: Compared) -> str:
    from assay.methods.drift.compare import furthest

    m = column.measures
    if column.kind == "category":
        value, before, now = furthest(column.pair)
        return f"{value[:40]!r} was {share(before)} of its values and is {share(now)}"
    what = "mean length" if column.of else "mean"
    said = f"its {what} was {number(m['mean_old'])} and is {number(m['mean_new'])}"
    if m["std_old"] > 0 and not 0.8 < m["std_new"] / m["std_old"] < 1.25:
        said += f", its standard deviation {number(m['std_old'])} and {number(m['std_new'])}"
    if m["beyond_range"] >= 0.01:
        said += f", {share(m['beyond_range'])} lie beyond the reference's range"
    return said


def _schema(seen: Seen, sides: Sides) -> Iterator[Finding]:
    yield from unasked(NAME, seen.unasked, "reference")
    for name in seen.missing:
        close = nearest(name, seen.extra)
        yield Finding(
            f"{NAME}.missing_column",
            Severity.HIGH,
            f"{name} is in the reference and comes in no request.",
            {"column": name},
            f"rename {close!r} to it, if it is the same" if close else "find out where it went",
        )
    for name in seen.extra:
        yield Finding(
            f"{NAME}.extra_column", Severity.LOW, f"{name} is new: the reference has no such column.",
            {"column": name}, "leave it out, or train anew with it",
        )  # fmt: skip
    for name, many in seen.unread.items():
        yield Finding(
            f"{NAME}.type", Severity.HIGH, f"{name} held numbers, and {many:,} of its values are none now.",
            {"column": name}, "read it as it was read for the reference", count=many,
        )  # fmt: skip


def _metrics(seen: Seen, sides: Sides) -> Iterator[Metric]:
    yield Metric("rows", sides.window.of, {"table": "window"})
    yield Metric("rows", len(sides.matched.rows), {"table": "reference"})
    yield Metric("columns_compared", len(seen.columns))
    yield Metric("columns_drifted", len(seen.drifted))
    ranked = sorted(seen.columns, key=lambda c: -c.size if math.isfinite(c.size) else -math.inf)
    for column in ranked[:DETAILED]:
        of: dict[str, Any] = {"column": column.name} | ({"of": column.of} if column.of else {})
        why = "too few rows" if seen.few else "nothing to compare"
        yield Metric.number("p_value", column.p.get("distribution"), of=of, reason=why)
        yield Metric.number("p_adjusted", column.adjusted.get("distribution"), of=of, reason=why)
        for name in _MEASURES:
            if name in column.measures:
                yield Metric.number(name, column.measures[name], of=of)


def _charts(seen: Seen) -> Iterator[Chart]:
    from assay.methods.drift.compare import bars

    shown = sorted((c for c in seen.columns if math.isfinite(c.size)), key=lambda c: -c.size)[:40]
    if shown:
        yield Chart(
            "Drift, in thresholds", "bar",
            tuple({"column": c.name, "size": c.size, "measure": c.strongest} for c in shown), "column", "size",
            alt=f"From 1 on it matters. {shown[0].name} is furthest, {number(shown[0].size)} times its threshold.",
        )  # fmt: skip
    for one in seen.drifted[:DRAWN]:
        column = one.column
        rows = tuple({**row, "of": str(row["of"]).replace("baseline", "reference")} for row in bars(column))
        if not rows:
            continue
        alt = f"Shares of {column.of or 'the values'} of {column.name} in the reference and in the window."
        if column.kind in ("category", "discrete"):
            yield Chart(
                column.name, "grouped_bar", rows, "value", "share", series="of", x_title=column.name, alt=alt
            )
        else:
            yield Chart(
                column.name, "histogram", rows, "low", "share", series="of", low="low", high="high",
                x_title=column.name, y_title="share of rows", alt=alt,
            )  # fmt: skip
