"""Quality: the rules that you state about a table, held against every row.

A ruleset is a YAML file. Each rule starts with its kind and the column it is about, and may carry a share of rows
that suffices (mostly), a filter (when), a severity, a name and a message:

  rules:
    - complete: [id, email]
    - {unique: id}
    - {range: age, min: 0, max: 120, mostly: 0.99, severity: medium}
    - {set: status, values: [open, closed], when: "age >= 18"}
    - {references: customer, table: customers.csv, column: id}
    - {sql: end >= start, name: ends after it starts}

The kinds: completeness and uniqueness (complete, absent, unique), values (range, set, forbidden, pattern, length,
type, format, outliers, sql), order (increasing, decreasing), other tables (references, same_data, same_schema), time
(freshness), statistics (minimum, maximum, mean, median, sum, stddev, quantile, distinct, correlation, aggregate …),
distribution against a baseline, and the table itself (row_count, columns, exists, schema …); all and any join rules.

Of a table in PostgreSQL or on Spark, the server is asked each rule that means the same there, to read only. For the
others the columns that they name are copied, and the report says which and why.

Suites of Great Expectations, rulesets of AWS Glue DataBrew and DQDL (Glue Data Quality, Deequ) are read as they are.
What is not understood of them is named, and the report is then incomplete: nothing passes unexamined. With --suggest,
a ruleset that the table obeys is written from the table itself, and kept with --keep.

Example: assay check data.quality bookings.csv.gz --suggest --keep rules &&
  assay check data.quality bookings.csv.gz --rules rules/rules.yaml
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from annotated_types import Interval
from typing_extensions import Doc

from assay.kernel.asset import Asset
from assay.kernel.errors import UsageError
from assay.kernel.handles import Table, Work
from assay.kernel.report import Chart, Coverage, Finding, Metric, Report, Skipped
from assay.kernel.severity import Severity

if TYPE_CHECKING:
    from assay.engines.tables import Asking
    from assay.methods.quality.hold import Outcome
    from assay.methods.quality.question import Context, Other, Question
    from assay.methods.quality.rule import Rule, Ruleset

NAME = "data.quality"
MOST_ROWS = 2_000_000  # failing rows kept of all rules together


def check(
    table: Table,
    *,
    rules: Annotated[
        Path | None, Doc("a ruleset: YAML, a suite of Great Expectations, a ruleset of DataBrew, or DQDL")
    ] = None,
    tables: Annotated[Mapping[str, Table] | None, Doc("other tables that rules name, as NAME=FILE")] = None,
    against: Annotated[Table | None, Doc("the baseline of distribution rules that name none")] = None,
    suggest: Annotated[bool, Doc("write a ruleset that this table obeys")] = False,
    failing_rows: Annotated[
        int, Interval(ge=0, le=1_000_000), Doc("failing rows kept of each rule")
    ] = 10_000,
    work: Work,
) -> Report:
    """Hold a ruleset against every row of a table; with ``suggest``, write one."""
    from contextlib import ExitStack

    from assay.engines.tables import Asking

    if rules is None and not suggest:
        raise UsageError("there is no ruleset", remedy="give --rules FILE, or --suggest to have one written")
    with ExitStack() as stack:
        asking = stack.enter_context(Asking(table, work.scratch, work.cores))
        if suggest:
            return _suggested(table, asking, work)
        ruleset = _read(rules)
        others = {
            name: stack.enter_context(Asking(t, work.scratch, work.cores))
            for name, t in (tables or {}).items()
        }
        baseline = None
        if against is not None:
            baseline = stack.enter_context(Asking(against, work.scratch, work.cores))
        return _held(asking, ruleset, others, baseline, failing_rows, work)


def tables_named(params: Mapping[str, Any]) -> dict[str, Path]:
    """Return the other tables that a ruleset itself names, which are opened and pinned like any input."""
    path = params.get("rules")
    if not path:
        return {}
    base = Path(path).resolve().parent
    return {f"tables.{name}": base / text for name, text in _read(Path(path)).tables.items()}


def _read(path: Path | None) -> Ruleset:
    from assay.methods.quality.reading import read

    assert path is not None
    return read(path)


def _held(
    asking: Asking,
    ruleset: Ruleset,
    others: Mapping[str, Asking],
    baseline: Asking | None,
    keep: int,
    work: Work,
) -> Report:
    from assay.methods.quality.compile import chosen, spelled
    from assay.methods.quality.failing import broken, failing, firsts
    from assay.methods.quality.there.dividing import rows_there

    named = chosen(ruleset.rules, list(asking.columns), lambda text: _matching(asking, text))
    rules = [spelled(rule, asking.columns) for rule in named]
    answers = _answers(rules, asking, others, baseline, work)
    asked, outcomes, context = answers.asked, answers.outcomes, answers.context
    held = list(zip(rules, outcomes, strict=True))
    skipped = [Skipped(r.what, r.why) for r in ruleset.refused]
    skipped += [Skipped(_titled(r), o.said) for r, o in held if o.state == "unknown"]
    found = broken(asked, outcomes)
    outputs: list[Asset] = []
    first: dict[str, int] = {}
    if found and keep:
        most = max(1, min(keep, MOST_ROWS // len(found)))
        far, brought = answers.far, {}
        for _, rule, q, _ in found if far else ():
            if id(q) in answers.there and far:
                brought[id(q)] = asking.bring(*rows_there(rule, q, far, most))
        kept = asking.keep(failing(found, context, most, brought))
        first = dict(asking.of_kept(firsts(kept)))
        outputs.append(replace(work.put("failing_rows", kept, "parquet"), kind="table"))
        kept.unlink()
    data: dict[str, Any] = {"source": ruleset.source, "rules": [_told(r, o) for r, o in held]}
    if answers.copied:
        data["copied"] = answers.copied
    return Report.make(
        coverage=Coverage(context.rows, context.rows, tuple(skipped)),
        metrics=_metrics(held, len(skipped)),
        findings=[
            *_copied(answers.copied),
            *_empty(context.rows, held),
            *(_finding(r, o, first.get(r.name)) for r, o in held if o.state == "broken"),
        ],
        outputs=outputs,
        charts=_charts(held),
        data=data,
    )


@dataclass(frozen=True, slots=True)
class _Answers:
    """What was asked and answered, rule by rule. far, there: of what a server was asked, how, and the questions' ids."""

    asked: list[tuple[Rule, Question]]
    outcomes: list[Outcome]
    context: Context
    far: Context | None
    there: set[int]
    copied: list[dict[str, Any]]


