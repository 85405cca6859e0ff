"""Integrity: rules the data obeys almost everywhere, and the rows that break them.

The rules are found by themselves, in a sample of the rows, and then held against every row: flags derived from
another column (`has_changes` is true where `changes > 0`), starts before their ends, sums and products,
columns that determine others, values that fix others, keys. Only what is too surprising to be chance
is reported, most surprising first, and only what some row breaks is a finding. Nested and binary columns take no
part. Of very wide tables not every pair and triple is tried: the report says which were not, and is then
incomplete; `--columns` chooses among which columns to look.

Rules of your own stand in a YAML file: `rules:` is a list of `{holds: "end >= start"}`,
`{when: "paid == 'Yes'", holds: "amount > 0"}`, `{key: [id]}` or `{determines: city, by: [zip]}`, each with an optional
name, severity, message and `repair: {set: column, to: expression}`.

Example: assay check data.integrity bookings.csv.gz
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from annotated_types import Interval
from typing_extensions import Doc

from assay.kernel.handles import Column, Table, Work
from assay.kernel.report import Chart, Coverage, Finding, Metric, Report, Skipped
from assay.kernel.severity import Severity

if TYPE_CHECKING:
    from assay.methods.integrity.rule import Rule
    from assay.methods.integrity.stated import Stated
    from assay.methods.integrity.verify import Tally

CELLS = 20_000_000
SEVERITY = {
    "derived_flag": Severity.HIGH,
    "order": Severity.MEDIUM,
    "sum": Severity.MEDIUM,
    "product": Severity.MEDIUM,
    "key": Severity.MEDIUM,
    "dependency": Severity.LOW,
    "condition": Severity.LOW,
}
MOST_ROWS_IN_MEMORY = 20_000_000
MOST_FINDINGS = 50


def check(
    table: Table,
    *,
    rules: Annotated[Path | None, Doc("a YAML file of rules that you state")] = None,
    columns: Annotated[tuple[Column, ...], Doc("look for rules among these columns only")] = (),
    discover: Annotated[bool, Doc("look for rules in the data")] = True,
    sample: Annotated[
        int, Interval(ge=100, le=5_000_000), Doc("rows, evenly spread, in which rules are looked for")
    ] = 100_000,
    work: Work,
) -> Report:
    """Find rules, hold them and the stated ones against every row, and report the rows that break them."""
    stated = _stated(table, rules)
    found, untried = _discovered(table, work, sample, columns) if discover else ((), ())
    held = _held(table, work, [*stated, *found])
    findings: list[Finding] = []
    metrics: list[Metric] = []
    listed: list[dict[str, Any]] = []
    broken_rules: list[tuple[int, Any, Tally]] = []
    skipped = [Skipped(what, "the bound on what is tried at once") for what in untried]
    for number, (rule, tally) in enumerate(held, 1):
        if tally is None:
            skipped.append(Skipped(_title(rule), "too many rows to compare in memory"))
            continue
        if not _still(rule, tally):
            continue
        listed.append(_listed(rule, tally))
        if tally.broken:
            broken_rules.append((number, rule, tally))
            findings.append(_finding(rule, tally))
            metrics.append(Metric.number("violations", tally.broken, of={"rule": _title(rule)}, unit="rows"))
    metrics = [Metric("rules", len(listed)), Metric("rules_broken", len(findings)), *metrics[:200]]
    outputs = [work.put("failing_rows", _rows(broken_rules))] if broken_rules else []
    return Report.make(
        coverage=Coverage(table.rows, table.rows, tuple(skipped)),
        metrics=metrics,
        findings=_capped(findings),
        outputs=outputs,
        charts=_charts(broken_rules),
        data={"rules": listed[:500]},
    )


def _stated(table: Table, path: Path | None) -> list[Stated]:
    if path is None:
        return []
    from assay.methods.integrity.stated import LARGEST, read
    from assay.methods.plainfile import read_plain

    return read(read_plain(path, LARGEST, "the rules"), path.name, [c.name for c in table.columns])


def _discovered(
    table: Table, work: Work, sample: int, among: Sequence[Column]
) -> tuple[tuple[Rule, ...], tuple[str, ...]]:
    from assay.engines.sampling import evenly, sampled
    from assay.methods.integrity.discover import discover

    usable = [c for c in table.columns if c.type not in ("binary", "other", "time")]
    if among:
        usable = [c for c in usable if c.name in among]
    most = max(1_000, min(sample, CELLS // max(1, len(usable))))
    columns = sampled(table, work, usable, evenly(table.rows, most))
    found = discover(columns, work.rng("integrity"))
    return found.rules, found.untried


def _held(table: Table, work: Work, rules: Sequence[Any]) -> list[tuple[Any, Tally | None]]:
    """Hold each rule against all rows: expressions in one pass, keys and dependencies column by column."""
    from assay.methods.expressions import parse
    from assay.methods.integrity.verify import hold, repeated, undetermined

    rowwise = [r for r in rules if r.holds]
    tallies: dict[int, Tally | None] = {}
    if rowwise:
        parsed = [(parse(r.holds), parse(w) if (w := getattr(r, "when", "")) else None) for r in rowwise]
        used = list(dict.fromkeys(c for p, _ in parsed for c in p.columns))
        used = used or [table.columns[0].name]
        for rule, tally in zip(rowwise, hold(parsed, table.batches(used)), strict=True):
            tallies[id(rule)] = tally
    for rule in rules:
        if rule.holds:
            continue
        if table.rows > MOST_ROWS_IN_MEMORY:
            tallies[id(rule)] = None
            continue
        work.progress(len(tallies), len(rules), "rules")
        key = tuple(getattr(rule, "key", ())) or (
            (rule.target,) if getattr(rule, "kind", "") == "key" else ()
        )
        if key:
            tallies[id(rule)] = repeated(table.arrow(list(key)), key)
        else:
            by = tuple(getattr(rule, "by", ()) or rule.sources)
            target = getattr(rule, "determines", "") or rule.target
            tallies[id(rule)] = undetermined(table.arrow(list(dict.fromkeys([*by, target]))), by, target)
    return [(rule, tallies[id(rule)]) for rule in rules]


def _still(rule: Any, tally: Tally) -> bool:
    """Whether a rule found in a sample is one in all rows too; a stated rule always is."""
    if _kind(rule) == "stated":
        return True
    most = {"derived_flag": 0.08, "order": 0.06, "sum": 0.06, "product": 0.06, "condition": 0.001}
    return tally.support > 0 and tally.broken / tally.support <= most.get(_kind(rule), 0.015)


def _kind(rule: Any) -> str:
    return str(getattr(rule, "kind", "stated"))


def _title(rule: Any) -> str:
    return str(rule.shown if _kind(rule) != "stated" else rule.name)


def _listed(rule: Any, tally: Tally) -> dict[str, Any]:
    confidence = round(1 - tally.broken / tally.support, 6) if tally.support else None
    out: dict[str, Any] = {
        "kind": _kind(rule),
        "rule": _title(rule),
        "holds": rule.holds,
        "support": tally.support,
        "violations": tally.broken,
        "confidence": confidence,
    }
    if _kind(rule) == "stated":
        out |= {"columns": list(rule.columns), "severity": rule.severity}
        repair = dict(rule.repair or {})
    else:
        out |= {"target": rule.target, "source": ", ".join(rule.sources), "bits": round(rule.bits, 1)}
        repair = dict(rule.repair)
    if repair:
        out |= {"expression": repair["to"], "repair": repair}
    return out


def _finding(rule: Any, tally: Tally) -> Finding:
    first = int(tally.numbers()[0])
    share = f"{tally.broken:,} of {tally.support:,} rows"
    if _kind(rule) == "stated":
        said = rule.message or f"the rule {rule.name!r} is broken"
        where = (
            {"column": rule.columns[0], "pair": rule.name, "row": first}
            if rule.columns
            else {"pair": rule.name}
        )
        remedy = (
            "correct the rows in failing_rows, or repair them"
            if rule.repair
            else "correct the rows in failing_rows"
        )
        return Finding(
            "data.integrity.stated",
            Severity.parse(rule.severity),
            f"{said[:1].upper()}{said[1:]}: {share}, first in row {first:,}.",
            where,
            remedy,
            count=tally.broken,
        )
    where = {"column": rule.target, "row": first}
    if rule.sources:
        where["pair"] = f"{rule.target} / {', '.join(rule.sources)}"
    message = (
        f"{rule.shown}, but {share} contradict it, the first being row {first:,} "
        f"(support {tally.support:,}, confidence {_digits(1 - tally.broken / tally.support)})."
    )
    remedy = (
        f"`assay treat data.repair` sets {rule.repair['set']} to {rule.repair['to']}"
        if rule.repair
        else "see failing_rows, and correct whichever column is wrong"
    )
    return Finding(
        f"data.integrity.{rule.kind}", SEVERITY[rule.kind], message, where, remedy, count=tally.broken
    )


def _digits(confidence: float) -> str:
    """Write a share that is not 1 so that it does not look like 1."""
    return next((t for n in range(4, 13) if float(t := f"{confidence:.{n}f}") < 1), "just below 1")


def _capped(findings: list[Finding]) -> list[Finding]:
    """Keep the first findings of each rule; they come most surprising first."""
    seen: dict[str, int] = {}
    out = []
    for finding in findings:
        seen[finding.rule] = seen.get(finding.rule, 0) + 1
        if seen[finding.rule] <= MOST_FINDINGS:
            out.append(finding)
    for rule, count in seen.items():
        if count > MOST_FINDINGS:
            left = count - MOST_FINDINGS
            more = f"{left} more rules of this kind are broken; data.rules names them."
            out.append(Finding(f"{rule}.more", Severity.LOW, more, {}, count=left))
    return out


def _rows(broken: Sequence[tuple[int, Any, Tally]]) -> Any:
    import numpy as np
    import pyarrow as pa

    numbers = [t.numbers() for _, _, t in broken]
    sizes = [len(n) for n in numbers]
    titles, kinds = [_title(r) for _, r, _ in broken], [_kind(r) for _, r, _ in broken]
    return pa.table(
        {
            "row": pa.array(np.concatenate(numbers)),
            "rule": pa.array(np.repeat(np.array(titles, dtype=object), sizes), type=pa.string()),
            "kind": pa.array(np.repeat(np.array(kinds, dtype=object), sizes), type=pa.string()),
        }
    )


def _charts(broken: Sequence[tuple[int, Any, Tally]]) -> list[Chart]:
    if not broken:
        return []
    rows = tuple({"rule": _title(r), "rows": t.broken} for _, r, t in broken[:20])
    told = "1 rule is" if len(broken) == 1 else f"{len(broken)} rules are"
    alt = f"{told} broken; {rows[0]['rule']!r} in {rows[0]['rows']} rows."
    return [Chart("Rows that break a rule", "bar", rows, "rule", "rows", y_title="rows", alt=alt)]
