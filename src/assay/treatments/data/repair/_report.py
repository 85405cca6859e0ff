"""What data.repair tells: cells changed by each rule, and the effect of each remedy."""

from __future__ import annotations

from typing import Any

from assay.kernel.handles import Table
from assay.kernel.report import Chart, Coverage, Finding, Metric, Report
from assay.kernel.severity import Severity
from assay.methods.repair import marking, sql
from assay.methods.repair.effect import Effect
from assay.methods.sqltext import quoted
from assay.treatments.data.repair._course import BEFORE, Course

NAME = "data.repair"
_DONE = {"derived": "set right", "source": "set right", "soft-delete": "marked"}


def report(table: Table, course: Course, shown: int, *, writes: bool) -> Report:
    """Return the report of a pass that is over. writes: whether its result is kept."""
    effects = course.effects()
    tallies = course.tallies.get(course.remedy) or [[0, 0, 0] for _ in course.rules]
    rules = list(zip(course.rules, tallies, strict=True))
    touched = effects[course.remedy].changed
    changes = course.changes()
    adds = marking.missing({c.name for c in table.columns}, course.marker)
    data: dict[str, Any] = {
        "rows_changed": touched,
        "remedy": course.remedy,
        "cells": changes.num_rows,
        "changes": changes.slice(0, shown).to_pylist(),
        "effect": {name: _told(e, course) for name, e in effects.items()},
        "sql": _statements(table, course),
    }
    if course.remedy == "soft-delete":
        data["adds"] = [list(a) for a in adds]
        data["marker"] = course.marker
    if course.label:
        data |= {"positive": list(course.positive), "unseen": course.unseen}
    return Report.make(
        coverage=Coverage(table.rows, table.rows),
        metrics=[*_metrics(course, rules, touched), *_effect_metrics(course, effects)],
        findings=_findings(course, rules, writes),
        charts=_charts(course, rules, effects, touched),
        data=data,
    )


def _statements(table: Table, course: Course) -> list[str]:
    uri, name = table.asset.uri, ""
    if "::" in uri:
        name = ".".join(quoted(p) for p in uri.partition("::")[2].split("."))
    return sql.statements(
        name or quoted(table.asset.name.partition(".")[0]),
        course.rules,
        course.remedy,
        course.known,
        course.marker,
    )


def _findings(course: Course, rules: list[Any], writes: bool) -> list[Finding]:
    if not rules:
        said = "No rule with a repair was given, so the table was copied unchanged."
        return [Finding(f"{NAME}.unchanged", Severity.INFO, said)]
    out = []
    were = "were" if writes else "would be"
    for rule, (_, changed, left) in rules:
        column = _column(course, rule)
        what = "rows" if course.remedy == "soft-delete" else f"cells of {column}"
        said = f"{changed:,} {what} {were} {_DONE[course.remedy]} by the rule: {rule.title}; {left:,} still break it."
        out.append(
            Finding(
                f"{NAME}.changed",
                Severity.INFO,
                said,
                {"column": column, "pair": rule.title},
                count=max(1, changed),
            )
        )
        if course.remedy == "source" and left:
            said = (
                f"{left:,} rows break the rule {rule.title!r}, and what their source should be has no one answer; "
                "they stay as they are."
            )
            remedy = "correct the derived column, or mark the rows: --remedy derived, --remedy soft-delete"
            where = {"column": column, "pair": rule.title}
            out.append(Finding(f"{NAME}.undetermined", Severity.LOW, said, where, remedy, count=left))
    return out


def _column(course: Course, rule: Any) -> str:
    if course.remedy == "soft-delete":
        return course.marker
    if course.remedy == "source":
        return ", ".join(rule.to.columns) if rule.to is not None else rule.column
    return str(rule.column)


def _metrics(course: Course, rules: list[Any], touched: int) -> list[Metric]:
    metrics = [Metric("rows_changed", touched, unit="rows")]
    for rule, (broken, changed, left) in rules:
        of = {"column": _column(course, rule), "rule": rule.title}
        metrics += [
            Metric("cells_changed", changed, of=of, unit="cells"),
            Metric("violations_before", broken, of=of, unit="rows"),
            Metric("violations_after", left, of=of, unit="rows"),
        ]
    return metrics


def _effect_metrics(course: Course, effects: dict[str, Effect]) -> list[Metric]:
    if len(course.weighed) < 2:
        return []
    out = []
    for name, effect in effects.items():
        of = {"remedy": name}
        out += [
            Metric("kept", effect.kept, of=of, unit="rows"),
            Metric("changed", effect.changed, of=of, unit="rows"),
            Metric("still_broken", effect.left, of=of, unit="rows"),
        ]
        if course.label:
            few = "too few rows for a model, or one label alone"
            out.append(Metric.number("target_rate", effect.rate, of=of, reason="no row has a label"))
            out += [Metric.number(s, effect.scores.get(s), of=of, reason=few) for s in ("f1", "roc_auc")]
    for facet in course.facets:
        groups = list(effects[BEFORE].shares(facet))
        for name, effect in effects.items():
            shares = effect.shares(facet)
            for group in dict.fromkeys([*groups, *shares]):
                of = {"facet": facet, "group": group}
                out.append(Metric.number(f"share_{name.replace('-', '_')}", shares.get(group, 0.0), of=of))
    return out


def _told(effect: Effect, course: Course) -> dict[str, Any]:
    out: dict[str, Any] = {"kept": effect.kept, "changed": effect.changed, "still_broken": effect.left}
    if course.label:
        out["target_rate"] = effect.rate
        out |= {k: Metric.number(k, v).value for k, v in effect.scores.items()}
    if course.facets:
        out["shares"] = {f: effect.shares(f) for f in course.facets}
    return out


def _charts(course: Course, rules: list[Any], effects: dict[str, Effect], touched: int) -> list[Chart]:
    charts = []
    if rules:
        rows = tuple(
            {"rule": r.title, "when": when, "rows": n}
            for r, (broken, _, left) in rules[:20]
            for when, n in (("before", broken), ("after", left))
        )
        alt = f"{touched} rows were changed."
        title = "Rows that break a rule, before and after"
        charts.append(Chart(title, "grouped_bar", rows, "rule", "rows", series="when", alt=alt))
    if len(course.weighed) > 1 and course.label:
        measures = {n: {"target rate": e.rate, **e.scores} for n, e in effects.items()}
        data = tuple(
            {"measure": m, "remedy": n, "value": round(v, 6)}
            for m in ("target rate", "f1", "roc_auc")
            for n, held in measures.items()
            if (v := held.get(m)) is not None and v == v
        )
        if data:
            alt = "Target rate and a quick model's scores, before and after each remedy."
            title = "What each remedy does to the analysis"
            charts.append(Chart(title, "grouped_bar", data, "measure", "value", series="remedy", alt=alt))
    for facet in course.facets if len(course.weighed) > 1 else ():
        data = tuple(
            {"group": g, "remedy": n, "share": round(s, 6)}
            for n, e in effects.items()
            for g, s in list(e.shares(facet).items())[:8]
        )
        if data:
            alt = f"The groups of {facet} as shares of the rows, before and after each remedy."
            charts.append(
                Chart(f"Groups of {facet}", "grouped_bar", data, "group", "share", series="remedy", alt=alt)
            )
    return charts