def _answers(
    rules: Sequence[Rule],
    asking: Asking,
    others: Mapping[str, Asking],
    baseline: Asking | None,
    work: Work,
) -> _Answers:
    """Ask the server that holds the table whatever means the same there, and the rest here, of columns that are copied."""
    from assay.methods.quality.compile import named_in, question
    from assay.methods.quality.few import fewer
    from assay.methods.quality.hold import hold
    from assay.methods.quality.there.dividing import ask_there, divide, parts_of

    done: dict[int, tuple[Question, Outcome]] = {}
    why: dict[int, str] = {}
    server, far = asking.there(), None
    if server is not None:
        named = {n: asking.beside_there(other) for n, other in others.items()}
        beside = asking.beside_there(baseline) if baseline else None
        far = replace(_context(asking, work, named, beside), far=server.far)
        asked = []
        for number, found in enumerate(divide(rules, far)):
            if isinstance(found, Exception):
                why[number] = str(found)
            else:
                asked.append((number, found))
        given = [(rules[n], q) for n, q in asked]
        outcomes = ask_there(given, far, server.ask, lambda n, of: work.progress(n, of, "rules"))
        for (number, q), outcome in zip(asked, outcomes, strict=True):
            if isinstance(outcome, str):
                why[number] = outcome
            else:
                done[number] = q, outcome
    rest = [n for n in range(len(rules)) if n not in done]
    names = named_in([rules[n] for n in rest], asking.columns)
    asking.fetch(names)
    near = {n: asking.beside(other) for n, other in others.items()} if rest else {}
    context = _context(asking, work, near, asking.beside(baseline) if baseline and rest else None)
    left = [(rules[n], question(rules[n], context)) for n in rest]
    left = fewer(left, context, asking.rows)
    answered = hold(left, context, asking.rows, lambda n, of: work.progress(n, of, "rules"))
    here = dict(zip(rest, zip((q for _, q in left), answered, strict=True), strict=True))
    both = [done.get(n) or here[n] for n in range(len(rules))]
    copied = []
    for number, reason in why.items():
        columns = named_in([rules[number]], asking.columns)
        columns = list(asking.columns) if columns is None else columns
        if columns:
            copied.append({"rule": rules[number].name, "columns": columns, "why": reason})
    return _Answers(
        [(r, q) for r, (q, _) in zip(rules, both, strict=True)],
        [o for _, o in both],
        context,
        far,
        {i for q, _ in done.values() for i in parts_of(q)},
        copied,
    )


