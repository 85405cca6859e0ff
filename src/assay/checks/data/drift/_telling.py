"""The report of a comparison: findings, metrics, charts."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from assay.kernel.report import Chart, Coverage, Finding, Metric, Report
from assay.kernel.severity import Severity
from assay.methods.inwords import number, p_value, share

if TYPE_CHECKING:
    from assay.checks.data.drift._columns import Seen
    from assay.checks.data.drift._model import Costs
    from assay.methods.drift.compare import Compared
    from assay.methods.drift.telling import Told

NAME = "data.drift"
MISSING = 0.05  # a change of the share of missing values that is worth a finding; grave from five times it on
TOLD, PLAIN = 0.55, 0.7  # areas from which the tables are told apart, and plainly so
MOST = 0.5  # the share of drifted columns from which the whole has drifted
DRAWN = 12
DETAILED = 200
COSTS_NOTHING = 0.001  # of the model's answers
WORDS = {
    "psi": "PSI", "ks": "Kolmogorov-Smirnov D", "wasserstein_normed": "Wasserstein distance in standard deviations",
    "jensen_shannon": "Jensen-Shannon distance", "hellinger": "Hellinger distance",
    "total_variation": "total variation", "linf_simple": "L-infinity", "linf_robust": "robust L-infinity",
    "cramers_v": "Cramér's V", "kl": "Kullback-Leibler divergence",
}  # fmt: skip
MEASURES = (
    "psi", "ks", "wasserstein", "wasserstein_normed", "jensen_shannon", "hellinger", "total_variation",
    "linf_simple", "linf_robust", "chi_square", "chi_square_p", "cramers_v", "kl", "missing_change",
    "new_categories", "vanished_categories", "beyond_range",
)  # fmt: skip


def report(
    seen: Seen,
    window: Told | None,
    window_p: float | None,
    costs: Costs | None,
    label: str | None,
    alpha: float,
) -> Report:
    """Return everything that is said of a comparison."""
    # That time went on is told, and is no drift.
    drifted = [c for c in seen.columns if c.drifted(alpha) and c.kind != "time"]
    ranked = sorted(seen.columns, key=lambda c: (not c.drifted(alpha), -c.size))
    if costs is not None:
        place = {n: i for i, n in enumerate(costs.ranked())}
        # What did not drift costs what chance does: it stands behind what did.
        ranked.sort(key=lambda c: (not c.drifted(alpha), place.get(c.name, len(place))))
    findings = list(seen.findings)
    for column in ranked:
        findings += _about(column, label, costs, alpha)
    findings += _words(seen, alpha)
    if window is not None and window_p is not None:
        findings += _told(window, window_p, drifted, alpha)
    findings += _whole(seen, drifted, costs)
    return Report.make(
        coverage=Coverage(seen.rows_new, seen.rows_new, tuple(seen.skipped)),
        metrics=list(_metrics(seen, drifted, ranked, window, window_p, costs)),
        findings=findings,
        charts=list(_charts(ranked, drifted, window, costs)),
        data={
            "drifted": [c.name for c in ranked if c in drifted],
            "ranked": [c.name for c in ranked],
            "columns": {c.name: _data(c, alpha) for c in seen.columns[:DETAILED]},
            "keys": seen.keys,
            "classifier": None
            if window is None
            else {"auc": window.auc, "by": dict(list(window.by.items())[:20])},
        },
    )


def _about(column: Compared, label: str | None, costs: Costs | None, alpha: float) -> Iterator[Finding]:
    at = {"column": column.name}
    if column.drifted(alpha):
        yield _drifted(column, label, costs)
    m, p = column.measures, column.adjusted
    change = m["missing_change"]
    if p.get("missing", 1) < alpha and abs(change) >= MISSING:
        yield Finding(
            f"{NAME}.missing",
            Severity.HIGH if abs(change) >= 5 * MISSING else Severity.MEDIUM,
            f"{column.name} is missing in {share(m['missing_new'])} of the rows and was in {share(m['missing_old'])}.",
            at,
            "find out what stopped (or began) filling it",
        )
    for side, found, was in (
        ("new", column.new, "never came in the baseline"),
        ("vanished", column.vanished, "came in the baseline and no more"),
    ):
        if not found:
            continue
        sure = p.get(side, 1) < alpha
        count = int(m[f"{side}_categories"])
        some = ", ".join(repr(v[:30]) for v in list(found)[:4]) + (", …" if count > 4 else "")
        what = "categories" if count > 1 else "category"
        yield Finding(
            f"{NAME}.{side}_category",
            (Severity.MEDIUM if side == "new" else Severity.LOW) if sure else Severity.INFO,
            f"{column.name} holds {count} {what} that {was} ({some}), {share(m[side + '_share'])} of its values"
            + ("." if sure else "; so rare that chance may do it."),
            at,
            "an encoder that never saw it cannot tell it from any other: train anew, or map it" if side == "new"
            else "ask whether what it stood for has ended, or is spelled otherwise now",
            count=count,
        )  # fmt: skip
    if column.approximate:
        yield Finding(
            f"{NAME}.rounded",
            Severity.INFO,
            f"{column.name} has too many different numbers to count each: they were rounded to four digits.",
            at,
        )


def _drifted(column: Compared, label: str | None, costs: Costs | None) -> Finding:
    from assay.methods.drift.compare import GRAVE

    strongest = column.strongest
    severity = Severity.HIGH if column.size >= GRAVE else Severity.MEDIUM
    remedy = "find out why; train anew on data like this, or bring the data back to what it was"
    said = f"{column.name} drifted: {_moved(column)}; {WORDS[strongest]} {number(column.measures[strongest])}"
    said += f", p {p_value(column.adjusted['distribution'])}."
    if column.kind == "time":
        severity = Severity.INFO
        remedy = "time moves on: this matters only if both should be of one period"
    rule = f"{NAME}.column"
    if column.name == label:
        rule, remedy = f"{NAME}.label", "the model's base rate is another now: recalibrate it or train anew"
    elif costs is not None:
        said, severity = _costly(column, costs, said, severity)
    return Finding(rule, severity, said, {"column": column.name}, remedy)


def _costly(column: Compared, costs: Costs, said: str, severity: Severity) -> tuple[str, Severity]:
    if column.name in costs.unused:
        return f"{said} The model does not use it.", min(severity, Severity.LOW)
    if column.name not in costs.change:
        return said, severity
    change, loss = costs.change[column.name], costs.loss.get(column.name)
    said += f" That alone moves the model's answers by {number(change)}"
    if loss is not None and not math.isnan(loss):
        said += f" and its {costs.measure} by {loss:+.3g}"
    if change < COSTS_NOTHING:
        return f"{said}: it costs the model nothing.", min(severity, Severity.LOW)
    return f"{said}.", severity


def _moved(column: Compared) -> str:
    from assay.methods.drift.compare import furthest

    m = column.measures
    if column.kind == "time":
        return f"its mean moved by {number(m['mean_new'] - m['mean_old'])} days"
    if column.kind == "category":
        value, before, now = furthest(column.pair)
        return f"{value[:40]!r} was {share(before)} of its values and is {share(now)}"
    what = "mean length" if column.of else "mean"
    said = f"its {what} was {number(m['mean_old'])} and is {number(m['mean_new'])}"
    if m["beyond_range"] >= 0.01:
        said += f", {share(m['beyond_range'])} lie beyond the baseline's range"
    return said


def _words(seen: Seen, alpha: float) -> Iterator[Finding]:
    for name, told in seen.words.items():
        if seen.words_p[name]["words"] < alpha and told.auc >= TOLD:
            some = ", ".join(repr(w) for w in list(told.by)[:5])
            yield Finding(
                f"{NAME}.words",
                Severity.HIGH if told.auc >= PLAIN else Severity.MEDIUM,
                f"{name}: its texts are told from the baseline's with an area of {told.auc:.3f}; new are {some}.",
                {"column": name},
                "read some of both; train anew if they are about other things now",
            )


def _told(window: Told, p: float, drifted: list[Compared], alpha: float) -> Iterator[Finding]:
    if p >= alpha or window.auc < TOLD:
        return
    some = ", ".join(f"{n} ({share(s)})" for n, s in list(window.by.items())[:4] if s > 0.02)
    alone = "" if drifted else " No column drifted by itself: it is how they go together that changed."
    yield Finding(
        f"{NAME}.window",
        Severity.HIGH if window.auc >= PLAIN else Severity.MEDIUM,
        f"A classifier tells the new rows from the baseline's with an area of {window.auc:.3f} "
        f"[{window.interval[0]:.3f}, {window.interval[1]:.3f}] (0.5 is chance), by {some}.{alone}",
        {},
        "look at those columns first",
    )


def _whole(seen: Seen, drifted: list[Compared], costs: Costs | None) -> Iterator[Finding]:
    could = sum(c.kind != "time" for c in seen.columns)
    part = len(drifted) / could if could else 0.0
    if part >= MOST and len(drifted) > 1:
        yield Finding(
            f"{NAME}.dataset",
            Severity.HIGH,
            f"{len(drifted)} of {could} columns drifted: this is another population.",
            {},
            "make sure that both tables are of the same things; then train anew",
        )
    if costs is None or math.isnan(costs.now):
        return
    rise = costs.now - costs.before
    if rise > 1.96 * costs.now_error and rise > 0.05 * costs.before:
        yield Finding(
            f"{NAME}.loss",
            Severity.HIGH if rise > 0.25 * costs.before else Severity.MEDIUM,
            f"The model's {costs.measure} is {number(costs.now)} on the new data and was {number(costs.before)}.",
            {},
            "train anew; the columns are listed by what their drift costs",
        )


def _metrics(
    seen: Seen,
    drifted: list[Compared],
    ranked: list[Compared],
    window: Told | None,
    window_p: float | None,
    costs: Costs | None,
) -> Iterator[Metric]:
    yield Metric("rows", seen.rows_old, {"table": "baseline"})
    yield Metric("rows", seen.rows_new, {"table": "new"})
    yield Metric("columns_compared", len(seen.columns))
    yield Metric("columns_drifted", len(drifted))
    could = sum(c.kind != "time" for c in seen.columns)
    part = len(drifted) / could if could else None
    yield Metric.number("share_drifted", part, reason="no column could be compared")
    if window is not None:
        yield Metric.number("classifier_auc", window.auc, interval=window.interval)
        yield Metric.number("classifier_p", window_p)
    if costs is not None:
        yield from _cost_metrics(costs)
    for column in ranked[:DETAILED]:
        of = {"column": column.name} | ({"of": column.of} if column.of else {})
        yield Metric.number("p_value", column.p.get("distribution"), of=of, reason="nothing to compare")
        yield Metric.number(
            "p_adjusted", column.adjusted.get("distribution"), of=of, reason="nothing to compare"
        )
        for name in MEASURES:
            if name in column.measures:
                yield Metric.number(name, column.measures[name], of=of)
    for name, told in seen.words.items():
        yield Metric.number("words_auc", told.auc, of={"column": name}, interval=told.interval)


def _cost_metrics(costs: Costs) -> Iterator[Metric]:
    if costs.measure:
        unit = costs.measure
        yield Metric.number("loss", costs.before, of={"table": "baseline"}, unit=unit)
        yield Metric.number(
            "loss", costs.now, of={"table": "new"}, unit=unit, reason="the new data has no label"
        )
    for name in costs.ranked():
        of = {"column": name}
        yield Metric.number("prediction_change", costs.change[name], of=of)
        if name in costs.loss:
            yield Metric.number("loss_change", costs.loss[name], of=of)
            yield Metric.number("loss_change_weighted", costs.weighted[name], of=of)


def _data(column: Compared, alpha: float) -> dict[str, Any]:
    measures = {k: v for k, v in column.measures.items() if math.isfinite(v)}
    out: dict[str, Any] = {
        "kind": column.kind,
        "test": column.test,
        "drifted": column.drifted(alpha),
        "size": column.size,
    }
    out["size"] = out["size"] if math.isfinite(out["size"]) else None
    out |= {"measures": measures, "p": {k: v for k, v in column.adjusted.items() if not math.isnan(v)}}
    return (
        out
        | ({"new": column.new} if column.new else {})
        | ({"vanished": column.vanished} if column.vanished else {})
    )


def _charts(
    ranked: list[Compared], drifted: list[Compared], window: Told | None, costs: Costs | None
) -> Iterator[Chart]:
    from assay.methods.drift.compare import bars

    shown = sorted((c for c in ranked if math.isfinite(c.size)), key=lambda c: -c.size)[:40]
    if shown:
        most = shown[0]
        yield Chart(
            "Drift, in thresholds", "bar",
            tuple({"column": c.name, "size": c.size, "measure": c.strongest} for c in shown), "column", "size",
            alt=f"From 1 on it matters. {most.name} drifted most, {number(most.size)} times its threshold.",
        )  # fmt: skip
    if costs is not None and costs.change:
        field, what = ("loss_change", "loss") if costs.loss else ("prediction_change", "answers")
        values = costs.loss or costs.change
        rows = tuple({"column": n, field: values[n]} for n in costs.ranked()[:40] if math.isfinite(values[n]))
        alt = f"Drift of {rows[0]['column']} alone costs most." if rows else ""
        yield Chart(
            f"What each column's drift does to the model's {what}", "bar", rows, "column", field, alt=alt
        )
    if window is not None:
        rows = tuple({"column": n, "share": s} for n, s in list(window.by.items())[:20])
        yield Chart(
            f"What tells the tables apart (area {window.auc:.3f})", "bar", rows, "column", "share",
            alt=f"The classifier went most by {rows[0]['column']}." if rows else "",
        )  # fmt: skip
    for column in ranked[:DRAWN]:
        rows = tuple(bars(column))
        if not rows:
            continue
        alt = f"Shares of {column.of or 'the values'} of {column.name} in the baseline and in the new data."
        if column.kind in ("category", "discrete"):
            field = "value" if column.kind == "category" else "low"
            yield Chart(
                column.name, "grouped_bar", rows, field, "share", series="of", x_title=column.name, alt=alt
            )
        else:
            yield Chart(
                column.name, "histogram", rows, "low", "share", series="of", low="low", high="high",
                x_title=column.name, y_title="share of rows", alt=alt,
            )  # fmt: skip
