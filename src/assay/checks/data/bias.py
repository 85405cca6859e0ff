"""Bias before training: eight metrics of how unequally the data already treats people.

CI, DPL, KL, JS, LP, TVD, KS and CDDL of each group of each facet, that group being the disadvantaged one and all others
the advantaged, with 95 % bootstrap intervals. Rows whose facet is missing are left out of both groups, counted, and
shown as a group of their own. Groups under 30 rows are shown, not judged; a facet without one
that can be judged leaves the report incomplete. `--compat clarify` follows the reference
library where it differs: rows without the facet count as advantaged, those without the label as told no, and small
groups are judged.

Example: assay check data.bias bookings.csv.gz --label is_canceled \\
  --positive 0 --facet customer_type
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from annotated_types import Interval
from typing_extensions import Doc

from assay.kernel.errors import UsageError
from assay.kernel.handles import Column, Table, Work
from assay.kernel.report import Chart, Coverage, Finding, Metric, Report, Skipped
from assay.kernel.severity import Severity

if TYPE_CHECKING:
    import numpy as np

    from assay.methods.facets import Group


def check(
    table: Table,
    *,
    label: Annotated[Column, Doc("the column that holds the outcome")],
    positive: Annotated[tuple[str, ...], Doc("the value of the label that is good for the person")] = (),
    facet: Annotated[tuple[Column, ...], Doc("a column that tells groups apart, such as sex")],
    facet_value: Annotated[
        tuple[str, ...], Doc("the group that may be disadvantaged; else each in turn")
    ] = (),
    facet_threshold: Annotated[float | None, Doc("the group above this number may be disadvantaged")] = None,
    label_threshold: Annotated[float | None, Doc("labels above this number are good")] = None,
    group_variable: Annotated[Column | None, Doc("the column whose strata CDDL compares within")] = None,
    threshold: Annotated[float, Interval(ge=0, le=1), Doc("the difference that is worth a finding")] = 0.1,
    compat: Annotated[Literal["docs", "clarify"], Doc("whose conventions where they differ")] = "docs",
    work: Work,
) -> Report:
    """Return CI, DPL, KL, JS, LP, TVD, KS and CDDL for each group of each facet."""
    from assay.methods import facets, judging, outcomes

    if not positive and label_threshold is None:
        raise UsageError("which outcome is good?", remedy="say --positive VALUE, or --label-threshold X")
    if not facet:
        raise UsageError("which column tells groups apart?", remedy="say --facet COLUMN")
    if positive and label_threshold is not None:
        raise UsageError("a good outcome is a value or above a threshold", remedy="give one of them")
    data = table.arrow(list(dict.fromkeys([label, *facet, *([group_variable] if group_variable else [])])))
    truth = facets.plain(data.column(label), label)
    labelled = facets.present(truth) | (compat == "clarify")
    observed = outcomes.positive_rows(truth, positive, label_threshold)
    if not observed.any():
        raise UsageError(
            f"no row of {label} is {', '.join(positive) or f'above {label_threshold}'}",
            remedy=f"it holds {', '.join(map(str, outcomes.distinct(truth)[:6])) or 'nothing'}",
        )
    metrics: list[Metric] = []
    findings: list[Finding] = []
    charts: list[Chart] = []
    strata = facets.plain(data.column(group_variable), group_variable) if group_variable else None
    skipped: list[Skipped] = []
    for name in facet:
        column = facets.plain(data.column(name), name)
        found, more = facets.groups(
            name, column, facet_value, facet_threshold, missing_joins=compat == "clarify"
        )
        if more:
            skipped.append(Skipped(f"facet {name}", f"{more} groups smaller than the {len(found)} largest"))
        rows, judged = [], False
        for group in found:
            made = _group(group, observed, labelled, strata, compat, threshold, work)
            metrics += made[0]
            findings += made[1]
            rows.append(made[2])
            judged |= made[3]
        if not judged:
            skipped.append(Skipped(f"facet {name}", f"no two groups of {judging.SMALL} rows to judge"))
        metrics += _missing(name, column, observed, labelled)
        charts.append(_chart(name, rows))
    unlabelled = int((~labelled).sum())
    if unlabelled:
        message = f"{unlabelled} rows have no {label}, and are left out."
        findings.append(
            Finding("data.bias.unlabelled", Severity.LOW, message, {"column": label}, count=unlabelled)
        )
    return Report.make(
        coverage=Coverage(data.num_rows, data.num_rows, tuple(skipped)),
        metrics=metrics,
        findings=findings,
        charts=charts,
    )


def _group(
    group: Group, observed: Any, labelled: Any, strata: Any, compat: str, threshold: float, work: Work
) -> tuple[list[Metric], list[Finding], dict[str, Any], bool]:
    from assay.methods import bias, judging, resample

    known = group.known & labelled
    d_rows, a_rows = group.member & known, ~group.member & known
    a, d = (_counts(observed, rows) for rows in (a_rows, d_rows))
    of = {"facet": group.facet, "group": group.name}
    values = bias.pre_training(a, d)
    if compat == "clarify":
        values = bias.refused(values, a, d)
    small = min(a.n, d.n) < judging.SMALL and compat == "docs"
    spread = (
        {} if small else resample.intervals(a, d, bias.pre_training, work.rng(f"{group.facet}/{group.name}"))
    )
    metrics = [Metric("rows", int(d.n), of), Metric.number("positive_share", d.observed, of=of)]
    findings = []
    for name, value in values.items():
        metrics.append(Metric.number(name, value, of=of, interval=spread.get(name)))
        grave = "" if small else judging.judge(name, value, spread.get(name), threshold, either=group.named)
        if grave:
            findings.append(_finding(group, name, value, grave, a, d))
    metrics.append(_cddl(observed, d_rows, known, strata, of))
    row = {"group": group.name, "DPL": _shown(values["DPL"]), "rows": int(d.n)}
    low_high = spread.get("DPL")
    if low_high:
        row |= {"low": low_high[0], "high": low_high[1]}
    return metrics, findings, row, not small


def _shown(value: float) -> float | None:
    return value if value == value and abs(value) != float("inf") else None


def _counts(observed: np.ndarray[Any, Any], rows: np.ndarray[Any, Any]) -> Any:
    from assay.methods.bias import Counts

    return Counts(float((observed & rows).sum()), 0.0, 0.0, float((~observed & rows).sum()))


def _cddl(observed: Any, d_rows: Any, known: Any, strata: Any, of: dict[str, str]) -> Metric:
    if strata is None:
        return Metric("CDDL", None, of, reason="no group variable was named")
    from assay.methods import bias, facets

    return Metric.number("CDDL", bias.cddl(facets.strata(strata, observed, d_rows, known)), of=of)


def _finding(group: Group, name: str, value: float, grave: str, a: Any, d: Any) -> Finding:
    from assay.methods.judging import WORDS

    share, other = f"{d.observed:.0%}", f"{a.observed:.0%}"
    return Finding(
        f"data.bias.{name}",
        Severity.parse(grave),
        f"{group.facet} = {group.name}: {share} have the good outcome against {other} of the others "
        f"({WORDS[name]} {value:.3f}).",
        {"column": group.facet, "facet": group.facet, "group": group.name},
        "ask why the groups differ; reweigh or resample before training, and compare after it",
        ("EU-AI-ACT:10(2)(f)",),
    )


def _missing(name: str, column: Any, observed: Any, labelled: Any) -> list[Metric]:
    """Rows whose facet is missing, as a group of their own: shown, not judged."""
    from assay.methods import facets

    absent = ~facets.present(column) & labelled
    if not absent.any():
        return []
    of = {"facet": name, "group": "(missing)"}
    share = float(observed[absent].mean())
    return [Metric("rows", int(absent.sum()), of), Metric("positive_share", share, of)]


def _chart(facet: str, rows: list[dict[str, Any]]) -> Chart:
    shown = [r for r in rows if r["DPL"] is not None][:40]
    most = max(shown, key=lambda r: abs(r["DPL"]), default=None)
    alt = f"The group furthest from the others is {most['group']}, by {most['DPL']:.3f}." if most else ""
    title = f"Difference in positive outcomes by {facet} (DPL)"
    return Chart(title, "interval", tuple(shown), "group", "DPL", low="low", high="high", alt=alt)