def _copied(copied: Sequence[Mapping[str, Any]]) -> list[Finding]:
    """Tell which columns of a server's table came here, for which rules."""
    if not copied:
        return []
    columns = list(dict.fromkeys(c for one in copied for c in one["columns"]))
    shown = ", ".join(columns[:5]) + (", …" if len(columns) > 5 else "")
    first = copied[0]
    more = f" and {len(copied) - 1} more" if len(copied) > 1 else ""
    noun = "column was" if len(columns) == 1 else "columns were"
    return [
        Finding(
            f"{NAME}.copied",
            Severity.INFO,
            f"{len(columns)} {noun} copied here from the server ({shown}) for {first['rule']!r}{more}: {first['why']}.",
            {},
            "nothing need be done; rules of plain comparisons are asked where the rows lie",
            count=len(copied),
        )
    ]


def _context(
    asking: Asking,
    work: Work,
    others: Mapping[str, Other] | None = None,
    baseline: Other | None = None,
) -> Context:
    from assay.methods.quality.question import Context

    names = asking.plain, asking.numbered, asking.row
    return Context(asking.columns, asking.count, work.now, others or {}, baseline, *names)


def _matching(asking: Asking, pattern: str) -> set[str]:
    """Return the columns whose names match; none where it is no pattern, which the rule then tells."""
    from assay.kernel.errors import AssayError

    try:
        return asking.matching(pattern)
    except AssayError:
        return set()


def _titled(rule: Rule) -> str:
    return f"{rule.name} ({rule.place})" if rule.place else rule.name


def _finding(rule: Rule, outcome: Outcome, first: int | None) -> Finding:
    from assay.methods.quality.words import message

    where: dict[str, Any] = {"pair": rule.name}
    if len(rule.columns) == 1:
        where["column"] = rule.columns[0]
    file, _, line = rule.place.rpartition(":")
    if line.isdigit():
        where |= {"file": file, "line": int(line)}
    if first:
        where["row"] = first
    remedy = (
        "correct the rows in failing_rows, or the rule" if outcome.broken else "correct the data, or the rule"
    )
    return Finding(
        f"{NAME}.{rule.kind}",
        Severity.parse(rule.severity),
        message(rule, outcome, first),
        where,
        remedy,
        count=outcome.broken or 1,
    )


def _empty(rows: int, held: Sequence[tuple[Rule, Outcome]]) -> list[Finding]:
    """Tell of rules that no row counted for: they hold, but of nothing."""
    idle = [r.name for r, o in held if o.support == 0 and o.state == "holds"]
    if not idle:
        return []
    shown = ", ".join(map(repr, idle[:5])) + (", …" if len(idle) > 5 else "")
    said = "The table has no rows" if not rows else "No row counts"
    return [
        Finding(
            f"{NAME}.idle",
            Severity.LOW,
            f"{said} for {len(idle)} of the rules: {shown}.",
            {},
            "look whether the filter of the rule is right, or the column really empty",
            count=len(idle),
        )
    ]


def _metrics(held: Sequence[tuple[Rule, Outcome]], skipped: int) -> list[Metric]:
    bad = sum(o.state == "broken" for _, o in held)
    good = sum(o.state == "holds" for _, o in held)
    metrics = [
        Metric("rules", len(held)),
        Metric("rules_broken", bad),
        Metric("rules_skipped", skipped),
        Metric.number("score", good / len(held) if held else None, reason="no rules"),
    ]
    for rule, outcome in held:
        of = {"rule": rule.name}
        if outcome.support is not None:
            metrics.append(Metric.number("share", outcome.share, of=of, reason="no row counts"))
            metrics.append(Metric.number("failing", outcome.broken, of=of, unit="rows"))
        elif outcome.value is not None:
            metrics.append(Metric.number("value", outcome.value, of=of))
    return metrics


def _told(rule: Rule, outcome: Outcome) -> dict[str, Any]:
    from assay.methods.quality.words import expectation

    out: dict[str, Any] = {
        "name": rule.name,
        "kind": rule.kind,
        "columns": list(rule.columns),
        "expectation": expectation(rule),
        "state": outcome.state,
        "severity": rule.severity,
        "place": rule.place,
    }
    if outcome.support is not None:
        share = outcome.share
        out |= {"support": outcome.support, "failing": outcome.broken}
        out |= {"share": None if share is None else round(share, 9), "threshold": rule.threshold.shown}
    if outcome.value is not None:
        metric = Metric.number("value", outcome.value)
        out["value"] = metric.value if metric.value is not None else metric.reason
    if rule.when:
        out["when"] = rule.when
    if outcome.said and outcome.state != "holds":
        out["said"] = outcome.said
    return out


def _charts(held: Sequence[tuple[Rule, Outcome]]) -> list[Chart]:
    charts = []
    rows = [(o.broken / o.support, r, o) for r, o in held if o.support and o.broken and o.state == "broken"]
    rows.sort(key=lambda x: -x[0])
    if rows:
        data = tuple({"rule": r.name, "share": round(share, 9)} for share, r, _ in rows[:25])
        alt = f"{len(rows)} rules are broken by rows; {rows[0][1].name!r} by {rows[0][0]:.3g} of them."
        charts.append(
            Chart("Rows that break a rule", "bar", data, "rule", "share", y_title="share of rows", alt=alt)
        )
    states = {"holds": "holds", "broken": "broken", "unknown": "not examined"}
    counts = {word: sum(o.state == s for _, o in held) for s, word in states.items()}
    told = tuple({"state": w, "rules": n} for w, n in counts.items() if n)
    if held:
        alt = ", ".join(f"{d['rules']} {d['state']}" for d in told)
        charts.append(
            Chart("Rules", "bar", told, "state", "rules", y_title="rules", alt=f"Of the rules: {alt}.")
        )
    return charts


def _suggested(table: Table, asking: Asking, work: Work) -> Report:
    """Write a ruleset, and hold it against the table that it was drawn from."""
    from assay.methods.quality.compile import question
    from assay.methods.quality.hold import hold
    from assay.methods.quality.reading import read_bytes
    from assay.methods.quality.suggest import MOST, suggest, written

    context = _context(asking, work)
    title = f"What {' '.join(table.asset.name.split())[:80]} obeys: {table.rows:,} rows. Keep what is meant to hold."
    stated = suggest(context, asking.rows)
    text = written(stated, title)
    rules = read_bytes(text.encode(), "rules.yaml").rules if stated else ()
    outcomes = hold([(r, question(r, context)) for r in rules], context, asking.rows, lambda *_: None)
    held = list(zip(rules, outcomes, strict=True))
    left = len(table.columns) - MOST
    skipped = (Skipped(f"{left} columns", f"rules are suggested for the first {MOST}"),) if left > 0 else ()
    return Report.make(
        coverage=Coverage(table.rows, table.rows, skipped),
        metrics=_metrics(held, 0),
        findings=[_finding(r, o, None) for r, o in held if o.state != "holds"],
        outputs=[work.put("rules", text.encode(), "yaml")],
        data={"ruleset": text, "rules": [_told(r, o) for r, o in held]},
    )
